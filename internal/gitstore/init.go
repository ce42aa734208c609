package gitstore

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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
	gitDir := filepath.Join(dir, ".git")
	for _, folder := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(gitDir, filepath.FromSlash(folder)), 0o777); err != nil {
			return err
		}
	}
	// Without a format version git does not see what its own sparse-checkout and
	// worktree commands set for one work tree.
	config := fmt.Sprintf("[core]\n\trepositoryformatversion = 0\n\tfilemode = %t\n\tbare = false\n\tlogallrefupdates = true\n", runtime.GOOS != "windows")
	if err := os.WriteFile(filepath.Join(gitDir, "config"), []byte(config), 0o666); err != nil {
		return err
	}
	// HEAD comes last: with it the folder is a repository.
	return os.WriteFile(filepath.Join(gitDir, "HEAD"), []byte("ref: refs/heads/main\n"), 0o666)
}
