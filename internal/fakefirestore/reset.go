package fakefirestore

import (
	"io"
	"net"
	"path"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// ResetProxy listens on a free port of 127.0.0.1 and forwards to the Server at target,
// until the listener is closed. A call whose method, like "RunQuery", is due is answered
// with an HTTP/2 RST_STREAM frame of that code, and the Server gets to know nothing of it.
func ResetProxy(target string, due func(method string) (http2.ErrCode, bool)) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for client, err := l.Accept(); err == nil; client, err = l.Accept() {
			go forward(client, target, due)
		}
	}()
	return l, nil
}

func forward(client net.Conn, target string, due func(string) (http2.ErrCode, bool)) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
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
		for _, f := range fields {
			if f.Name != ":path" {
				continue
			}
			code, reset := due(path.Base(f.Value))
			if !reset {
				return nil
			}
			// The server has the headers, since later ones are compressed by them. It drops a
			// call that ends before its request has come.
			if err := up.WriteRSTStream(h.StreamID, http2.ErrCodeCancel); err != nil {
				return err
			}
			toClient.Lock()
			defer toClient.Unlock()
			return down.WriteRSTStream(h.StreamID, code)
		}
		return err
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
