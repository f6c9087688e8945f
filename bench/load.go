package main

import (
	"fmt"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// sample measures a target under a scene's requests, of which every answer must be a 200 of
// the right size, or smaller if it is compressed.
func (l *lab) sample(p *process, s scene, round int) (sample, error) {
	requests, size := l.requests(p, s, round), l.sizes[s.name][p.name]
	before, err := p.cpuTime()
	if err != nil {
		return nil, err
	}
	var m vegeta.Metrics
	for answer := range send(requests, s.clients, s.times) {
		m.Add(answer)
	}
	m.Close()
	after, err := p.cpuTime()
	if err != nil {
		return nil, err
	}
	n, bytes := int(m.Requests), int(m.BytesIn.Total)
	if n == 0 || m.StatusCodes["200"] != n || bytes > n*size || (bytes < n*size) != (s.gzip && p.name != floor) {
		return nil, fmt.Errorf("%d requests, answers %v of %.1f bytes, and not of %d, %v", n, m.StatusCodes, m.BytesIn.Mean, size, m.Errors)
	}
	return sample{
		cpu:       float64(after-before) / float64(time.Microsecond) / float64(m.Requests),
		p50:       m.Latencies.P50.Seconds() * 1000,
		p99:       m.Latencies.P99.Seconds() * 1000,
		perSecond: m.Throughput,
	}, nil
}

// ask makes one request.
func ask(request vegeta.Target) *vegeta.Result {
	return <-send([]vegeta.Target{request}, 1, 1)
}

// send has clients send each request so many times, in turn.
func send(requests []vegeta.Target, clients, times int) <-chan *vegeta.Result {
	return vegeta.NewAttacker(
		vegeta.Workers(uint64(clients)),
		vegeta.MaxWorkers(uint64(clients)),
		vegeta.Client(&http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: clients, IdleConnTimeout: time.Second, DisableCompression: true},
			Timeout:   30 * time.Second,
		}),
	).Attack(vegeta.NewStaticTargeter(requests...), stopAfter(times*len(requests)), 0, "")
}

// stopAfter is a pacer of so many requests, as fast as they are answered.
type stopAfter int

func (n stopAfter) Pace(_ time.Duration, sent uint64) (time.Duration, bool) {
	return 0, sent >= uint64(n)
}

func (stopAfter) Rate(time.Duration) float64 { return 0 }
