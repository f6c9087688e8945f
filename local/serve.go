package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	serverBinary = cacheDir + "/willson" // the Makefile has built it

	// restartSocket is where `make restart` asks for a new server. When this process is gone nobody listens there,
	// however it went.
	restartSocket = cacheDir + "/restart.sock"
)

// serve keeps the server running until ctx ends, and replaces it when the user asks, over the same emulators and data.
func (l *local) serve(ctx context.Context, e *emulators) error {
	again, interactive := l.restarts()
	p, err := l.startServer(ctx)
	if err != nil {
		return err
	}
	defer func() { p.stop() }()
	if err := l.greet(ctx, interactive); err != nil {
		return err
	}
	gone := p.done
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.done:
			return e.gone()
		case <-gone:
			if !interactive {
				return fmt.Errorf("the server ended by itself (%v)", p.err)
			}
			fmt.Printf("\nThe server ended by itself (%v). The data is still there: Enter builds and starts it again.\n", p.err)
			gone = nil
		case done := <-again:
			err := l.build(ctx)
			if err == nil {
				p.stop()
				gone = nil
				var next *process
				if next, err = l.startServer(ctx); err == nil {
					p, gone = next, next.done
					err = l.greet(ctx, interactive)
				}
			}
			if err != nil {
				fmt.Println(err)
			}
			done <- err
		}
	}
}

// restarts delivers where to say how it went when the user wants a new server, by Enter or by `make restart`. It is
// interactive when there is a terminal to press Enter in.
func (l *local) restarts() (again <-chan chan error, interactive bool) {
	// In the background of a shell, reading the terminal would stop us: fail instead.
	signal.Ignore(syscall.SIGTTIN)
	wanted := make(chan chan error)
	restart := func() error {
		done := make(chan error)
		wanted <- done
		return <-done
	}
	if interactive = isTerminal(os.Stdin); interactive {
		go func() {
			for in := bufio.NewScanner(os.Stdin); in.Scan(); {
				_ = restart() // the terminal has seen the error
			}
		}()
	}
	_ = os.Remove(restartSocket)
	listening, err := net.Listen("unix", restartSocket)
	if err != nil {
		fmt.Println("`make restart` will not work:", err)
		return wanted, interactive
	}
	listening.(*net.UnixListener).SetUnlinkOnClose(false) // a later process may have its own there by then
	go http.Serve(listening, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := restart(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "The server was built and restarted.")
	}))
	return wanted, interactive
}

// askRestart is the other side of restarts, in another process. What it is answered is for the user.
func askRestart(ctx context.Context) error {
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", restartSocket)
	}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return errors.New("nothing to restart: neither make run nor make server is running")
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("make run, or make server, ended meanwhile: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(said)))
	}
	fmt.Print(string(said))
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && !os.SameFile(info, null)
}

// build makes the server's binary anew, as the Makefile did before.
func (l *local) build(ctx context.Context) error {
	fmt.Println("Building the server…")
	if err := runProcess(ctx, l.command("go", "build", "-o", serverBinary, ".")); err != nil {
		return fmt.Errorf("building the server: %v", err)
	}
	return nil
}

// startServer returns when the server is ready. Its output is the user's to read.
func (l *local) startServer(ctx context.Context) (*process, error) {
	p, err := startProcess(l.command("./" + serverBinary))
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := untilAnswered(ctx, 30*time.Second, p.done, "http://"+l.api.call()+"/readyz"); err != nil {
		p.stop()
		return nil, fmt.Errorf("the server did not become ready: %w (%v)", err, p.err)
	}
	return p, nil
}

// greet makes a request, and tells the user how to go on.
func (l *local) greet(ctx context.Context, interactive bool) error {
	how := "`make restart`"
	if interactive {
		how = "Enter (or `make restart`)"
	}
	e := l.firebase.Emulators
	return l.seed(ctx, "greet", how, l.api.call(), l.api.String(), e.Auth.String(), e.Firestore.String())
}
