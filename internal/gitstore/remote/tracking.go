package remote

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
)

// trackingRef is the reference that remembers a branch of a remote.
func trackingRef(remote, branch string) string { return "refs/remotes/" + remote + "/" + branch }

// checkTracking refuses a branch that cannot be remembered, because one that the
// remote had once is, where it would be.
func (r *Remote) checkTracking(branch string) error {
	other, err := r.repo.Beside(trackingRef(r.name, branch))
	if err != nil || other == "" {
		return err
	}
	return fmt.Errorf("this clone remembers a branch %s of %s, where %s would have to be; run: git remote prune %[2]s",
		strings.TrimPrefix(other, trackingRef(r.name, "")), r.name, branch)
}

// track makes a tracking reference point at a commit, as git does: a lock beside it,
// flushed, renamed over it. The lock is made whole and by one link, so that
// only a crash between two calls can leave it behind.
func (r *Remote) track(branch, commit string) error {
	name := trackingRef(r.name, branch)
	have, err := r.repo.Ref(name)
	if err == nil && have == "" {
		err = r.checkTracking(branch)
	}
	if err != nil {
		return err
	}
	path := r.repo.RefPath(name)
	temp := filepath.Join(r.repo.CommonDir(), "osmoctl", "tmp-"+rand.Text())
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(temp)} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	d := disk.OS()
	if err := writeFile(d, temp, []byte(commit+"\n")); err != nil {
		return err
	}
	defer func() { _ = d.Remove(temp) }()
	if err := d.Link(temp, path+".lock"); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another git process seems to be at work, since %s.lock exists; "+
			"if none is, remove that file and try again", path)
	} else if err != nil {
		return err
	}
	if err := d.Rename(path+".lock", path); err != nil {
		return errors.Join(err, d.Remove(path+".lock"))
	}
	return d.SyncDir(filepath.Dir(path))
}

// writeFile makes a new, flushed file.
func writeFile(d disk.Disk, path string, data []byte) error {
	f, err := d.Create(path, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
