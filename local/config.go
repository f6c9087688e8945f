package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// project begins with demo-, which keeps the emulators from calling out.
	project  = "demo-willson"
	cacheDir = ".cache"
)

// local is what the subcommands share: where things are and listen.
type local struct {
	root     string
	api      listener // of our server
	firebase firebaseConfig
}

// firebaseConfig is firebase.json, as far as the emulators are concerned.
type firebaseConfig struct {
	Firestore map[string]string `json:"firestore"` // names of files
	Emulators struct {
		Auth              listener       `json:"auth"`
		Firestore         listener       `json:"firestore"`
		Hub               listener       `json:"hub"`
		Logging           listener       `json:"logging"`
		UI                map[string]any `json:"ui"`
		SingleProjectMode bool           `json:"singleProjectMode"`
	} `json:"emulators"`
}

// listener is what a program listens on, which for a wildcard such as 0.0.0.0 is no address to call.
type listener struct {
	Host          string `json:"host"`
	Port          int    `json:"port"`
	WebsocketPort int    `json:"websocketPort,omitempty"`
}

// call is where programs on this machine reach the listener.
func (l listener) call() string {
	if net.ParseIP(l.Host).IsUnspecified() {
		l.Host = "127.0.0.1"
	}
	return l.String()
}

func (l listener) String() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

// newLocal reads firebase.json.
func newLocal() (*local, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile("firebase.json")
	if err != nil {
		return nil, fmt.Errorf("not at the top of the repository: %w", err)
	}
	l := &local{root: root, api: listener{Host: "127.0.0.1", Port: 8000}}
	if err := json.Unmarshal(data, &l.firebase); err != nil {
		return nil, fmt.Errorf("firebase.json: %w", err)
	}
	// firebase-tools looks for these beside its configuration, and ours is a copy in the cache.
	for what, file := range l.firebase.Firestore {
		l.firebase.Firestore[what] = filepath.Join(root, file)
	}
	return l, os.MkdirAll(cacheDir, 0o755)
}

// listenWhereSet reads PORT and HOST, which the server reads as well.
func (l *local) listenWhereSet() (err error) {
	if host := os.Getenv("HOST"); host != "" {
		l.api.Host, l.firebase.Emulators.Auth.Host, l.firebase.Emulators.Firestore.Host = host, host, host
	}
	if s := os.Getenv("PORT"); s != "" {
		if l.api.Port, err = strconv.Atoi(s); err != nil || l.api.Port < 1 || l.api.Port > 65535 {
			return fmt.Errorf("PORT is %q: want a number from 1 to 65535", s)
		}
	}
	return nil
}

// checkPorts names every port of the emulators that somebody else holds.
func (l *local) checkPorts() error {
	e := l.firebase.Emulators
	return errors.Join(
		e.Auth.check("the Auth emulator", "firebase.json"),
		e.Firestore.check("the Firestore emulator", "firebase.json"),
		listener{Host: e.Firestore.Host, Port: e.Firestore.WebsocketPort}.check("the Firestore emulator's websocket", "firebase.json"),
		e.Hub.check("the emulator hub", "firebase.json"),
		e.Logging.check("the emulators' log", "firebase.json"),
	)
}

// check reports whether what, whose port stands in setting, can listen.
func (l listener) check(what, setting string) error {
	listening, err := net.Listen("tcp", l.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d, wanted for %s, cannot be used: another program listens there (`lsof -i :%d` names it). Stop that one, or set another port in %s",
			l.Port, what, l.Port, setting)
	}
	if err != nil {
		return fmt.Errorf("%s cannot listen on host %q and port %d (HOST, %s): %w", what, l.Host, l.Port, setting, err)
	}
	return listening.Close()
}

// onFreePorts gives the emulators ports of 127.0.0.1 that nobody uses, so that they can run beside those of firebase.json.
// They take them seconds later: below 32768 the system gives none to others meanwhile.
func (l *local) onFreePorts() error {
	e := &l.firebase.Emulators
	e.Auth.Host, e.Firestore.Host = "127.0.0.1", "127.0.0.1"
	for _, port := range []*int{&e.Auth.Port, &e.Firestore.Port, &e.Firestore.WebsocketPort, &e.Hub.Port, &e.Logging.Port} {
		var listening net.Listener
		err := errors.New("none tried")
		for try := 0; err != nil && try < 100; try++ {
			*port = 10_000 + rand.IntN(20_000)
			listening, err = net.Listen("tcp", listener{Host: "127.0.0.1", Port: *port}.String())
		}
		if err != nil {
			return fmt.Errorf("looking for a free port: %w", err)
		}
		defer listening.Close() // at the end, or the next one might be given the same port
	}
	return nil
}
