package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"
)

// chart draws time and memory against the number of accounts, both by powers of
// ten, with a line for each command. It needs no font and no script, and has
// colours for light and dark.
func chart(results []result) []byte {
	lines := linesOf(results)
	var b bytes.Buffer
	height := 510 + 22*((len(lines)+2)/3)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 976 %d" role="img" aria-labelledby="title desc">
<title id="title">Time and peak memory of osmoctl against the number of accounts</title>
<desc id="desc">%s</desc>
%s`, height, escaped(describe(lines)), style)
	fmt.Fprintf(&b, `<text class="head" x="24" y="32">osmoctl by the number of accounts, one token each</text>`+"\n")
	time := panel{title: "Wall time", left: 84, lines: lines, low: 0.01, unit: durationLabel, of: func(r result) float64 { return r.wall().Seconds() }}
	memory := panel{title: "Peak memory", left: 564, lines: lines, low: 10, unit: memoryLabel, of: func(r result) float64 { return float64(r.memory()) / (1 << 20) }}
	time.draw(&b)
	memory.draw(&b)
	legend(&b, lines)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

const style = `<style>
svg { color-scheme: light dark; font-family: system-ui, sans-serif; }
text { fill: #1f2328; font-size: 13px; }
.head { font-size: 17px; font-weight: 600; }
.panel { font-size: 14px; font-weight: 600; }
.grid { stroke: #1f2328; stroke-opacity: .15; }
.frame { stroke: #1f2328; stroke-opacity: .6; fill: none; }
.line { fill: none; stroke-width: 2; }
.d1 { stroke-dasharray: 7 4; } .d2 { stroke-dasharray: 2 3; } .d3 { stroke-dasharray: 10 3 2 3; }
.c0 { color: #1f5fbf; } .c1 { color: #c2410c; } .c2 { color: #15803d; } .c3 { color: #b91c6b; } .c4 { color: #6d28d9; } .c5 { color: #0e7490; } .c6 { color: #8a6100; } .c7 { color: #57606a; }
.line { stroke: currentColor; } .mark { fill: currentColor; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .grid, .frame { stroke: #e6edf3; }
.c0 { color: #6cb0ff; } .c1 { color: #ff9a5c; } .c2 { color: #56d364; } .c3 { color: #ff7ab8; } .c4 { color: #b99bff; } .c5 { color: #4fd0e0; } .c6 { color: #e3b341; } .c7 { color: #a8b1bb; }
}
</style>
`

// line is one command of one program in the chart.
type line struct {
	label         string
	colour, shape int
	// dash is 0 for osmoctl, and for each other program another.
	dash   int
	points []result
}

// linesOf has a line for everything that was measured for more than one number of
// accounts, in files of the first size. Of other programs it has what most is made of:
// the tables have the rest.
func linesOf(results []result) []line {
	var lines []line
	colours := map[string]int{}
	for _, r := range results {
		dash := slices.IndexFunc(others, func(o other) bool { return o.name == r.by }) + 1
		if r.by == before || r.perFile != results[0].perFile || dash > 0 && r.name != applyFresh && r.name != planSame {
			continue
		}
		label := strings.ReplaceAll(r.name, "`", "")
		if r.by != now {
			label = r.by + ": " + label
		}
		if _, ok := colours[r.name]; !ok {
			colours[r.name] = len(colours)
		}
		i := slices.IndexFunc(lines, func(l line) bool { return l.label == label })
		if i < 0 {
			i = len(lines)
			lines = append(lines, line{label: label, dash: dash, colour: colours[r.name] % 8, shape: colours[r.name] % 5})
		}
		lines[i].points = append(lines[i].points, r)
	}
	return slices.DeleteFunc(lines, func(l line) bool { return len(l.points) < 2 })
}

// describe says in words what the lines show.
func describe(lines []line) string {
	var all []string
	for _, l := range lines {
		first, last := l.points[0], l.points[len(l.points)-1]
		all = append(all, fmt.Sprintf("%s: %s and %s at %s accounts, %s and %s at %s", l.label,
			seconds(first.wall()), mebibytes(first.memory()), grouped(first.n), seconds(last.wall()), mebibytes(last.memory()), grouped(last.n)))
	}
	return strings.Join(all, "; ") + "."
}

// panel is one of the two drawings. Its size is fixed.
type panel struct {
	title string
	left  float64
	lines []line
	// low is the least that the axis has to reach down to.
	low  float64
	unit func(float64) string
	of   func(result) float64
}

const panelTop, panelWidth, panelHeight = 84.0, 372.0, 340.0

func (p panel) draw(b *bytes.Buffer) {
	x, y := p.axes()
	fmt.Fprintf(b, `<text class="panel" x="%.0f" y="%.0f">%s</text>`+"\n", p.left, panelTop-16, p.title)
	for v := y.low; v <= y.high*1.001; v *= 10 {
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %.1fh%.1f"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", p.left, y.at(v), panelWidth, p.left-8, y.at(v)+4, p.unit(v))
	}
	for v := x.low; v <= x.high*1.001; v *= 10 {
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %.1fv%.1f"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x.at(v), panelTop, panelHeight, x.at(v), panelTop+panelHeight+20, grouped(int(v+.5)))
	}
	fmt.Fprintf(b, `<path class="frame" d="M%.1f %.1fv%.1fh%.1f"/>`+"\n", p.left, panelTop, panelHeight, panelWidth)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">accounts</text>`+"\n", p.left+panelWidth/2, panelTop+panelHeight+42)
	for _, l := range p.lines {
		var path strings.Builder
		for i, r := range l.points {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x.at(float64(r.n)), y.at(p.of(r)))
		}
		fmt.Fprintf(b, `<g class="c%d"><path class="line d%d" d="%s"/>`, l.colour, l.dash, path.String())
		for _, r := range l.points {
			l.mark(b, x.at(float64(r.n)), y.at(p.of(r)))
		}
		b.WriteString("</g>\n")
	}
}

// axis maps from low to high, powers of ten, to a length on the page.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	v = min(max(v, a.low), a.high)
	return a.from + (a.to-a.from)*(math.Log10(v)-math.Log10(a.low))/(math.Log10(a.high)-math.Log10(a.low))
}

// axes reach over all points, to whole powers of ten.
func (p panel) axes() (x, y axis) {
	x = axis{math.Inf(1), 0, p.left, p.left + panelWidth}
	y = axis{p.low, p.low * 10, panelTop + panelHeight, panelTop}
	for _, l := range p.lines {
		for _, r := range l.points {
			x.low, x.high = min(x.low, powerBelow(float64(r.n))), max(x.high, powerAbove(float64(r.n)))
			y.low, y.high = min(y.low, powerBelow(p.of(r))), max(y.high, powerAbove(p.of(r)))
		}
	}
	return x, y
}

func powerBelow(v float64) float64 { return math.Pow(10, math.Floor(math.Log10(max(v, 1e-3))+1e-9)) }
func powerAbove(v float64) float64 { return math.Pow(10, math.Ceil(math.Log10(max(v, 1e-3))-1e-9)) }

// mark draws a point in the shape of the line, which tells lines apart where colours
// do not.
func (l line) mark(b *bytes.Buffer, x, y float64) {
	shape := []string{
		`M%.1f %.1fm-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z`, // circle
		`M%.1f %.1fm-4 -4h8v8h-8z`,                      // square
		`M%.1f %.1fm0 -5l5 5l-5 5l-5 -5z`,               // diamond
		`M%.1f %.1fm0 -5l5 9h-10z`,                      // triangle
		`M%.1f %.1fm0 5l5 -9h-10z`,                      // triangle on its point
	}[l.shape]
	fmt.Fprintf(b, `<path class="mark" d="%s"/>`, fmt.Sprintf(shape, x, y))
}

// legend stands below, in three columns.
func legend(b *bytes.Buffer, lines []line) {
	for i, l := range lines {
		x, y := 84+float64(i%3)*290, 500+float64(i/3)*22
		fmt.Fprintf(b, `<g class="c%d"><path class="line d%d" d="M%.1f %.1fh32"/>`, l.colour, l.dash, x, y)
		l.mark(b, x+16, y)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f">%s</text></g>`+"\n", x+42, y+4.5, escaped(l.label))
	}
}

func durationLabel(s float64) string {
	if s < 0.9 {
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%s s", grouped(int(s+.5)))
}

func memoryLabel(mib float64) string { return grouped(int(mib+.5)) + " MiB" }

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
