package scan_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

func zstded(content string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(w.EncodeAll([]byte(content), nil))
}

func xzed(content string) string {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// What xz and zstd hold is found, within one another and with several in a row.
func TestXzAndZstd(t *testing.T) {
	t.Parallel()
	v := newToken(source(40))
	skippable := "\x50\x2a\x4d\x18\x04\x00\x00\x00skip"
	for name, c := range map[string]struct {
		content string
		path    string
	}{
		"a.xz":      {xzed(v), "a.xz"},
		"a.zst":     {zstded(v), "a.zst"},
		"two.xz":    {xzed("first ") + xzed(v), "two.xz"},
		"two.zst":   {zstded("first ") + zstded(v), "two.zst"},
		"skip.zst":  {zstded("first ") + skippable + zstded(v), "skip.zst"},
		"a.tar.xz":  {xzed(tarred([]string{"m"}, v)), "a.tar.xz!m"},
		"a.tar.zst": {zstded(tarred([]string{"m"}, v)), "a.tar.zst!m"},
		"a.zip":     {zipped("m.xz", xzed(v)), "a.zip!m.xz"},
		"b.zst":     {zstded(xzed(gzipped(v))), "b.zst"},
	} {
		r := searched(scan.Options{}, name, c.content)
		if len(r.Left) > 0 || len(r.Places) != 1 || r.Places[0].Path != c.path {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for name, content := range map[string]string{
		"cut.xz":    xzed(v + strings.Repeat("words ", 1e4))[:100],
		"cut.zst":   zstded(v + strings.Repeat("words ", 1e4))[:30],
		"other.zst": "\x28\xb5\x2f\xfd" + v,
		"other.xz":  "\xfd7zXZ\x00" + v,
	} {
		if r := searched(scan.Options{}, name, content); len(r.Left) == 0 {
			t.Errorf("%s: passes for searched", name)
		}
	}
}

// asking is xz whose block asks for a dictionary of 4 GiB.
func asking() string {
	large := []byte(xzed("text"))
	header := large[12 : 12+(int(large[12])+1)*4]
	header[bytes.Index(header, []byte{0x21, 0x01})+2] = 40
	end := len(header) - 4
	binary.LittleEndian.PutUint32(header[end:], crc32.ChecksumIEEE(header[:end]))
	return string(large)
}

// A window larger than is held in memory is no reason to hold it, in whichever
// block or frame it is asked for.
func TestWindows(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"xz":                asking(),
		"a second stream":   xzed("text") + asking(),
		"within an archive": tarred([]string{"a"}, asking()),
		"zstd":              "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00" + strings.Repeat("x", 100), // 2 GiB
		"a second frame":    zstded("text") + "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00" + strings.Repeat("x", 100),
		"a single segment":  "\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x00\x00\x10\x04\x00\x00abcdefgh" + strings.Repeat("x", 100), // 2^60 bytes
		"one of 16 GiB":     "\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00abcdefgh" + strings.Repeat("x", 100),
	} {
		if r := searched(scan.Options{}, "a", content); len(r.Left) == 0 {
			t.Errorf("%s passes for searched: %+v", name, r)
		}
	}
}

// A few bytes that unpack to very much end within the run's budget, whatever they
// are packed in, and however many of them there are.
func TestOneBudgetForARun(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	zeros := strings.Repeat("\x00", 8<<20)
	bombs := map[string]string{
		"a.gz": gzipped(zeros), "a.zst": zstded(zeros), "a.xz": xzed(zeros), "a.zip": zipped("m", zeros),
		"a.tar.gz": gzipped(tarred([]string{"m"}, zeros)), "b.gz": gzipped(gzipped(zeros)), "b.zst": zstded(gzipped(zeros)),
	}
	budget := scan.NewBudget(most)
	s := scan.New(scan.Options{Budget: budget})
	var own, unpacked int64
	for name, content := range bombs {
		r := s.File(scan.Input{Name: name, Reader: strings.NewReader(content), Size: int64(len(content))})
		if len(r.Left) == 0 {
			t.Errorf("%s passes for searched", name)
		}
		own, unpacked = own+int64(len(content))*100, unpacked+r.Bytes
	}
	if unpacked > own+most {
		t.Errorf("%d bytes were searched, of %d and %d that the inputs earned", unpacked, most, own)
	}
	// Whatever others have spent, an ordinary archive is searched.
	v := newToken(source(41))
	var log strings.Builder
	for i := range 1 << 14 {
		fmt.Fprintf(&log, "2026-11-23 12:%02d:%02d some words of a log, and the number %d\n", i/60%60, i%60, i*i)
	}
	if r := searched(scan.Options{Budget: budget}, "log.gz", gzipped(log.String()+v)); len(r.Places) != 1 || len(r.Left) > 0 {
		t.Errorf("after the budget was spent: %+v", r)
	}
}

// Empty members count as well.
func TestManyMembers(t *testing.T) {
	t.Parallel()
	names := make([]string, 20_000)
	for i := range names {
		names[i] = "m"
	}
	archive := gzipped(tarred(names, ""))
	r := searched(scan.Options{Budget: scan.NewBudget(1 << 20)}, "a.tar.gz", archive)
	if len(r.Left) == 0 || r.Files > 15_000 {
		t.Errorf("%d files: %+v", r.Files, r.Left)
	}
}

// What is known and not unpacked does not pass for searched.
func TestNotUnpacked(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"7z": "7z\xbc\xaf\x27\x1c", "rar": "Rar!\x1a\x07\x01\x00", "lz4": "\x04\x22\x4d\x18", "compress": "\x1f\x9d\x90",
		"lzma": "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", "lzip": "LZIP\x01", "bundle": "# v2 git bundle\n", "bundle 3": "# v3 git bundle\n",
		"pack": "PACK\x00\x00\x00\x02", "git in a tar": tarred([]string{"x/.git/objects/ab/cd"}, "text"),
		"bare in a zip": zipped("repo.git/objects/pack/a.pack", "text"),
	} {
		if r := searched(scan.Options{}, name, head+strings.Repeat(" and some text", 50)); len(r.Left) == 0 {
			t.Errorf("%s passes for searched", name)
		}
	}
	if r := searched(scan.Options{}, "a.tar", tarred([]string{"x/.gitignore", "objects/a"}, "text")); len(r.Left) > 0 {
		t.Errorf("no repository: %+v", r.Left)
	}
}
