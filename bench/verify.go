package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
)

// verify makes sure that what is measured is the right answer: Willson's and the
// peer's are the same JSON, with as many rows as there are. It notes their
// sizes for the floors.
func (l *lab) verify(ctx context.Context) error {
	for r, askers := range l.askers {
		var want any
		for _, p := range l.running {
			if !p.tokens {
				continue
			}
			body, _, err := p.fetch(ctx, askers[0])
			if err != nil {
				return err
			}
			var got struct{ Data struct{ Ing, Reserve []any } }
			var whole any
			if err := json.Unmarshal(body, &got); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if n := (rows{len(got.Data.Ing), len(got.Data.Reserve)}); n != r {
				return fmt.Errorf("%s: %v instead of %v", p.name, n, r)
			}
			json.Unmarshal(body, &whole) // it did before
			if want == nil {
				want = whole
			} else if !reflect.DeepEqual(whole, want) {
				return fmt.Errorf("%s answers otherwise than %s: %s", p.name, l.running[0].name, body)
			}
			if p.name == willson {
				l.sizes[r] = len(body)
			}
		}
	}
	return nil
}

// fetch is one request by net/http, for what the load's client does not show.
func (p *process) fetch(ctx context.Context, a asker) (body []byte, etag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("x-token", a.token)
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", p.name, resp.Status, body)
	}
	return body, resp.Header.Get("ETag"), err
}
