package gitstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

// Init makes dir a git repository on branch main, unless it lies in one.
func Init(dir string) error {
	for up := dir; ; up = filepath.Dir(up) {
		if _, err := os.Lstat(filepath.Join(up, ".git")); err == nil {
			return nil
		}
		if up == filepath.Dir(up) {
			break
		}
	}
	_, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
	if errors.Is(err, git.ErrRepositoryAlreadyExists) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ".git", "config"), []byte(newConfig()), 0o666)
}

// newConfig is what git init writes. Without a format version git does not see what
// its own sparse-checkout and worktree commands set for one work tree.
func newConfig() string {
	return fmt.Sprintf("[core]\n\trepositoryformatversion = 0\n\tfilemode = %t\n\tbare = false\n\tlogallrefupdates = true\n", runtime.GOOS != "windows")
}
