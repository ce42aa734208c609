package disk

import (
	"errors"
	"io/fs"
	"strings"
)

// A Trail goes about below a folder of the work tree, for one goroutine. It keeps
// the folders open on the way to where it is, so that files that are visited in the
// order of their paths cost no walk from the top each.
type Trail struct {
	top  Folder
	open []step
}

type step struct {
	name   string
	folder Folder
}

// NewTrail begins at a folder, which [Trail.Close] closes.
func NewTrail(top Folder) *Trail { return &Trail{top: top} }

// Close closes all folders.
func (t *Trail) Close() error { return errors.Join(t.back(0), t.top.Close()) }

// back closes the open folders below a depth.
func (t *Trail) back(depth int) error {
	var errs []error
	for _, s := range t.open[depth:] {
		errs = append(errs, s.folder.Close())
	}
	t.open = t.open[:depth]
	return errors.Join(errs...)
}

// Enter opens a folder by its path from the top, making it where asked. Otherwise
// one that is not there is fs.ErrNotExist. It stays open until the next call.
func (t *Trail) Enter(dir string, create bool) (Folder, error) {
	names := strings.Split(dir, "/")
	if dir == "." {
		names = nil
	}
	same := 0
	for same < min(len(names), len(t.open)) && t.open[same].name == names[same] {
		same++
	}
	_ = t.back(same) // nothing was written through them
	at := t.top
	if same > 0 {
		at = t.open[same-1].folder
	}
	for _, name := range names[same:] {
		next, err := openSub(at, name, create)
		if err != nil {
			return nil, err
		}
		t.open = append(t.open, step{name, next})
		at = next
	}
	return at, nil
}

func openSub(at Folder, name string, create bool) (Folder, error) {
	sub, err := at.Sub(name)
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return sub, err
	}
	if err := at.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return at.Sub(name)
}
