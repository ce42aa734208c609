package history

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/state"
)

const (
	withBob    = "recipients ops=alice,bob\nrole r1 pool:List@*\naccount svc r1\n token t\n token u\n"
	withoutBob = "recipients ops=alice\nrole r1 pool:List@*\naccount svc r1\n token t\n token u\n"
)

func (r *repo) expose(tips ...string) *Exposure {
	r.tb.Helper()
	e, err := Expose(context.Background(), r, tips)
	if err != nil {
		r.tb.Fatal(err)
	}
	return e
}

func (r *repo) value(token string) state.Sum {
	r.tb.Helper()
	return r.world.Token("svc", token).Active().Value
}

// knows tells who is recorded to have been able to read a value.
func knows(e *Exposure, value state.Sum) []string { return slices.Sorted(maps.Keys(e.Readable[value])) }

// A key stays among those that could read a value, whatever a later record says,
// and comes to none that was issued after it went.
func TestExposureOverHistory(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.apply(withBob)
	old := r.value("t")
	r.apply(withoutBob)
	new := r.value("t")
	e := r.expose(r.head)
	if d := cmp.Diff([]string{"age1alice", "age1bob"}, knows(e, old)); d != "" {
		t.Error("the old value:", d)
	}
	if d := cmp.Diff([]string{"age1alice"}, knows(e, new)); d != "" {
		t.Error("the new value:", d)
	}
	if d := cmp.Diff(map[string]bool{"age1alice": true, "age1bob": true}, e.Names["ops"]); d != "" {
		t.Error("names:", d)
	}
	if e.Commits != 2 || e.Cut || len(e.Unreadable) > 0 {
		t.Errorf("%+v", e)
	}
}

// A branch that was never merged counts, and so does a record that somebody
// wrote by hand or spelled as no apply does.
func TestExposureOfOtherBranches(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.apply(withoutBob)
	main, value := r.head, r.value("t")
	f := r.applied()
	f.replace(t, account("svc"), `"recipients": ["age1alice"]`, `"recipients":["age1alice","age1eve"]`)
	side := r.commit("Try something", f)
	r.head = main
	if d := cmp.Diff([]string{"age1alice"}, knows(r.expose(main), value)); d != "" {
		t.Error("without the branch:", d)
	}
	if d := cmp.Diff([]string{"age1alice", "age1eve"}, knows(r.expose(main, side), value)); d != "" {
		t.Error("with the branch:", d)
	}
}

// What a reseal took a key out of is known by the record at hand alone.
func TestExposureAfterReseal(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.apply(withBob)
	first := r.head
	r.world.Reseal(withoutBob)
	r.commit(r.world.Store.Commits[1].Message, r.applied())
	if report := r.check(Options{Full: true}); len(report.Findings) > 0 {
		t.Errorf("a reseal is a finding: %+v", report.Findings)
	}
	r.cut[first] = true
	e := r.expose(r.head)
	if d := cmp.Diff([]string{"age1alice", "age1bob"}, knows(e, r.value("t"))); d != "" || !e.Cut {
		t.Errorf("in a shallow clone: %v %s", e.Cut, d)
	}
}

// A file that cannot be read is named, and what can be read counts.
func TestExposureOfBrokenRecords(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.apply(withBob)
	f := r.applied()
	f[account("svc")] = "{"
	broken := r.commit("Break it", f)
	f[account("svc")] = strings.ReplaceAll(r.applied()[account("svc")], r.value("u").String(), "no sum")
	torn := r.commit("Tear it", f)
	e := r.expose(r.head)
	want := []string{torn + ":state/" + account("svc"), broken + ":state/" + account("svc")}
	if d := cmp.Diff(want, e.Unreadable); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"age1alice", "age1bob"}, knows(e, r.value("u"))); d != "" {
		t.Error(d)
	}
}

// No content is read twice, and merges end.
func TestExposureReadsOnce(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.apply(withBob)
	main := r.head
	r.world.Pass(60)
	side := r.apply(withBob)
	r.head = main
	r.commit("Merge side", r.files[side], side)
	r.read = 0
	if e := r.expose(r.head, side, main); e.Commits != 3 {
		t.Errorf("%d commits", e.Commits)
	}
	if r.read != 4 {
		t.Errorf("%d files read, want account.json and meta.json of two states", r.read)
	}
}

func TestNamesOf(t *testing.T) {
	t.Parallel()
	e := &Exposure{Names: map[string]map[string]bool{}}
	e.AddNames(map[string][]string{"all": {"k1", "k2"}, "bob": {"k2"}})
	e.AddNames(map[string][]string{"bob": {"k3"}, "robert": {"k2"}})
	if d := cmp.Diff([]string{"robert", "all", "bob"}, e.NamesOf("k2")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"k1", "k2", "k3"}, e.Keys()); d != "" {
		t.Error(d)
	}
}
