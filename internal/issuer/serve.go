package issuer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// A User is what Google's list says of a uid. All are there, valid since the year 1990,
// unless SetUser says otherwise.
type User struct {
	Disabled, Deleted bool
	ValidSince        time.Time // sign-ins before were revoked
}

// SetUser replaces what is said of a uid.
func (i *Issuer) SetUser(uid string, user User) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.users[uid] = user
}

func (i *Issuer) user(uid string) User {
	i.mu.Lock()
	defer i.mu.Unlock()
	user := i.users[uid]
	if user.ValidSince.IsZero() {
		user.ValidSince = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return user
}

// Serve answers as Google does: with certificates, with an access token for the
// credentials, with a user, with a cookie.
func (i *Issuer) Serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	project := "/v1/projects/" + i.Project
	switch r.Host + r.URL.Path {
	case "www.googleapis.com" + i.CertPath:
		i.serveKey(w, i.Signer)
	case "www.googleapis.com" + i.Cookies.CertPath:
		i.serveKey(w, i.Cookies)
	case "oauth2.googleapis.com/token":
		reply(w, map[string]any{"access_token": "access", "expires_in": 3600, "token_type": "Bearer"})
	case "identitytoolkit.googleapis.com" + project + "/accounts:lookup":
		i.lookup(w, r)
	case "identitytoolkit.googleapis.com" + project + ":createSessionCookie":
		i.createSessionCookie(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) serveKey(w http.ResponseWriter, s *Signer) {
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d, must-revalidate, no-transform", i.maxAge.Load()))
	key := s.key.Load()
	reply(w, map[string]any{key.id: key.pem})
}

func (i *Issuer) lookup(w http.ResponseWriter, r *http.Request) {
	var query struct {
		LocalID []string `json:"localId"`
	}
	if !asked(w, r, &query) {
		return
	}
	found := []any{}
	for _, uid := range query.LocalID {
		if user := i.user(uid); !user.Deleted {
			found = append(found, map[string]any{"localId": uid, "createdAt": "946684800000",
				"disabled": user.Disabled, "validSince": fmt.Sprint(user.ValidSince.Unix())})
		}
	}
	reply(w, map[string]any{"users": found})
}

// createSessionCookie makes a cookie of an ID token that was signed with the present key.
func (i *Issuer) createSessionCookie(w http.ResponseWriter, r *http.Request) {
	var query struct {
		IDToken       string `json:"idToken"`
		ValidDuration int64  `json:"validDuration"`
	}
	if !asked(w, r, &query) {
		return
	}
	claims, ok := i.claimsOf(query.IDToken)
	if !ok {
		refuse(w, http.StatusBadRequest, "INVALID_ID_TOKEN")
		return
	}
	now := time.Now().Unix()
	uid, _ := claims["sub"].(string)
	ends, _ := claims["exp"].(float64)
	switch user := i.user(uid); {
	case int64(ends) < now:
		refuse(w, http.StatusBadRequest, "TOKEN_EXPIRED")
	case user.Deleted:
		refuse(w, http.StatusBadRequest, "USER_NOT_FOUND")
	case user.Disabled:
		refuse(w, http.StatusBadRequest, "USER_DISABLED")
	default:
		reply(w, map[string]any{"sessionCookie": i.Cookies.Token(uid, func(_, of map[string]any) {
			for name, value := range claims {
				if name != "iss" {
					of[name] = value
				}
			}
			of["iat"], of["exp"] = now, now+query.ValidDuration
		})})
	}
}

// asked reads a request that has to carry the access token.
func asked(w http.ResponseWriter, r *http.Request, query any) bool {
	if r.Header.Get("Authorization") != "Bearer access" {
		refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED")
		return false
	}
	if err := json.NewDecoder(r.Body).Decode(query); err != nil {
		refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT")
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	reply(w, map[string]any{"error": map[string]any{"code": status, "message": message}})
}

func reply(w http.ResponseWriter, body map[string]any) { json.NewEncoder(w).Encode(body) }
