package git

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// packed commits a file of these contents, packs each commit by itself, and returns the
// blobs.
func (r *repo) packed(contents ...string) (blobs []string) {
	r.T.Helper()
	for _, text := range contents {
		r.Commit(text, map[string]string{"f": text})
		blobs = append(blobs, r.Git("rev-parse", "HEAD:f"))
		r.Git("repack", "-q", "-d")
	}
	return blobs
}

// pack makes a pack of these objects, and returns its path without ending.
func (r *repo) pack(objects []string, flags ...string) string {
	r.T.Helper()
	args := append([]string{"pack-objects", "-q", r.Path(".git/objects/pack/pack")}, flags...)
	return r.Path(".git/objects/pack/pack-" + r.GitReading(strings.NewReader(strings.Join(objects, "\n")), args...))
}

// remove takes a pack away.
func (r *repo) remove(pack string) {
	r.T.Helper()
	r.Check(os.Remove(pack + ".idx"))
	r.Check(os.Remove(pack + ".pack"))
}

// packs are the paths of all packs, without ending.
func (r *repo) packs() []string {
	files, err := filepath.Glob(r.Path(".git/objects/pack/*.pack"))
	r.Check(err)
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".pack")
	}
	return files
}

// opened counts the packs out of which a repository has read, and the indexes that it has
// read for that.
func opened(s *Repository) (packs, indexes int) {
	for _, f := range s.reader.folders {
		for _, p := range f.opened {
			if p.file != nil {
				packs++
			}
			if p.index != nil {
				indexes++
			}
		}
	}
	return packs, indexes
}

func (r *repo) wantOpened(s *Repository, packs, indexes int) {
	r.T.Helper()
	if gotPacks, gotIndexes := opened(s); gotPacks != packs || gotIndexes != indexes {
		r.T.Errorf("%d packs were opened and %d indexes, want %d and %d", gotPacks, gotIndexes, packs, indexes)
	}
}

// What git's index of several packs names is found by it alone, and what came later as it
// is without it.
func TestSharedIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	old := r.packed("0", "1", "2", "3", "4", "5")
	r.Git("multi-pack-index", "write")
	s := r.open("")
	r.wantRead(s, old[2:4])
	r.wantOpened(s, 2, 0)
	late := r.packed("6", "7", "8")
	r.wantRead(s, late[2:]) // In a fresh view.
	r.wantOpened(s, 1, 1)
	r.wantRead(s, old)
	r.wantOpened(s, 7, 1)
	r.wantRead(s, late)
	r.wantOpened(s, 9, 3)
	// Another one that git has written meanwhile is seen with what is new.
	r.Git("multi-pack-index", "write")
	newest := r.packed("9")
	r.wantRead(s, newest)
	r.wantRead(s, late)
	r.wantOpened(s, 4, 1)
	// And a "git gc" takes it away with the packs.
	r.Git("gc", "-q", "--prune=now")
	r.wantRead(s, slices.Concat(old, late, newest))
	if s.reader.folders[0].shared != nil {
		t.Error("what git has taken away is still believed")
	}
}

// Where a pack is gone, what was in it is looked for in all others, those too that the
// index of several packs names: it says of an object where it is once, and not that others
// have it as well.
func TestSharedIndexNamesWhatIsGone(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"before it is read": false, "while it is read": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			contents := []string{"0", "1", "2", "3"}
			blobs := r.packed(contents...)
			copies := r.pack(blobs)
			r.Git("multi-pack-index", "write", "--preferred-pack", filepath.Base(copies)+".idx")
			s := r.open("")
			head := r.Git("rev-parse", "HEAD")
			if early {
				// It has looked what there is, and opened another pack.
				_, err := s.Commit(head)
				r.Check(err)
				r.wantOpened(s, 1, 0)
			}
			r.remove(copies)
			r.wantReadAs(s, blobs, contents)
			// What is in a pack that is there is found by it as before.
			s = r.open("")
			_, err := s.Commit(head)
			r.Check(err)
			r.wantOpened(s, 1, 0)
		})
	}
}

