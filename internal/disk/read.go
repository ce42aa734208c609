package disk

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// MaxFile is the largest file, in bytes, that is read as a whole. Ours are
// kilobytes; the bound is against a hostile one.
const MaxFile = 64 << 20

// ErrTooLarge says that a file, or an object of git's, is larger than a bound.
var ErrTooLarge = errors.New("it is larger than osmoctl reads")

// ReadRegular reads a regular file of up to [MaxFile] bytes, with its status as it
// was opened. Besides the errors of [Folder.Open] it returns ErrTooLarge.
func ReadRegular(folder Folder, name string) ([]byte, fs.FileInfo, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() > MaxFile {
		return nil, info, ErrTooLarge
	}
	data := make([]byte, info.Size(), info.Size()+1)
	n, err := io.ReadFull(f, data)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return data[:n], info, err
}

// IsAbsent knows, beside fs.ErrNotExist, a folder where a file was meant and a file
// where a folder was: refs/heads/a is both absent and in the way of refs/heads/a/b.
func IsAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR)
}
