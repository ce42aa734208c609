package cli_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These grow the first test beyond what every run of all tests has time for.
var (
	cloneCount  = flag.Int("clones", 5, "how many clones apply at once")
	cloneRounds = flag.Int("rounds", 2, "how often each of them applies")
)

// Runners that apply different changes at once all end with their change
// recorded, once, in one line, whatever people do in their clones beside.
func TestClonesRace(t *testing.T) {
	t.Parallel()
	clones, rounds := *cloneCount, *cloneRounds
	if testing.Short() {
		clones, rounds = 3, 1
	}
	f := newFleet(t, clones)
	f.each(func(i int, dir string) {
		for round := range rounds {
			f.beside(i, dir, round)
		}
	})
	f.check()
	if lost := f.replanned; lost == 0 && len(f.clones) > 1 {
		t.Error("no race was lost, so nothing was tried")
	}
	for _, dir := range f.clones {
		f.settled(dir)
	}
	t.Logf("%d applies in %d clones: planned again %d times, one of them %d times, put on another parent %d times",
		len(f.commits), len(f.clones), f.replanned, f.most, f.reparented)
}

// beside applies, while every third clone's user collects garbage and every
// other third's publishes work of their own.
func (f *fleet) beside(i int, dir string, round int) {
	var user sync.WaitGroup
	defer user.Wait()
	switch i % 3 {
	case 1:
		// Not with --prune=now, which git warns of beside a fetch of its own.
		user.Go(func() { quietly(dir, "gc", "--quiet") })
	case 2:
		user.Go(func() { f.work(i, dir, round) })
	}
	r := f.rotate(i, dir)
	if i%3 == 2 && (r.code == 1 || r.code == 4) {
		// Its user has work that the remote lacks, or a rebase under way.
		user.Wait()
		r = f.rotate(i, dir)
	}
	if r.code != 0 {
		f.t.Errorf("clone %d, round %d: exit code %d\n%s", i, round, r.code, r.stderr)
	}
}

// work is what a person does: a commit, brought on top of what came meanwhile,
// and pushed.
func (f *fleet) work(i int, dir string, round int) {
	note := "notes-" + strconv.Itoa(i) + ".txt"
	if err := os.WriteFile(filepath.Join(dir, note), []byte(strconv.Itoa(round)), 0o666); err != nil {
		f.t.Error(err)
	}
	const tries = 100
	committed := false
	for range tries {
		committed = committed || quietly(dir, "add", note) && quietly(dir, "commit", "-qm", "a note", "--", note)
		if committed && quietly(dir, "pull", "-q", "--rebase") && quietly(dir, "push", "-q", "origin", "HEAD:main") {
			return
		}
	}
	f.t.Errorf("clone %d could not publish its user's work", i)
}

// quietly runs the stock git, which may find a lock taken, as people do.
func quietly(dir string, args ...string) bool {
	_, err := tryGit(dir, args...)
	return err == nil
}

// Runners for declarations that the branch no longer has stop as stale and leave
// nothing; the runner for those that it has converges.
func TestClonesDeclarationsMove(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("each run is a program of its own, and TestClonesRace has some")
	}
	// More runners only keep the author longer from being first at the remote.
	f := newFleet(t, 4)
	author := f.clones[3]
	f.clones = f.clones[:3]
	runs := make([]ran, len(f.clones))
	f.each(func(i int, dir string) {
		if i == 0 {
			f.declare(author)
		}
		for runs[i].code == 0 {
			runs[i] = f.rotate(i, dir)
		}
	})
	if diff := cmp.Diff([]int{4, 4, 4}, codes(runs)); diff != "" {
		t.Errorf("exit codes:\n%s\n%s", diff, runs[0].stderr)
	}
	for i, r := range runs {
		if !strings.Contains(r.stderr, "no longer those at HEAD") || !strings.Contains(r.stderr, "git pull, and plan again") {
			t.Errorf("clone %d is not told what to do:\n%s", i, r.stderr)
		}
		f.settled(f.clones[i])
	}
	f.converge(f.clones[0])
	f.clones = append(f.clones, author)
	f.check()
}