// wantReadAs is wantRead where git itself has its difficulties.
func (r *repo) wantReadAs(s *Repository, blobs, want []string) {
	r.T.Helper()
	for i, hash := range blobs {
		if _, data, err := s.Read(object.MustParseID(hash)); err != nil || string(data) != want[i] {
			r.T.Errorf("%s is read as %q, %v; want %q", hash, data, err, want[i])
		}
	}
}

// Deltas have their base in their own pack, wherever the index of several packs says that
// the base is; by its name it is found there by the pack's own index, which is not read
// for anything else.
func TestDeltasBesideTheSharedIndex(t *testing.T) {
	t.Parallel()
	for name, indexes := range map[string]int{"offset": 0, "name": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			blobs := r.versionsOf("f", 400, 40)
			deltas := r.pack(blobs, append([]string{"--depth=100"}, map[string][]string{"offset": {"--delta-base-offset"}}[name]...)...)
			listed := r.Git("verify-pack", "-v", deltas+".idx")
			if !strings.Contains(listed, "chain length = 10:") {
				t.Fatalf("no long chains of deltas to read:\n%s", listed)
			}
			// The bases, at the beginnings of chains, are in another pack as well, behind something
			// else, and there the index of several packs has them.
			var bases []string
			for line := range strings.Lines(listed) {
				if fields := strings.Fields(line); len(fields) == 5 && fields[1] == "blob" {
					bases = append(bases, fields[0])
				}
			}
			other := r.pack(append([]string{r.Git("rev-parse", "HEAD")}, bases...), "--depth=0")
			r.Git("multi-pack-index", "write", "--preferred-pack", filepath.Base(other)+".idx")
			r.Git("prune-packed", "-q")
			s := r.open("")
			r.wantRead(s, bases)
			r.wantOpened(s, 1, 0)
			r.wantRead(s, blobs)
			r.wantOpened(s, 2, indexes)
		})
	}
}

// An object that is too large to be held is read by go-git, which needs the index of its
// pack.
func TestStreamBesideTheSharedIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.packed("0", "1")
	r.Check(os.WriteFile(r.Path("large"), nil, 0o666))
	r.Check(os.Truncate(r.Path("large"), disk.MaxFile+1))
	large := r.Git("-c", "core.compression=1", "hash-object", "-w", "large")
	r.pack([]string{large})
	r.Git("prune-packed", "-q")
	r.Git("multi-pack-index", "write")
	contents := r.open("").Contents()
	defer contents.Close()
	body, size, err := contents.Open(large)
	r.Check(err)
	defer body.Close()
	n, err := io.Copy(io.Discard, body)
	if n != disk.MaxFile+1 || size != n || err != nil {
		t.Errorf("%d of %d bytes, %v", n, size, err)
	}
}

