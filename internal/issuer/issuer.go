// Package issuer stands for Google in tests and measurements: it owns RSA keys, signs ID
// tokens and session cookies with them, and serves their certificates, a list of users and
// the making of cookies where the Admin SDK looks for Google's, so that the verification
// that runs in production runs unchanged. A test can replace an answer, a key or a user.
package issuer

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// An Issuer signs ID tokens and session cookies and serves what vouches for them. Its own
// methods Token, Rotate and so on are about ID tokens. It is safe for concurrent use.
type Issuer struct {
	// Project is the Firebase project of the tokens, "demo-willson" unless changed before the first Token.
	Project string
	*Signer
	// Cookies signs session cookies, with a key of its own.
	Cookies *Signer

	server, proxy *httptest.Server
	dir           string
	handler       atomic.Pointer[http.HandlerFunc]
	fetches       atomic.Int64
	maxAge        atomic.Int64 // seconds

	mu    sync.Mutex
	users map[string]User
}

// New starts an issuer on loopback. The caller closes it.
func New() (*Issuer, error) {
	i := &Issuer{Project: "demo-willson", users: map[string]User{}}
	i.Signer = &Signer{owner: i, issuer: "https://securetoken.google.com/", CertPath: "/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"}
	i.Cookies = &Signer{owner: i, issuer: "https://session.firebase.google.com/", CertPath: "/identitytoolkit/v3/relyingparty/publicKeys"}
	i.SetMaxAge(6 * time.Hour)
	if err := errors.Join(i.Rotate(), i.Cookies.Rotate()); err != nil {
		return nil, err
	}
	first := i.key.Load() // also serves as the certificate of the endpoint's TLS
	var err error
	if i.dir, err = os.MkdirTemp("", "issuer-"); err != nil {
		return nil, err
	}
	if err := errors.Join(
		os.WriteFile(i.CAFile(), []byte(first.pem), 0o600),
		os.WriteFile(i.Credentials(), []byte(`{"type": "authorized_user", "client_id": "1", "client_secret": "1", "refresh_token": "1"}`), 0o600),
	); err != nil {
		return nil, err
	}
	i.server = httptest.NewUnstartedServer(i)
	i.server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{first.certificate}, PrivateKey: first.private}}}
	i.server.StartTLS()
	i.proxy = httptest.NewServer(http.HandlerFunc(i.connect))
	return i, nil
}

// Close stops the endpoint and removes its files.
func (i *Issuer) Close() {
	i.proxy.Close()
	i.server.CloseClientConnections()
	i.server.Close()
	os.RemoveAll(i.dir)
}

// Addr is the address of the TLS endpoint.
func (i *Issuer) Addr() string { return i.server.Listener.Addr().String() }

// CAFile is the path of the PEM file that vouches for the TLS endpoint.
func (i *Issuer) CAFile() string { return filepath.Join(i.dir, "ca.pem") }

// Credentials is the path of a file for GOOGLE_APPLICATION_CREDENTIALS, which lets the
// process that takes the issuer for Google look users up and make cookies.
func (i *Issuer) Credentials() string { return filepath.Join(i.dir, "credentials.json") }

// Env makes a Go process that is started with it take the issuer for Google.
func (i *Issuer) Env() []string {
	return []string{"HTTPS_PROXY=" + i.proxy.URL, "SSL_CERT_FILE=" + i.CAFile()}
}

// DialTLSContext reaches the issuer whatever the address: as the DialTLSContext of
// http.DefaultTransport it makes this process take the issuer for Google.
func (i *Issuer) DialTLSContext(ctx context.Context, network, _ string) (net.Conn, error) {
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // the dialer's only peer is this process
	return d.DialContext(ctx, network, i.Addr())
}

// SetMaxAge sets how long the certificates may be kept, six hours at first, in whole seconds.
func (i *Issuer) SetMaxAge(d time.Duration) { i.maxAge.Store(int64(d / time.Second)) }

// Handle replaces the endpoint's answers; nil brings back the true ones, which a handler
// can also give, through Serve.
func (i *Issuer) Handle(h http.HandlerFunc) {
	if h == nil {
		i.handler.Store(nil)
		return
	}
	i.handler.Store(&h)
}

// Fetches counts the requests that reached the endpoint.
func (i *Issuer) Fetches() int { return int(i.fetches.Load()) }

// ServeHTTP is the endpoint: it counts, and answers as Handle says or as Google does.
// A test with a network of its own serves it there.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.fetches.Add(1)
	if h := i.handler.Load(); h != nil {
		(*h)(w, r)
		return
	}
	i.Serve(w, r)
}

// connect is the proxy of Env: every tunnel ends at the TLS endpoint.
func (i *Issuer) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	up, err := net.Dial("tcp", i.Addr())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer up.Close()
	down, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer down.Close()
	io.WriteString(down, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		io.Copy(up, down)
		up.Close()
	}()
	io.Copy(down, up)
}
