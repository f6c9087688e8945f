package console

import (
	"net"
	"net/netip"
	"regexp"
	"strings"
)

// callable returns the host:port at which a browser reaches an emulator. What an emulator
// listens on need not be that: a wildcard is no address to call, and on another machine
// loopback is the wrong one. Such a browser finds the emulator where it found this server:
// host is its request's Host header.
func callable(emulator, host string) string {
	listens, port, err := net.SplitHostPort(emulator)
	if err != nil {
		return emulator
	}
	if ip, err := netip.ParseAddr(listens); err == nil && ip.IsUnspecified() {
		listens = "127.0.0.1"
		if ip.Is6() {
			listens = "::1"
		}
	}
	if name := hostname(host); isLoopback(listens) && name != "" && !isLoopback(name) {
		listens = name
	}
	return net.JoinHostPort(listens, port)
}

// hostname returns the host of a Host header, without port and brackets, or "" if it is
// neither a name nor an address: it gets into the policy, where a ; would begin a rule.
func hostname(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil { // no port
		host = strings.TrimSuffix(strings.TrimPrefix(header, "["), "]")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.WithZone("").String()
	}
	if !regexp.MustCompile(`^[A-Za-z0-9._-]+$`).MatchString(host) {
		return ""
	}
	return host
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// policySource returns an address as a Content-Security-Policy writes it. Policies know
// no IPv6 addresses: there it is the port of any host.
func policySource(address string) string {
	if host, port, _ := net.SplitHostPort(address); strings.Contains(host, ":") {
		return "http://*:" + port
	}
	return "http://" + address
}
