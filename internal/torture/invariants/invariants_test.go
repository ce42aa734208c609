package invariants_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/cli"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

const declarations = `service_accounts:
  a:
    roles: [osmo-user]
    tokens: {t: {roles: [osmo-user], expires_in: 90d}, u: {roles: [osmo-user], expires_in: 90d}}
`

// applied is a small project with a user's work in it.
func applied(t *testing.T) *invariants.Project {
	t.Helper()
	top := t.TempDir()
	p := &invariants.Project{Dir: filepath.Join(top, "project"), Identity: filepath.Join(top, "identity.txt"), Sample: []string{"a/t"}}
	p.Osmoctl = func(stdin string, args ...string) invariants.Ran { return osmoctl(p.Dir, stdin, args...) }
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	put(t, p.Identity, identity.String()+"\n")
	put(t, filepath.Join(p.Dir, "osmoctl.yaml"), "version: 1\nrecipients: {ops: "+identity.Recipient().String()+"}\ndefaults: {recipients: [ops]}\n")
	put(t, filepath.Join(p.Dir, "manifests", "a.yaml"), declarations)
	if err := invariants.Draft(p.Dir); err != nil {
		t.Fatal(err)
	}
	git(t, p, "init", "-q", "-b", "main")
	git(t, p, "add", "-A")
	git(t, p, "commit", "-q", "-m", "Declare")
	if r := p.Osmoctl("", "apply", "--auto-approve"); r.Code != 0 {
		t.Fatal(r.Stderr)
	}
	if p.Work, err = invariants.Begin(p.Dir); err != nil {
		t.Fatal(err)
	}
	p.Past = []string{git(t, p, "rev-parse", "HEAD~"), git(t, p, "rev-parse", "HEAD")}
	return p
}

func osmoctl(dir, stdin string, args ...string) invariants.Ran {
	var stdout, stderr bytes.Buffer
	env := &command.Env{
		Dir:   dir,
		Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(string) string { return "" },
		Now:    func() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) },
	}
	code := cli.Main(context.Background(), env, args)
	return invariants.Ran{Code: code, Stdout: stdout.String(), Stderr: stderr.String()}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, p *invariants.Project, args ...string) string {
	t.Helper()
	out, err := invariants.Git(p.Dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// commitState commits state/ as it lies in the work tree.
func commitState(t *testing.T, p *invariants.Project) {
	t.Helper()
	git(t, p, "commit", "-q", "-m", "By hand", "--", "state")
}

// sealed is the path of the one sealed file with this name.
func sealed(t *testing.T, p *invariants.Project, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(p.Dir, "state/accounts/*/a", name))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

// Every promise is broken once: the check has to notice, by name.
func TestCheckNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		hurt       func(t *testing.T, p *invariants.Project)
	}{
		{"nothing", "", func(*testing.T, *invariants.Project) {}},
		{"an empty branch", "cannot follow HEAD", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, ".git/refs/heads/main"), "")
		}},
		{"half an index", "the index is damaged", func(t *testing.T, p *invariants.Project) {
			if err := os.Truncate(filepath.Join(p.Dir, ".git/index"), 100); err != nil {
				t.Fatal(err)
			}
		}},
		{"an object is gone", "fsck", func(t *testing.T, p *invariants.Project) {
			hash := git(t, p, "rev-parse", "HEAD:notes/staged.txt")
			if err := os.Remove(filepath.Join(p.Dir, ".git/objects", hash[:2], hash[2:])); err != nil {
				t.Fatal(err)
			}
		}},
		{"a commit is lost", "is lost", func(t *testing.T, p *invariants.Project) {
			git(t, p, "update-ref", "refs/heads/main", "HEAD~")
		}},
		{"a user's file", "edited.txt of the user's", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, "notes/edited.txt"), "Edited\n")
		}},
		{"an untracked file", "untracked.txt of the user's", func(t *testing.T, p *invariants.Project) {
			if err := os.Remove(filepath.Join(p.Dir, "notes/untracked.txt")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a staged file", "what is staged", func(t *testing.T, p *invariants.Project) {
			git(t, p, "reset", "-q", "--", "notes/both.txt")
		}},
		{"a file of state in the work tree", "git status says", func(t *testing.T, p *invariants.Project) {
			put(t, sealed(t, p, "t.1.age"), "half")
		}},
		{"a lock", ".git/index.lock", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, ".git/index.lock"), "")
		}},
		{"a journal", ".git/osmoctl/journal", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, ".git/osmoctl/journal"), "{}")
		}},
		{"a keep", "left behind", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, ".git/objects/pack/pack-1.keep"), "")
		}},
		{"a value written twice", "t.1.age was written twice", func(t *testing.T, p *invariants.Project) {
			path := sealed(t, p, "t.1.age")
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			put(t, path, "another")
			commitState(t, p)
			put(t, path, string(before))
			commitState(t, p)
		}},
		{"two files swapped", "the state is not sound", func(t *testing.T, p *invariants.Project) {
			data, err := os.ReadFile(sealed(t, p, "u.1.age"))
			if err != nil {
				t.Fatal(err)
			}
			put(t, sealed(t, p, "t.1.age"), string(data))
			commitState(t, p)
		}},
		{"a serial that stands still", "has serial 1", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, "state/meta.json"), `{"serial": 1}`)
			commitState(t, p)
		}},
		{"a change that waits", "something left to do", func(t *testing.T, p *invariants.Project) {
			put(t, filepath.Join(p.Dir, "manifests/a.yaml"), strings.Replace(declarations, "90d", "80d", 1))
		}},
		{"another identity", "does not open", func(t *testing.T, p *invariants.Project) {
			other, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			put(t, p.Identity, other.String()+"\n")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := applied(t)
			c.hurt(t, p)
			switch err := p.Check(); {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What a run that was killed may leave is no reason for git to complain.
func TestStandingToleratesLeftovers(t *testing.T) {
	t.Parallel()
	p := applied(t)
	put(t, filepath.Join(p.Dir, ".git/index.lock"), "")
	put(t, sealed(t, p, "t.1.age"), "half")
	if err := p.CheckStanding(); err != nil {
		t.Error(err)
	}
	if left, err := p.Leftovers(); err != nil || len(left) != 1 {
		t.Error(left, err)
	}
}
