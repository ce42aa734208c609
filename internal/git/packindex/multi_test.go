package packindex

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/gittest"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// place is where an object is: the index of a pack, and the offset in it.
type place struct {
	pack   string
	offset int64
}

// sharing makes a repository of this many packs, and returns where each of their indexes
// says that an object is. Each pack has one object that others have too.
func sharing(t testing.TB, packs int) (*gittest.Repo, map[object.ID][]place) {
	t.Helper()
	r := gittest.New(t)
	for i := range packs {
		r.Commit(fmt.Sprint(i), map[string]string{fmt.Sprint("f", i): fmt.Sprint(i)})
	}
	same := r.Git("rev-parse", "HEAD:f0")
	for i := range packs {
		listed := r.Git("rev-list", "--objects", "--no-object-names", fmt.Sprint("HEAD~", i), "--not", fmt.Sprint("HEAD~", i, "^@"))
		r.GitReading(strings.NewReader(listed+"\n"+same), "pack-objects", "-q", r.Path(".git/objects/pack/pack"))
	}
	return r, placesIn(r)
}

// placesIn reads the index of each pack.
func placesIn(r *gittest.Repo) map[object.ID][]place {
	found, err := filepath.Glob(r.Path(".git/objects/pack/*.idx"))
	r.Check(err)
	places := map[object.ID][]place{}
	for _, path := range found {
		data, err := os.ReadFile(path)
		r.Check(err)
		x, err := Parse(data)
		r.Check(err)
		for i := range x.Len() {
			places[x.Name(i)] = append(places[x.Name(i)], place{filepath.Base(path), x.Offset(i)})
		}
	}
	return places
}

// shared has git write an index of all packs, and returns its bytes.
func shared(r *gittest.Repo, flags ...string) []byte {
	r.T.Helper()
	r.Git(append([]string{"multi-pack-index", "write"}, flags...)...)
	data, err := os.ReadFile(r.Path(".git/objects/pack/multi-pack-index"))
	r.Check(err)
	return data
}

// wantPlaces holds an index of several packs against those of each.
func wantPlaces(t *testing.T, x *MultiIndex, want map[object.ID][]place) {
	t.Helper()
	if x.Len() != len(want) {
		t.Errorf("%d objects, the packs have %d", x.Len(), len(want))
	}
	packs := x.Packs()
	for id, places := range want {
		at, ok, err := x.Find(id)
		if !ok || err != nil || !slices.Contains(places, place{packs[at.Pack], at.Offset}) {
			t.Errorf("%s is at %v, %t, %v; it is at %v", id, at, ok, err, places)
		}
		other := id
		other[19]++
		if _, ok, err := x.Find(other); ok != (want[other] != nil) || err != nil {
			t.Errorf("%s is said to be there: %t, %v", other, ok, err)
		}
	}
}

// What git says of several packs at once is what the index of each says.
func TestMultiAsGit(t *testing.T) {
	t.Parallel()
	r, want := sharing(t, 6)
	for _, flags := range [][]string{nil, {"--bitmap"}} {
		x, err := openMulti(shared(r, flags...))
		r.Check(err)
		files, err := filepath.Glob(r.Path(".git/objects/pack/*.idx"))
		r.Check(err)
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		if diff := gocmp.Diff(files, x.Packs()); diff != "" || len(files) != 6 {
			t.Error(diff)
		}
		wantPlaces(t, x, want)
	}
}

// Offsets of more than 31 bits are in the list itself as long as all fit into 32, and in
// one of their own otherwise.
func TestMultiFarOffsets(t *testing.T) {
	t.Parallel()
	for name, far := range map[string]uint64{"32 bits": 0x9abcdef0, "64 bits": 0x123456789a} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Commit("first", map[string]string{"a": "a", "b": "b"})
			r.Git("-c", "pack.indexVersion=2", "repack", "-q", "-d")
			files, err := filepath.Glob(r.Path(".git/objects/pack/*.idx"))
			r.Check(err)
			moveFar(r, files[0], far)
			data := shared(r)
			if got := bytes.Contains(data, []byte(chunkLong)); got != (far > 1<<32) {
				t.Fatalf("git has written offsets of 64 bits: %t", got)
			}
			x, err := openMulti(data)
			r.Check(err)
			want := placesIn(r)
			if !slices.ContainsFunc(slices.Collect(valuesOf(want)), func(p place) bool { return p.offset == int64(far) }) {
				t.Fatalf("nothing is as far as %#x: %v", far, want)
			}
			wantPlaces(t, x, want)
		})
	}
}

