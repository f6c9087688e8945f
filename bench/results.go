package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/perf/benchmath"
	"golang.org/x/sys/unix"
)

// A sample is what one target did in one scene of one round.
type sample map[string]float64

// The figures of a sample. Those of a start are measured on new processes alone, those of
// Firestore on a single request.
const (
	cpu       = "CPU per request"
	p50       = "p50"
	p99       = "p99"
	perSecond = "requests a second"
	memory    = "peak memory"
	cold      = "cold start to the first 200"
	trips     = "round trips"
	called    = "calls"
	read      = "documents read"
	written   = "written"
)

// formats are the figures with their units.
var formats = map[string]string{
	cpu: "%.0f µs", p50: "%.2f ms", p99: "%.1f ms", perSecond: "%.0f", memory: "%.0f MiB", cold: "%.0f ms",
}

// results are the samples by scene and target, one a round.
type results map[string]map[string][]sample

func (r results) add(scene, target string, s sample) {
	if r[scene] == nil {
		r[scene] = make(map[string][]sample)
	}
	r[scene][target] = append(r[scene][target], s)
}

// of is a figure of a target over the rounds, or, over another target, the ratio of the
// two, taken within each round, which the machine's slow minutes hit less than a ratio of
// medians. The summary is the median and, of enough rounds, the least and the most.
func (r results) of(scene, target, figure, over string) benchmath.Summary {
	return summary(len(r[scene][target]), func(i int) float64 {
		if over == "" {
			return r[scene][target][i][figure]
		}
		return r[scene][target][i][figure] / r[scene][over][i][figure]
	})
}

// cookies is how much dearer the list is with cookies than with ID tokens.
func (r results) cookies() benchmath.Summary {
	return summary(len(r[listed][willson]), func(i int) float64 {
		return r[listedCookie][willson][i][cpu] / r[listed][willson][i][cpu]
	})
}

func summary(n int, value func(int) float64) benchmath.Summary {
	values := make([]float64, n)
	for i := range values {
		values[i] = value(i)
	}
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
}

// enough rounds give a median with its range.
const enough = 6

// check returns an error for each bound that was not kept.
func (r results) check() error {
	var missed []error
	most := func(what string, is, bound float64) {
		if is > bound {
			missed = append(missed, fmt.Errorf("out of bounds: %s: %.2f, at most %v", what, is, bound))
		}
	}
	least := func(what string, is, bound float64) {
		if is < bound {
			missed = append(missed, fmt.Errorf("out of bounds: %s: %.1f, at least %v", what, is, bound))
		}
	}
	most("the list's CPU over the floor's", r.of(listed, willson, cpu, floor).Center, 1.6)
	least("Node's CPU for the list over Willson's", r.of(listed, node, cpu, willson).Center, 8)
	least("Node's CPU for select over Willson's", r.of(selected, node, cpu, willson).Center, 7)
	most("the CPU of a list asked with a cookie over one with an ID token", r.cookies().Center, 1.1)
	most("peak memory in MiB", r.of(fresh, willson, memory, "").Center, 45)
	least("Node's peak memory over Willson's", r.of(fresh, node, memory, willson).Center, 4)
	return errors.Join(missed...)
}

var lines = []struct {
	title, scene string
	figures      []string
}{
	{"List", listed, []string{cpu, p50, p99, perSecond}},
	{"List, 1 client", listedOne, []string{p50, p99}},
	{"List, token seen for the first time", listedNew, []string{cpu}},
	{"List, session cookie", listedCookie, []string{cpu}},
	{"List, compressed", listedGzip, []string{cpu}},
	{"List of 100 + 100 rows", listedAll, []string{cpu}},
	{"Payment, 50 matches", paid, []string{cpu, p50, p99}},
	{"Incoming list, 20 open rows", incoming, []string{cpu, p50, p99}},
	{"Offer", offered, []string{cpu, p50, p99}},
	{"Select", selected, []string{cpu, p50, p99}},
	{"Join", joined, []string{cpu, p50, p99}},
	{"Complete", completed, []string{cpu, p50, p99}},
	{"New process", fresh, []string{memory, cold}},
}

// What makes a machine too noisy: a load before the start, in processes that ran or
// waited for a core; and how far apart a ratio's least and most are, in parts of it.
const (
	idle   = 1.0
	steady = 0.25
)

// table is the summary as Markdown.
func (r results) table(busy float64) string {
	var b strings.Builder
	ratio := r.of(listed, willson, cpu, floor)
	fmt.Fprintf(&b, "%d cores, %s; medians of %d rounds; in brackets: times Willson's. The list's CPU is %.2f times the floor's, ±%s over the rounds; asked with a cookie it is %.2f times that with an ID token.\n",
		runtime.NumCPU(), runtime.Version(), len(r[listed][willson]), ratio.Center, ratio.PctRangeString(), r.cookies().Center)
	if busy > idle || ratio.Hi-ratio.Lo > steady*ratio.Center {
		fmt.Fprintf(&b, "**The machine was too noisy for these figures to mean much** (load %.1f before the start).\n", busy)
	}
	fmt.Fprintf(&b, "\n| | %s | %s | %s |\n| --- | ---: | ---: | ---: |\n", willson, node, floor)
	for _, l := range lines {
		for _, figure := range l.figures {
			fmt.Fprintf(&b, "| %s: %s | **"+formats[figure]+"** |", l.title, figure, r.of(l.scene, willson, figure, "").Center)
			for _, target := range []string{node, floor} {
				if r[l.scene][target] != nil {
					fmt.Fprintf(&b, " "+formats[figure]+" (%.1f×)", r.of(l.scene, target, figure, "").Center, r.of(l.scene, target, figure, willson).Center)
				}
				b.WriteString(" |")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// tripsTable is what each request asks of Firestore, as Markdown.
func (r results) tripsTable() string {
	var b strings.Builder
	figures := []string{trips, called, read, written}
	b.WriteString("\nWhat a request asks of Firestore, Willson / Node:\n\n| | " + strings.Join(figures, " | ") + " |\n| --- |" + strings.Repeat(" ---: |", len(figures)) + "\n")
	for _, l := range lines {
		if r[l.scene] == nil {
			continue
		}
		b.WriteString("| " + l.title + " |")
		for _, figure := range figures {
			fmt.Fprintf(&b, " **%.0f** / %.0f |", r[l.scene][willson][0][figure], r[l.scene][node][0][figure])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// load is how many processes ran or waited for a core in the last minute.
func load() (float64, error) {
	var info unix.Sysinfo_t
	err := unix.Sysinfo(&info)
	return float64(info.Loads[0]) / (1 << 16), err
}
