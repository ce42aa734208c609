package history

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// gitRepo is a repository of git with many accounts, each with a token, and many
// commits of state, each of which rotates one.
type gitRepo struct {
	repo   *git.Repository
	stream bytes.Buffer
	snap   *state.Snapshot
	day    model.Date
}

func newGitRepo(b *testing.B, accounts, commits int) *gitRepo {
	b.Helper()
	r := &gitRepo{snap: &state.Snapshot{}, day: 20_000}
	edit := r.snap.Edit()
	edit.SetLineage("lineage-1")
	for i := range accounts {
		r.issue(edit, i, 1)
	}
	r.commit(edit)
	for i := range commits {
		edit := r.snap.Edit()
		account := i * 7919 % accounts
		a := address(account)
		edit.End(a.At(edit.Token(a.Account, a.Name).LastGeneration), r.day, "replaced")
		r.issue(edit, account, edit.Token(a.Account, a.Name).LastGeneration+1)
		r.commit(edit)
	}
	r.open(b)
	return r
}

// open makes the repository, without a work tree's files.
func (r *gitRepo) open(b *testing.B) {
	b.Helper()
	dir := b.TempDir()
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"fast-import", "--quiet"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if args[0] == "fast-import" {
			cmd.Stdin = &r.stream
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	var err error
	if r.repo, err = git.Open(dir, git.Options{Env: func(string) string { return "" }}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.repo.Close() })
}

func address(account int) model.Address {
	return model.TokenAddress(fmt.Sprintf("account-%05d", account), "token")
}

func (r *gitRepo) issue(edit *state.Edit, account, generation int) {
	a := address(account)
	edit.Issue(a, state.Generation{
		Number: generation, ServerName: "token", IssuedAt: r.day.Time(), IssuedBy: "ada", ExpiresAt: r.day.Add(90), Roles: []string{"osmo-user"},
		Recipients: []string{"age1x"}, Value: state.SumOf(fmt.Appendf(nil, "%d %d", account, generation)),
	}, fmt.Appendf(nil, "sealed %d %d %0250d", account, generation, account))
}

func (r *gitRepo) commit(edit *state.Edit) {
	next, changes := edit.Finish()
	message := forged(next.Meta.Serial)
	fmt.Fprintf(&r.stream, "commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata %d\n%s", 1_800_000_000+next.Meta.Serial, len(message), message)
	for _, c := range changes {
		path := state.Dir + "/" + c.Path
		if c.Delete {
			fmt.Fprintf(&r.stream, "D %s\n", path)
			continue
		}
		fmt.Fprintf(&r.stream, "M 100644 inline %s\ndata %d\n%s\n", path, len(c.Data), c.Data)
	}
	r.stream.WriteString("\n")
	r.snap = next
}

// BenchmarkCheck checks 1,000 commits of 10,000 accounts: all of them with their
// digests, all for the first time, none that is new, and one.
func BenchmarkCheck(b *testing.B) {
	const accounts, commits = 10_000, 1_000
	r := newGitRepo(b, accounts, commits)
	head, err := r.repo.Head()
	if err != nil {
		b.Fatal(err)
	}
	check := func(b *testing.B, opts Options, want int) *Report {
		b.Helper()
		report, err := Check(b.Context(), r.repo, head.Commit, opts)
		if err != nil || report.Checked != want || len(report.Findings) > 0 {
			b.Fatalf("%+v, %v", report, err)
		}
		return report
	}
	seen := check(b, Options{}, commits+1).Seen("", head.Branch)
	b.Run("full", func(b *testing.B) {
		for b.Loop() {
			check(b, Options{Full: true}, commits+1)
		}
	})
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			check(b, Options{}, commits+1)
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			check(b, Options{Seen: seen}, 0)
		}
	})
	earlier := *seen
	if earlier.Commit, err = r.repo.Resolve("HEAD~1"); err != nil {
		b.Fatal(err)
	}
	before, err := Check(b.Context(), r.repo, earlier.Commit, Options{})
	if err != nil {
		b.Fatal(err)
	}
	earlier = *before.Seen("", head.Branch)
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			check(b, Options{Seen: &earlier}, 1)
		}
	})
}

// BenchmarkExpose reads who could read what in 1,000 commits of 10,000 accounts.
func BenchmarkExpose(b *testing.B) {
	const accounts, commits = 10_000, 1_000
	r := newGitRepo(b, accounts, commits)
	tips, err := r.repo.Tips()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e, err := Expose(b.Context(), r.repo, tips)
		if err != nil || e.Commits != commits+1 || len(e.Readable) != accounts+commits {
			b.Fatalf("%+v, %v", e, err)
		}
	}
}
