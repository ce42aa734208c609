package remote

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shallowClone is a clone of a server with a few commits that has the last alone.
func shallowClone(t *testing.T) (server, ours *place) {
	t.Helper()
	server = newServer(t)
	for range 5 {
		server.advance("main", "more")
	}
	return server, server.clone("--depth", "1", "--no-local")
}

func TestDeepen(t *testing.T) {
	t.Parallel()
	for _, branch := range []string{"main", "", "absent"} {
		server, ours := shallowClone(t)
		if err := ours.open().Deepen(background, branch); err != nil {
			t.Fatalf("%q: %v", branch, err)
		}
		if _, err := os.Stat(filepath.Join(ours.gitDir(), "shallow")); err == nil {
			t.Errorf("%q: the clone is shallow still", branch)
		}
		if n := ours.git("rev-list", "--count", "HEAD"); n != "6" {
			t.Errorf("%q: it has %s commits", branch, n)
		}
		ours.git("fsck", "--connectivity-only")
		if got := ours.git("rev-parse", "origin/main"); got != server.tip("main") {
			t.Errorf("%q: the tracking reference is at %s", branch, got)
		}
		if err := ours.open().Deepen(background, branch); err != nil {
			t.Errorf("%q, again: %v", branch, err)
		}
	}
}

// With somebody ahead and with work of one's own, it is the same.
func TestDeepenWithWork(t *testing.T) {
	t.Parallel()
	server, ours := shallowClone(t)
	ours.git("update-ref", "refs/heads/main", ours.make(server.tip("main"), "ours"))
	theirs := server.advance("main", "theirs")
	if err := ours.open().Deepen(background, "main"); err != nil {
		t.Fatal(err)
	}
	if n := ours.git("rev-list", "--count", "main"); n != "7" {
		t.Errorf("it has %s commits", n)
	}
	if got := ours.git("rev-parse", "origin/main"); got != theirs {
		t.Errorf("the tracking reference is at %s", got)
	}
	ours.git("fsck", "--connectivity-only")
}

// What cannot be reached leaves the clone as it was, its configuration too.
func TestDeepenUnreachable(t *testing.T) {
	t.Parallel()
	_, ours := shallowClone(t)
	ours.git("config", "remote.origin.url", filepath.Join(t.TempDir(), "nowhere"))
	before, err := os.ReadFile(filepath.Join(ours.gitDir(), "config"))
	ours.check(err)
	for _, branch := range []string{"main", ""} {
		want[*UnreachableError](t, ours.open().Deepen(background, branch))
	}
	after, err := os.ReadFile(filepath.Join(ours.gitDir(), "config"))
	ours.check(err)
	if string(before) != string(after) {
		t.Errorf("the configuration changed:\n%s", after)
	}
	if n := ours.git("rev-list", "--count", "HEAD"); n != "1" {
		t.Errorf("it has %s commits", n)
	}
}

func TestObtain(t *testing.T) {
	t.Parallel()
	server, ours := shallowClone(t)
	server.git("config", "uploadpack.allowFilter", "true")
	server.git("config", "uploadpack.allowAnySHA1InWant", "true")
	r := ours.open()
	if err := r.Deepen(background, "main"); err != nil {
		t.Fatal(err)
	}
	missing := func() (list []string) {
		for line := range strings.Lines(ours.git("rev-list", "--objects", "--missing=print", "HEAD")) {
			if hash, ok := strings.CutPrefix(line, "?"); ok {
				list = append(list, strings.TrimSpace(hash))
			}
		}
		return list
	}
	absent := missing()
	if len(absent) == 0 {
		t.Fatal("everything was fetched, and nothing is left to obtain")
	}
	if err := r.Obtain(background, absent); err != nil {
		t.Fatal(err)
	}
	if left := missing(); len(left) > 0 {
		t.Errorf("still missing: %v", left)
	}
	if err := r.Obtain(background, nil); err != nil {
		t.Error(err)
	}
	if err := r.Obtain(background, []string{"--upload-pack=evil"}); err == nil {
		t.Error("what is no hash was asked for")
	}
	if err := r.Obtain(background, []string{strings.Repeat("ab", 20)}); errors.As(err, new(*UnreachableError)) != true {
		t.Errorf("what the server has not got: %v", err)
	}
}
