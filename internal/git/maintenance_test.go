package git

import (
	"fmt"
	"os"
	"testing"
)

// Maintenance is due when git takes it for due, whatever its settings say.
func TestMaintenanceDue(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"a": "a"})
	r.Check(os.MkdirAll(r.Path(".git/objects/17"), 0o777))
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			r.Write(fmt.Sprintf(".git/objects/17/%038x", i), "")
		}
	}
	pack := func(from, to int) {
		for i := from; i < to; i++ {
			r.Write(fmt.Sprintf(".git/objects/pack/pack-%040x.pack", i), "")
		}
	}
	want := func(what string, want Clutter, wantDue bool) {
		t.Helper()
		got, due, err := r.open("").MaintenanceDue()
		if got != want || due != wantDue || err != nil {
			t.Errorf("%s: %+v, %t, %v", what, got, due, err)
		}
	}
	want("a new repository", Clutter{}, false)
	fill(0, 27)
	want("as many as git lets be", Clutter{Loose: 27 * 256}, false)
	fill(27, 28)
	want("one more", Clutter{Loose: 28 * 256}, true)
	r.Git("config", "gc.auto", "10k")
	pack(0, 50)
	want("more are allowed", Clutter{28 * 256, 50}, false)
	pack(50, 51)
	want("a pack more than git lets be", Clutter{28 * 256, 51}, true)
	r.Write(fmt.Sprintf(".git/objects/pack/pack-%040x.keep", 7), "")
	want("one that is kept does not count", Clutter{28 * 256, 50}, false)
	r.Git("config", "gc.autoPackLimit", "10")
	want("fewer packs are allowed", Clutter{28 * 256, 50}, true)
	r.Git("config", "gc.autoPackLimit", "0")
	want("any number of packs", Clutter{28 * 256, 50}, false)
	r.Git("config", "gc.auto", "20")
	want("few objects are allowed", Clutter{28 * 256, 50}, true)
	r.Git("config", "gc.auto", "0")
	want("somebody else sees to it", Clutter{}, false)
}
