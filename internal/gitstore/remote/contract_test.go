package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPushAndFetch(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours, theirs := server.clone(), server.clone()
	first := server.tip("main")
	commit := ours.make(first, "second")
	if err := ours.open().Push(background, commit, "main", first); err != nil {
		t.Fatal(err)
	}
	if got := server.tip("main"); got != commit {
		t.Errorf("the server is at %s, not at %s", got, commit)
	}
	got, err := theirs.open().Fetch(background, "main")
	if err != nil || got != commit {
		t.Errorf("fetched %q, %v, not %s", got, err, commit)
	}
	for _, p := range []*place{ours, theirs} {
		if got := p.git("rev-parse", "refs/remotes/origin/main"); got != commit {
			t.Errorf("the tracking reference is at %s, not at %s", got, commit)
		}
		p.git("fsck", "--strict", "--no-dangling")
	}
	server.git("fsck", "--strict", "--no-dangling")
	if theirs.git("show", "origin/main:state/file") != "second" {
		t.Error("the file did not come along")
	}
}

func TestPushNewBranch(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours := server.clone()
	r := ours.open()
	first, other := server.tip("main"), ours.make("", "another beginning")
	for branch, commit := range map[string]string{"osmoctl/state": ours.make(first, "second"), "orphan": other, "same": first} {
		if err := r.Push(background, commit, branch, ""); err != nil {
			t.Fatal(err)
		}
		if got := server.tip(branch); got != commit {
			t.Errorf("%s is at %q, not at %s", branch, got, commit)
		}
	}
	// It exists now, so it must not be made once more.
	err := r.Push(background, ours.make("", "a third"), "orphan", "")
	if got := want[*MovedError](t, err).Tip; got != other {
		t.Errorf("it moved to %q, not %s", got, other)
	}
	server.git("fsck", "--strict", "--no-dangling")
}

func TestEmptyServer(t *testing.T) {
	t.Parallel()
	server := newEmptyServer(t)
	ours := server.clone()
	r := ours.open()
	if tip, err := r.Tip(background, "main"); tip != "" || err != nil {
		t.Errorf("the tip is %q, %v", tip, err)
	}
	if tip, err := r.Fetch(background, "main"); tip != "" || err != nil {
		t.Errorf("fetched %q, %v", tip, err)
	}
	commit := ours.make("", "first")
	if err := r.Push(background, commit, "main", ""); err != nil {
		t.Fatal(err)
	}
	if got := server.tip("main"); got != commit {
		t.Errorf("the server is at %s, not at %s", got, commit)
	}
}

func TestAbsentBranch(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.git("update-ref", "refs/other/refs/heads/absent", server.tip("main"))
	r := server.clone().open()
	if tip, err := r.Tip(background, "absent"); tip != "" || err != nil {
		t.Errorf("the tip is %q, %v", tip, err)
	}
	if tip, err := r.Fetch(background, "absent"); tip != "" || err != nil {
		t.Errorf("fetched %q, %v", tip, err)
	}
}

func TestBranchesBeside(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.git("branch", "osmoctl", "main")
	server.git("branch", "team/a/b", "main")
	ours := server.clone()
	r := ours.open()
	for branch, other := range map[string]string{"osmoctl/state": "osmoctl", "team": "team/a/b", "team/a": "team/a/b", "team/a/b/c/d": "team/a/b"} {
		if err := r.CheckNew(background, branch); err == nil || !strings.Contains(err.Error(), "while there is a branch "+other+",") {
			t.Errorf("%s: %v", branch, err)
		}
	}
	for _, branch := range []string{"osmoctl-state", "team/b", "new"} {
		if err := r.CheckNew(background, branch); err != nil {
			t.Errorf("%s: %v", branch, err)
		}
	}
	// What the remote had once is remembered here, and in the way of fetching.
	server.git("branch", "-m", "osmoctl", "osmoctl/state")
	for _, err := range []error{r.CheckNew(background, "osmoctl/state"), second(r.Fetch(background, "osmoctl/state"))} {
		if err == nil || !strings.Contains(err.Error(), "git remote prune origin") {
			t.Error(err)
		}
	}
	ours.git("remote", "prune", "origin")
	if err := second(r.Fetch(background, "osmoctl/state")); err != nil {
		t.Error(err)
	}
}

func second(_ string, err error) error { return err }

