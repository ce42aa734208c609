package gitstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// sparsePatterns say which files a sparse checkout has in the work tree. nil
// stands for all.
type sparsePatterns []gitignore.Pattern

func (s *Store) sparsePatterns() (sparsePatterns, error) {
	if !s.repo.config.Bool("core.sparsecheckout", false) {
		return nil, nil
	}
	data, err := os.ReadFile(filepath.Join(s.repo.gitDir, "info", "sparse-checkout"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	patterns := sparsePatterns{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && line[0] != '#' {
			patterns = append(patterns, gitignore.ParsePattern(line, nil))
		}
	}
	return patterns, err
}

// include decides by the last pattern that matches the file, or else its
// folder, and so on upwards. What no pattern matches is left out.
func (p sparsePatterns) include(path string) bool {
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
