package main

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/perf/benchmath"
	"golang.org/x/sys/unix"
)

// A sample is what one target did in one scene of one round.
type sample map[string]float64

// The figures of a sample. Those of a start are measured on new processes alone.
const (
	cpu       = "CPU per request"
	p50       = "p50"
	p99       = "p99"
	perSecond = "requests a second"
	memory    = "peak memory"
	cold      = "cold start to the first 200"
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
	var values []float64
	for i, s := range r[scene][target] {
		value := s[figure]
		if over != "" {
			value /= r[scene][over][i][figure]
		}
		values = append(values, value)
	}
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
}

// enough rounds give a median with its range.
const enough = 6

// The bounds that the list's CPU has to keep.
const (
	mostOverFloor  = 1.3
	leastUnderNode = 6
)

// check returns an error if the list is out of its bounds.
func (r results) check() error {
	over, under := r.of(listed, willson, cpu, floor).Center, r.of(listed, node, cpu, willson).Center
	if over > mostOverFloor || under < leastUnderNode {
		return fmt.Errorf("out of bounds: the list's CPU is %.2f times the floor's (at most %v) and Node's %.1f times Willson's (at least %v)",
			over, mostOverFloor, under, leastUnderNode)
	}
	return nil
}

var lines = []struct {
	title, scene string
	figures      []string
}{
	{"List", listed, []string{cpu, p50, p99, perSecond}},
	{"List, 1 client", listedOne, []string{p50, p99}},
	{"List, token seen for the first time", listedNew, []string{cpu}},
	{"List of 100 + 100 rows", listedAll, []string{cpu}},
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
	fmt.Fprintf(&b, "%d cores, %s; medians of %d rounds; in brackets: times Willson's. The list's CPU is %.2f times the floor's, ±%s over the rounds.\n",
		runtime.NumCPU(), runtime.Version(), len(r[listed][willson]), ratio.Center, ratio.PctRangeString())
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

// load is how many processes ran or waited for a core in the last minute.
func load() (float64, error) {
	var info unix.Sysinfo_t
	err := unix.Sysinfo(&info)
	return float64(info.Loads[0]) / (1 << 16), err
}
