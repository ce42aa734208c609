package worktree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"

	"github.com/osmoctl/osmoctl/internal/git"
)

// Sparse says which files a sparse checkout has in the work tree. nil stands for
// all.
type Sparse []gitignore.Pattern

// ReadSparse reads the patterns of a sparse checkout.
func ReadSparse(repo *git.Repository) (Sparse, error) {
	if !repo.Settings().Bool("core.sparsecheckout", false) {
		return nil, nil
	}
	data, err := os.ReadFile(filepath.Join(repo.GitDir(), "info", "sparse-checkout"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	patterns := Sparse{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && line[0] != '#' {
			patterns = append(patterns, gitignore.ParsePattern(line, nil))
		}
	}
	return patterns, err
}

// Include decides by the last pattern that matches the file, or else its
// folder, and so on upwards. What no pattern matches is left out.
func (p Sparse) Include(path string) bool {
	if p == nil {
		return true
	}
	names := strings.Split(path, "/")
	for depth := len(names); depth > 0; depth-- {
		for i := len(p) - 1; i >= 0; i-- {
			switch p[i].Match(names[:depth], depth < len(names)) {
			case gitignore.Exclude: // gitignore's word for "this pattern matches"
				return true
			case gitignore.Include:
				return false
			}
		}
	}
	return false
}
