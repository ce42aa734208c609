package protocol

import (
	"flag"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var faults = flag.Int("faults", 3, "explore everything with up to so many faults, at most 4")

// beginnings are what a run may find.
var beginnings = map[string]func(faults uint8) world{"rotation": rotation, "creation": creation}

// Whatever happens to two runs, with so many faults, no invariant is broken, and from
// wherever that has led, the goal is reached without a further fault.
func TestProtocol(t *testing.T) {
	t.Parallel()
	most := *faults
	if testing.Short() {
		most = min(most, 2)
	}
	for name, begin := range beginnings {
		for n := range uint8(most) + 1 {
			e := explore(begin(n), rules{})
			if e.broken != "" {
				t.Fatal(e.broken)
			}
			if stuck := e.stuck(); stuck != "" {
				t.Fatal(stuck)
			}
			t.Logf("%s, %d faults: %d states, %d transitions", name, n, len(e.worlds), e.transitions)
		}
	}
}

// The model sees what would be wrong, and with how few faults.
func TestMutants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules
		faults    uint8
		invariant string
	}{
		"no compare-and-swap at publish":          {rules{noSwap: true}, 1, "I2"},
		"the same name again after unknown":       {rules{sameName: true}, 1, "I3"},
		"the old one deleted before publish":      {rules{deleteFirst: true}, 0, "I4"},
		"a publish without answer taken for lost": {rules{trustSilence: true}, 1, "I2"},
		"a burned number given out again":         {rules{reuseBurned: true}, 1, "I1"},
		"a reserved name swept":                   {rules{sweepReserved: true}, 0, "I2"},
		"whatever has the name deleted":           {rules{noMark: true}, 1, "I8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range c.faults {
				if e := explore(rotation(n), c.rules); e.broken != "" {
					t.Errorf("%d faults are enough: %s", n, e.broken)
				}
			}
			e := explore(rotation(c.faults), c.rules)
			if len(e.broken) < 2 || e.broken[:2] != c.invariant {
				t.Errorf("with %d faults: %s", c.faults, e.broken)
			}
			t.Log(e.broken)
		})
	}
}

// What the model is about does happen in it.
func TestReach(t *testing.T) {
	t.Parallel()
	at := func(w *world, i int, steps ...pc) bool {
		for _, s := range steps {
			if w.runners[i].pc == s {
				return true
			}
		}
		return false
	}
	lives := map[string]func(w *world) bool{
		"the goal is reached": func(w *world) bool { return w.done() },
		"both runs are about to publish": func(w *world) bool {
			return at(w, 0, publish) && at(w, 1, publish)
		},
		"a run that was taken over from has yet to ask": func(w *world) bool {
			return at(w, 0, post) && w.numbers[w.runners[0].number].status == ended
		},
		"a run would publish what was burned": func(w *world) bool {
			return at(w, 1, publish) && w.numbers[w.runners[1].number].status >= ended
		},
		"a token lives that was seen to be gone":   func(w *world) bool { return w.with(gone)&w.held(ours) != 0 },
		"a stranger has a number that was burned":  func(w *world) bool { return w.with(ended)&w.held(foreign) != 0 },
		"a publish is on its way":                  func(w *world) bool { return w.late.what == publish },
		"two creates are on their way":             func(w *world) bool { s := w.pendingCreates(); return s&(s-1) != 0 },
		"two numbers were burned":                  func(w *world) bool { s := w.with(ended, gone) &^ 2; return s&(s-1) != 0 },
		"the old one retires past its overlap":     func(w *world) bool { return w.numbers[1].status == retiring && w.over },
		"a number that was reserved is free again": func(w *world) bool { return w.late.what == giveBack },
	}
	seen := map[string]bool{}
	for _, k := range explore(rotation(2), rules{}).worlds {
		w := k.unpack()
		for name, is := range lives {
			seen[name] = seen[name] || is(&w)
		}
	}
	for name := range lives {
		if !seen[name] {
			t.Errorf("it never happens that %s", name)
		}
	}
}

// A key holds a world, but for which of the runs is the first.
func TestKey(t *testing.T) {
	t.Parallel()
	e := explore(rotation(1), rules{})
	for _, k := range e.worlds {
		w := k.unpack()
		if again := w.pack(); again != k {
			t.Fatalf("%s becomes %s", w, again.unpack())
		}
		other := w
		other.runners[0], other.runners[1] = w.runners[1], w.runners[0]
		switch w.owner {
		case first:
			other.owner = second
		case second:
			other.owner = first
		}
		if other.pack() != k {
			t.Fatalf("of the other run: %s", cmp.Diff(w, other.pack().unpack(), cmp.AllowUnexported(world{}, runner{}, number{}, push{})))
		}
	}
}

// Where all is done, another run changes nothing.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	for _, k := range explore(rotation(1), rules{}).worlds {
		w := k.unpack()
		if !w.done() {
			continue
		}
		s := stepper{}
		s.emit = func(m move, next world) {
			if m.isFault() {
				return
			}
			s := stepper{emit: func(m move, then world) {
				if !m.isFault() && then.pack() != k {
					t.Errorf("%s, %s: %s", w, m, then)
				}
			}}
			s.run(next, 0)
		}
		s.run(w, 0)
	}
}
