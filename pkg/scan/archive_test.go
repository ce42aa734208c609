package scan_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

func zipped(name, content string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, _ := w.Create(name)
	_, _ = f.Write([]byte(content))
	_ = w.Close()
	return b.String()
}

func tarred(names []string, content string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), Format: tar.FormatPAX})
		_, _ = w.Write([]byte(content))
	}
	_ = w.Close()
	return b.String()
}

func gzipped(content string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return b.String()
}

// bzipped is a line with zeroToken, as bzip2 writes it.
const (
	zeroToken = "osmo_000000000000000000000000000000002OQ9pT"
	bzipped   = "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x65\x51\x08\x1e\x00\x00\x0b\xff\x80\x00\x10\x00\x04\x40\x00\x50\x30\x00\x00\xa4\x00\x82\x0b\xcc\x00\x20\x00\x22\x9a\x01\x91\xa3\xd3\x50\xa6\x4c\x4c\x83\x23\x16\xd9\x49\xb5\xdb\xab\xb0\x3c\x90\x20\xc1\xc1\xf8\xbb\x92\x29\xc2\x84\x83\x2a\x88\x40\xf0"
)

func searched(o scan.Options, name, content string) scan.Result {
	return scan.New(o).File(scan.Input{Name: name, Reader: strings.NewReader(content), ReaderAt: strings.NewReader(content), Size: int64(len(content))})
}

func paths(r scan.Result) (list []string) {
	for _, p := range r.Places {
		list = append(list, p.Path)
	}
	return list
}

func TestArchives(t *testing.T) {
	t.Parallel()
	v := newToken(source(1))
	line := "a line\ntoken: " + v + "\n"
	for _, c := range []struct {
		name, content, want string
	}{
		{"plain.log", line, "plain.log"},
		{"a.log.gz", gzipped(line), "a.log.gz"},
		{"two.gz", gzipped("first\n") + gzipped(line), "two.gz"},
		{"a.tar", tarred([]string{"in/log"}, line), "a.tar!in/log"},
		{"a.tgz", gzipped(tarred([]string{"in/log"}, line)), "a.tgz!in/log"},
		{"a.zip", zipped("in/log", line), "a.zip!in/log"},
		{"a.zip", zipped("b.zip", zipped("log", line)), "a.zip!b.zip!log"},
		{"a.tar", tarred([]string{"b.zip"}, zipped("c.gz", gzipped(line))), "a.tar!b.zip!c.gz"},
		{"secret.json", `{"release":"` + std(std(gzipped("x: "+v))) + `"}`, "secret.json"},
	} {
		r := searched(scan.Options{}, c.name, c.content)
		if diff := cmp.Diff([]string{c.want}, paths(r)); diff != "" || len(r.Left) > 0 {
			t.Errorf("%s (-want +got):\n%s%v", c.name, diff, r.Left)
			continue
		}
		if f := r.Places[0].Find; f.Sum != sha256.Sum256([]byte(v)) {
			t.Errorf("%s: found %+v", c.name, f)
		}
	}
}

func TestBzip2(t *testing.T) {
	t.Parallel()
	r := searched(scan.Options{}, "a.bz2", bzipped)
	if len(r.Left) > 0 || len(r.Places) != 1 || r.Places[0].Find.Sum != sha256.Sum256([]byte(zeroToken)) {
		t.Errorf("got %+v", r)
	}
}

// A name may hold a value; nothing that is shown does.
func TestNamesAreMasked(t *testing.T) {
	t.Parallel()
	v := newToken(source(2))
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"logs/" + v + "/x.log", "nothing", []string{"logs/[token]/x.log"}},
		{"logs/" + std("x"+v), "nothing", []string{"logs/[token]"}},
		{"a.tar", tarred([]string{"d/" + v + ".txt"}, "nothing"), []string{"a.tar!d/[token]"}},
		{v + ".zip", zipped(v, v), []string{"[token]", "[token]![token]", "[token]![token]"}},
	} {
		r := searched(scan.Options{}, c.name, c.content)
		if diff := cmp.Diff(c.want, paths(r)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !r.Places[0].Find.InName {
			t.Errorf("%s: not known as a name", c.want[0])
		}
	}
}

