package pack

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// apply undoes a delta, as any reader does.
func apply(t testing.TB, base, d []byte) []byte {
	t.Helper()
	number := func() int {
		n, shift := 0, 0
		for {
			c := d[0]
			d = d[1:]
			n |= int(c&0x7f) << shift
			if shift += 7; c&0x80 == 0 {
				return n
			}
		}
	}
	if n := number(); n != len(base) {
		t.Fatalf("the base has %d bytes, the delta says %d", len(base), n)
	}
	size := number()
	var out []byte
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		if op < 0x80 {
			out = append(out, d[:op]...)
			d = d[op:]
			continue
		}
		var fields [7]int
		for i := range fields {
			if op&(1<<i) != 0 {
				fields[i] = int(d[0])
				d = d[1:]
			}
		}
		from := fields[0] | fields[1]<<8 | fields[2]<<16 | fields[3]<<24
		length := fields[4] | fields[5]<<8 | fields[6]<<16
		if length == 0 {
			length = 0x10000
		}
		out = append(out, base[from:from+length]...)
	}
	if len(out) != size {
		t.Fatalf("%d bytes came of it, the delta says %d", len(out), size)
	}
	return out
}

// A delta gives back its target, whatever the two are, and keeps to its limit.
func FuzzDelta(f *testing.F) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 9000)
	f.Add([]byte(""), []byte(""))
	f.Add(long, append([]byte("x"), long...))
	f.Add(long, long[:70_000])
	f.Add(long[:300], append(bytes.Clone(long[100:200]), long[:90]...))
	f.Fuzz(func(t *testing.T, base, target []byte) {
		d := delta(base, target, 2*len(target)+20)
		if d == nil {
			t.Fatal("no delta within more than twice the length")
		}
		if got := apply(t, base, d); !bytes.Equal(got, target) {
			t.Fatalf("got %d bytes back, of %d", len(got), len(target))
		}
		if short := delta(base, target, len(d)-1); short != nil {
			t.Fatalf("%d bytes, the limit being %d", len(short), len(d)-1)
		}
	})
}

// versions are those of a text in which a line is changed, and one added, each time;
// the newest first.
func versions(lines, times int) (all [][]byte) {
	random := rand.New(rand.NewPCG(3, 4))
	text := []string{"head " + strings.Repeat("=", likeLength) + "\n"}
	for range lines {
		text = append(text, fmt.Sprintf("%x\n", random.Uint64()))
	}
	for n := range times {
		text[1+n%lines] = fmt.Sprintf("version %d\n", n)
		text = append(text, fmt.Sprintf("%x\n", random.Uint64()))
		all = append([][]byte{[]byte(strings.Join(text, ""))}, all...)
	}
	return all
}

// Git reads a small pack, and makes one of the same objects that is not much smaller.
func TestGitAgreesOnSmall(t *testing.T) {
	t.Parallel()
	needGit(t)
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q")
	b := Small()
	want := map[string][]byte{}
	tree := []object.Entry{}
	for i, data := range append(versions(200, 150), blobs()...) {
		id := b.Add(object.Blob, data)
		want[id.String()] = data
		tree = append(tree, object.Entry{Mode: object.ModeFile, Name: fmt.Sprintf("%04d", i), ID: id})
		folder := object.EncodeTree(tree)
		want[b.Add(object.Tree, folder).String()] = folder
	}
	path := store(t, dir, b)
	listed := git(t, dir, nil, "verify-pack", "-v", path+".idx")
	if !strings.Contains(listed, fmt.Sprintf("chain length = %d:", maxDepth-1)) || strings.Contains(listed, fmt.Sprintf("chain length = %d:", maxDepth+1)) {
		t.Errorf("the chains of deltas are not up to %d long", maxDepth)
	}
	git(t, dir, nil, "fsck", "--strict", "--no-dangling")
	for hash, data := range want {
		kind := strings.Fields(listed[strings.Index(listed, hash):])[1]
		if got := git(t, dir, nil, "cat-file", kind, hash); got != strings.TrimSpace(string(data)) {
			t.Errorf("%s %s has %d bytes, want %d", kind, hash, len(got), len(data))
		}
	}
	compareIndex(t, dir, path)
	var hashes []string
	for hash := range want {
		hashes = append(hashes, hash)
	}
	git(t, dir, []byte(strings.Join(hashes, "\n")), "pack-objects", "-q", "--no-reuse-delta", "theirs")
	made, _ := filepath.Glob(filepath.Join(dir, "theirs-*.pack"))
	var sizes [2]int64
	for i, file := range []string{path + ".pack", made[0]} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		sizes[i] = info.Size()
	}
	if sizes[0] > 2*sizes[1] {
		t.Errorf("the pack has %d bytes, git's %d", sizes[0], sizes[1])
	}
	t.Logf("%d bytes, git's %d", sizes[0], sizes[1])
}

// What is kept to be compared with is bounded, and what was forgotten does no harm.
func TestSmallForgets(t *testing.T) {
	t.Parallel()
	b := Small()
	large := bytes.Repeat([]byte("0123456789abcdef"), maxHeld/64)
	for i := range 9 {
		large[len(large)/2] = byte(i)
		b.Add(object.Blob, bytes.Clone(large))
	}
	if b.small.held > maxHeld || b.small.oldest == 0 {
		t.Errorf("%d bytes are held, and %d objects forgotten", b.small.held, b.small.oldest)
	}
	if b.size > 2<<20 {
		t.Errorf("%d bytes for nine that are alike", b.size)
	}
}

func BenchmarkSmall(b *testing.B) {
	all := versions(400, 1000)
	for b.Loop() {
		p := Small()
		for _, data := range all {
			p.Add(object.Blob, data)
		}
		p.Pack()
	}
}
