package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// An svg is a picture being drawn. Coordinates are pixels from the upper left.
type svg struct{ strings.Builder }

func newSVG(width, height int, title string) *svg {
	s := &svg{}
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" role="img" aria-label="%s">`+"\n",
		width, height, escaped(title))
	fmt.Fprintf(s, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	return s
}

func (s *svg) rect(x, y, width, height float64, fill string) {
	fmt.Fprintf(s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`+"\n", x, y, width, height, fill)
}

// text writes at a baseline; anchor is start, middle or end.
func (s *svg) text(x, y float64, size int, fill, anchor, text string) {
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" font-size="%d" fill="%s" text-anchor="%s">%s</text>`+"\n", x, y, size, fill, anchor, escaped(text))
}

func (s *svg) line(x1, y1, x2, y2 float64, stroke string) {
	fmt.Fprintf(s, `<path d="M%.1f %.1fL%.1f %.1f" stroke="%s"/>`+"\n", x1, y1, x2, y2, stroke)
}

func (s *svg) curve(xs, ys []float64, stroke string) {
	if len(xs) == 0 {
		return
	}
	fmt.Fprintf(s, `<path fill="none" stroke-width="2.5" stroke-linejoin="round" stroke="%s" d="`, stroke)
	for i := range xs {
		fmt.Fprintf(s, "%c%.1f %.1f", "ML"[min(i, 1)], xs[i], ys[i])
	}
	s.WriteString(`"/>` + "\n")
	for i := range xs {
		fmt.Fprintf(s, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", xs[i], ys[i], stroke)
	}
}

func (s *svg) end() []byte {
	s.WriteString("</svg>\n")
	return []byte(s.String())
}

func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
