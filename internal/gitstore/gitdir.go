package gitstore

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
)

// Writing in git's folders: permissions as core.sharedRepository wants them,
// and whole files or none.

// gitFiles changes files in git's folders.
type gitFiles struct {
	disk    disk.Disk
	sharing string // core.sharedRepository
}

// filePerm is what files are created with; the umask takes its part.
const filePerm fs.FileMode = 0o666

// permissions gives the permission bits that core.sharedRepository adds, or, in its
// octal form, sets.
func (g gitFiles) permissions(mode fs.FileMode) fs.FileMode {
	switch strings.ToLower(g.sharing) {
	case "", "false", "umask", "no", "off", "0":
		return mode
	case "true", "group", "yes", "on", "1":
		return spread(mode, 0o660)
	case "all", "world", "everybody", "2", "3":
		return spread(mode, 0o664)
	}
	if bits, err := strconv.ParseUint(g.sharing, 8, 9); err == nil && bits&0o600 == 0o600 {
		return spread(mode&^0o777|mode&0o700, fs.FileMode(bits&0o666))
	}
	return mode
}

// spread adds bits, without giving anybody the right to write what even its
// owner may not, and lets folders be entered by who may read them.
func spread(mode, bits fs.FileMode) fs.FileMode {
	if mode&0o200 == 0 {
		bits &^= 0o222
	}
	if mode.IsDir() {
		bits |= bits&0o444>>2 | fs.ModeSetgid
	}
	return mode | bits
}

// share applies core.sharedRepository to a new file.
func (g gitFiles) share(f disk.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if want := g.permissions(info.Mode()); want != info.Mode() {
		return f.Chmod(want)
	}
	return nil
}

// makeDirs makes the folders from base, which exists, down to dir, and makes
// each durable where it is new.
func (g gitFiles) makeDirs(base, dir string) error {
	if dir == base {
		return nil
	}
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := g.makeDirs(base, parent); err != nil {
		return err
	}
	if err := g.disk.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if want := g.permissions(info.Mode()); want != info.Mode() {
		if err := g.disk.Chmod(dir, want); err != nil {
			return err
		}
	}
	return g.disk.SyncDir(parent)
}

// tempPrefix begins the names of files that are only ours until they are
// renamed. Those that a crash left are removed by Recover.
const tempPrefix = "tmp-"

// replace puts a whole new file at path, durably: written beside our lock,
// flushed, renamed, and the folder flushed. The zero mode stands for what
// core.sharedRepository says. visible tells that the rename was done, whatever
// failed after it.
func (g gitFiles) replace(gitDir, path string, data []byte, mode fs.FileMode) (visible bool, err error) {
	temp := own(gitDir, tempPrefix+rand.Text())
	if err := g.makeDirs(gitDir, filepath.Dir(temp)); err != nil {
		return false, err
	}
	if err := g.create(temp, bytes.NewReader(data), mode); err != nil {
		return false, err
	}
	if err := g.disk.Rename(temp, path); err != nil {
		return false, errors.Join(err, g.disk.Remove(temp))
	}
	return true, g.disk.SyncDir(filepath.Dir(path))
}

// createFile makes a new file and flushes it, or leaves none.
func (g gitFiles) create(path string, content io.WriterTo, mode fs.FileMode) error {
	f, err := g.disk.Create(path, filePerm)
	if err != nil {
		return err
	}
	_, err = content.WriteTo(f)
	if err == nil && mode != 0 {
		err = f.Chmod(mode)
	} else if err == nil {
		err = g.share(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return errors.Join(err, g.disk.Remove(path))
	}
	return nil
}

// remove deletes a file that may be gone already.
func (g gitFiles) remove(path string) error {
	if err := g.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeEmpty removes the folders that git leaves where branches were, so that a
// branch can take their place.
func (g gitFiles) removeEmpty(path string) error {
	entries, err := os.ReadDir(path)
	if disk.IsAbsent(err) {
		return nil
	}
	for _, e := range entries {
		if err == nil && e.IsDir() {
			err = g.removeEmpty(filepath.Join(path, e.Name()))
		}
	}
	if err != nil {
		return err
	}
	return g.remove(path)
}

// removeBegun removes the files whose paths begin like this.
func (g gitFiles) removeBegun(start string) error {
	dir, prefix := filepath.Split(start)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			err = errors.Join(err, g.remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
