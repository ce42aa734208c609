package worktree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
)

// An Index is the work tree's index, as it was read.
type Index struct {
	*index.Index
	// Info describes the file that it was in; nil: there was none.
	Info fs.FileInfo
	// Unread says why the index cannot be read and written, "" if it can.
	Unread string
}

// IndexPath is where a work tree has its index.
func IndexPath(repo *git.Repository) string { return filepath.Join(repo.GitDir(), "index") }

// ReadIndex reads the index. One that must not be written is no error: HEAD can
// stand in for it.
func ReadIndex(repo *git.Repository) (Index, error) {
	file := IndexPath(repo)
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Index{Index: index.New()}, nil
	}
	if err != nil {
		return Index{}, err
	}
	if !info.Mode().IsRegular() {
		return Index{Unread: "the index is not a regular file"}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return Index{}, fmt.Errorf("read the index: %w", err)
	}
	parsed, err := index.Parse(data)
	if err != nil {
		return Index{Unread: err.Error()}, nil
	}
	return Index{Index: parsed, Info: info}, nil
}
