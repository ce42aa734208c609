package protocol

import (
	"fmt"
	"strings"
)

// highest is the highest number that the model has room for: the old generation, one
// more for each of four faults, the last, and the one after it.
const highest = 7

// set is a set of numbers.
type set uint8

func (s set) has(n uint8) bool { return s&(1<<n) != 0 }

func (s set) with(n uint8) set { return s | 1<<n }

func (s set) without(o set) set { return s &^ o }

// status is what the remote branch says of a number.
type status uint8

const (
	unused   status = iota // never given out, or given back unasked
	open                   // in underway.create
	active                 // a generation that was not replaced
	retiring               // one that was
	ended                  // ended or burned, and in underway.remove
	gone                   // ended or burned, and seen to be gone once
)

// tenant is who has a name on the server.
type tenant uint8

const (
	nobody tenant = iota
	ours
	foreign
)

// number is one number of the token, and the name on the server that goes with it.
// Each name is asked for once (I3), so there is one value that it can have, and none
// has to be told from another.
type number struct {
	status status
	tenant tenant
	// asked is set by the request to create, and late while one without an answer
	// may still be done.
	asked, late bool
}

// pc is what a runner does next.
type pc uint8

const (
	idle     pc = iota
	takeOver    // commit: burn what another run has reserved
	observe     // list the server's tokens, and plan
	clear       // delete what earlier runs have left
	reserve     // commit
	post        // the one request to create
	publish     // commit: the value is at hand
	burn        // commit: it is not; the next number is reserved
	fail        // commit: it is not, and no other number is tried
	giveBack    // commit: interrupted before the request
	revoke      // commit: what retires ends, with nothing to create
	withdraw    // the publish has failed for certain: delete the own name
	record      // commit: what of the leftovers is gone, with nothing else to do
	finish      // delete what the state has let go of
	confirm     // commit: what is gone
)

// goal is what a plan asks for.
type goal uint8

const (
	nothing   goal = iota
	replace        // a new generation; the old one retires
	supersede      // a new generation; the old one ends with it
	end            // the retiring one ends
)

// runner is one run, and what it knows.
type runner struct {
	pc pc
	// current says that the remote is as the run has last read or made it.
	current bool
	goal    goal
	// number is the one in work; before the plan is made, the last that was used.
	number uint8
	// todo are to be deleted, seenGone were since the last commit, left are the
	// leftovers that were not, and removed is what state has in underway.remove.
	// Until the plan is made, todo are the dead by state, and seenGone the living.
	todo, seenGone, left, removed set
	// tried says that one number was burned, and cut that the run was interrupted.
	tried, cut bool
	// sawForeign says that a stranger's name was listed, and beside that the run creates
	// nothing, and leaves what another has reserved.
	sawForeign, beside bool
}

// owner is whose reservation the open number is.
type owner uint8

const (
	noOne owner = iota
	first
	second
	orphan // of a run that has ended
)

// push is a commit on its way, as far as it depends on the run.
type push struct {
	what         pc
	number, next uint8
	seenGone     set
	ends         bool
}

// world is everything.
type world struct {
	// faults are those that may still happen.
	faults uint8
	// over says that the overlap of the old generation has passed.
	over    bool
	owner   owner
	numbers [highest + 1]number // the first is not used
	runners [2]runner
	// late is a push without an answer that lands unless another is before it.
	late push
}

// A rotation begins with a token that has one generation, which is to be replaced.
func rotation(faults uint8) world {
	w := world{faults: faults}
	w.numbers[1] = number{status: active, tenant: ours, asked: true}
	return w
}

// A creation begins with a token that has none: of what was before, only the number is
// known.
func creation(faults uint8) world {
	w := world{faults: faults}
	w.numbers[1] = number{status: gone}
	return w
}

// last is state's last_generation: the highest number that was used.
func (w *world) last() (last uint8) {
	for n := range w.numbers {
		if s := w.numbers[n].status; s != unused && s != open {
			last = uint8(n)
		}
	}
	return last
}

// with are the numbers with a status.
func (w *world) with(list ...status) (s set) {
	for n := range w.numbers {
		for _, want := range list {
			if w.numbers[n].status == want {
				s = s.with(uint8(n))
			}
		}
	}
	return s
}

// held are the numbers whose names somebody has.
func (w *world) held(by tenant) (s set) {
	for n := range w.numbers {
		if w.numbers[n].tenant == by {
			s = s.with(uint8(n))
		}
	}
	return s
}

// broken says which invariant does not hold, or "".
func (w *world) broken() string {
	if w.numbers[1].asked && w.numbers[1].tenant != ours && w.with(active)&^2 == 0 {
		return "I4: the old generation is gone, and no new one is published"
	}
	for n := uint8(1); n <= highest; n++ {
		switch x := w.numbers[n]; {
		case x.tenant == ours && x.status == unused:
			return fmt.Sprintf("I1: %d is alive, and nothing in state says so", n)
		case x.tenant != ours && (x.status == active || x.status == retiring):
			return fmt.Sprintf("I2: state calls %d alive, and its value is not", n)
		}
	}
	return ""
}

