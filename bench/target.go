package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// The targets, by the names they have in the results.
const (
	willson    = "willson"
	node       = "node"
	floor      = "floor"
	floorBytes = "floor-bytes"
)

// A target is something to measure.
type target struct {
	name    string
	title   string // in the table
	command []string
	env     []string
	// tokens says that it verifies tokens and answers the contract's JSON.
	tokens bool
}

// A process is a running target.
type process struct {
	target
	cmd  *exec.Cmd
	addr string
	// cold is the time from exec to the first answer of 200.
	cold time.Duration
}

// coldLimit is how long a target may take to its first answer.
const coldLimit = 20 * time.Second

// start runs t on a free port and waits for its first 200 to the request.
func (t target) start(ctx context.Context, request []byte, stderr io.Writer) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, t.command[0], t.command[1:]...)
	cmd.Env = append(append(os.Environ(), t.env...), "PORT="+port)
	cmd.Stderr = stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	p := &process{target: t, cmd: cmd, addr: addr}
	for {
		status, err := p.ask(ctx, request)
		if err == nil && status == http.StatusOK {
			p.cold = time.Since(begin)
			return p, nil
		}
		if time.Since(begin) > coldLimit || ctx.Err() != nil {
			p.stop()
			return nil, fmt.Errorf("%s: no 200 after %v: status %d, %w (-v shows what it says)", t.name, coldLimit, status, err)
		}
		time.Sleep(time.Millisecond)
	}
}

func (p *process) ask(ctx context.Context, request []byte) (status int, err error) {
	c, err := connect(ctx, p.addr)
	if err != nil {
		return 0, err
	}
	defer c.conn.Close()
	status, _, err = c.do(request)
	return status, err
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop kills the process: nothing of what it would still do is measured.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// An asker is a user with a token, and how many sessions the stand-in makes up
// for it.
type asker struct {
	uid, token string
}

// path is the measured route.
const path = "/api/v1/asker/chat/chatrooms"

// request is one asker's request as t understands it. size is the length of the
// real answer, which a floor is to match; extra is a header line, or "".
func (t target) request(a asker, size int, extra string) []byte {
	if t.tokens {
		return []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nx-token: " + a.token + "\r\n" + extra + "\r\n")
	}
	return []byte("GET /" + strconv.Itoa(size) + " HTTP/1.1\r\nHost: localhost\r\nx-asker: " + a.uid + "\r\n" + extra + "\r\n")
}
