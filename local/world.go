package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

const (
	// project begins with demo-, which keeps the emulators from calling out.
	project = "demo-willson"

	cacheDir     = ".cache"
	appDir       = "app"
	serverBinary = cacheDir + "/willson"
)

// world is what the subcommands share: where things listen, and where to tell the user about them.
type world struct {
	out      io.Writer
	root     string
	firebase firebaseConfig
	port     int
}

// firebaseConfig is the part of firebase.json that the emulators are started with.
type firebaseConfig struct {
	Firestore struct {
		Rules   string `json:"rules"`
		Indexes string `json:"indexes"`
	} `json:"firestore"`
	Emulators struct {
		Auth      listener `json:"auth"`
		Firestore listener `json:"firestore"`
		Hub       listener `json:"hub"`
		UI        struct {
			Enabled bool `json:"enabled"`
		} `json:"ui"`
		SingleProjectMode bool `json:"singleProjectMode"`
	} `json:"emulators"`
}

type listener struct {
	Host          string `json:"host"`
	Port          int    `json:"port"`
	WebsocketPort int    `json:"websocketPort,omitempty"`
}

func (l listener) addr() string {
	return net.JoinHostPort(l.Host, strconv.Itoa(l.Port))
}

func newWorld(out io.Writer) (*world, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile("firebase.json")
	if err != nil {
		return nil, fmt.Errorf("not at the top of the repository: %w", err)
	}
	w := &world{out: out, root: root, port: 8000}
	if err := json.Unmarshal(data, &w.firebase); err != nil {
		return nil, fmt.Errorf("firebase.json: %w", err)
	}
	// firebase-tools looks for these beside its configuration, and ours is a copy in the cache.
	w.firebase.Firestore.Rules = filepath.Join(root, w.firebase.Firestore.Rules)
	w.firebase.Firestore.Indexes = filepath.Join(root, w.firebase.Firestore.Indexes)
	if s := os.Getenv("PORT"); s != "" {
		if w.port, err = strconv.Atoi(s); err != nil || w.port < 1 || w.port > 65535 {
			return nil, fmt.Errorf("PORT is %q: want a number from 1 to 65535", s)
		}
	}
	return w, os.MkdirAll(cacheDir, 0o755)
}

func (w *world) serverURL() string {
	return fmt.Sprintf("http://localhost:%d", w.port)
}

// environment is what a program needs to be in the local world.
func (w *world) environment() []string {
	return []string{
		"GOOGLE_CLOUD_PROJECT=" + project,
		"FIREBASE_AUTH_EMULATOR_HOST=" + w.firebase.Emulators.Auth.addr(),
		"FIRESTORE_EMULATOR_HOST=" + w.firebase.Emulators.Firestore.addr(),
	}
}

// checkEmulatorPorts and checkServerPort name every port that somebody else holds.
func (w *world) checkEmulatorPorts() error {
	e := w.firebase.Emulators
	return errors.Join(
		checkFree(e.Auth.Host, e.Auth.Port, "the Auth emulator", "firebase.json"),
		checkFree(e.Firestore.Host, e.Firestore.Port, "the Firestore emulator", "firebase.json"),
		checkFree(e.Firestore.Host, e.Firestore.WebsocketPort, "the Firestore emulator's websocket", "firebase.json"),
		checkFree(e.Hub.Host, e.Hub.Port, "the emulator hub", "firebase.json"),
	)
}

func (w *world) checkServerPort() error {
	return checkFree("", w.port, "the server", "PORT")
}

func checkFree(host string, port int, what, setting string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("port %d, wanted for %s, cannot be used: another program listens there (`lsof -i :%d` names it). Stop that one, or set another port in %s. [%w]",
			port, what, port, setting, err)
	}
	return l.Close()
}

// onFreePorts gives the emulators ports that nobody uses, so that they can run beside those of firebase.json.
func (w *world) onFreePorts() error {
	e := &w.firebase.Emulators
	for _, want := range []struct {
		host string
		port *int
	}{
		{e.Auth.Host, &e.Auth.Port},
		{e.Firestore.Host, &e.Firestore.Port},
		{e.Firestore.Host, &e.Firestore.WebsocketPort},
		{e.Hub.Host, &e.Hub.Port},
	} {
		l, err := net.Listen("tcp", net.JoinHostPort(want.host, "0"))
		if err != nil {
			return fmt.Errorf("looking for a free port: %w", err)
		}
		// Closed at the end only, or the next one might be given the same port.
		defer l.Close()
		*want.port = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}
