package worktree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
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

// SmudgeRacy makes git look at the content of files that were changed since the index was
// written, where their status does not tell. Those that were written in the same second,
// as by the commit before, and hold what the index says, stay clean: otherwise every
// later look at them would read them.
func (x *Index) SmudgeRacy(repo *git.Repository) error {
	look, err := openLooker(repo.Root())
	if err != nil {
		return err
	}
	defer func() { _ = look.close() }()
	top, err := disk.OpenFolder(repo.Root())
	if err != nil {
		return err
	}
	trail := disk.NewTrail(top)
	defer func() { _ = trail.Close() }()
	x.Smudge(x.Info.ModTime(), func(e index.Entry) bool {
		now := look.look(e.Path)
		if !now.regular || !object.IsFile(e.Mode()) || now.stat == (index.Stat{}) {
			return false
		}
		if was := e.Stat(); now.stat.MtimeSec != was.MtimeSec || now.stat.Size != was.Size {
			return true // Its status tells, whatever of that git is set to look at.
		}
		same, err := holds(trail, e)
		return err == nil && same
	})
	return nil
}

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
