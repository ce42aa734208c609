package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Memorize puts a file of what can be found out again in the place of the one before, whole
// or not at all, and makes its folder. It is not flushed, and no door is needed: what a
// power failure takes is found out anew.
func Memorize(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "tmp-memory-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
