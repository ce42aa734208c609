package git

import (
	"testing"

	"github.com/osmoctl/osmoctl/internal/git/gittest"
)

// repo is a repository made by the real git.
type repo struct{ *gittest.Repo }

func newRepo(t testing.TB) *repo { return &repo{gittest.New(t)} }

func (r *repo) at(dir string) *repo { return &repo{r.At(dir)} }

func (r *repo) options() Options { return Options{Env: r.Getenv} }

func (r *repo) open(project string) *Repository {
	r.T.Helper()
	return r.openWith(project, r.options())
}

func (r *repo) openWith(project string, opts Options) *Repository {
	r.T.Helper()
	opened, err := Open(r.Path(project), opts)
	r.Check(err)
	r.T.Cleanup(func() { opened.Close() })
	return opened
}