// What is not searched is said.
func TestLeft(t *testing.T) {
	t.Parallel()
	v := newToken(source(3))
	zeros := strings.Repeat("\x00", 1<<20)
	encrypted := []byte(zipped("log", v))
	encrypted[6] |= 1
	central := bytes.LastIndex(encrypted, []byte("PK\x01\x02"))
	encrypted[central+8] |= 1
	for _, c := range []struct {
		name, content, want string
		finds               int
	}{
		{"bomb.gz", gzipped(v + zeros), "unpacks to more", 1},
		{"bomb.tar.gz", gzipped(tarred([]string{"a", "b"}, zeros)), "unpacks to more", 0},
		{"bomb.zip", zipped("a", zeros), "unpacks to more", 0},
		{"deep.gz", gzipped(gzipped(gzipped(gzipped(gzipped(v))))), "within 4 others", 0},
		{"cut.gz", gzipped(v + strings.Repeat("words ", 1000))[:50], "searched up to byte", 0},
		{"cut.tar", tarred([]string{"a", "b"}, v)[:1100], "cut off", 1},
		{"bad.gz", "\x1f\x8b\x08" + strings.Repeat("\xff", 100), "damaged", 0},
		{"bad.zip", "PK\x03\x04" + v, "damaged", 1},
		{"closed.zip", string(encrypted), "encrypted", 0},
		{"a.lz4", "\x04\x22\x4d\x18" + v, "lz4, which is not unpacked", 1},
	} {
		r := searched(scan.Options{Budget: scan.NewBudget(1 << 19)}, c.name, c.content)
		if len(r.Left) == 0 || !strings.Contains(r.Left[0].Reason, c.want) {
			t.Errorf("%s: said %+v", c.name, r.Left)
		}
		if len(r.Places) != c.finds {
			t.Errorf("%s: found %v", c.name, r.Places)
		}
	}
}

// What a tar archive has behind its end, and headers have beside names, is
// searched too.
func TestAroundMembers(t *testing.T) {
	t.Parallel()
	v := newToken(source(7))
	var named, noted bytes.Buffer
	z := gzip.NewWriter(&named)
	z.Name = v
	w := tar.NewWriter(&noted)
	err := w.WriteHeader(&tar.Header{Name: "a", PAXRecords: map[string]string{"comment": v}})
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	one := tarred([]string{"a"}, "words")
	for name, content := range map[string]string{
		"two archives": one + tarred([]string{"b"}, v), "text behind": one + v, "zeros between": one + strings.Repeat("\x00", 1<<17) + v,
		"name in gzip": named.String(), "record": noted.String(),
	} {
		if r := searched(scan.Options{}, "f", content); len(r.Places) != 1 || len(r.Left) > 0 {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

// A zip archive that can only be read once is held in memory.
func TestZipInAStream(t *testing.T) {
	t.Parallel()
	v := newToken(source(4))
	r := scan.New(scan.Options{}).File(scan.Input{Name: "-", Reader: io.MultiReader(strings.NewReader(zipped("log", v)))})
	if diff := cmp.Diff([]string{"-!log"}, paths(r)); diff != "" {
		t.Error(diff)
	}
}

// failing gives some bytes and then an error.
type failing struct{ *strings.Reader }

var errDisk = errors.New("the disk is broken")

func (f failing) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if errors.Is(err, io.EOF) {
		err = errDisk
	}
	return n, err
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	v := newToken(source(5))
	r := scan.New(scan.Options{}).File(scan.Input{Name: "f", Reader: failing{strings.NewReader(v)}})
	if len(r.Places) != 1 || len(r.Left) != 1 || !strings.Contains(r.Left[0].Reason, errDisk.Error()) {
		t.Errorf("got %+v", r)
	}
}

// No file makes the scanner panic, and it finds what was put in front.
func FuzzFile(f *testing.F) {
	v := newToken(source(6))
	for _, seed := range []string{"", v, gzipped(v), zipped("a", v), tarred([]string{"a"}, v), bzipped, gzipped(tarred([]string{"a"}, v)), std(gzipped(v))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []scan.Options{{Budget: scan.NewBudget(1 << 20)}, {Budget: scan.NewBudget(1 << 20), Deep: true, Issued: func(scan.Sum) bool { return false }}} {
			s := scan.New(o)
			s.File(scan.Input{Name: "f", Reader: bytes.NewReader(data), ReaderAt: bytes.NewReader(data), Size: int64(len(data))})
			finds := s.Bytes(slices.Concat([]byte(v+"\n"), data))
			if len(finds) == 0 || finds[0].Offset != 0 {
				t.Errorf("found %v", finds)
			}
		}
	})
}