// declare changes the declarations on the remote, as a merge does.
func (f *fleet) declare(dir string) {
	file := filepath.Join(dir, "manifests", "service-accounts.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		f.t.Error(err)
		return
	}
	write(f.t, file, append(text, "  svc-late: {roles: [osmo-user], tokens: {main: {roles: [osmo-user]}}}\n"...))
	for range 100 {
		quietly(dir, "commit", "-qam", "one more account")
		if quietly(dir, "pull", "-q", "--rebase") && quietly(dir, "push", "-q", "origin", "HEAD:main") {
			return
		}
	}
	f.t.Error("the declarations could not be pushed")
}

// converge pulls and applies until there is nothing to do, which is at once.
func (f *fleet) converge(dir string) {
	f.t.Helper()
	git(f.t, dir, "pull", "-q", "--ff-only")
	if r := f.apply(dir); r.code != 0 {
		f.t.Fatalf("the last runner: exit code %d\n%s", r.code, r.stderr)
	}
	if r := osmoctl(dir, "plan", "--detailed-exitcode"); r.code != 0 {
		f.t.Errorf("it did not converge: exit code %d\n%s", r.code, r.stdout)
	}
	delete(f.issued, "token/svc-late/main@1")
}

// everyOther is a hook's beginning: it goes on for every other push only.
const everyOther = `
count=$(cat count 2>/dev/null || echo 0)
echo $((count + 1)) > count
test $((count % 2)) = 0 || exit 0
`

// A server that says no is believed at once: its words, exit code 1, nothing
// changed; and the next run succeeds. At once with others, a no may come with a
// lost race, and then that counts.
func TestClonesRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one clone alone is a script, push-refused")
	}
	f := newFleet(t, 4)
	f.hook("pre-receive", everyOther+"echo 'GH006: main is protected'; exit 1\n")
	f.each(func(i int, dir string) {
		for r := f.rotate(i, dir); r.code != 0; r = f.rotate(i, dir) {
			f.refused(dir, r)
		}
	})
	refusals := 0
	for i, dir := range f.clones {
		r := f.rotate(i, dir)
		if r.code != 0 {
			refusals++
			f.refused(dir, r)
			if pushes := strings.Count(r.stderr, " push --porcelain "); pushes != 1 {
				t.Errorf("it pushed %d times:\n%s", pushes, r.stderr)
			}
			r = f.rotate(i, dir)
		}
		if r.code != 0 {
			t.Errorf("clone %d: exit code %d\n%s", i, r.code, r.stderr)
		}
		f.settled(dir)
	}
	if refusals < len(f.clones)-1 {
		t.Errorf("the server refused %d pushes, and every other was meant", refusals)
	}
	f.check()
}

// refused demands what a run says and leaves that the server said no to.
func (f *fleet) refused(dir string, r ran) {
	if r.code != 1 || !strings.Contains(r.stderr, "GH006: main is protected") {
		f.t.Errorf("exit code %d, without the server's words:\n%s", r.code, r.stderr)
	}
	if !quietly(dir, "merge-base", "--is-ancestor", "HEAD", "origin/main") {
		f.t.Errorf("%s has a commit that the remote refused", dir)
	}
	if out, err := tryGit(dir, "status", "--porcelain"); err != nil || out != "" {
		f.t.Errorf("%s is not as it was: %v\n%s", dir, err, out)
	}
}

// A server that takes a push and goes away before it answers has taken it: the
// run finds its commit there, alone or below the commits of others, and
// succeeds.
func TestClonesUnanswered(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one clone alone is a script, push-unanswered")
	}
	f := newFleet(t, 4)
	f.hook("reference-transaction", "test \"$1\" = committed || exit 0\n"+everyOther+"kill -9 $PPID\n")
	var looked int
	var mu sync.Mutex
	f.each(func(i int, dir string) {
		for range 2 {
			r := f.rotate(i, dir)
			if r.code != 0 {
				t.Errorf("clone %d: exit code %d\n%s", i, r.code, r.stderr)
			}
			mu.Lock()
			looked += strings.Count(r.stderr, "looking what became of it")
			mu.Unlock()
		}
	})
	if looked == 0 {
		t.Error("every push was answered, so nothing was tried")
	}
	for _, dir := range f.clones {
		f.settled(dir)
	}
	f.check()
}
