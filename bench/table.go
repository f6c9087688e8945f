package main

import (
	"fmt"
	"math"
	"strings"
)

// A line is one row of the table.
type line struct {
	title  string
	at     point
	figure figure
	format string
}

var (
	head   = point{sceneList, usualClients, usualRows}
	single = point{sceneList, 1, usualRows}
	most   = point{sceneList, clientCounts[len(clientCounts)-1], usualRows}
)

func scenePoint(name string) point { return point{name, usualClients, usualRows} }

var tableLines = []line{
	{"CPU per request", head, cpu, "%.0f µs"},
	{"… token seen for the first time", scenePoint(sceneFirst), cpu, "%.0f µs"},
	{"… gzip asked for", scenePoint(sceneGzip), cpu, "%.0f µs"},
	{"… not modified (304)", scenePoint(sceneSame), cpu, "%.0f µs"},
	{"Requests a second", head, perSecond, "%.0f"},
	{"p50, 1 client", single, p50, "%.2f ms"},
	{"p99, 1 client", single, p99, "%.2f ms"},
	{"p50", head, p50, "%.2f ms"},
	{"p99", head, p99, "%.2f ms"},
	{"p99, 256 clients", most, p99, "%.0f ms"},
	{"Peak memory", scenePoint(sceneUsual), memory, "%.0f MiB"},
	{"Peak memory, 512 in flight, Firestore at 20 ms", point{sceneBacked, backedClients, usualRows}, memory, "%.0f MiB"},
	{"Cold start to the first 200", point{scene: sceneStart}, cold, "%.0f ms"},
}

// table is the summary as Markdown. A ratio is a target's figure over Willson's.
func (r *results) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; medians of %d rounds; 1 chatroom and 3 reservations, 16 clients, unless it says otherwise.\n", r.Machine, r.roundCount())
	b.WriteString("In brackets: so many times Willson's figure.\n\n")
	b.WriteString("| | Willson | Node: Express, firebase-admin | floor | floor, not decoded |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, l := range tableLines {
		r.row(&b, l)
	}
	for _, n := range rowCounts {
		title := fmt.Sprintf("CPU per request, %d + %d rows", n.UnderWay, n.Reserved)
		r.row(&b, line{title, point{sceneList, rowsClients, n}, cpu, "%.0f µs"})
	}
	return b.String()
}

func (r *results) row(b *strings.Builder, l line) {
	fmt.Fprintf(b, "| %s", l.title)
	for _, target := range []string{willson, node, floor, floorBytes} {
		value, ratio := r.median(target, l.at, l.figure), r.ratio(target, willson, l.at, l.figure)
		switch {
		case math.IsNaN(value):
			b.WriteString(" | ")
		case target == willson:
			fmt.Fprintf(b, " | **"+l.format+"**", value)
		default:
			fmt.Fprintf(b, " | "+l.format+" (%s)", value, times(ratio))
		}
	}
	b.WriteString(" |\n")
}

// times is a ratio with as many digits as mean something.
func times(ratio float64) string {
	if ratio >= 10 {
		return fmt.Sprintf("%.0f×", ratio)
	}
	if ratio >= 2 {
		return fmt.Sprintf("%.1f×", ratio)
	}
	return fmt.Sprintf("%.2f×", ratio)
}

func (r *results) roundCount() int {
	n := 0
	for _, s := range r.Samples {
		n = max(n, s.Round+1)
	}
	return n
}
