package protocol

import (
	"fmt"
	"slices"
	"strings"
)

// explored are all worlds that can be reached, in the order in which they were.
type explored struct {
	begin  world
	worlds []key
	// from is the index of the world before, for each.
	from []uint32
	// table finds a world's index plus one, by hash.
	table       []uint32
	transitions int
	// broken says what is wrong, with the way there; "" is nothing.
	broken string
}

func hash(k key) uint64 {
	x := k[0] ^ k[1]*0x9e3779b97f4a7c15
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// add adds a world, if it is new.
func (e *explored) add(k key, from uint32) {
	if 2*len(e.worlds) >= len(e.table) {
		e.grow()
	}
	at := e.slot(k)
	if e.table[at] == 0 {
		e.worlds, e.from = append(e.worlds, k), append(e.from, from)
		e.table[at] = uint32(len(e.worlds))
	}
}

// slot is where a world is, or would be.
func (e *explored) slot(k key) uint64 {
	mask := uint64(len(e.table) - 1)
	at := hash(k) & mask
	for e.table[at] != 0 && e.worlds[e.table[at]-1] != k {
		at = (at + 1) & mask
	}
	return at
}

func (e *explored) grow() {
	e.table = make([]uint32, max(1<<12, 2*len(e.table)))
	for i, k := range e.worlds {
		e.table[e.slot(k)] = uint32(i + 1)
	}
}

// explore follows everything that can happen, breadth first, until something is
// broken.
func explore(w world, r rules) *explored {
	e := &explored{begin: w}
	e.add(w.pack(), 0)
	for at := 0; at < len(e.worlds) && e.broken == ""; at++ {
		s := stepper{rules: r}
		s.emit = func(m move, next world) {
			e.transitions++
			if what := next.broken(); what != "" && e.broken == "" {
				e.broken = e.describe(r, at, m, what)
			}
			e.add(next.pack(), uint32(at))
		}
		s.violation = func(m move, what string) {
			if e.broken == "" {
				e.broken = e.describe(r, at, m, what)
			}
		}
		s.steps(e.worlds[at].unpack())
	}
	return e
}

// stride is a move and the world that it leads to.
type stride struct {
	move
	world
}

func (s stride) String() string { return fmt.Sprintf("  %-60s %s", s.move, s.world) }

// way is how the world at an index was reached. Runs are named by who they were at the
// beginning: one key stands for both ways to name them.
func (e *explored) way(r rules, at int) (way []stride) {
	var passed []int
	for ; at != 0; at = int(e.from[at]) {
		passed = append(passed, at)
	}
	w := e.begin
	for _, to := range slices.Backward(passed) {
		found := false
		s := stepper{rules: r, violation: func(move, string) {}}
		s.emit = func(m move, next world) {
			if !found && next.pack() == e.worlds[to] {
				way, found = append(way, stride{m, next}), true
			}
		}
		s.steps(w)
		w = way[len(way)-1].world
	}
	return way
}

// describe tells the way to the world at an index, and what is wrong after the last
// move.
func (e *explored) describe(r rules, at int, last move, what string) string {
	lines := []string{what}
	for _, s := range e.way(r, at) {
		lines = append(lines, s.String())
	}
	last.by = -1 // Its name may be another on this way.
	return strings.Join(append(lines, "  a run "+last.String()), "\n")
}

// quiet is what happens next where nothing goes wrong any more: what runs comes to its
// end, what is late lands, the overlap of an old generation ends, and then there is
// another run.
func quiet(w world) (s stride) {
	found := false
	steps := stepper{violation: func(move, string) {}}
	steps.emit = func(m move, n world) {
		if !found && !m.isFault() && (m.how != dayPasses || w.numbers[1].status == retiring) {
			s, found = stride{m, n}, true
		}
	}
	for i := range w.runners {
		if w.runners[i].pc != idle && !found {
			steps.run(w, i)
		}
	}
	if !found {
		steps.elsewhere(w)
	}
	if !found {
		steps.run(w, 0)
	}
	return s
}

// longest is more than any way to the goal.
const longest = 1000

// stuck finds a world from which the goal is not reached, or "".
func (e *explored) stuck() string {
	good := make([]bool, len(e.worlds))
	var way []uint32
	for at := range e.worlds {
		way = way[:0]
		w := e.worlds[at].unpack()
		for n := at; !good[n] && !w.done(); {
			way = append(way, uint32(n))
			if w = quiet(w).world; len(way) > longest {
				return e.describe(rules{}, at, move{}, "the goal is not reached from here")
			}
			k := w.pack()
			found := e.table[e.slot(k)]
			if found == 0 {
				return fmt.Sprintf("a world without faults was not explored: %s", w)
			}
			n = int(found - 1)
			w = e.worlds[n].unpack()
		}
		for _, n := range way {
			good[n] = true
		}
	}
	return ""
}
