package auth

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	firebase "firebase.google.com/go/v4"
	fbauth "firebase.google.com/go/v4/auth"
	"google.golang.org/api/option"
)

// leeway is how far past its exp claim, and before its iat claim, the Admin SDK accepts a
// token.
const leeway = 300 * time.Second

// newClient makes an SDK client without keys. It needs no credentials: verifying does not.
func newClient(ctx context.Context, project string) (*fbauth.Client, error) {
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, option.WithoutAuthentication())
	if err != nil {
		return nil, err
	}
	return app.Auth(ctx)
}

// loadKeys has the client fetch the keys of a kind, if it lacks them and ctx is not
// cancelled. It returns nil when the client holds keys in the end: only then can the
// client find that a token's signature is wrong.
func loadKeys(ctx context.Context, of *kind, client *fbauth.Client, project string) error {
	_, err := of.verify(client, ctx, wronglySigned(of.issuer, project, `{"alg":"RS256","kid":"none","typ":"JWT"}`))
	if err == nil {
		return errors.New("the Admin SDK accepted a wrong signature")
	}
	if fbauth.IsCertificateFetchFailed(err) || !of.invalid(err) {
		return err
	}
	return nil
}

// acceptsUnsigned reports whether the client accepts unsigned tokens, as it does when
// FIREBASE_AUTH_EMULATOR_HOST was set when it was made: it would go on to look the
// user up, which the cancelled context makes fail in another way.
func acceptsUnsigned(client *fbauth.Client, project string) bool {
	_, err := client.VerifyIDToken(cancelled(), wronglySigned(idToken.issuer, project, `{"alg":"none","typ":"JWT"}`))
	return !fbauth.IsIDTokenInvalid(err)
}

// wronglySigned is a token of this issuer for this project, good now but for its signature.
func wronglySigned(issuer, project, header string) string {
	now := time.Now().Unix()
	claims, _ := json.Marshal(map[string]any{ // a map of strings and integers always encodes
		"iss": issuer + project,
		"aud": project,
		"sub": "nobody",
		"iat": now,
		"exp": now + 60,
	})
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(claims) + "." + encode([]byte("wrong"))
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// fetchCertificates asks Google for the certificates of the keys at this address, by key
// ID, and for how long they may be kept.
func fetchCertificates(ctx context.Context, address string) (map[string]*x509.Certificate, time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("key endpoint: status %d", resp.StatusCode)
	}
	certificates, err := parseCertificates(body)
	if err != nil {
		return nil, 0, fmt.Errorf("key endpoint: %w", err)
	}
	for directive := range strings.SplitSeq(resp.Header.Get("Cache-Control"), ",") {
		if age, ok := strings.CutPrefix(strings.TrimSpace(directive), "max-age="); ok {
			if seconds, err := strconv.Atoi(age); err == nil && seconds > 0 {
				return certificates, time.Duration(seconds) * time.Second, nil
			}
		}
	}
	return nil, 0, errors.New("key endpoint: no max-age in its Cache-Control")
}

// parseCertificates reads a JSON object of PEM certificates by key ID.
func parseCertificates(body []byte) (map[string]*x509.Certificate, error) {
	var texts map[string]string
	if err := json.Unmarshal(body, &texts); err != nil {
		return nil, err
	}
	certificates := make(map[string]*x509.Certificate, len(texts))
	for keyID, text := range texts {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, errors.New("a certificate that is not PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates[keyID] = certificate
	}
	return certificates, nil
}
