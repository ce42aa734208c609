package packfile_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/packfile"
)

// at is an object of a pack, as git verify-pack lists it.
type at struct {
	name   object.ID
	kind   string
	offset int64
	depth  int
}

// packed makes a pack with git of files that change a little from commit to commit, by
// these flags of pack-objects, and returns its path and what is in it.
func packed(tb testing.TB, flags ...string) (path string, objects []at) {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("git is not installed")
	}
	dir := tb.TempDir()
	run := func(stdin, program string, args ...string) string {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.Output()
		if err != nil {
			tb.Fatalf("%s %q: %v", program, args, err)
		}
		return string(out)
	}
	run("", "git", "init", "-q")
	text := strings.Repeat("a line that stays as it is, as most of them do\n", 40)
	for i := range 12 {
		for j := range 5 {
			content := fmt.Sprintf("%d %d\n%s%d\n", j, i*j, text, i)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("file", j)), []byte(content), 0o644); err != nil {
				tb.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte(fmt.Sprintln(i, text)), 50), 0o644); err != nil {
			tb.Fatal(err)
		}
		run("", "git", "add", ".")
		run("", "git", "commit", "-qm", fmt.Sprint(i))
	}
	run("", "git", "tag", "-a", "-m", "A tag", "v1")
	names := run("", "git", "rev-list", "--objects", "--all", "v1")
	name := strings.TrimSpace(run(names, "git", append([]string{"pack-objects", "-q", "made"}, flags...)...))
	path = filepath.Join(dir, "made-"+name)
	for line := range strings.Lines(run("", "git", "verify-pack", "-v", path+".idx")) {
		f := strings.Fields(line)
		id, err := object.ParseID(f[0])
		if err != nil || len(f) < 5 {
			continue
		}
		o := at{name: id, kind: f[1]}
		o.offset, _ = strconv.ParseInt(f[4], 10, 64)
		if len(f) > 5 {
			o.depth, _ = strconv.Atoi(f[5])
		}
		objects = append(objects, o)
	}
	return path + ".pack", objects
}

