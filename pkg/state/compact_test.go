package state

import (
	"errors"
	"maps"
	"path"
	"slices"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// withCompact decodes the accounts from their compact form, and all else from the files.
func withCompact(files []File, folders map[string][]byte) (*Snapshot, diag.List, error) {
	d := NewDecoder()
	for folder, data := range folders {
		if _, err := d.AddCompact(folder, data); err != nil {
			return nil, nil, err
		}
	}
	for _, f := range files {
		if folders[path.Dir(path.Dir(f.Path))] == nil {
			d.Add(f)
		}
	}
	s, problems := d.Snapshot()
	return s, problems, nil
}

func TestCompact(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	want, problems := Decode(files)
	if problems != nil {
		t.Fatal(problems)
	}
	folders := maps.Collect(want.CompactFolders())
	got, problems, err := withCompact(files, folders)
	if err != nil || problems != nil {
		t.Fatal(problems, err)
	}
	if d := equal(want, got); d != "" {
		t.Error(d)
	}
	again := maps.Collect(got.CompactFolders())
	if !maps.EqualFunc(folders, again, slices.Equal[[]byte]) {
		t.Error("what was read from the compact form has another")
	}
	// Any folder may come from its files.
	for folder := range folders {
		some := maps.Clone(folders)
		delete(some, folder)
		if got, problems, err := withCompact(files, some); err != nil || problems != nil || equal(want, got) != "" {
			t.Errorf("without %s: %v %v", folder, problems, err)
		}
	}
}

func TestExtent(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	want, _ := Decode(files)
	for folder, data := range want.CompactFolders() {
		var counted Extent
		dirs := map[string]bool{}
		for _, f := range files {
			if dir := path.Dir(f.Path); path.Dir(dir) == folder {
				counted.Entries++
				dirs[dir] = true
				if !IsCiphertext(f.Path) {
					counted.Bytes += len(f.Data)
				}
			}
		}
		counted.Entries += len(dirs)
		if got, err := NewDecoder().AddCompact(folder, data); got != counted || err != nil {
			t.Errorf("%s: got %v, %v, want %v", folder, got, err, counted)
		}
	}
}

// Whatever was changed in a compact form, the snapshot is the one that the files have, or
// there is none.
func TestCompactIsNotBelieved(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	want, _ := Decode(files)
	folders := maps.Collect(want.CompactFolders())
	refused := 0
	try := func(folder, what string, data []byte) {
		changed := maps.Clone(folders)
		changed[folder] = data
		got, problems, err := withCompact(files, changed)
		if err != nil || problems.HasErrors() {
			refused++
		} else if d := equal(want, got); d != "" {
			t.Errorf("%s, %s: %s", folder, what, d)
		}
	}
	for folder, data := range folders {
		for i := range data {
			for _, with := range []byte{data[i] + 1, data[i] ^ 0x80, 0, 0xff} {
				changed := slices.Clone(data)
				changed[i] = with
				try(folder, "another byte", changed)
			}
			try(folder, "cut", data[:i])
		}
		try(folder, "longer", append(slices.Clone(data), 0))
		for other := range folders {
			if other != folder {
				try(folder, "that of "+other, folders[other])
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// A folder's compact form adds all of it or nothing.
func TestCompactAddsWhole(t *testing.T) {
	t.Parallel()
	want, _ := Decode(fixture(t))
	for folder, data := range want.CompactFolders() {
		d := NewDecoder()
		if extent, err := d.AddCompact(folder, data[:len(data)-1]); err == nil || extent != (Extent{}) {
			t.Errorf("%s: got %v", folder, extent)
		}
		if s, problems := d.Snapshot(); problems != nil || len(s.Accounts) > 0 {
			t.Errorf("%s: there are %d accounts, %v", folder, len(s.Accounts), problems)
		}
	}
}

func FuzzCompact(f *testing.F) {
	want, _ := Decode(fixture(f))
	for folder, data := range want.CompactFolders() {
		f.Add(folder, data)
	}
	f.Fuzz(func(t *testing.T, folder string, data []byte) {
		d := NewDecoder()
		if _, err := d.AddCompact(folder, data); err != nil {
			return
		}
		// What was taken is an account that could have come from a file, and goes out as
		// it came in.
		for name, a := range d.snap.Accounts {
			again, err := decodeAccount(encodeAccount(a), nil)
			if err != nil && !errors.As(err, new(*problemError)) {
				continue // No file has such a date or number, and no digest is of such a file.
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if d := equal(&Snapshot{Accounts: map[string]*Account{name: a}}, &Snapshot{Accounts: map[string]*Account{name: again}}); d != "" {
				t.Error(d)
			}
		}
	})
}