// A name that is cut short stands for the same objects with git's index of several packs
// and without, also where one of its packs is gone.
func TestPrefixBesideTheSharedIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.packed("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
	r.Git("multi-pack-index", "write")
	shared := r.Path(".git/objects/pack/multi-pack-index")
	r.packed("12", "13", "14")
	r.Commit("not packed", map[string]string{"f": "loose"})
	names := strings.Fields(r.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
	list := func() (found [][]string) {
		s := r.open("")
		for _, name := range names {
			for _, n := range []int{1, 2, 20} {
				id := object.MustParseID(name)
				ids, err := s.withPrefix(id[:n])
				r.Check(err)
				hashes := []string{name[:2*n]}
				for _, id := range ids {
					hashes = append(hashes, id.String())
				}
				slices.Sort(hashes[1:])
				found = append(found, hashes)
			}
		}
		return found
	}
	with := list()
	for _, found := range with {
		if len(found) < 2 {
			t.Errorf("nothing begins with %s", found[0])
		}
	}
	r.Check(os.Rename(shared, shared+"-not"))
	if diff := cmp.Diff(list(), with); diff != "" {
		t.Errorf("without and with it: %s", diff)
	}
	r.Check(os.Rename(shared+"-not", shared))
	r.remove(r.packs()[0])
	r.remove(r.packs()[3])
	with = list()
	r.Check(os.Remove(shared))
	if diff := cmp.Diff(list(), with); diff != "" {
		t.Errorf("without and with it, when packs are gone: %s", diff)
	}
	absent, err := r.open("").Absent(names)
	r.Check(err)
	if len(absent) == 0 {
		t.Error("the packs that are gone had nothing")
	}
}

// What is in a clone is the same whether it is looked for or asked about.
func TestAbsentBesideTheSharedIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	blobs := r.packed("0", "1", "2", "3", "4")
	r.Git("multi-pack-index", "write")
	late := r.packed("late")
	lost := strings.Repeat("ab", 20)
	got, err := r.open("").Absent(append(slices.Concat(blobs, late), lost))
	if err != nil || !slices.Equal(got, []string{lost}) {
		t.Errorf("absent are %v, %v", got, err)
	}
	// What was in a pack that is gone is not there for being named.
	all := strings.Fields(r.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
	r.remove(r.packs()[0])
	got, err = r.open("").Absent(all)
	r.Check(err)
	for _, hash := range all {
		_, err := r.Try("cat-file", "-e", hash)
		if there := err == nil; there == slices.Contains(got, hash) {
			t.Errorf("git has %s: %t", hash, there)
		}
	}
	if len(got) == 0 {
		t.Error("nothing is absent")
	}
}

// One that is damaged, of a version or a hash that is not known, or empty, is passed over:
// all that it says, the packs' own indexes say as well. One that says what is not so costs
// another look.
func TestSharedIndexThatIsOfNoUse(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	contents := []string{"0", "1", "2", "3", "4"}
	blobs := r.packed(contents...)
	r.Git("multi-pack-index", "write")
	head := r.Git("rev-parse", "HEAD")
	path := r.Path(".git/objects/pack/multi-pack-index")
	good, err := os.ReadFile(path)
	r.Check(err)
	r.Check(os.Chmod(path, 0o644))
	for what, test := range map[string]struct {
		change func(data []byte) []byte
		used   bool
	}{
		"whole":           {func(data []byte) []byte { return data }, true},
		"empty":           {func([]byte) []byte { return nil }, false},
		"cut":             {func(data []byte) []byte { return data[:len(data)/2] }, false},
		"something else":  {func([]byte) []byte { return bytes.Repeat([]byte("text\n"), 500) }, false},
		"a later version": {func(data []byte) []byte { data[4] = 2; return data }, false},
		"for SHA-256":     {func(data []byte) []byte { data[5] = 2; return data }, false},
		"one of a chain":  {func(data []byte) []byte { data[7] = 1; return data }, false},
		// Its names are not sorted, so that it says of nothing where it is.
		"damaged": {func(data []byte) []byte { slices.Reverse(part(data, "OIDL")); return data }, true},
		// Each object is said to be where another one is.
		"of another folder": {swapPlaces, true},
		// Its names are others, so that nothing is found by it.
		"of other objects": {otherNames, true},
	} {
		r.Check(os.WriteFile(path, test.change(bytes.Clone(good)), 0o644))
		s := r.open("")
		list, err := s.packs.list(s.dir, false)
		if err != nil || (list.shared != nil) != test.used {
			t.Errorf("%s: it is used: %t, %v", what, list.shared != nil, err)
		}
		r.wantReadAs(s, blobs, contents)
		if absent, err := r.open("").Absent(blobs); absent != nil || err != nil {
			t.Errorf("%s: absent are %q, %v", what, absent, err)
		}
		if found, err := s.Resolve(head[:7]); found != head || err != nil {
			t.Errorf("%s: %s is %s, %v", what, head[:7], found, err)
		}
	}
	// One that may not be read, or is a folder, neither.
	r.Check(os.Remove(path))
	r.Check(os.Mkdir(path, 0o777))
	r.wantReadAs(r.open(""), blobs, contents)
}

// part returns a chunk of an index of several packs.
func part(data []byte, id string) []byte {
	at := bytes.Index(data, []byte(id))
	from, to := binary.BigEndian.Uint64(data[at+4:]), binary.BigEndian.Uint64(data[at+16:])
	return data[from:to]
}

func swapPlaces(data []byte) []byte {
	places := part(data, "OOFF")
	first := bytes.Clone(places[:8])
	copy(places, places[8:])
	copy(places[len(places)-8:], first)
	return data
}

func otherNames(data []byte) []byte {
	names := part(data, "OIDL")
	for i := 19; i < len(names); i += 20 {
		names[i] ^= 1
	}
	return data
}

// Of a large one a part is read when it is needed. Where git has written another one by
// then, that is looked at.
func TestLargeSharedIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	const packs, blobs = 2, 20_000
	var stream strings.Builder
	for pack := range packs {
		for i := range blobs {
			fmt.Fprintf(&stream, "blob\ndata 7\n%d %05d\n", pack, i)
		}
		stream.WriteString("checkpoint\n\n")
	}
	r.GitReading(strings.NewReader(stream.String()), "fast-import", "--quiet")
	r.Git("multi-pack-index", "write")
	s := r.open("")
	want := func(content string) {
		t.Helper()
		if _, data, err := s.Read(object.IDOf(object.Blob, []byte(content))); string(data) != content || err != nil {
			t.Errorf("%q is read as %q, %v", content, data, err)
		}
	}
	want("0 00017")
	want("1 19999")
	r.wantOpened(s, packs, 0)
	if shared := s.reader.folders[0].shared; shared.file.data != nil || shared.index.Len() != packs*blobs {
		t.Fatalf("an index of %d bytes is read at once", shared.file.info.Size())
	}
	r.Write("late", "late")
	r.pack([]string{r.Git("hash-object", "-w", "late")})
	r.Git("prune-packed", "-q")
	r.Git("multi-pack-index", "write")
	for n := range 20 {
		want(fmt.Sprintf("0 %05d", n))
	}
	want("late")
	r.wantOpened(s, 2, 0)
}

