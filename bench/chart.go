package main

import (
	"fmt"
	"math"
)

const (
	ink  = "#1f2328"
	dim  = "#59636e"
	rule = "#d1d9e0"
)

// series are the targets as the picture shows them.
var series = []struct{ target, title, color string }{
	{willson, "Willson", "#0969da"},
	{node, "Node: Express, firebase-admin", "#bc4c00"},
	{floor, "floor: two bare queries", "#6e7781"},
	{floorBytes, "floor, documents not decoded", "#a9b2bb"},
}

// picture is the summary as SVG.
func (r *results) picture() []byte {
	const width, height, margin = 980, 650, 24
	s := newSVG(width, height, "Willson beside the same endpoint in Node and beside two bare Firestore queries")
	s.text(margin, 34, 18, ink, "start", "GET /api/v1/asker/chat/chatrooms")
	s.text(margin, 54, 12, dim, "start", fmt.Sprintf("%s; medians of %d rounds; 1 chatroom and 3 reservations, 16 clients, where nothing else is said; × is times Willson", r.Machine, r.roundCount()))
	x := float64(margin)
	for _, one := range series {
		s.rect(x, 68, 12, 12, one.color)
		s.text(x+18, 79, 13, ink, "start", one.title)
		x += 40 + 6.8*float64(len(one.title))
	}

	const panel, gap = 218, 20
	for i, b := range []bars{
		{"CPU per request", "%.0f µs", head, cpu},
		{"p99, 16 clients", "%.1f ms", head, p99},
		{"Peak memory", "%.0f MiB", scenePoint(sceneUsual), memory},
		{"Cold start to the first 200", "%.0f ms", point{scene: sceneStart}, cold},
	} {
		r.bars(s, b, float64(margin+i*(panel+gap)), 118, panel)
	}

	var byRows, byClients []place
	for _, n := range rowCounts {
		byRows = append(byRows, place{float64(n.UnderWay), point{sceneList, rowsClients, n}})
	}
	for _, n := range clientCounts {
		byClients = append(byClients, place{float64(n), point{sceneList, n, usualRows}})
	}
	const wide = 2*panel + gap
	r.plot(s, "CPU per request in µs, by rows in each list", byRows, cpu, box{margin, 340, wide, 290})
	r.plot(s, "p99 in ms, by clients at once", byClients, p99, box{margin + wide + gap, 340, wide, 290})
	return s.end()
}

// bars compare the targets by one figure.
type bars struct {
	title, format string
	at            point
	figure        figure
}

func (r *results) bars(s *svg, b bars, x, y, width float64) {
	s.text(x, y, 14, ink, "start", b.title)
	most := 0.0
	for _, one := range series {
		if v := r.median(one.target, b.at, b.figure); v > most {
			most = v
		}
	}
	for i, one := range series {
		v := r.median(one.target, b.at, b.figure)
		if math.IsNaN(v) {
			continue
		}
		label := fmt.Sprintf(b.format, v)
		if one.target != willson {
			label += " · " + times(r.ratio(one.target, willson, b.at, b.figure))
		}
		top := y + 14 + float64(i)*44
		s.text(x, top+14, 13, ink, "start", label)
		s.rect(x, top+20, max(2, width*v/most), 12, one.color)
	}
}

// A place is a point and where it lies on the horizontal axis.
type place struct {
	x  float64
	at point
}

type box struct{ x, y, width, height float64 }

// plot draws a figure of all targets over places, both axes logarithmic.
func (r *results) plot(s *svg, title string, places []place, f figure, b box) {
	s.text(b.x, b.y, 14, ink, "start", title)
	const left, top, bottom = 52, 18, 28
	low, high := math.Inf(1), 0.0
	for _, one := range series {
		for _, p := range places {
			if v := r.median(one.target, p.at, f); v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if high == 0 {
		return
	}
	low, high = low/1.3, high*1.3
	across := func(v float64) float64 {
		return b.x + left + (b.width-left-12)*along(v, places[0].x, places[len(places)-1].x)
	}
	up := func(v float64) float64 { return b.y + b.height - bottom - (b.height-top-bottom)*along(v, low, high) }
	for _, v := range ticks(low, high) {
		s.line(b.x+left, up(v), b.x+b.width, up(v), rule)
		s.text(b.x+left-8, up(v)+4, 12, dim, "end", fmt.Sprintf("%g", v))
	}
	for _, p := range places {
		s.text(across(p.x), b.y+b.height-8, 12, dim, "middle", fmt.Sprintf("%g", p.x))
	}
	for _, one := range series {
		var xs, ys []float64
		for _, p := range places {
			if v := r.median(one.target, p.at, f); v > 0 {
				xs, ys = append(xs, across(p.x)), append(ys, up(v))
			}
		}
		s.curve(xs, ys, one.color)
	}
}

// along is where v lies between low and high, from 0 to 1, by their logarithms.
func along(v, low, high float64) float64 {
	return math.Log(v/low) / math.Log(high/low)
}

// ticks are the round numbers from low to high: 1, 2 and 5 of every power of
// ten, or the powers alone where these would crowd.
func ticks(low, high float64) []float64 {
	steps := []float64{1, 2, 5}
	if high/low > 500 {
		steps = steps[:1]
	}
	var all []float64
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high; power *= 10 {
		for _, step := range steps {
			if v := step * power; v >= low && v <= high {
				all = append(all, v)
			}
		}
	}
	return all
}
