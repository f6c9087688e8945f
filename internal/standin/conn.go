package standin

import (
	"net"
	"sync"
)

// Freeze stops all traffic without closing anything, as a machine that hangs or
// a network that drops every packet: connections are accepted and stay silent,
// and only a deadline or a keepalive finds out. Thaw lets what was held go on.
func (s *Server) Freeze() { s.gate.close() }

// Thaw ends a Freeze.
func (s *Server) Thaw() { s.gate.open() }

// ResetConnections cuts every open connection with a TCP reset and goes on
// listening.
func (s *Server) ResetConnections() {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	l.resetAll()
}

// Connections is how many connections are open.
func (s *Server) Connections() int {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// A gate lets everybody pass until it is closed.
type gate struct {
	mu     sync.Mutex
	opened chan struct{}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	opened := g.opened
	g.mu.Unlock()
	if opened != nil {
		<-opened
	}
}

type listener struct {
	net.Listener
	gate  *gate
	mu    sync.Mutex
	conns map[*conn]struct{}
}

func newListener(l net.Listener, g *gate) *listener {
	return &listener{Listener: l, gate: g, conns: make(map[*conn]struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &conn{Conn: c, listener: l}
	l.mu.Lock()
	l.conns[tracked] = struct{}{}
	l.mu.Unlock()
	return tracked, nil
}

func (l *listener) resetAll() {
	l.mu.Lock()
	conns := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		if t, ok := c.Conn.(*net.TCPConn); ok {
			// Zero makes Close discard what is unsent and send RST. An error
			// means that the connection is gone, which is what was wanted.
			_ = t.SetLinger(0)
		}
		c.Close()
	}
}

type conn struct {
	net.Conn
	listener *listener
}

// Read passes the gate twice: a Read that was waiting when the gate closed must
// not hand over what came in since.
func (c *conn) Read(b []byte) (int, error) {
	c.listener.gate.pass()
	n, err := c.Conn.Read(b)
	c.listener.gate.pass()
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	c.listener.gate.pass()
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
