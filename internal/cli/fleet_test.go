package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/osmoctl/osmoctl/internal/programtest"
)

// fleet is one bare remote and many clones of it, all at one commit.
type fleet struct {
	t      testing.TB
	top    string
	remote string
	clones []string

	mu sync.Mutex
	// issued are the hashes of all values by their generation's address, and
	// commits what made them, as the applies reported.
	issued  map[string]string
	commits map[string]bool
	// replanned and reparented count lost races; most is what one apply lost.
	replanned, reparented, most int
}

// newFleet makes n clones of a repository with an account for each: svc-0 and so
// on, each with one token.
func newFleet(t testing.TB, n int) *fleet {
	t.Helper()
	needGit(t)
	f := &fleet{t: t, top: t.TempDir(), issued: map[string]string{}, commits: map[string]bool{}}
	f.remote = filepath.Join(f.top, "remote.git")
	seed := filepath.Join(f.top, "seed")
	git(t, f.top, "init", "-q", "-b", "main", seed)
	f.project(seed, n)
	f.publish(seed, n)
	return f
}

// project makes a project that pushes, with n accounts, in dir.
func (f *fleet) project(dir string, n int) {
	f.t.Helper()
	if r := osmoctl(dir, "init", dir); r.code != 0 {
		f.t.Fatalf("init: exit code %d\n%s", r.code, r.stderr)
	}
	settings := filepath.Join(dir, "osmoctl.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		f.t.Fatal(err)
	}
	write(f.t, settings, append(text, "\ngit: {push: origin, branch: main}\n"...))
	accounts := "service_accounts:\n"
	for i := range n {
		accounts += fmt.Sprintf("  svc-%d: {roles: [osmo-user], tokens: {main: {roles: [osmo-user]}}}\n", i)
	}
	write(f.t, filepath.Join(dir, "manifests", "service-accounts.yaml"), []byte(accounts))
}

// publish commits the seed and clones it n times. A clone is copied, which is
// quicker than cloning.
func (f *fleet) publish(seed string, n int) {
	f.t.Helper()
	git(f.t, seed, "add", ".")
	git(f.t, seed, "commit", "-qm", "declarations")
	git(f.t, f.top, "clone", "-q", "--bare", seed, f.remote)
	first := filepath.Join(f.top, "clone-0")
	git(f.t, f.top, "clone", "-q", f.remote, first)
	git(f.t, first, "config", "user.name", "Alice")
	git(f.t, first, "config", "user.email", "alice@example.com")
	for i := range n {
		dir := filepath.Join(f.top, "clone-"+strconv.Itoa(i))
		if i > 0 {
			if err := os.CopyFS(dir, os.DirFS(first)); err != nil {
				f.t.Fatal(err)
			}
		}
		f.clones = append(f.clones, dir)
	}
}

// hook puts a script into the remote.
func (f *fleet) hook(name, script string) {
	f.t.Helper()
	path := filepath.Join(f.remote, "hooks", name)
	if err := programtest.Write(path, []byte("#!/bin/sh\n"+script)); err != nil {
		f.t.Fatal(err)
	}
}

// each runs a function for all clones at once.
func (f *fleet) each(do func(i int, dir string)) {
	var all sync.WaitGroup
	for i, dir := range f.clones {
		all.Go(func() { do(i, dir) })
	}
	all.Wait()
}

// rotate applies one change that no other clone makes: a new generation of the
// clone's own token.
func (f *fleet) rotate(i int, dir string) ran {
	address := fmt.Sprintf("token/svc-%d/main", i)
	return f.apply(dir, "--target", address, "--replace", address)
}

// apply applies, and keeps what it reports.
func (f *fleet) apply(dir string, args ...string) ran {
	r := osmoctl(dir, append([]string{"--verbose", "apply", "--auto-approve", "-t", "json"}, args...)...)
	f.mu.Lock()
	defer f.mu.Unlock()
	lost := strings.Count(r.stderr, "planning again")
	f.most = max(f.most, lost)
	f.replanned += lost
	f.reparented += strings.Count(r.stderr, "on top of")
	if r.code == 0 {
		f.keep(r.stdout)
	}
	return r
}

func (f *fleet) keep(stdout string) {
	var done struct {
		Commit string
		Issued []struct{ Address, SHA256 string }
	}
	if err := json.Unmarshal([]byte(stdout), &done); err != nil {
		f.t.Errorf("apply did not print JSON: %v\n%s", err, stdout)
		return
	}
	if done.Commit == "" {
		return
	}
	if f.commits[done.Commit] {
		f.t.Errorf("two applies report commit %s", done.Commit)
	}
	f.commits[done.Commit] = true
	for _, g := range done.Issued {
		if f.issued[g.Address] != "" {
			f.t.Errorf("%s was issued twice", g.Address)
		}
		f.issued[g.Address] = g.SHA256
	}
}