func TestDefaultBranch(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.git("branch", "trunk", "main")
	server.git("branch", "also", "main")
	ours := server.clone()
	if got, err := ours.open().DefaultBranch(background); got != "main" || err != nil {
		t.Errorf("remembered: %q, %v", got, err)
	}
	ours.git("remote", "set-head", "origin", "-d")
	server.git("symbolic-ref", "HEAD", "refs/heads/trunk")
	if got, err := ours.open().DefaultBranch(background); got != "trunk" || err != nil {
		t.Errorf("asked: %q, %v", got, err)
	}
	if _, err := newEmptyServer(t).clone().open().DefaultBranch(background); err == nil {
		t.Error("an empty repository has a default branch")
	}
}

func TestLostRace(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	ours := server.clone()
	faster := server.advance("main", "faster")
	err := ours.open().Push(background, ours.make(first, "slower"), "main", first)
	if diff := cmp.Diff(&MovedError{Remote: "origin", Branch: "main", Tip: faster}, want[*MovedError](t, err)); diff != "" {
		t.Error(diff)
	}
	if got := server.tip("main"); got != faster {
		t.Errorf("the server is at %s, not at %s", got, faster)
	}
}

func TestBranchDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.git("branch", "state", "main")
	first := server.tip("state")
	ours := server.clone()
	server.git("branch", "-D", "state")
	err := ours.open().Push(background, ours.make(first, "second"), "state", first)
	if got := want[*MovedError](t, err).Tip; got != "" || server.tip("state") != "" {
		t.Errorf("it moved to %q, and is at %q", got, server.tip("state"))
	}
}

func TestRewoundRemote(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	second := server.advance("main", "second")
	ours := server.clone()
	server.point("main", first)
	r := ours.open()
	err := r.Push(background, ours.make(second, "third"), "main", second)
	if got := want[*MovedError](t, err).Tip; got != first || server.tip("main") != first {
		t.Errorf("it moved to %s, and is at %s, not at %s", got, server.tip("main"), first)
	}
	if got := ours.git("rev-parse", "refs/remotes/origin/main"); got != first {
		t.Errorf("the tracking reference is at %s", got)
	}
	third := server.advance("main", "instead")
	if got, err := r.Fetch(background, "main"); got != third || err != nil {
		t.Errorf("fetched %s, %v", got, err)
	}
	ours.git("rev-list", "--objects", third)
}

func TestNeverRewinds(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	second := server.advance("main", "second")
	r := server.clone().open()
	if err := r.Push(background, first, "main", second); err == nil || server.tip("main") != second {
		t.Errorf("it was rewound to %s, %v", server.tip("main"), err)
	}
}

func TestRefusedByHook(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"pre-receive", "update"} {
		server := newServer(t)
		first := server.tip("main")
		server.hook(hook, `printf 'sorry, \033[31mno\033[0m pushing on Fridays\n\nask Bob\n' >&2; exit 1`)
		ours := server.clone()
		err := ours.open().Push(background, ours.make(first, "second"), "main", first)
		refused := want[*RefusedError](t, err)
		wanted := "remote: sorry, \\u{1B}[31mno\\u{1B}[0m pushing on Fridays\nremote: ask Bob\n"
		if !strings.HasPrefix(refused.Words, wanted) || !strings.Contains(refused.Words, "\n[remote rejected] (") {
			t.Errorf("%s: the words are %q, without %q", hook, refused.Words, wanted)
		}
		if server.tip("main") != first {
			t.Errorf("%s: the branch moved", hook)
		}
	}
}

func TestLongWords(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	server.hook("pre-receive", `i=0; while [ $i -lt 2000 ]; do echo "line $i of a long complaint" >&2; i=$((i+1)); done; exit 1`)
	ours := server.clone()
	err := ours.open().Push(background, ours.make(first, "second"), "main", first)
	words := want[*RefusedError](t, err).Words
	if len(words) > maxWords || !strings.HasPrefix(words, "remote: line 0") {
		t.Errorf("%d bytes of words, beginning with %.40q", len(words), words)
	}
}

func TestRemoteGone(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	ours := server.clone()
	server.check(os.RemoveAll(server.dir))
	r := ours.open()
	_, err := r.Tip(background, "main")
	want[*UnreachableError](t, err)
	_, err = r.Fetch(background, "main")
	want[*UnreachableError](t, err)
	err = r.Push(background, ours.make(first, "second"), "main", first)
	want[*UnknownError](t, err)
}

