package fakefirestore

import "net"

// Freeze stops all traffic and closes nothing, as a network that loses every packet.
func (s *Server) Freeze() {
	if s.frozen.CompareAndSwap(false, true) {
		s.traffic.Lock()
	}
}

// Thaw ends a Freeze. What was held back goes on.
func (s *Server) Thaw() {
	if s.frozen.CompareAndSwap(true, false) {
		s.traffic.Unlock()
	}
}

// Connections is how many connections are open.
func (s *Server) Connections() (n int) {
	s.conns.Range(func(any, any) bool { n++; return true })
	return n
}

// reset ends every open connection with a TCP reset and goes on listening.
func (s *Server) reset() {
	s.conns.Range(func(c, _ any) bool {
		_ = c.(*conn).SetLinger(0) // makes Close send RST; fails on a closed connection only
		c.(*conn).Close()
		return true
	})
}

type listener struct {
	net.Listener
	server *Server
}

func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{accepted.(*net.TCPConn), l.server}
	l.server.conns.Store(c, nil)
	return c, nil
}

type conn struct {
	*net.TCPConn
	server *Server
}

// Read looks for a freeze when it has read: it may have been waiting when that began, and
// then must not hand over what has come in since.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.server.traffic.RLock()
	defer c.server.traffic.RUnlock()
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	c.server.traffic.RLock()
	defer c.server.traffic.RUnlock()
	return c.TCPConn.Write(b)
}

func (c *conn) Close() error {
	c.server.conns.Delete(c)
	return c.TCPConn.Close()
}
