package server

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An environment reads variables and collects what is wrong with them. An empty
// variable is the same as none.
type environment struct {
	getenv   func(string) string
	problems []error  // the server does not start
	warnings []string // the server starts, and ignores the value
}

func (e *environment) problem(format string, args ...any) {
	e.problems = append(e.problems, fmt.Errorf(format, args...))
}

func (e *environment) warn(format string, args ...any) {
	e.warnings = append(e.warnings, fmt.Sprintf(format, args...))
}

// value returns a variable, or otherwise when there is none. A blank or an invisible
// character, as a file with Windows line ends or a careless copy brings it, is a problem.
func (e *environment) value(name, otherwise string) string {
	value := e.getenv(name)
	if !utf8.ValidString(value) || strings.ContainsFunc(value, isStray) {
		e.problem("%s=%q contains a blank or an invisible character", name, value)
		return otherwise
	}
	if value == "" {
		return otherwise
	}
	return value
}

func isStray(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// project returns a project id. Google's rule
// (https://cloud.google.com/resource-manager/docs/creating-managing-projects): 6 to 30
// lowercase letters, digits and hyphens, a letter first, no hyphen last. Old projects of
// a Workspace domain have the domain and a colon before that.
func (e *environment) project(name string) string {
	value := e.value(name, "")
	form := regexp.MustCompile(`^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	switch {
	case e.getenv(name) == "":
		e.problem("%s is not set: the Firebase project whose users these are", name)
	case value != "" && !form.MatchString(value):
		e.problem("%s=%q is not a project id like my-project-123: 6 to 30 lowercase letters, digits and hyphens, a letter first", name, value)
	}
	return value
}

// number returns a whole number of 32 bits, at least so much.
func (e *environment) number(name string, otherwise, least int64, what string) int64 {
	value := e.value(name, strconv.FormatInt(otherwise, 10))
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < least {
		e.problem("%s=%q is not %s, at least %d", name, value, what, least)
	}
	return n
}

func (e *environment) boolean(name string, otherwise bool) bool {
	value := e.value(name, strconv.FormatBool(otherwise))
	b, err := strconv.ParseBool(value)
	if err != nil {
		e.problem("%s=%q is neither true nor false", name, value)
	}
	return b
}

// codes returns a list of codes that only the invited know: a problem does not tell them.
func (e *environment) codes(name string) []string {
	value := e.getenv(name)
	if value == "" {
		return nil
	}
	codes := strings.Split(value, ",")
	if !utf8.ValidString(value) || strings.ContainsFunc(value, isStray) || slices.Contains(codes, "") {
		e.problem("%s: one of the codes is empty, or contains a blank or an invisible character", name)
	}
	return codes
}

func (e *environment) deadline(name, otherwise string) time.Duration {
	value := e.value(name, otherwise)
	deadline, err := time.ParseDuration(value)
	if err != nil || deadline <= 0 || deadline > time.Hour { // Cloud Run's longest
		e.problem("%s=%q is not a duration like 5s, of at most 1h", name, value)
	}
	return deadline
}

// address returns host:port to listen on, where the host may be left out.
func (e *environment) address(name string) string {
	value := e.value(name, "")
	if host, _, ok := splitHostPort(value); value != "" && (!ok || host != "" && !isHost(host)) {
		e.problem("%s=%q is not host:port", name, value)
	}
	return value
}

// emulator returns the host:port of an emulator.
func (e *environment) emulator(name string, cloudRun bool) string {
	value := e.value(name, "")
	if value == "" {
		return ""
	}
	if host, port, ok := splitHostPort(value); !ok || !isHost(host) || port == 0 {
		e.problem("%s=%q is not host:port", name, value)
	}
	if cloudRun {
		e.problem("%s is set on Cloud Run: an emulator has no place in production", name)
	}
	return value
}

func splitHostPort(value string) (host string, port uint64, ok bool) {
	host, digits, err := net.SplitHostPort(value)
	if err != nil {
		return "", 0, false
	}
	port, err = strconv.ParseUint(digits, 10, 16)
	return host, port, err == nil
}

func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?$`).MatchString(host)
}

// origins returns a list of origins, written as browsers write them in the header
// Origin: anything else would never match.
func (e *environment) origins(name string) []string {
	value := e.value(name, "")
	if value == "" {
		return nil
	}
	origins := strings.Split(value, ",")
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !isHost(u.Hostname()) || strings.ToLower(u.Scheme+"://"+u.Host) != origin || strings.HasSuffix(origin, ":") ||
			u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443" {
			e.problem("%s: %q is not an origin like https://example.com or http://localhost:5173, as a browser sends it", name, origin)
		}
	}
	return origins
}

// checkCredentials looks at the file that Google's libraries read. Their own errors name
// neither the variable nor the file, and one of them quotes the private key.
func (e *environment) checkCredentials(name string) {
	path := e.getenv(name)
	if path == "" {
		return
	}
	if err := checkKeyFile(path); err != nil {
		e.problem("%s=%q: %w", name, path, err)
	}
}

func checkKeyFile(path string) error {
	content, err := os.ReadFile(path)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return failed.Err
	}
	var file struct {
		Type       string
		PrivateKey string `json:"private_key"`
	}
	if json.Unmarshal(content, &file) != nil {
		return errors.New("the file is not JSON, or not that of a credential")
	}
	// https://google.aip.dev/auth/4110 and its neighbours
	if !slices.Contains([]string{"service_account", "authorized_user", "external_account",
		"external_account_authorized_user", "impersonated_service_account", "gdch_service_account"}, file.Type) {
		return errors.New(`the file is not a credential: its "type" is none that Google knows`)
	}
	if file.Type != "service_account" {
		return nil
	}
	block, _ := pem.Decode([]byte(file.PrivateKey))
	if block == nil {
		return errors.New(`the file's "private_key" is not in PEM form`)
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return nil
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
		return errors.New(`the file's "private_key" cannot be read`)
	}
	return nil
}
