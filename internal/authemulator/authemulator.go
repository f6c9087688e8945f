// Package authemulator asks the Firebase Auth emulator for the users and tokens of tests.
package authemulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Ask posts to the emulator at host, as its owner below projects/, and returns the ID
// token in its answer, "" if there is none.
func Ask(t testing.TB, host, path string, body map[string]any) string {
	t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+host+"/identitytoolkit.googleapis.com/v1/"+path, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "projects/") {
		req.Header.Set("Authorization", "Bearer owner")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the Auth emulator answers %s: %v %s", resp.Status, err, answer)
	}
	var got struct {
		IDToken string `json:"idToken"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	return got.IDToken
}
