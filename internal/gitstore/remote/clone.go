package remote

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/osmoctl/osmoctl/internal/disk"
)

// A clone is the repository on this side: references here, objects in view.go.
type clone struct {
	gitDir, commonDir string
	disk              disk.Disk
}

// trackingRef is the reference that remembers a branch of a remote.
func trackingRef(remote, branch string) string { return "refs/remotes/" + remote + "/" + branch }

// ref returns what a reference points at, zero if there is none. The file of
// its own comes first, then packed-refs, as git has them.
func (c clone) ref(name string) (plumbing.Hash, error) {
	for range 5 {
		text, err := c.refText(name)
		if err != nil || text == "" {
			return plumbing.ZeroHash, err
		}
		target, symbolic := strings.CutPrefix(text, "ref: ")
		if !symbolic {
			return parseHash(text)
		}
		name = target
	}
	return plumbing.ZeroHash, fmt.Errorf("%s leads to other references in a circle", name)
}

func (c clone) refText(name string) (string, error) {
	dir := c.commonDir
	if !strings.HasPrefix(name, "refs/") {
		dir = c.gitDir
	}
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if isAbsent(err) {
		return c.packedRef(name)
	}
	return strings.TrimSpace(string(data)), err
}

// isAbsent also knows a folder in the place of a file, and the reverse.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR)
}

func (c clone) packedRef(name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(c.commonDir, "packed-refs"))
	if err != nil && !isAbsent(err) {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if hash, ref, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " "); ok && ref == name && hash[0] != '#' {
			return hash, nil
		}
	}
	return "", nil
}

// checkTracking refuses a branch that cannot be remembered, because one that the
// remote had once is, where it would be.
func (c clone) checkTracking(remote, branch string) error {
	names, err := c.packedRefs()
	if err != nil {
		return err
	}
	dir := filepath.Join(c.commonDir, filepath.FromSlash(trackingRef(remote, "")))
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		below, err := filepath.Rel(dir, path)
		names = append(names, trackingRef(remote, filepath.ToSlash(below)))
		return err
	})
	if err != nil && !isAbsent(err) {
		return err
	}
	for _, name := range names {
		if other, ok := strings.CutPrefix(name, trackingRef(remote, "")); ok && excludes(other, branch) {
			return fmt.Errorf("this clone remembers a branch %s of %s, where %s would have to be; run: git remote prune %[2]s", other, remote, branch)
		}
	}
	return nil
}

func (c clone) packedRefs() ([]string, error) {
	data, err := os.ReadFile(filepath.Join(c.commonDir, "packed-refs"))
	if err != nil && !isAbsent(err) {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		if hash, ref, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " "); ok && hash[0] != '#' {
			names = append(names, ref)
		}
	}
	return names, nil
}

// moveRef makes a tracking reference point at a commit, as git does: a lock beside it,
// flushed, renamed over it. The lock is made whole and by one link, so that
// only a crash between two calls can leave it behind.
func (c clone) moveRef(remote, branch string, to plumbing.Hash) error {
	name := trackingRef(remote, branch)
	have, err := c.ref(name)
	if err == nil && have.IsZero() {
		err = c.checkTracking(remote, branch)
	}
	if err != nil {
		return err
	}
	path := filepath.Join(c.commonDir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temp := filepath.Join(c.commonDir, "osmoctl", "tmp-"+rand.Text())
	if err := c.writeFile(temp, []byte(to.String()+"\n")); err != nil {
		return err
	}
	defer func() { _ = c.disk.Remove(temp) }()
	if err := c.disk.Link(temp, path+".lock"); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another git process seems to be at work, since %s.lock exists; "+
			"if none is, remove that file and try again", path)
	} else if err != nil {
		return err
	}
	if err := c.disk.Rename(path+".lock", path); err != nil {
		return errors.Join(err, c.disk.Remove(path+".lock"))
	}
	return c.disk.SyncDir(filepath.Dir(path))
}

// writeFile makes a new, flushed file and the folders above it.
func (c clone) writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := c.disk.Create(path, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// shallow returns the commits at which the clone's history is cut off.
func (c clone) shallow() (map[plumbing.Hash]bool, error) {
	data, err := os.ReadFile(filepath.Join(c.commonDir, "shallow"))
	if err != nil && !isAbsent(err) {
		return nil, err
	}
	cuts := map[plumbing.Hash]bool{}
	for line := range strings.Lines(string(data)) {
		hash, err := parseHash(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("the list of shallow commits is damaged; run: git fsck")
		}
		cuts[hash] = true
	}
	return cuts, nil
}
