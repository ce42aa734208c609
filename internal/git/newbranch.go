package git

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Git keeps a branch in a file of its name: where there is a/b, there can be no a,
// and the reverse.

// CheckNewBranch refuses a branch, by its full name, that is not there and cannot be
// made beside another one.
func (r Refs) CheckNewBranch(branch string) error {
	if err := CheckRefName(branch); err != nil {
		return err
	}
	at, err := r.RefID(branch)
	if err != nil || at != (object.ID{}) {
		return err
	}
	other, err := r.Beside(branch)
	if err != nil || other == "" {
		return err
	}
	other = strings.TrimPrefix(other, "refs/heads/")
	return Unsupported(BranchName, "the branch %s cannot be made while there is a branch %s, since git keeps one where the other would be; "+
		"rename that one: git branch -m %s NEW-NAME, or choose another name under git.state_branch",
		strings.TrimPrefix(branch, "refs/heads/"), quote(other), quote(other))
}

// Beside returns another reference in whose place one of that name would be, or that would
// be in its place; "" if there is none.
func (r Refs) Beside(name string) (string, error) {
	found := ""
	for i, c := range name {
		if c != '/' {
			continue
		}
		if info, err := os.Lstat(r.RefPath(name[:i])); err == nil && !info.IsDir() {
			return name[:i], nil
		}
	}
	itself := r.RefPath(name)
	err := filepath.WalkDir(itself, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == itself || strings.HasSuffix(path, ".lock") {
			return err
		}
		below, err := filepath.Rel(r.common, path)
		if found = filepath.ToSlash(below); err == nil {
			err = fs.SkipAll
		}
		return err
	})
	if found != "" || err != nil && !disk.IsAbsent(err) {
		return found, err
	}
	return found, r.eachPackedRef(func(_, other string) error {
		if strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
			found = other
		}
		return nil
	})
}