// What is missing in the clone is missing with it as well, and in a borrowed folder it is
// used in the same way.
func TestSharedIndexOfABorrowedFolder(t *testing.T) {
	t.Parallel()
	lender := newRepo(t)
	blobs := lender.packed("0", "1", "2", "3")
	lender.Git("multi-pack-index", "write")
	r := newRepo(t)
	r.Write(".git/objects/info/alternates", lender.Path(".git/objects")+"\n")
	own := r.packed("own", "own too")
	s := r.open("")
	r.wantRead(s, blobs)
	r.wantOpened(s, 4, 2)
	r.wantRead(s, own)
	r.wantOpened(s, 4+len(own), 2)
	lost := object.MustParseID(strings.Repeat("ab", 20))
	if _, _, err := s.Read(lost); !errors.Is(err, ErrMissingObject) {
		t.Errorf("what nobody has: %v", err)
	}
}

// manyPacks makes a repository of this many packs, and returns the blob in each.
func manyPacks(b *testing.B, packs int) (*repo, []string) {
	r := newRepo(b)
	var stream strings.Builder
	for n := range packs {
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter Ann <ann@example.com> %d +0000\ndata 1\n.\n", 1700000000+n)
		fmt.Fprintf(&stream, "M 100644 inline file\ndata 7\n%07d\ncheckpoint\n\n", n)
	}
	r.GitReading(strings.NewReader(stream.String()), "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet")
	blobs := strings.Fields(r.Git("log", "--format=", "--raw", "--no-abbrev", "--diff-filter=AM", "--no-renames", "main"))
	blobs = slices.DeleteFunc(blobs, func(field string) bool { return len(field) != 40 || field == strings.Repeat("0", 40) })
	if got := len(r.packs()); got != packs || len(blobs) < packs {
		b.Fatalf("%d packs, %d blobs", got, len(blobs))
	}
	return r, blobs
}

// BenchmarkManyPacks reads one object out of 500 packs, of which the newest has it or the
// oldest, in a repository that was just opened.
func BenchmarkManyPacks(b *testing.B) {
	r, blobs := manyPacks(b, 500)
	for _, kind := range []string{"alone", "shared"} {
		if kind == "shared" {
			r.Git("multi-pack-index", "write")
		}
		for which, hash := range map[string]string{"newest": blobs[0], "oldest": blobs[len(blobs)-1]} {
			name := object.MustParseID(hash)
			b.Run(kind+"/"+which, func(b *testing.B) {
				for b.Loop() {
					objects := &Objects{dir: r.Path(".git/objects")}
					if _, _, err := objects.Read(name); err != nil {
						b.Fatal(err)
					}
					r.Check(objects.close())
				}
			})
		}
	}
}
