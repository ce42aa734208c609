package history

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// files are the files of state by path, relative to state/.
type files map[string]string

// repo is a repository in memory, with a world whose applies become commits.
type repo struct {
	tb      testing.TB
	world   *applytest.World
	commits map[string]git.Commit
	files   map[string]files
	// head is where the next commit goes.
	head string
	// cut has commits that a shallow clone lacks.
	cut map[string]bool
	// lost are commits whose contents a partial clone lacks.
	lost map[string]bool
	// read counts the files that were read.
	read int
}

func newRepo(tb testing.TB) *repo {
	return &repo{tb: tb, world: applytest.New(tb), commits: map[string]git.Commit{}, files: map[string]files{}, cut: map[string]bool{}}
}

func (r *repo) Commit(hash string) (git.Commit, error) {
	if c, ok := r.commits[hash]; ok && !r.cut[hash] {
		return c, nil
	}
	return git.Commit{}, fmt.Errorf("%w: %s", git.ErrMissingObject, hash)
}

func (r *repo) ID(commit, path string) (string, error) {
	var all strings.Builder
	for _, f := range r.below(commit, path) {
		fmt.Fprintf(&all, "%s %o %q\n", f.Path, f.Mode, f.Data)
	}
	if all.Len() == 0 {
		return "", nil
	}
	return hashOf(all.String()), nil
}