// done tells whether everything is as declared, and nothing else is to come.
func (w *world) done() bool {
	published := w.with(active)
	return published != 0 && !published.has(1) && w.with(open, retiring, ended) == 0 &&
		w.held(ours) == published && w.pendingCreates() == 0 && w.late == push{} &&
		w.runners[0].pc == idle && w.runners[1].pc == idle
}

func (w *world) pendingCreates() (s set) {
	for n := range w.numbers {
		if w.numbers[n].late {
			s = s.with(uint8(n))
		}
	}
	return s
}

// key is a world in few bits. The runners are alike, so one key stands for both
// ways to name them.
type key [3]uint64

type packer struct {
	k  key
	at uint
}

func (p *packer) put(bits uint, v uint64) {
	word := p.at / 64
	if p.at%64+bits > 64 {
		word++
		p.at = word * 64
	}
	p.k[word] |= v << (p.at % 64)
	p.at += bits
}

func (p *packer) get(bits uint) uint64 {
	word := p.at / 64
	if p.at%64+bits > 64 {
		word++
		p.at = word * 64
	}
	v := p.k[word] >> (p.at % 64) & (1<<bits - 1)
	p.at += bits
	return v
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// pack is a runner in 46 bits.
func (r runner) pack() uint64 {
	return uint64(r.pc) | bit(r.current)<<4 | uint64(r.goal)<<5 | uint64(r.number)<<7 | uint64(r.todo)<<10 |
		uint64(r.seenGone)<<18 | uint64(r.left)<<26 | uint64(r.removed)<<34 | bit(r.tried)<<42 | bit(r.cut)<<43 | bit(r.sawForeign)<<44 | bit(r.beside)<<45
}

func unpackRunner(v uint64) runner {
	return runner{
		pc: pc(v & 15), current: v>>4&1 == 1, goal: goal(v >> 5 & 3), number: uint8(v >> 7 & 7), todo: set(v >> 10),
		seenGone: set(v >> 18), left: set(v >> 26), removed: set(v >> 34), tried: v>>42&1 == 1, cut: v>>43&1 == 1, sawForeign: v>>44&1 == 1, beside: v>>45&1 == 1,
	}
}

// pack makes a key, and the same for a world whose runners have changed places.
func (w *world) pack() key {
	a, b, o := w.runners[0].pack(), w.runners[1].pack(), w.owner
	if a > b || a == b && o == second {
		a, b = b, a
		switch o {
		case first:
			o = second
		case second:
			o = first
		}
	}
	var p packer
	p.put(46, a)
	p.put(46, b)
	p.put(2, uint64(o))
	for n := 1; n <= highest; n++ {
		x := w.numbers[n]
		p.put(7, uint64(x.status)|uint64(x.tenant)<<3|bit(x.asked)<<5|bit(x.late)<<6)
	}
	p.put(3, uint64(w.faults))
	p.put(1, bit(w.over))
	p.put(4, uint64(w.late.what))
	p.put(3, uint64(w.late.number))
	p.put(3, uint64(w.late.next))
	p.put(8, uint64(w.late.seenGone))
	p.put(1, bit(w.late.ends))
	return p.k
}

func (k key) unpack() (w world) {
	p := packer{k: k}
	w.runners[0], w.runners[1] = unpackRunner(p.get(46)), unpackRunner(p.get(46))
	w.owner = owner(p.get(2))
	for n := 1; n <= highest; n++ {
		v := p.get(7)
		w.numbers[n] = number{status: status(v & 7), tenant: tenant(v >> 3 & 3), asked: v>>5&1 == 1, late: v>>6&1 == 1}
	}
	w.faults, w.over = uint8(p.get(3)), p.get(1) == 1
	w.late = push{what: pc(p.get(4)), number: uint8(p.get(3)), next: uint8(p.get(3)), seenGone: set(p.get(8)), ends: p.get(1) == 1}
	return w
}

// String shows a world on one line.
func (w world) String() string {
	words := []string{"never", "open", "active", "retiring", "ended", "gone"}
	var b strings.Builder
	for n := uint8(1); n <= highest; n++ {
		x := w.numbers[n]
		if x == (number{}) {
			continue
		}
		fmt.Fprintf(&b, "%d %s", n, words[x.status])
		switch {
		case x.tenant == ours:
			b.WriteString(" alive")
		case x.tenant == foreign:
			b.WriteString(" a stranger's")
		}
		if x.late {
			b.WriteString(" on its way")
		}
		b.WriteString("; ")
	}
	if w.late.what != idle {
		b.WriteString("a push on its way; ")
	}
	return b.String()
}