// commit is one of the remote's, as git shows it.
type commit struct {
	hash, serial string
	parents      int
}

func (f *fleet) history() (all []commit) {
	f.t.Helper()
	out := git(f.t, f.remote, "log", "--reverse", "--format=%H|%P|%(trailers:key=Osmoctl-Serial,valueonly,separator=%x2C)", "main")
	for line := range strings.Lines(out) {
		field := strings.Split(strings.TrimSpace(line), "|")
		all = append(all, commit{field[0], field[2], len(strings.Fields(field[1]))})
	}
	return all
}

// check demands that what the applies reported is what the remote holds, each
// once, in one line, and that every value can be opened.
func (f *fleet) check() {
	f.t.Helper()
	serial, made := 0, 0
	for _, c := range f.history() {
		if c.parents > 1 {
			f.t.Errorf("commit %s is a merge", c.hash)
		}
		if c.serial == "" {
			continue
		}
		if serial++; c.serial != strconv.Itoa(serial) {
			f.t.Errorf("commit %s has serial %s where %d comes next", c.hash, c.serial, serial)
		}
		if !f.commits[c.hash] {
			f.t.Errorf("nobody reported commit %s, serial %s", c.hash, c.serial)
		}
		made++
	}
	if made != len(f.commits) {
		f.t.Errorf("%d commits were reported and %d are on the remote", len(f.commits), made)
	}
	f.open()
}

// open decrypts all values in a new clone, and holds them against what was
// reported.
func (f *fleet) open() {
	f.t.Helper()
	dir := filepath.Join(f.top, "auditor")
	git(f.t, f.top, "clone", "-q", f.remote, dir)
	if r := osmoctl(dir, "state", "verify"); r.code != 0 {
		f.t.Errorf("state verify: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for i := range f.clones {
		f.openToken(dir, i)
	}
	if len(f.issued) > 0 {
		f.t.Errorf("issued, and not recorded: %v", f.issued)
	}
	git(f.t, f.remote, "fsck", "--strict", "--no-dangling")
}

// openToken opens the newest generation, and ticks all off that are recorded.
func (f *fleet) openToken(dir string, i int) {
	f.t.Helper()
	name := fmt.Sprintf("svc-%d/main", i)
	var token struct {
		Generations []struct {
			Generation  int
			ValueSHA256 string `json:"value_sha256"`
		}
	}
	r := osmoctl(dir, "token", "get", name, "-t", "json")
	if err := json.Unmarshal([]byte(r.stdout), &token); err != nil {
		f.t.Errorf("token get %s: %v\n%s", name, err, r.stderr)
		return
	}
	for n, g := range token.Generations {
		address := fmt.Sprintf("token/%s@%d", name, g.Generation)
		if g.Generation != n+1 || g.ValueSHA256 != f.issued[address] {
			f.t.Errorf("%s is recorded as generation %d with the value %s, and was issued with %s", address, n+1, g.ValueSHA256, f.issued[address])
		}
		delete(f.issued, address)
		if r := osmoctl(dir, "token", "decrypt", fmt.Sprintf("%s@%d", name, g.Generation), "-o", "-"); r.code != 0 || len(r.stdout) < 40 {
			f.t.Errorf("%s cannot be opened: %s", address, r.stderr)
		}
	}
}

// settled demands that a clone has nothing left over: git finds it whole, and
// its branch is one that the remote has, or is ahead of it by its user's work
// alone.
func (f *fleet) settled(dir string) {
	f.t.Helper()
	if out := git(f.t, dir, "status", "--porcelain"); out != "" {
		f.t.Errorf("%s is not clean:\n%s", dir, out)
	}
	git(f.t, dir, "fsck", "--strict", "--no-dangling")
	git(f.t, dir, "fetch", "-q")
	if !quietly(dir, "merge-base", "--is-ancestor", "HEAD", "origin/main") {
		f.t.Errorf("%s has commits that the remote lacks:\n%s", dir, git(f.t, dir, "log", "--oneline", "origin/main..HEAD"))
	}
}

// codes are the exit codes of runs, sorted.
func codes(runs []ran) (all []int) {
	for _, r := range runs {
		all = append(all, r.code)
	}
	slices.Sort(all)
	return all
}
