//go:build !linux && !darwin

package worktree

import (
	"os"
	"path/filepath"
)

// looker looks at files by their paths below a folder.
type looker struct{ folder string }

func openLooker(folder string) (looker, error) { return looker{folder}, nil }

func (looker) close() error { return nil }

// look is what there is at a path, links not followed; the zero status is nothing.
func (l looker) look(path string) status {
	info, err := os.Lstat(filepath.Join(l.folder, filepath.FromSlash(path)))
	if err != nil {
		return status{}
	}
	return statusOf(info)
}