func TestDiedAfterAccepting(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	site := server.serve(newHTTP, func(w *web) { w.after = func() bool { return true } })
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	commit := ours.make(first, "second")
	if err := ours.open().Push(background, commit, "main", first); err != nil || server.tip("main") != commit {
		t.Errorf("%v, and the server is at %s", err, server.tip("main"))
	}
}

func TestDiedAndBuiltUpon(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	site := server.serve(newHTTP, func(w *web) {
		w.after = func() bool { server.advance("main", "upon it"); return true }
	})
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	commit := ours.make(first, "second")
	if err := ours.open().Push(background, commit, "main", first); err != nil {
		t.Error(err)
	}
	if got := ours.git("rev-parse", "refs/remotes/origin/main"); got != server.tip("main") {
		t.Errorf("the tracking reference is at %s, behind %s", got, server.tip("main"))
	}
}

func TestDiedBeforeAccepting(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	site := server.serve(newHTTP, func(w *web) {
		w.after = func() bool { server.point("main", first); return true }
	})
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	err := ours.open().Push(background, ours.make(first, "second"), "main", first)
	want[*UnreachableError](t, err)
}

func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	var site *web
	site = server.serve(newHTTP, func(w *web) {
		w.after = func() bool { site.value.Store("nobody has this"); return true }
	})
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	commit := ours.make(first, "second")
	err := want[*UnknownError](t, ours.open().Push(background, commit, "main", first))
	if !strings.Contains(err.Error(), "git fetch origin main && git branch -r --contains "+commit) || err.Commit != commit {
		t.Error(err)
	}
}

func TestCancelledPushIsLookedAt(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	ctx, cancel := context.WithCancel(background)
	site := server.serve(newHTTP, func(w *web) { w.after = func() bool { cancel(); return true } })
	ours := server.clone()
	ours.git("config", "remote.origin.url", site.address())
	if err := ours.open().Push(ctx, ours.make(first, "second"), "main", first); err != nil {
		t.Error(err)
	}
}

// TestRace lets four clones push one commit after another, each built on what
// it has just fetched.
func TestRace(t *testing.T) {
	t.Parallel()
	const runners, each = 4, 2
	server := newServer(t)
	first := server.tip("main")
	var wait sync.WaitGroup
	accepted := make(chan string, runners*each)
	var clones []*place
	for range runners {
		clones = append(clones, server.clone())
	}
	for i, ours := range clones {
		r := ours.open()
		wait.Go(func() {
			for n := range each {
				accepted <- pushUntilAccepted(t, ours, r, fmt.Sprintf("%d of %d", n, i))
			}
		})
	}
	wait.Wait()
	close(accepted)
	history := strings.Fields(server.git("rev-list", "--first-parent", "main", "^"+first))
	if len(history) != runners*each {
		t.Errorf("%d commits were accepted, %d are there", runners*each, len(history))
	}
	for h := range accepted {
		if !strings.Contains(strings.Join(history, " "), h) {
			t.Errorf("%s was accepted and is lost", h)
		}
	}
	if merges := server.git("rev-list", "--merges", "main"); merges != "" {
		t.Errorf("history is not linear: %s", merges)
	}
	server.git("fsck", "--strict", "--no-dangling")
}

func pushUntilAccepted(t *testing.T, ours *place, r *Remote, text string) string {
	for {
		base, err := r.Fetch(background, "main")
		if err != nil {
			t.Error(err)
			return ""
		}
		commit := ours.make(base, text)
		err = r.Push(background, commit, "main", base)
		if err == nil {
			return commit
		}
		if _, moved := err.(*MovedError); !moved {
			t.Error(err)
			return ""
		}
	}
}

func TestLinkedWorkTree(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	ours := server.clone()
	ours.git("worktree", "add", "-q", "--detach", ours.dir+"-linked")
	linked := ours.at(ours.dir + "-linked")
	r := linked.open()
	if err := r.Push(background, linked.make(first, "second"), "main", first); err != nil {
		t.Fatal(err)
	}
	third := server.advance("main", "third")
	if got, err := r.Fetch(background, "main"); got != third || err != nil {
		t.Errorf("fetched %s, %v", got, err)
	}
	if got := ours.git("rev-parse", "refs/remotes/origin/main"); got != third {
		t.Errorf("the main work tree does not see it: %s", got)
	}
}