func valuesOf(places map[object.ID][]place) func(func(place) bool) {
	return func(yield func(place) bool) {
		for _, list := range places {
			for _, p := range list {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// moveFar makes the index of a pack say that its first object by name is far away.
func moveFar(r *gittest.Repo, path string, far uint64) {
	data, err := os.ReadFile(path)
	r.Check(err)
	x, err := Parse(data)
	r.Check(err)
	content, end := data[:len(data)-trailer], data[len(data)-trailer:len(data)-sha1.Size]
	binary.BigEndian.PutUint32(content[header+fanout+x.Len()*(name+4):], long)
	data = slices.Concat(content, binary.BigEndian.AppendUint64(nil, far), end)
	sum := sha1.Sum(data)
	r.Check(os.Chmod(path, 0o644))
	r.Check(os.WriteFile(path, append(data, sum[:]...), 0o644))
}

func openMulti(data []byte) (*MultiIndex, error) {
	return OpenMulti(bytes.NewReader(data), int64(len(data)))
}

// openWhole is openMulti, and whatever is not read at first is read too.
func openWhole(data []byte) (*MultiIndex, error) {
	x, err := openMulti(data)
	if err != nil {
		return nil, err
	}
	for first := range 256 {
		p, err := x.part(byte(first))
		if err != nil {
			return nil, err
		}
		for i := range p.names.len() {
			if at, found, err := x.Find(p.names.at(i)); err != nil {
				return nil, err
			} else if !found || at.Pack >= len(x.packs) || at.Offset < 0 {
				return nil, fmt.Errorf("%s is at %v, %t", p.names.at(i), at, found)
			}
		}
	}
	return x, nil
}

// Where a byte is changed or the end is missing, that is said, or an object is not found, or
// at another place: who reads there finds something else. Nothing is made up beside that.
func TestMultiDamaged(t *testing.T) {
	t.Parallel()
	r, want := sharing(t, 3)
	data := shared(r)
	good, err := openWhole(data)
	r.Check(err)
	refused := 0
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		x, err := openWhole(bad)
		if errors.Is(err, ErrMalformed) {
			refused++
			continue
		}
		r.Check(err)
		if x.Len() != good.Len() || len(x.Packs()) != len(good.Packs()) {
			t.Fatalf("byte %d was changed: %d objects, %d packs", i, x.Len(), len(x.Packs()))
		}
		differ := 0
		for id := range want {
			was, _, _ := good.Find(id)
			if now, found, err := x.Find(id); err != nil || !found || now != was {
				differ++
			}
		}
		if differ > 1 {
			t.Fatalf("byte %d was changed: %d objects are elsewhere", i, differ)
		}
	}
	if refused < len(data)/8 {
		t.Errorf("only %d of %d changes were seen", refused, len(data))
	}
	for n := range data {
		if _, err := openMulti(data[:n]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("%d bytes of %d: %v", n, len(data), err)
		}
	}
}

// What is needed of an index is read, once, and not all of it.
func TestMultiReadsLittle(t *testing.T) {
	t.Parallel()
	r, want := sharing(t, 12)
	data := shared(r)
	from := &counting{ReaderAt: bytes.NewReader(data)}
	x, err := OpenMulti(from, int64(len(data)))
	r.Check(err)
	const perPack = len("pack-") + 2*sha1.Size + len(".idx\x00")
	if from.bytes > multiHeader+8*chunkRow+fanout+12*perPack+4 {
		t.Errorf("%d bytes of %d were read to open it", from.bytes, len(data))
	}
	before := from.bytes
	for id := range want {
		if _, found, err := x.Find(id); !found || err != nil {
			t.Errorf("%s: %t, %v", id, found, err)
		}
	}
	if per := (from.bytes - before) / len(want); per != name+perPlace {
		t.Errorf("%d bytes were read for each object", per)
	}
	from.ReaderAt = failing{}
	for id := range want {
		_, found, err := x.Find(id)
		if !found || err != nil {
			t.Errorf("%s is read again: %t, %v", id, found, err)
		}
	}
}

// Where it cannot be read, nothing is said of objects, and later it may be better.
func TestMultiUnreadable(t *testing.T) {
	t.Parallel()
	r, want := sharing(t, 2)
	data := shared(r)
	from := &counting{ReaderAt: failing{}}
	if _, err := OpenMulti(from, int64(len(data))); !errors.Is(err, errFailing) {
		t.Errorf("it is opened: %v", err)
	}
	from.ReaderAt = bytes.NewReader(data)
	x, err := OpenMulti(from, int64(len(data)))
	r.Check(err)
	from.ReaderAt = failing{}
	for id := range want {
		if _, found, err := x.Find(id); found || !errors.Is(err, errFailing) {
			t.Errorf("%s is found: %t, %v", id, found, err)
		}
	}
	from.ReaderAt = bytes.NewReader(data)
	wantPlaces(t, x, want)
}

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	bytes int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	c.bytes += len(p)
	return c.ReaderAt.ReadAt(p, at)
}

var errFailing = errors.New("the disk is gone")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errFailing }

// chunk is a part of an index of several packs.
type chunk struct {
	id   string
	data []byte
}

// multi lays out an index of several packs.
func multi(head string, packs int, chunks ...chunk) []byte {
	data := binary.BigEndian.AppendUint32(append([]byte(head), byte(len(chunks)), 0), uint32(packs))
	at := uint64(len(data) + (len(chunks)+1)*chunkRow)
	var content []byte
	for _, c := range append(chunks, chunk{"\x00\x00\x00\x00", nil}) {
		data = binary.BigEndian.AppendUint64(append(data, c.id...), at+uint64(len(content)))
		content = append(content, c.data...)
	}
	data = append(data, content...)
	sum := sha1.Sum(data)
	return append(data, sum[:]...)
}

const head = "MIDX\x01\x01"

// good are the chunks of an index of two objects in two packs.
func good() map[string]*chunk {
	counts := make([]byte, fanout)
	for i := 1; i < 256; i++ {
		counts[4*i+3] = 2
	}
	return map[string]*chunk{
		"packs":  {chunkPacks, []byte("a.idx\x00b.idx\x00")},
		"counts": {chunkCounts, counts},
		"names":  {chunkNames, append(bytes.Repeat([]byte{1}, 20), bytes.Repeat([]byte{1, 2}, 10)...)},
		"places": {chunkPlaces, []byte{0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0, 0, 0x80, 0, 0, 1}},
		"long":   {chunkLong, []byte("\x00\x00\x00\x00\x00\x00\x00\x0d\x00\x00\x00\x05\x00\x00\x00\x00")},
	}
}

// A file may come from anywhere.
func TestMultiMalformed(t *testing.T) {
	t.Parallel()
	build := func(head string, packs int, change func(map[string]*chunk)) []byte {
		c := good()
		change(c)
		return multi(head, packs, *c["packs"], *c["counts"], *c["names"], *c["places"], *c["long"])
	}
	same := func(map[string]*chunk) {}
	raw := func(change func(data []byte)) []byte {
		data := build(head, 2, same)
		change(data)
		return data
	}
	x, err := openWhole(build(head, 2, same))
	if err != nil {
		t.Fatal(err)
	}
	if at, ok, err := x.Find(object.ID(good()["names"].data[20:])); at != (Place{0, 5 << 32}) || !ok || err != nil {
		t.Errorf("the second object is at %v, %t, %v", at, ok, err)
	}
	for what, bad := range map[string]struct {
		data []byte
		want string
	}{
		"another version":        {build("MIDX\x02\x01", 2, same), "does not begin"},
		"names of SHA-256":       {build("MIDX\x01\x02", 2, same), "does not begin"},
		"something else":         {build("XIDX\x01\x01", 2, same), "does not begin"},
		"one of a chain":         {raw(func(data []byte) { data[7] = 1 }), "1 other files"},
		"more chunks than table": {raw(func(data []byte) { data[6] = 255 }), "it is cut"},
		"fewer chunks than rows": {raw(func(data []byte) { data[6] = 4 }), "does not end"},
		"a chunk before the table": {
			raw(func(data []byte) { data[multiHeader+11] = 1 }),
			`"PNAM" is not within it`,
		},
		"a chunk behind the end": {raw(func(data []byte) { data[multiHeader+5*chunkRow+4] = 1 }), `"LOFF" is not within it`},
		"chunks that go back":    {raw(func(data []byte) { binary.BigEndian.PutUint64(data[multiHeader+2*chunkRow+4:], 90) }), `"OIDF" is not within it`},
		"a chunk twice":          {build(head, 2, func(c map[string]*chunk) { c["long"].id = chunkPacks }), "twice"},
		"no counts":              {build(head, 2, func(c map[string]*chunk) { c["counts"].id = "XXXX" }), "0 bytes are not the counts"},
		"counts that go down":    {build(head, 2, func(c map[string]*chunk) { c["counts"].data[3] = 3 }), "counts go down"},
		"fewer names than counts": {
			build(head, 2, func(c map[string]*chunk) { c["names"].data = c["names"].data[:20] }),
			"20 bytes are not the names of 2 objects",
		},
		"counts beyond memory": {build(head, 2, func(c map[string]*chunk) { c["counts"].data[fanout-4] = 0xff }), "not the names of 4278190082 objects"},
		"fewer places":         {build(head, 2, func(c map[string]*chunk) { c["places"].data = c["places"].data[:8] }), "not the places"},
		"half of a far offset": {build(head, 2, func(c map[string]*chunk) { c["long"].data = c["long"].data[:12] }), "not the places"},
		"a pack that is not there": {
			build(head, 2, func(c map[string]*chunk) { c["places"].data[3] = 2 }),
			"is nowhere",
		},
		"a far offset that is not there": {build(head, 2, func(c map[string]*chunk) { c["long"].data = c["long"].data[:8] }), "offset is not in it"},
		"a negative offset":              {build(head, 2, func(c map[string]*chunk) { c["long"].data[8] = 0x80 }), "offset is negative"},
		"more packs than names":          {build(head, 3, same), "names of packs are cut"},
		"packs beyond memory":            {build(head, 1<<32-1, same), "names of packs are cut"},
		"a name without its end": {
			build(head, 2, func(c map[string]*chunk) { c["packs"].data = []byte("a.idx\x00b.idx") }),
			"names of packs are cut",
		},
		"names that are not sorted":   {build(head, 2, func(c map[string]*chunk) { c["packs"].data[0] = 'c' }), "not sorted names"},
		"a name twice":                {build(head, 2, func(c map[string]*chunk) { c["packs"].data[6] = 'a' }), "not sorted names"},
		"names of packs without end":  {multi(head, 2, chunk{chunkPacks, make([]byte, maxPackNames+1)}), "too long"},
		"objects that are not sorted": {build(head, 2, func(c map[string]*chunk) { c["names"].data[1] = 9 }), "names of objects are not sorted"},
		"objects of another byte":     {build(head, 2, func(c map[string]*chunk) { c["names"].data[0] = 0 }), "names of objects are not sorted"},
		"an object twice": {
			build(head, 2, func(c map[string]*chunk) { copy(c["names"].data[20:], c["names"].data[:20]) }),
			"names of objects are not sorted",
		},
		"what names no index": {build(head, 2, func(c map[string]*chunk) { c["packs"].data[4] = 'y' }), "not sorted names"},
	} {
		if _, err := openWhole(bad.data); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v, want %q", what, err, bad.want)
		}
	}
}

// Whatever an index of several packs says of itself, nothing is read beyond its end, and
// what it finds is in a pack that it names.
func FuzzMultiIndex(f *testing.F) {
	r, _ := sharing(f, 3)
	data := shared(r)
	f.Add(data)
	f.Add(data[:200])
	c := good()
	f.Add(multi(head, 2, *c["packs"], *c["counts"], *c["names"], *c["places"], *c["long"]))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := openWhole(data); err != nil && !errors.Is(err, ErrMalformed) {
			t.Error(err)
		}
	})
}
