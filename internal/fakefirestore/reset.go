package fakefirestore

import (
	"io"
	"net"
	"path"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A ResetProxy stands in front of a Server and answers calls with HTTP/2 RST_STREAM
// frames. The Server gets to know nothing of a call that was reset.
type ResetProxy struct {
	target   string
	listener net.Listener

	mu     sync.Mutex // guards what follows
	method string
	code   http2.ErrCode
	times  int
}

// StartResetProxy listens on a free port of 127.0.0.1 and forwards to target.
func StartResetProxy(target string) (*ResetProxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &ResetProxy{target: target, listener: l}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
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

// due says whether a call with these headers is reset.
func (p *ResetProxy) due(headers []hpack.HeaderField) (http2.ErrCode, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range headers {
		if h.Name == ":path" && path.Base(h.Value) == p.method && p.times != 0 {
			p.times--
			return p.code, true
		}
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
	if _, err := io.CopyN(server, client, int64(len(http2.ClientPreface))); err != nil {
		return
	}
	var toClient sync.Mutex // both directions write to it
	up, down := http2.NewFramer(server, nil), http2.NewFramer(client, nil)
	go func() {
		defer client.Close()
		_ = eachFrame(server, func(h http2.FrameHeader, payload []byte) error {
			toClient.Lock()
			defer toClient.Unlock()
			return down.WriteRawFrame(h.Type, h.Flags, h.StreamID, payload)
		})
	}()

	reset := make(map[uint32]bool)
	headers := hpack.NewDecoder(4096, nil) // gRPC neither pads its headers nor gives priorities
	_ = eachFrame(client, func(h http2.FrameHeader, payload []byte) error {
		if reset[h.StreamID] && h.Type == http2.FrameData {
			return nil // a call without a request is not done
		}
		if err := up.WriteRawFrame(h.Type, h.Flags, h.StreamID, payload); err != nil || h.Type != http2.FrameHeaders {
			return err
		}
		fields, err := headers.DecodeFull(payload)
		code, due := p.due(fields)
		if err != nil || !due {
			return err
		}
		// The server has to see the headers, since later ones are compressed by them.
		reset[h.StreamID] = true
		if err := up.WriteRSTStream(h.StreamID, http2.ErrCodeCancel); err != nil {
			return err
		}
		toClient.Lock()
		defer toClient.Unlock()
		return down.WriteRSTStream(h.StreamID, code)
	})
}

func eachFrame(r io.Reader, do func(http2.FrameHeader, []byte) error) error {
	for {
		h, err := http2.ReadFrameHeader(r)
		if err != nil {
			return err
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return err
		}
		if err := do(h, payload); err != nil {
			return err
		}
	}
}