func open(tb testing.TB, path string, objects []at) *packfile.Pack {
	tb.Helper()
	offsets := map[object.ID]int64{}
	for _, o := range objects {
		offsets[o.name] = o.offset
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := packfile.Open(bytes.NewReader(data), int64(len(data)), func(name object.ID) (int64, bool) {
		offset, ok := offsets[name]
		return offset, ok
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Every object of a pack that git has made is what its name says, in each order, whole or
// as differences of one another by distance or by name; also where its memory is used again.
func TestRead(t *testing.T) {
	t.Parallel()
	for kind, flags := range map[string][]string{
		"whole": {"--depth=0"}, "distances": {"--delta-base-offset", "--window=20", "--depth=50"}, "names": {"--window=20", "--depth=50"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			path, objects := packed(t, flags...)
			deepest := 0
			for _, o := range objects {
				deepest = max(deepest, o.depth)
			}
			if len(objects) < 80 || (deepest > 2) != (kind != "whole") {
				t.Fatalf("%d objects, the deepest at %d", len(objects), deepest)
			}
			p := open(t, path, objects)
			for _, recycles := range []bool{false, false, true, true} {
				var r packfile.Reader
				for _, o := range objects {
					kind, data, err := r.Read(p, o.offset)
					if err != nil || kind.String() != o.kind || object.IDOf(kind, data) != o.name {
						t.Fatalf("%s %s at %d: got a %s of %d bytes, %v", o.kind, o.name, o.offset, kind, len(data), err)
					}
					if recycles {
						clear(data) // which nothing else may be made of
						r.Recycle(data)
					}
				}
				for i := range objects {
					j := len(objects) - 1 - i
					objects[i], objects[j] = objects[j], objects[i]
				}
			}
		})
	}
}

// entry is an object in a pack: its head, and its content, compressed.
func entry(kind byte, size int, head, content []byte) []byte {
	b := []byte{kind<<4 | byte(size&15)}
	for n := size >> 4; n > 0; n >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(n&0x7f))
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(content)
	_ = w.Close()
	return append(append(b, head...), z.Bytes()...)
}

// readFirst reads the object that these bytes are the first of a pack.
func readFirst(objects []byte, offset int64, find func(object.ID) (int64, bool)) ([]byte, error) {
	data := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), 1)
	data = append(data, objects...)
	p, err := packfile.Open(bytes.NewReader(data), int64(len(data)), find)
	if err != nil {
		return nil, err
	}
	_, data, err = new(packfile.Reader).Read(p, offset)
	return data, err
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const blob, back, byName = 3, 6, 7
	name, circle := bytes.Repeat([]byte{1}, sha1.Size), bytes.Repeat([]byte{2}, sha1.Size)
	good := entry(blob, 5, nil, []byte("hello"))
	// What says that it is a difference of five bytes which makes four.
	delta := func(rest ...byte) []byte { return append([]byte{5, 4}, rest...) }
	onGood := func(d []byte) []byte {
		return append(bytes.Clone(good), entry(back, len(d), []byte{byte(len(good))}, d)...)
	}
	second := int64(12 + len(good))
	for name, c := range map[string]struct {
		objects []byte
		offset  int64
		want    error
	}{
		"nothing":                     {nil, 12, packfile.ErrMalformed},
		"a place behind the end":      {good, 1000, packfile.ErrMalformed},
		"a place before the start":    {good, -3, packfile.ErrMalformed},
		"no kind":                     {entry(5, 5, nil, []byte("hello")), 12, packfile.ErrMalformed},
		"no compressed content":       {[]byte{blob<<4 | 5, 1, 2, 3, 4, 5, 6}, 12, packfile.ErrMalformed},
		"cut content":                 {good[:len(good)-3], 12, packfile.ErrMalformed},
		"less than it says":           {entry(blob, 6, nil, []byte("hello")), 12, packfile.ErrMalformed},
		"more than it says":           {entry(blob, 4, nil, []byte("hello")), 12, packfile.ErrMalformed},
		"another sum":                 {append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]+1), 12, packfile.ErrMalformed},
		"too large":                   {entry(blob, disk.MaxFile+1, nil, nil), 12, disk.ErrTooLarge},
		"a size without end":          {bytes.Repeat([]byte{0xff}, 20), 12, packfile.ErrMalformed},
		"a difference of itself":      {entry(back, 5, []byte{0}, []byte("hello")), 12, packfile.ErrMalformed},
		"one of what is before":       {entry(back, 5, []byte{1}, []byte("hello")), 12, packfile.ErrMalformed},
		"a distance without end":      {append([]byte{back<<4 | 5}, bytes.Repeat([]byte{0xff}, 20)...), 12, packfile.ErrMalformed},
		"one of a name that is lost":  {entry(byName, 2, name, []byte{5, 4}), 12, packfile.ErrMalformed},
		"one in a circle":             {entry(byName, 2, circle, []byte{5, 4}), 12, packfile.ErrMalformed},
		"one of something else":       {onGood([]byte{6, 4, 4, 'a', 'b', 'c', 'd'}), second, packfile.ErrMalformed},
		"an empty difference":         {onGood(nil), second, packfile.ErrMalformed},
		"an unknown part":             {onGood(delta(0)), second, packfile.ErrMalformed},
		"a part that is cut":          {onGood(delta(4, 'a')), second, packfile.ErrMalformed},
		"numbers that are cut":        {onGood(delta(0xff, 1)), second, packfile.ErrMalformed},
		"a part behind the base":      {onGood(delta(0x91, 3, 4)), second, packfile.ErrMalformed},
		"a part of 65,536":            {onGood(delta(0x80)), second, packfile.ErrMalformed},
		"a difference with less":      {onGood(delta(3, 'a', 'b', 'c')), second, packfile.ErrMalformed},
		"a difference with more":      {onGood(delta(5, 'a', 'b', 'c', 'd', 'e')), second, packfile.ErrMalformed},
		"a difference that is larger": {onGood([]byte{5, 0xff, 0xff, 0xff, 0xff, 0x0f}), second, disk.ErrTooLarge},
	} {
		data, err := readFirst(c.objects, c.offset, func(name object.ID) (int64, bool) { return 12, name[0] == 2 })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %q, %v", name, data, err)
		}
	}
	if data, err := readFirst(onGood(delta(0x90, 3, 1, 'y')), second, nil); string(data) != "hely" || err != nil {
		t.Errorf("a good difference: got %q, %v", data, err)
	}
	for _, head := range []string{"", "PACK", "PACK\x00\x00\x00\x04\x00\x00\x00\x01", "KCAP\x00\x00\x00\x02\x00\x00\x00\x01"} {
		if _, err := packfile.Open(strings.NewReader(head), int64(len(head)), nil); err == nil {
			t.Errorf("a pack that begins %q was opened", head)
		}
	}
}

// broken fails from an offset on.
type broken struct {
	*bytes.Reader
	from int64
}

var errDisk = errors.New("the disk is broken")

func (b broken) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= b.from {
		return 0, errDisk
	}
	return b.Reader.ReadAt(p[:min(int64(len(p)), b.from-offset)], offset)
}

// That the disk fails is not said to be the pack's damage.
func TestBrokenDisk(t *testing.T) {
	t.Parallel()
	data := append(binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), 1), entry(3, 5, nil, []byte("hello"))...)
	p, err := packfile.Open(broken{bytes.NewReader(data), 16}, int64(len(data)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := new(packfile.Reader).Read(p, 12); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}

// Whatever a pack holds, reading it ends, and within bounds.
func FuzzRead(f *testing.F) {
	path, objects := packed(f, "--delta-base-offset", "--window=20", "--depth=50")
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, o := range objects[:min(10, len(objects))] {
		f.Add(data[o.offset:min(o.offset+400, int64(len(data)))], uint16(0))
	}
	f.Add(entry(3, 5, nil, []byte("hello")), uint16(0))
	f.Fuzz(func(t *testing.T, objects []byte, at uint16) {
		data, err := readFirst(objects, 12+int64(at), func(name object.ID) (int64, bool) {
			return int64(name[0]), name[1]&1 == 0
		})
		if err == nil && len(data) > disk.MaxFile {
			t.Errorf("%d bytes", len(data))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for name, flags := range map[string][]string{"whole": {"--depth=0"}, "differences": {"--delta-base-offset"}} {
		b.Run(name, func(b *testing.B) {
			path, objects := packed(b, flags...)
			p := open(b, path, objects)
			b.ReportAllocs()
			for b.Loop() {
				var r packfile.Reader
				for _, o := range objects {
					if _, _, err := r.Read(p, o.offset); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(objects)), "ns/object")
		})
	}
}
