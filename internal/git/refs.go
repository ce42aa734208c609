package git

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Refs are the references of a repository: branches, tags, and where HEAD is.
type Refs struct {
	own    string // the git folder of this work tree, where HEAD is
	common string // that of all work trees, where the others are
}

// Head says where HEAD is.
type Head struct {
	// Commit is the commit's hash, "" on an unborn branch.
	Commit string
	// Branch is the full name, refs/heads/…, or "" when HEAD is detached.
	Branch string
	// Unborn says that the branch has no commit yet.
	Unborn bool
}

// Head reads HEAD, once and without a lock.
func (r Refs) Head() (Head, error) {
	text, err := readSmall(filepath.Join(r.own, "HEAD"))
	if err != nil {
		return Head{}, fmt.Errorf("read HEAD: %w", err)
	}
	branch, symbolic := strings.CutPrefix(text, "ref: ")
	if !symbolic {
		commit, err := parseRefLine(text)
		return Head{Commit: commit.Hash()}, err
	}
	commit, err := r.RefID(branch)
	return Head{Commit: commit.Hash(), Branch: branch, Unborn: err == nil && commit == (object.ID{})}, err
}

// Ref returns what a reference, by its full name, points at; "" if there is no
// such reference.
func (r Refs) Ref(name string) (string, error) {
	if err := CheckRefName(name); err != nil {
		return "", err
	}
	commit, err := r.RefID(name)
	return commit.Hash(), err
}

// Symbolic returns the full name of the reference that a symbolic one names; "" if
// there is none.
func (r Refs) Symbolic(name string) (string, error) {
	if err := CheckRefName(name); err != nil {
		return "", err
	}
	text, err := readSmall(r.RefPath(name))
	if disk.IsAbsent(err) {
		return "", nil
	}
	target, symbolic := strings.CutPrefix(text, "ref: ")
	if err != nil || !symbolic {
		return "", err
	}
	return target, CheckRefName(target)
}

// readRef reads a reference as git does: its own file first, then packed-refs.
// A reference that does not exist gives the zero id. "git pack-refs" writes
// the second before it removes the first, so none is missed between.
func (r Refs) RefID(name string) (object.ID, error) {
	for range 5 {
		text, err := readSmall(r.RefPath(name))
		if disk.IsAbsent(err) {
			return r.readPackedRef(name)
		}
		if err != nil {
			return object.ID{}, fmt.Errorf("read %s: %w", name, err)
		}
		target, symbolic := strings.CutPrefix(text, "ref: ")
		if !symbolic {
			commit, err := parseRefLine(text)
			if err != nil {
				return object.ID{}, fmt.Errorf("read %s: %w", name, err)
			}
			return commit, nil
		}
		if err := CheckRefName(target); err != nil {
			return object.ID{}, err
		}
		name = target
	}
	return object.ID{}, fmt.Errorf("%s leads to other references in a circle", name)
}

// refPath is where a reference has its file. HEAD belongs to the work tree.
func (r Refs) RefPath(name string) string {
	if !strings.HasPrefix(name, "refs/") {
		return filepath.Join(r.own, name)
	}
	return filepath.Join(r.common, filepath.FromSlash(name))
}

func parseRefLine(text string) (object.ID, error) {
	commit, err := object.ParseID(strings.TrimSpace(text))
	if err != nil || commit == (object.ID{}) {
		return object.ID{}, fmt.Errorf("the reference is damaged; run: git fsck")
	}
	return commit, nil
}

func (r Refs) readPackedRef(name string) (object.ID, error) {
	found := object.ID{}
	err := r.eachPackedRef(func(hash, ref string) (err error) {
		if ref == name {
			found, err = parseRefLine(hash)
		}
		return err
	})
	return found, err
}

func (r Refs) eachPackedRef(each func(hash, name string) error) error {
	data, err := os.ReadFile(filepath.Join(r.common, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		hash, name, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(hash, "#") {
			continue
		}
		if err := each(hash, name); err != nil {
			return err
		}
	}
	return lines.Err()
}

// checkRefName holds a name against git's rules, so that it can become a path.
func CheckRefName(name string) error {
	bad := name == "" || strings.HasSuffix(name, ".") || strings.HasPrefix(name, "-") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") ||
		strings.ContainsAny(name, " ~^:?*[\\\x7f") || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' })
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return fmt.Errorf("%q is not a name that a branch or tag can have", name)
	}
	return nil
}
