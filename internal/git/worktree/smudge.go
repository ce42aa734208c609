package worktree

import (
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// SmudgeRacy makes git look at the content of files that were changed since the index was
// written, where their status does not tell. Those that were written in the same second,
// as by the commit before, and hold what the index says, stay clean: otherwise every
// later look at them would read them.
func SmudgeRacy(repo *git.Repository, file git.Index) error {
	files, err := openTreeFiles(repo)
	if err != nil {
		return err
	}
	defer files.close()
	file.Smudge(file.Info.ModTime(), func(e index.Entry) bool {
		now := files.look(e.Path)
		if !now.regular || !object.IsFile(e.Mode()) || now.stat == (index.Stat{}) {
			return false
		}
		if was := e.Stat(); now.stat.MtimeSec != was.MtimeSec || now.stat.Size != was.Size {
			return true // Its status tells, whatever of that git is set to look at.
		}
		same, err := files.hold(e)
		return err == nil && same
	})
	return nil
}
