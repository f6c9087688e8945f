// Package issuer stands for Google in tests and measurements: it owns an RSA key, signs
// ID tokens with it, and serves the key's certificate where the Admin SDK looks for
// Google's, so that the verification that runs in production runs unchanged. A test can
// replace the endpoint's answer, or the key.
package issuer

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// CertPath is where Google serves the certificates of Firebase ID tokens, on www.googleapis.com.
const CertPath = "/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"

// An Issuer signs ID tokens and serves the certificate that vouches for them.
// It is safe for concurrent use.
type Issuer struct {
	// Project is the Firebase project of the tokens, "demo-willson" unless changed before the first Token.
	Project string

	server, proxy *httptest.Server
	dir           string
	key           atomic.Pointer[key]
	handler       atomic.Pointer[http.HandlerFunc]
	fetches       atomic.Int64
	maxAge        atomic.Int64 // seconds
}

// A key signs tokens. Its certificate, which signs itself, vouches for them.
type key struct {
	private     *rsa.PrivateKey
	certificate []byte // DER
	id, pem     string
}

// New starts an issuer on loopback. The caller closes it.
func New() (*Issuer, error) {
	i := &Issuer{Project: "demo-willson"}
	i.SetMaxAge(6 * time.Hour)
	if err := i.Rotate(); err != nil {
		return nil, err
	}
	first := i.key.Load() // also serves as the certificate of the endpoint's TLS
	var err error
	if i.dir, err = os.MkdirTemp("", "issuer-"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(i.CAFile(), []byte(first.pem), 0o600); err != nil {
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

// Rotate replaces the signing key, as Google does every few days. Tokens signed
// before are no longer vouched for.
func (i *Issuer) Rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "securetoken.system.gserviceaccount.com"},
		DNSNames:              []string{"www.googleapis.com", "identitytoolkit.googleapis.com", "oauth2.googleapis.com"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(16 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return err
	}
	i.key.Store(&key{
		private:     private,
		certificate: certificate,
		id:          fmt.Sprintf("%x", sha256.Sum256(certificate))[:40],
		pem:         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
	})
	return nil
}

// SetMaxAge sets how long the certificates may be kept, six hours at first, in whole seconds.
func (i *Issuer) SetMaxAge(d time.Duration) { i.maxAge.Store(int64(d / time.Second)) }

// Handle replaces the endpoint's answer; nil brings back the true one, which a handler
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

// KeyID is the kid of the tokens signed now.
func (i *Issuer) KeyID() string { return i.key.Load().id }

// Certificate is the PEM certificate of the key that signs now.
func (i *Issuer) Certificate() string { return i.key.Load().pem }

// Token signs a good ID token for uid, issued now and valid for an hour, after the edits.
func (i *Issuer) Token(uid string, edits ...func(header, claims map[string]any)) string {
	now := time.Now().Unix()
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": i.KeyID()}
	claims := map[string]any{
		"iss":       "https://securetoken.google.com/" + i.Project,
		"aud":       i.Project,
		"auth_time": now,
		"user_id":   uid,
		"sub":       uid,
		"iat":       now,
		"exp":       now + 3600,
		"firebase":  map[string]any{"identities": map[string]any{}, "sign_in_provider": "password"},
	}
	for _, edit := range edits {
		edit(header, claims)
	}
	return i.Raw(encode(header), encode(claims))
}

// encode is JSON. The claims of tests are plain values, which always encode.
func encode(part map[string]any) string {
	encoded, err := json.Marshal(part)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// Raw signs a token of these two parts, whatever is in them.
func (i *Issuer) Raw(header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return Sign(i.key.Load().private, encode([]byte(header))+"."+encode([]byte(claims)))
}

// Sign appends the RS256 signature of a token's first two parts, which are encoded.
func Sign(key *rsa.PrivateKey, signed string) string {
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a 2048-bit key signs every SHA-256 sum
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

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

// Serve answers as Google does.
func (i *Issuer) Serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != CertPath {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d, must-revalidate, no-transform", i.maxAge.Load()))
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	key := i.key.Load()
	json.NewEncoder(w).Encode(map[string]string{key.id: key.pem})
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
