package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// writeSecret writes a value to a new file that its owner alone can read. The
// value is nowhere on the disk but in that file: the temporary one beside it
// becomes the target by a rename, or is removed.
func writeSecret(path string, value secret.Value) (err error) {
	dir, err := safeDirectory(path)
	if err != nil {
		return err
	}
	if exists(path) {
		return hinted(fmt.Errorf("%s exists already", path), "remove it first, or write elsewhere")
	}
	f, err := os.CreateTemp(dir, ".osmoctl-*") // O_EXCL, mode 0600
	if err != nil {
		return err
	}
	temporary := f.Name()
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(temporary)
		}
	}()
	err = value.Use(func(b []byte) error { return errors.Join(writeAll(f, b), f.Sync(), f.Close()) })
	if err != nil {
		return err
	}
	// A link fails where the target has appeared meanwhile; a rename would
	// replace it.
	if err = os.Link(temporary, path); err != nil {
		return err
	}
	return os.Remove(temporary)
}

// safeDirectory resolves where a value is to be written, and refuses places
// where others could read or swap it, or where git would pick it up.
func safeDirectory(path string) (string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	if root, inside := within(filepath.Join(dir, filepath.Base(path))); inside {
		return "", hinted(fmt.Errorf("%s is inside the git work tree %s, from where a token gets committed sooner or later", path, root), "write it elsewhere")
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	const sticky = os.ModeSticky
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 && info.Mode()&sticky == 0 {
		return "", hinted(fmt.Errorf("others can write to %s", dir), "choose a directory that only you can write to")
	}
	return dir, nil
}
