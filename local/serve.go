package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const (
	mainRequest = "/api/v1/asker/chat/chatrooms"
	pidFile     = cacheDir + "/local.pid"
)

// serve keeps the server running until ctx ends, and replaces it when the user asks, over the same emulators and data.
func (w *world) serve(ctx context.Context, s *seed, emulatorsGone <-chan struct{}) error {
	again, interactive, err := restarts()
	if err != nil {
		return err
	}
	defer os.Remove(pidFile)

	srv, err := w.startServer(ctx)
	if err != nil {
		return err
	}
	defer func() { srv.stopServer() }()
	if err := w.greet(ctx, s, interactive); err != nil {
		return err
	}
	gone := srv.done
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-emulatorsGone:
			return errEmulatorsGone
		case <-gone:
			if !interactive {
				return fmt.Errorf("the server ended by itself (%s)", srv.ended())
			}
			fmt.Fprintf(w.out, "\nThe server ended by itself (%s). The data is still there: Enter builds and starts it again.\n", srv.ended())
			gone = nil
		case <-again:
			if err := w.buildServer(ctx); err != nil {
				fmt.Fprintln(w.out, err)
				continue
			}
			srv.stopServer()
			next, err := w.startServer(ctx)
			if err != nil {
				fmt.Fprintln(w.out, err)
				gone = nil
				continue
			}
			srv, gone = next, next.done
			if err := w.greet(ctx, s, interactive); err != nil {
				fmt.Fprintln(w.out, err)
			}
		}
	}
}

// restarts delivers a value when the user wants a new server: by Enter, or by `make restart`, which finds this process
// in its pid file. It is interactive when there is a terminal to press Enter in.
func restarts() (again <-chan struct{}, interactive bool, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	// In the background of a shell, reading the terminal would stop us: fail instead.
	signal.Ignore(syscall.SIGTTIN)
	wanted := make(chan struct{})
	go func() {
		for range signals {
			wanted <- struct{}{}
		}
	}()
	if interactive = isTerminal(os.Stdin); interactive {
		go func() {
			for in := bufio.NewScanner(os.Stdin); in.Scan(); {
				wanted <- struct{}{}
			}
		}()
	}
	return wanted, interactive, os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())), 0o644)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && !os.SameFile(info, null)
}

// startServer returns when the server is ready. Its output is the user's to read.
func (w *world) startServer(ctx context.Context) (*process, error) {
	cmd := exec.Command("./" + serverBinary)
	cmd.Env = append(append(os.Environ(), "PORT="+strconv.Itoa(w.port)), w.environment()...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	p, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	ready := func(ctx context.Context) error { return answers(ctx, w.serverURL()+"/readyz") }
	if err := poll(ctx, 30*time.Second, p.done, ready); err != nil {
		p.stopServer()
		return nil, fmt.Errorf("the server did not become ready: %w (%s)", err, p.ended())
	}
	return p, nil
}

// stopServer leaves the server the 10 s that Cloud Run would.
func (p *process) stopServer() {
	p.stop(syscall.SIGTERM, 10*time.Second)
}

// greet makes the main request once, as the first account, and tells the user how to go on from there.
func (w *world) greet(ctx context.Context, s *seed, interactive bool) error {
	token, err := w.signIn(ctx, s.Accounts[0])
	if err != nil {
		return err
	}
	said, err := w.ask(ctx, token)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "\nWillson is up.\n\n  API      %s\n  Console  %s/console\n\nAccounts:\n\n", w.serverURL(), w.serverURL())
	w.printAccounts(s)
	fmt.Fprintf(w.out, "\nGET %s as %s %s. Ask it yourself, with a token good for an hour:\n\n", mainRequest, s.Accounts[0].Email, said)
	fmt.Fprintf(w.out, "curl -s %s%s -H 'x-token: %s'\n\n", w.serverURL(), mainRequest, token)
	if interactive {
		fmt.Fprintf(w.out, "Enter (or `make restart`) builds and restarts the server over the same data, Ctrl-C stops everything.\n\n")
	} else {
		fmt.Fprintf(w.out, "`make restart` builds and restarts the server over the same data, Ctrl-C stops everything.\n\n")
	}
	return nil
}

func (w *world) printAccounts(s *seed) {
	for _, a := range s.Accounts {
		fmt.Fprintf(w.out, "  %-24s password %s   %s, %s\n", a.Email, a.Password, a.Name, a.Note)
	}
}

// ask makes the main request and says in a few words what came back.
func (w *world) ask(ctx context.Context, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.serverURL()+mainRequest, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("x-token", token)
	begin := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var body struct {
		Code string `json:"code"`
		Data struct {
			Count int `json:"count"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return "", fmt.Errorf("GET %s answered %s: %w", mainRequest, res.Status, err)
	}
	return fmt.Sprintf("answered %d %s, %d sessions, in %d ms", res.StatusCode, body.Code, body.Data.Count, time.Since(begin).Milliseconds()), nil
}
