package fakefirestore

import (
	"errors"
	"io"
	"net"
	"path"
	"slices"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A ResetProxy stands in front of a Server and answers calls with HTTP/2 RST_STREAM
// frames. The Server gets to know nothing of a call that was reset.
type ResetProxy struct {
	target   string
	listener net.Listener
	mu       sync.Mutex // guards what follows
	method   string
	code     http2.ErrCode
	times    int
}

// StartResetProxy listens on a free port of 127.0.0.1 and forwards to target.
func StartResetProxy(target string) (*ResetProxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &ResetProxy{target: target, listener: l}
	go func() {
		for client, err := l.Accept(); err == nil; client, err = l.Accept() {
			go p.serve(client)
		}
	}()
	return p, nil
}

// Addr is the host and port for FIRESTORE_EMULATOR_HOST.
func (p *ResetProxy) Addr() string { return p.listener.Addr().String() }

// Close stops listening. Open connections live until either side closes them.
func (p *ResetProxy) Close() { p.listener.Close() }

// Reset answers the next so many calls of a method, like "RunQuery", with code. A
// negative number is all calls from now on, zero none.
func (p *ResetProxy) Reset(method string, code http2.ErrCode, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.method, p.code, p.times = method, code, times
}

// due says whether a call is reset, and takes it off the number of times.
func (p *ResetProxy) due(headers []hpack.HeaderField) (http2.ErrCode, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := slices.ContainsFunc(headers, func(h hpack.HeaderField) bool {
		return h.Name == ":path" && path.Base(h.Value) == p.method
	})
	if asked && p.times != 0 {
		p.times--
		return p.code, true
	}
	return 0, false
}

func (p *ResetProxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	_, _ = io.CopyN(server, client, int64(len(http2.ClientPreface)))
	var toClient sync.Mutex // both directions write to it
	up, down := http2.NewFramer(server, nil), http2.NewFramer(client, nil)
	go func() {
		defer client.Close()
		eachFrame(server, func(h http2.FrameHeader, payload []byte) error {
			toClient.Lock()
			defer toClient.Unlock()
			return down.WriteRawFrame(h.Type, h.Flags, h.StreamID, payload)
		})
	}()
	headers := hpack.NewDecoder(4096, nil) // gRPC neither pads its headers nor gives priorities
	eachFrame(client, func(h http2.FrameHeader, payload []byte) error {
		if err := up.WriteRawFrame(h.Type, h.Flags, h.StreamID, payload); err != nil || h.Type != http2.FrameHeaders {
			return err
		}
		fields, err := headers.DecodeFull(payload)
		code, due := p.due(fields)
		if err != nil || !due {
			return err
		}
		// The server has the headers, since later ones are compressed by them. It drops a
		// call that ends before its request has come.
		toClient.Lock()
		defer toClient.Unlock()
		return errors.Join(up.WriteRSTStream(h.StreamID, http2.ErrCodeCancel), down.WriteRSTStream(h.StreamID, code))
	})
}

// eachFrame reads frames until r ends or do fails.
func eachFrame(r io.Reader, do func(http2.FrameHeader, []byte) error) {
	for {
		h, err := http2.ReadFrameHeader(r)
		if err != nil {
			return
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(r, payload); err != nil || do(h, payload) != nil {
			return
		}
	}
}