func TestAlternates(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for i := range 3 {
		server.advance("main", fmt.Sprint("commit ", i))
	}
	old := server.tip("main")
	ours := server.clone("--shared")
	relative := filepath.Join("..", "..", "..", "server.git", "objects")
	ours.check(os.WriteFile(filepath.Join(ours.dir, ".git/objects/info/alternates"), []byte(relative+"\n"), 0o666))
	commit := ours.make(old, "ours")
	if err := ours.open().Push(background, commit, "main", old); err != nil {
		t.Fatal(err)
	}
	server.git("fsck", "--strict", "--no-dangling")
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for i := range 5 {
		server.advance("main", fmt.Sprint("commit ", i))
	}
	old := server.tip("main")
	dir := server.dir + "-shallow"
	server.git("clone", "-q", "--depth=2", "file://"+server.dir, dir)
	ours := server.at(dir)
	r := ours.open()
	commit := ours.make(old, "ours")
	if err := r.Push(background, commit, "main", old); err != nil {
		t.Fatal(err)
	}
	server.advance("main", "theirs")
	last := server.advance("main", "theirs again")
	if got, err := r.Fetch(background, "main"); got != last || err != nil {
		t.Errorf("fetched %s, %v", got, err)
	}
	if got := ours.git("rev-list", "--count", "origin/main"); got != "5" {
		t.Errorf("%s commits are here, not two, ours and two", got)
	}
	if ours.git("rev-parse", "--is-shallow-repository") != "true" {
		t.Error("it is not shallow any more")
	}
	ours.git("fsck", "--strict", "--no-dangling")
}

func TestLockedTrackingReference(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours := server.clone()
	server.advance("main", "second")
	lock := filepath.Join(ours.dir, ".git/refs/remotes/origin/main.lock")
	ours.check(os.WriteFile(lock, nil, 0o666))
	_, err := ours.open().Fetch(background, "main")
	if err == nil || !strings.Contains(err.Error(), "main.lock") {
		t.Errorf("the lock is not named: %v", err)
	}
	if errors.As(err, new(*LeftLockError)) {
		t.Errorf("a new lock may be held: %v", err)
	}
	since := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	ours.check(os.Chtimes(lock, since, since))
	_, err = ours.open().Fetch(background, "main")
	if left := want[*LeftLockError](t, err); left.Path != lock || !left.Since.Equal(since) || !strings.Contains(left.Error(), "since 2026-03-01T12:30:00Z") {
		t.Errorf("%v", left)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Error("somebody else's lock was removed")
	}
	ours.check(os.Remove(lock))
	if got, err := ours.open().Fetch(background, "main"); err != nil || got != server.tip("main") {
		t.Errorf("fetched %q, %v", got, err)
	}
}

// What a fetch brings is a pack, however little it is, and one that does not arrive is
// fetched again: a "git gc --prune=now" takes single objects, and what is being written.
func TestFetchBesideGC(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours := server.clone()
	before := ours.git("count-objects")
	server.advance("main", "second")
	broken := ours.script("git", fmt.Sprintf(`
case " $* " in *" fetch "*) test -e %[1]s/tried || { touch %[1]s/tried; echo "fatal: unable to rename temporary file" >&2; exit 128; };; esac
exec %[2]s "$@"
`, ours.dir, realGit(t)))
	got, err := broken.open().Fetch(background, "main")
	if err != nil || got != server.tip("main") {
		t.Errorf("fetched %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(ours.dir, "tried")); err != nil {
		t.Errorf("no fetch has failed: %v", err)
	}
	if after := ours.git("count-objects"); after != before {
		t.Errorf("there were %s, and are %s", before, after)
	}
	if kept, _ := filepath.Glob(filepath.Join(ours.gitDir(), "objects/pack/*.keep")); kept != nil {
		t.Errorf("git still keeps %q", kept)
	}
}

func TestPushOfNothing(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	r := server.clone().open()
	if err := r.Push(background, first, "main", first); err != nil {
		t.Error(err)
	}
	server.advance("main", "second")
	if err := r.Push(background, first, "main", first); err != nil {
		t.Errorf("the commit is contained in what is there: %v", err)
	}
}

func TestSensibleCallsOnly(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	r := server.clone().open()
	absent := strings.Repeat("ab", 20)
	for _, call := range [][3]string{
		{"main", "main", first},
		{first[:7], "main", ""},
		{first, "main", "HEAD"},
		{absent, "new", ""},
		{first, "-f", ""},
		{first, "a..b", ""},
		{first, "", ""},
		{first, "a:b", ""},
	} {
		if err := r.Push(background, call[0], call[1], call[2]); err == nil {
			t.Errorf("Push(%q) is accepted", call)
		}
	}
}
