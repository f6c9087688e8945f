package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

// A sample is what one target did in one scenario of one round.
type sample struct {
	Round     int     `json:"round"`
	Scene     string  `json:"scene"`
	Target    string  `json:"target"`
	Clients   int     `json:"clients,omitempty"`
	Rows      rows    `json:"rows,omitzero"`
	Requests  int     `json:"requests,omitempty"`
	Failed    int     `json:"failed,omitempty"`
	CPU       float64 `json:"cpu_us,omitempty"`         // of the target, per request
	Standin   float64 `json:"standin_cpu_us,omitempty"` // of the stand-in Firestore, per request
	PerSecond float64 `json:"requests_per_second,omitempty"`
	P50       float64 `json:"p50_ms,omitempty"`
	P99       float64 `json:"p99_ms,omitempty"`
	Memory    float64 `json:"peak_memory_mib,omitempty"`
	Cold      float64 `json:"cold_start_ms,omitempty"`
}

// results are all samples of a run.
type results struct {
	Machine string   `json:"machine"`
	Samples []sample `json:"samples"`
}

func (r *results) add(round int, s sample) {
	s.Round = round
	r.Samples = append(r.Samples, s)
}

func (r *results) json() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "\t")
	return append(b, '\n'), err
}

// A figure is one number of a sample.
type figure func(sample) float64

func cpu(s sample) float64       { return s.CPU }
func perSecond(s sample) float64 { return s.PerSecond }
func p50(s sample) float64       { return s.P50 }
func p99(s sample) float64       { return s.P99 }
func memory(s sample) float64    { return s.Memory }
func cold(s sample) float64      { return s.Cold }

// A point is a place at which targets are compared.
type point struct {
	scene   string
	clients int
	rows    rows
}

// rounds returns a figure of one target at a point by round.
func (r *results) rounds(target string, at point, f figure) map[int]float64 {
	all := make(map[int]float64)
	for _, s := range r.Samples {
		if s.Target == target && s.Scene == at.scene && s.Clients == at.clients && s.Rows == at.rows {
			all[s.Round] = f(s)
		}
	}
	return all
}

// median is a figure of one target at a point over the rounds, NaN when it was
// not measured there.
func (r *results) median(target string, at point, f figure) float64 {
	var all []float64
	for _, v := range r.rounds(target, at, f) {
		all = append(all, v)
	}
	return median(all)
}

// ratio is a figure of one target over another's: the median of the ratios
// within each round, which the machine's slow minutes hit less than the ratio
// of the medians.
func (r *results) ratio(target, over string, at point, f figure) float64 {
	others := r.rounds(over, at, f)
	var all []float64
	for round, v := range r.rounds(target, at, f) {
		if other, ok := others[round]; ok && other > 0 {
			all = append(all, v/other)
		}
	}
	return median(all)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}

// cpuModel is what the kernel calls the processor, "" where it does not tell.
func cpuModel() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // the name is an ornament
	_, after, _ := strings.Cut(string(info), "model name")
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimLeft(line, "\t :")
}

// The README's markers, between which the table goes.
const (
	tableBegin = "<!-- table: written by make bench -->\n"
	tableEnd   = "<!-- end of table -->\n"
)

func between(text []byte, table string) ([]byte, error) {
	begin, rest, ok := bytes.Cut(text, []byte(tableBegin))
	_, end, closed := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !closed {
		return nil, errors.New("the table's markers are missing")
	}
	return fmt.Appendf(nil, "%s%s%s%s%s", begin, tableBegin, table, tableEnd, end), nil
}
