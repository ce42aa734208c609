package bench_test

import (
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/bench"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func project(t *testing.T, o bench.Options) fstest.MapFS {
	t.Helper()
	files, err := bench.Project(o)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, f := range files {
		out[f.Path] = &fstest.MapFile{Data: f.Data}
	}
	return out
}

func load(t *testing.T, fsys fs.FS) *model.Declarations {
	t.Helper()
	want, problems := config.Load(fsys, config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	return want
}

func TestProject(t *testing.T) {
	t.Parallel()
	for _, o := range []bench.Options{
		{},
		{Accounts: 1, Tokens: 1, Files: 1, Recipients: 1, Roles: 1},
		{Accounts: 50, Tokens: 3, Files: 7, Recipients: 9, Roles: 2, Seed: 3},
		{Accounts: 10, Files: 10},
	} {
		fsys := project(t, o)
		want := load(t, fsys)
		if o.Accounts > 0 && len(want.Accounts) != o.Accounts || o.Roles > 0 && len(want.Roles) != o.Roles {
			t.Errorf("%+v: %d accounts, %d roles", o, len(want.Accounts), len(want.Roles))
		}
		if o.Files > 0 && len(fsys) != o.Files+2 {
			t.Errorf("%+v: %d files", o, len(fsys))
		}
		for _, a := range want.Accounts {
			if o.Tokens > 0 && len(a.Tokens) != o.Tokens {
				t.Errorf("%+v: %s has %d tokens", o, a.Name, len(a.Tokens))
			}
		}
	}
}

// A generated project can be applied as it stands.
func TestProjectIsNotBlocked(t *testing.T) {
	t.Parallel()
	today, err := model.ParseDate("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	want, have := load(t, project(t, bench.Options{})), &state.Snapshot{}
	p, problems := plan.Build(want, have, plan.Options{Today: today})
	if err := guard.Hold(p, guard.Facts{Declared: want, Applied: have}); err != nil || len(problems) > 0 || len(p.Blocked) > 0 {
		t.Errorf("problems %v, %v, blocked %v", problems, err, p.Blocked)
	}
}

func TestSameOptionsSameBytes(t *testing.T) {
	t.Parallel()
	o := bench.Options{Accounts: 30, Tokens: 2, Seed: 1}
	if diff := cmp.Diff(project(t, o), project(t, o)); diff != "" {
		t.Error(diff)
	}
	other := o
	other.Seed = 2
	if cmp.Equal(project(t, o), project(t, other)) {
		t.Error("another seed gives the same project")
	}
}

// How the accounts are spread over files does not change them.
func TestFilesDoNotMatter(t *testing.T) {
	t.Parallel()
	one, many := load(t, project(t, bench.Options{Files: 1})), load(t, project(t, bench.Options{Files: 33}))
	p, problems := plan.Build(one, &state.Snapshot{}, plan.Options{Today: 20_000})
	q, others := plan.Build(many, &state.Snapshot{}, plan.Options{Today: 20_000})
	if len(problems)+len(others) > 0 || p.Digest != q.Digest {
		t.Errorf("%v, %v: %s and %s", problems, others, p.Digest, q.Digest)
	}
}

func TestImpossible(t *testing.T) {
	t.Parallel()
	for _, o := range []bench.Options{{Accounts: 2, Files: 3}, {Accounts: -1}, {Tokens: -1}} {
		if _, err := bench.Project(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := bench.Options{Accounts: 3, Files: 2}
	if err := bench.Generate(dir, o); err != nil {
		t.Fatal(err)
	}
	for name, f := range project(t, o) {
		got, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil || string(got) != string(f.Data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := bench.Generate(dir, o); err == nil {
		t.Error("a project was overwritten")
	}
}
