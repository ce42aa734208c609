package worktree

import (
	"testing"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/gittest"
)

// repo is a repository made by the real git.
type repo struct{ *gittest.Repo }

func newRepo(t testing.TB) *repo { return &repo{gittest.New(t)} }

func (r *repo) at(dir string) *repo { return &repo{r.At(dir)} }

func (r *repo) open(project string) *git.Repository {
	r.T.Helper()
	opened, err := git.Open(r.Path(project), git.Options{Env: r.Getenv})
	r.Check(err)
	r.T.Cleanup(func() { opened.Close() })
	return opened
}

var project = map[string]string{"osmoctl.yaml": "version: 1\n", "manifests/a.yaml": "roles: {}\n", "README": "x\n"}
