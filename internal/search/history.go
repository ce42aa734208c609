package search

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/pkg/scan"
)

// Histories searches all that the repositories around paths have in their history,
// and those in the directories nested, each once.
func (s *Searcher) Histories(ctx context.Context, paths, nested []string) (*Result, error) {
	out, seen := &Result{}, map[string]bool{}
	for _, p := range paths {
		if err := s.searchHistory(ctx, out, seen, nearestDir(s.absolute(p)), p); err != nil {
			return nil, err
		}
	}
	for _, dir := range nested {
		if err := s.searchHistory(ctx, out, seen, dir, dir); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// searchHistory searches the repository around a directory, unless it was seen.
func (s *Searcher) searchHistory(ctx context.Context, out *Result, seen map[string]bool, dir, shown string) error {
	repo, err := git.Open(dir, git.Options{Env: s.Env})
	if err != nil {
		s.note(out, shown, err)
		return nil
	}
	if seen[repo.CommonDir()] {
		return repo.Close()
	}
	seen[repo.CommonDir()] = true
	var missing []git.Missing
	err = s.searchAll(ctx, out, repo, func(give func(job)) (err error) {
		missing, err = repo.Versions(ctx, func(v git.Version) error {
			out.Versions++
			give(job{name: v.Path, commit: v.Commit, open: openVersion(v)})
			return nil
		})
		return err
	})
	for _, m := range missing {
		s.note(out, m.What, errors.New(m.Reason))
	}
	return errors.Join(err, repo.Close())
}

// Staged searches what the next commit would add. index is the file to read, as git
// names it to its hooks; "" is the one of the work tree.
func (s *Searcher) Staged(ctx context.Context, index string) (*Result, error) {
	repo, err := git.Open(nearestDir(s.Dir), git.Options{Env: s.Env})
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	files, err := worktree.ListStaged(ctx, repo, index)
	if err != nil {
		return nil, fmt.Errorf("read what is staged: %w", err)
	}
	out := &Result{}
	err = s.searchAll(ctx, out, repo, func(give func(job)) error {
		for _, f := range files {
			give(job{name: f.Path, open: openBlob(f.Hash)})
		}
		return nil
	})
	return out, err
}

// nearestDir is the directory at or above a path that exists.
func nearestDir(path string) string {
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func openVersion(v git.Version) func(*git.Contents) (scan.Input, func(), error) {
	if v.Path == "" {
		return func(*git.Contents) (scan.Input, func(), error) {
			return scan.Input{Reader: strings.NewReader(v.Message)}, func() {}, nil
		}
	}
	return openBlob(v.Hash)
}

func openBlob(hash string) func(*git.Contents) (scan.Input, func(), error) {
	return func(contents *git.Contents) (in scan.Input, done func(), err error) {
		r, size, err := contents.Open(hash)
		if err != nil {
			return in, nil, err
		}
		in = scan.Input{Reader: r, Size: size}
		in.ReaderAt, _ = r.(io.ReaderAt)
		return in, func() { _ = r.Close() }, nil
	}
}