func hashOf(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// below lists a file or folder. A file whose content begins with "link to" is
// one.
func (r *repo) below(commit, dir string) []git.File {
	var out []git.File
	for _, name := range slices.Sorted(maps.Keys(r.files[commit])) {
		full := state.Dir + "/" + name
		if full != dir && !strings.HasPrefix(full, dir+"/") {
			continue
		}
		f := git.File{Path: full, Mode: state.RegularMode, Hash: hashOf(r.files[commit][name]), Data: []byte(r.files[commit][name])}
		if strings.HasPrefix(string(f.Data), "link to ") {
			f.Mode, f.Data = 0o120000, nil
		}
		out = append(out, f)
	}
	return out
}

func (r *repo) Files(_ context.Context, commit string, dirs []string, want func(string) bool) ([]git.File, error) {
	if r.lost[commit] && (want == nil || want("")) {
		return nil, fmt.Errorf("%w: a content of %s", git.ErrMissingObject, commit)
	}
	var out []git.File
	for _, dir := range dirs {
		out = append(out, r.below(commit, dir)...)
	}
	r.read += len(out)
	return out, nil
}

func (r *repo) Differences(_ context.Context, before, after, dir string) ([]git.Difference, error) {
	at := map[string]*git.Difference{}
	for _, f := range r.below(before, dir) {
		at[f.Path] = &git.Difference{Path: f.Path, Before: f.Hash, BeforeMode: f.Mode}
	}
	for _, f := range r.below(after, dir) {
		if at[f.Path] == nil {
			at[f.Path] = &git.Difference{Path: f.Path}
		}
		at[f.Path].After, at[f.Path].AfterMode = f.Hash, f.Mode
	}
	var out []git.Difference
	for _, name := range slices.Sorted(maps.Keys(at)) {
		if d := at[name]; d.Before != d.After || d.BeforeMode != d.AfterMode {
			out = append(out, *d)
		}
	}
	return out, nil
}

func (r *repo) Shallow() (bool, error) { return len(r.cut) > 0, nil }

// commit makes a commit on head, with further parents of a merge.
func (r *repo) commit(message string, f files, parents ...string) string {
	when := time.Date(2026, 3, 1, 12, len(r.commits), 0, 0, time.UTC)
	c := git.Commit{
		Hash: hashOf(fmt.Sprint("commit ", len(r.commits))), Message: message, Parents: parents,
		Author: git.Signature{Name: "Ada"}, Committer: git.Signature{Name: "Ada", When: when},
	}
	if r.head != "" {
		c.Parents = append([]string{r.head}, parents...)
	}
	r.commits[c.Hash], r.files[c.Hash], r.head = c, maps.Clone(f), c.Hash
	return c.Hash
}

// apply applies declarations and commits what comes of it.
func (r *repo) apply(declarations string, change ...func(message string) string) string {
	r.tb.Helper()
	r.world.Apply(declarations)
	message := r.world.Store.Commits[len(r.world.Store.Commits)-1].Message
	for _, f := range change {
		message = f(message)
	}
	return r.commit(message, r.applied())
}

// applied are the files of state as the world has them.
func (r *repo) applied() files {
	f := files{}
	for _, file := range r.world.Store.Files() {
		f[file.Path] = string(file.Data)
	}
	return f
}

// takeOver makes the world go on from the state of a commit.
func (r *repo) takeOver(commit string) {
	r.tb.Helper()
	var changes []state.Change
	next := r.files[commit]
	for path := range r.applied() {
		if _, kept := next[path]; !kept {
			changes = append(changes, state.Change{Path: path, Delete: true})
		}
	}
	for path, data := range next {
		changes = append(changes, state.Change{Path: path, Data: []byte(data)})
	}
	if _, err := r.world.Store.Commit(context.Background(), changes, ""); err != nil {
		r.tb.Fatal(err)
	}
}

func (r *repo) check(opts Options) *Report {
	r.tb.Helper()
	report, err := Check(context.Background(), r, r.head, opts)
	if err != nil {
		r.tb.Fatal(err)
	}
	return report
}

// story is a project of three applies: tokens are issued, rotated and revoked,
// and an account is deleted.
func story(tb testing.TB) *repo {
	tb.Helper()
	r := newRepo(tb)
	r.commit("Start", nil)
	r.apply(firstDeclarations)
	r.commit("Write a README", r.applied())
	r.world.Pass(60)
	r.apply(firstDeclarations)
	r.world.Pass(10)
	r.apply(lastDeclarations)
	return r
}

const (
	firstDeclarations = `
		guard max_deletes=9/99%
		role r1 pool:List@pool/*
		role r2 pool:List@pool/*
		account svc r1
		  token t every=60d overlap=7d
		  token kept every=80d
		account gone r1
		  token x in=200d every=100d
	`
	lastDeclarations = `
		guard max_deletes=9/99%
		role r1 pool:List@pool/*
		role r2 pool:List@pool/*
		account svc r1,r2
		  token t every=60d overlap=7d
		  token kept every=80d
	`
)

// account is the path of an account's record.
func account(name string) string { return state.AccountPath(name) }

// replace changes text in a file, all of it, and demands that it was there.
func (f files) replace(tb testing.TB, path, old, with string) {
	tb.Helper()
	if !strings.Contains(f[path], old) {
		tb.Fatalf("%s does not hold %q:\n%s", path, old, f[path])
	}
	f[path] = strings.ReplaceAll(f[path], old, with)
}

// sound makes the digest fit the files again, as a forger would.
func (f files) sound() {
	var lines []string
	for path, data := range f {
		if path != state.MetaPath {
			lines = append(lines, digestLine(path, state.SumOf([]byte(data))))
		}
	}
	slices.SortFunc(lines, compareLines)
	f[state.MetaPath] = string(withDigest([]byte(f[state.MetaPath]), digestOf(lines)))
}

func (f files) serial(tb testing.TB, from, to int) {
	tb.Helper()
	f.replace(tb, state.MetaPath, fmt.Sprintf(`"serial": %d,`, from), fmt.Sprintf(`"serial": %d,`, to))
}

// account is one of these files, decoded.
func (f files) account(tb testing.TB, name string) *state.Account {
	tb.Helper()
	var list []state.File
	for path, data := range f {
		list = append(list, state.File{Path: path, Mode: state.RegularMode, Data: []byte(data)})
	}
	snap, problems := state.Decode(list)
	if snap == nil {
		tb.Fatal(problems)
	}
	return snap.Accounts[name]
}

// forged is the message of an apply that never was.
func forged(serial int) string { return forgedOf("lineage-1", serial) }

func forgedOf(lineage string, serial int) string {
	return record.Message{
		Subject: fmt.Sprintf("osmoctl: 1 to update (serial %d)", serial), Changes: []string{"update account/svc"},
		Serial: serial, Lineage: lineage, Plan: fmt.Sprintf("sha256:%064d", 0), Run: "run-1", Actor: "ada",
	}.String()
}

// codes are the codes of a report's open findings, commit by commit.
func codes(r *Report) []string {
	var out []string
	for _, f := range r.Open() {
		for _, p := range f.Problems {
			out = append(out, p.Code)
		}
	}
	return slices.Compact(out)
}

// cut returns the text from start through end.
func cut(b, start, end string) string {
	i := strings.Index(b, start)
	j := i + strings.Index(b[i:], end) + len(end)
	return b[i:j]
}
