package git

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/index"
)

// An Index is the work tree's index, as it was read.
type Index struct {
	*index.Index
	// Info describes the file that it was in; nil: there was none.
	Info fs.FileInfo
	// Unread says why the index cannot be read and written, "" if it can.
	Unread string
}

// Clone is the same index, which does not change with it.
func (x Index) Clone() Index {
	if x.Index != nil {
		entries := *x.Index // Who changes an index puts new entries beside the old ones.
		x.Index = &entries
	}
	return x
}

// indexMemory is the index that was read last, with the bytes of its file. A run looks at it
// several times, and with 100,000 accounts each reading takes 50 ms.
type indexMemory struct {
	mu   sync.Mutex
	last Index
	data []byte
	// settled says that the file would have another status if it was written after it was read.
	settled bool
}

// IndexPath is where the work tree has its index.
func (r *Repository) IndexPath() string { return filepath.Join(r.GitDir(), "index") }

// ReadIndex reads the index, unless it is the file that was read before: git and osmoctl
// put a new one into its place. It must not be changed. One that must not be written is no
// error: HEAD can stand in for it.
func (r *Repository) ReadIndex() (Index, error) {
	r.index.mu.Lock()
	defer r.index.mu.Unlock()
	last := r.index.last.Info
	if info, err := os.Lstat(r.IndexPath()); r.index.settled && err == nil && isSameFile(info, last) {
		return r.index.last, nil
	}
	return r.index.read(r.IndexPath())
}

// ReadIndexAnew is [Repository.ReadIndex] for who writes it, under its lock: it goes by the
// bytes of the file, and what is returned may be changed.
func (r *Repository) ReadIndexAnew() (Index, error) {
	r.index.mu.Lock()
	defer r.index.mu.Unlock()
	file, err := r.index.read(r.IndexPath())
	return file.Clone(), err
}

// ForgetIndex lets go of what is remembered of the index.
func (r *Repository) ForgetIndex() {
	r.index.mu.Lock()
	defer r.index.mu.Unlock()
	r.index.forget()
}

func (m *indexMemory) forget() { m.last, m.data, m.settled = Index{}, nil, false }

// read reads the file, and parses it unless it has the bytes that were parsed before.
func (m *indexMemory) read(name string) (Index, error) {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		m.forget()
		return Index{Index: index.New()}, nil
	}
	if err != nil {
		return Index{}, err
	}
	if !info.Mode().IsRegular() {
		return Index{Unread: "the index is not a regular file"}, nil
	}
	same, err := m.isContentOf(name)
	if err == nil && !same {
		m.forget()
		m.data, err = os.ReadFile(name)
	}
	if err != nil {
		m.forget()
		return Index{}, fmt.Errorf("read the index: %w", err)
	}
	if !same {
		parsed, err := index.Parse(m.data)
		if err != nil {
			m.forget()
			return Index{Unread: err.Error()}, nil
		}
		m.last.Index = parsed
	}
	m.last.Info, m.settled = info, isSettled(info)
	return m.last, nil
}

// isContentOf reports whether a file holds the bytes that are remembered.
func (m *indexMemory) isContentOf(name string) (bool, error) {
	if m.data == nil {
		return false, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer file.Close()
	rest, buffer := m.data, make([]byte, 256<<10)
	for {
		n, err := file.Read(buffer)
		if !bytes.HasPrefix(rest, buffer[:n]) {
			return false, nil
		}
		rest = rest[n:]
		switch {
		case errors.Is(err, io.EOF):
			return len(rest) == 0, nil
		case err != nil:
			return false, err
		}
	}
}

// isSameFile goes by all that a file system tells: the number of a file that was removed
// is soon given to another, of the same size as often as not.
func isSameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && index.StatOf(a) == index.StatOf(b)
}

// isSettled says that a file which is written now would have another time.
func isSettled(info fs.FileInfo) bool {
	coarse := 100 * time.Millisecond
	if info.ModTime().Nanosecond() == 0 {
		coarse = 2 * time.Second
	}
	return time.Since(info.ModTime()) > coarse
}
