package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync/atomic"
	"time"
)

// A Signer signs the tokens of one kind.
type Signer struct {
	// CertPath is where Google serves the certificates of this kind, on www.googleapis.com.
	CertPath string

	owner  *Issuer
	issuer string // the claim iss, but for the project at its end
	key    atomic.Pointer[key]
}

// A key signs tokens. Its certificate, which signs itself, vouches for them.
type key struct {
	private     *rsa.PrivateKey
	certificate []byte // DER
	id, pem     string
}

// Rotate replaces the signing key, as Google does every few days. Tokens signed
// before are no longer vouched for.
func (s *Signer) Rotate() error {
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
	s.key.Store(&key{
		private:     private,
		certificate: certificate,
		id:          fmt.Sprintf("%x", sha256.Sum256(certificate))[:40],
		pem:         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
	})
	return nil
}

// KeyID is the kid of the tokens signed now.
func (s *Signer) KeyID() string { return s.key.Load().id }

// Certificate is the PEM certificate of the key that signs now.
func (s *Signer) Certificate() string { return s.key.Load().pem }

// Token signs a good token for uid, issued now and valid for an hour, after the edits.
func (s *Signer) Token(uid string, edits ...func(header, claims map[string]any)) string {
	now := time.Now().Unix()
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": s.KeyID()}
	claims := map[string]any{
		"iss":       s.issuer + s.owner.Project,
		"aud":       s.owner.Project,
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
	return s.Raw(encode(header), encode(claims))
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
func (s *Signer) Raw(header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return Sign(s.key.Load().private, encode([]byte(header))+"."+encode([]byte(claims)))
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

// claimsOf returns the claims of a token that the signer's present key signed, and false
// for any other.
func (s *Signer) claimsOf(token string) (map[string]any, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || rsa.VerifyPKCS1v15(&s.key.Load().private.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, false
	}
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	return claims, err == nil && json.Unmarshal(payload, &claims) == nil
}
