package main

import (
	"context"
	"sync/atomic"
)

// again is how often in a row a client uses a token: a phone opens the list,
// a session, and the list again.
const again = 3

// requests makes what the clients of a scenario send.
func (l *lab) requests(ctx context.Context, round int, p *process, s scene) (func(client, i int) []byte, error) {
	size := l.sizes[s.rows]
	switch s.name {
	case sceneFirst:
		n := len(l.tokens) / l.rounds
		return once(p.target, l.tokens[round*n:(round+1)*n], size), nil
	case sceneGzip:
		return inTurn(p.target, l.askers[s.rows], size, func(int) string { return "Accept-Encoding: gzip\r\n" }), nil
	case sceneSame:
		tags := make([]string, len(l.askers[s.rows]))
		for i, a := range l.askers[s.rows] {
			_, tag, err := p.fetch(ctx, a)
			if err != nil {
				return nil, err
			}
			tags[i] = "If-None-Match: " + tag + "\r\n"
		}
		return inTurn(p.target, l.askers[s.rows], size, func(i int) string { return tags[i] }), nil
	default:
		return inTurn(p.target, l.askers[s.rows], size, func(int) string { return "" }), nil
	}
}

// inTurn lets every client go through all askers, each from another on. extra
// is a header line of the i-th asker's, or "".
func inTurn(t target, askers []asker, size int, extra func(i int) string) func(client, i int) []byte {
	all := make([][]byte, len(askers))
	for i, a := range askers {
		all[i] = t.request(a, size, extra(i))
	}
	return func(client, i int) []byte { return all[(client*7+i/again)%len(all)] }
}

// once sends every asker's request once, and then no more.
func once(t target, askers []asker, size int) func(client, i int) []byte {
	var next atomic.Int64
	return func(int, int) []byte {
		n := int(next.Add(1)) - 1
		if n >= len(askers) {
			return nil
		}
		return t.request(askers[n], size, "")
	}
}
