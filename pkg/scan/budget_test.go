package scan_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

func xzOf(t testing.TB, dictionary int, contents ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, content := range contents {
		w, err := xz.WriterConfig{DictCap: dictionary, BlockSize: 1 << 17}.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, content)
		_ = w.Close()
	}
	return b.String()
}

func zstdOf(t testing.TB, contents ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, content := range contents {
		w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, content)
		_ = w.Close()
	}
	return b.String()
}

func TestStreamsAndFrames(t *testing.T) {
	t.Parallel()
	v := newToken(source(11))
	line, words := "token: "+v+"\n", strings.Repeat("some words\n", 20_000)
	skipped := "\x50\x2a\x4d\x18\x05\x00\x00\x00words"
	for name, content := range map[string]string{
		"xz": xzOf(t, 0, line), "xz of blocks": xzOf(t, 0, words+line), "xz of streams": xzOf(t, 0, words, "", line),
		"xz, padded": xzOf(t, 0, words) + strings.Repeat("\x00", 8) + xzOf(t, 0, line) + "\x00\x00\x00\x00",
		"zstd":       zstdOf(t, line), "zstd of frames": zstdOf(t, words, "", line), "zstd, skipping": skipped + zstdOf(t, words) + skipped + zstdOf(t, line),
		"zstd in xz": xzOf(t, 0, zstdOf(t, line)), "xz in zstd": zstdOf(t, xzOf(t, 0, line)), "tar in xz": xzOf(t, 0, tarred([]string{"a"}, line)),
		"zstd in tar": tarred([]string{"a"}, zstdOf(t, line)), "xz in zip": zipped("a", xzOf(t, 0, line)),
		"zip behind a program": "#!/bin/sh\nexec unzip\n" + zipped("a", line),
		"oldest tar":           oldTar("a", gzipped(line)),
	} {
		if r := searched(scan.Options{}, "f", content); len(r.Places) != 1 || len(r.Left) > 0 {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

// oldTar is an archive from before there was a magic.
func oldTar(name, content string) string {
	b := []byte(tarred([]string{name}, content))
	h := b[:512]
	clear(h[257:])
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return string(b)
}

// Members of zip archives may be packed in newer ways.
func TestZipMethods(t *testing.T) {
	t.Parallel()
	v := newToken(source(12))
	for method, packed := range map[uint16]string{12: bzipped, 93: zstdOf(t, "token: "+v), 95: xzOf(t, 0, "token: "+v), 99: v} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateRaw(&zip.FileHeader{Name: "a", Method: method, CompressedSize64: uint64(len(packed)), UncompressedSize64: 1 << 10})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, packed)
		_ = z.Close()
		r := searched(scan.Options{}, "f", b.String())
		if known := method != 99; known != (len(r.Places) == 1) || len(r.Left) == 0 {
			t.Errorf("method %d: got %+v", method, r)
		}
	}
}

// Whatever is not unpacked is named.
func TestForeign(t *testing.T) {
	t.Parallel()
	v := newToken(source(13))
	for want, head := range map[string]string{
		"a 7z archive": "7z\xbc\xaf\x27\x1c", "a rar archive": "Rar!\x1a\x07\x01\x00", "lz4": "\x04\x22\x4d\x18", "compress (.Z)": "\x1f\x9d\x90",
		"lzip": "LZIP\x01", "lzop": "\x89LZO\x00\r\n\x1a\n", "snappy": "\xff\x06\x00\x00sNaPpY", "a cabinet archive": "MSCF\x00\x00\x00\x00",
		"an rpm package": "\xed\xab\xee\xdb", "a cpio archive": "070701", "a squashfs image": "hsqs", "a git pack": "PACK\x00\x00\x00\x02",
		"a git bundle": "# v3 git bundle\n", "lzma": "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x21\x22\x23\x24",
	} {
		for name, content := range map[string]string{"f": head + v, "f!a": tarred([]string{"a"}, head+v)} {
			r := searched(scan.Options{}, "f", content)
			if len(r.Left) != 1 || r.Left[0].Path != name || !strings.Contains(r.Left[0].Reason, "it is "+want+", which is not unpacked") {
				t.Errorf("%s: said %+v", want, r.Left)
			}
			if len(r.Places) != 1 {
				t.Errorf("%s: what is not packed in it was not searched", want)
			}
		}
	}
	for _, text := range []string{"x^2 + y^2 = z", "PACKAGES\n", "PACK", "BZh is no more", "]\x00\x00 and so on, for long", "070 is a prefix", "LZ", "PK", "7z is packed"} {
		if r := searched(scan.Options{}, "f", text); len(r.Left) > 0 {
			t.Errorf("%q: said %+v", text, r.Left)
		}
	}
}

// bombs unpack to much more than they are; each has its own way of costing.
func bombs(t testing.TB) map[string]string {
	zeros := strings.Repeat("\x00", 4<<20)
	many := func(n int, content string) string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint("m", i)
		}
		return tarred(names, content)
	}
	return map[string]string{
		"gzip":             gzipped(zeros),
		"gzip in gzip":     gzipped(gzipped(zeros)),
		"xz":               xzOf(t, 0, zeros),
		"zstd":             zstdOf(t, zeros),
		"frames of zstd":   strings.Repeat(zstdOf(t, zeros[:1<<17]), 40),
		"members of zip":   overlapping(zeros[:1<<17], 40),
		"members of tar":   gzipped(many(5000, "")),
		"gzip in base64":   strings.Repeat(std(gzipped(zeros[:1<<20]))+"\n\n", 8),
		"xz that asks":     strings.Repeat(xzOf(t, 64<<20, "a"), 50),
		"xz that asks, in": many(40, xzOf(t, 64<<20, "a")),
		"bzip2":            many(50, bzipped),
	}
}

// overlapping is a zip archive whose members all lie at one place.
func overlapping(content string, n int) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create("a")
	_, _ = io.WriteString(w, content)
	_ = z.Close()
	one := b.Bytes()
	at := bytes.LastIndex(one, []byte("PK\x01\x02"))
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	entry, tail := one[at:end], bytes.Clone(one[end:])
	tail[8], tail[10] = byte(n), byte(n)
	size := len(entry) * n
	tail[12], tail[13], tail[14] = byte(size), byte(size>>8), byte(size>>16)
	return string(one[:at]) + strings.Repeat(string(entry), n) + string(tail)
}

// Each bomb comes to an end, says so, and is searched by an operator who lets it.
func TestBombs(t *testing.T) {
	t.Parallel()
	for name, content := range bombs(t) {
		r := searched(scan.Options{Budget: scan.NewBudget(1 << 20)}, "f", content)
		if len(r.Left) == 0 || !r.Left[0].Budget {
			t.Errorf("%s: was searched whole: %d bytes, left %+v", name, r.Bytes, r.Left)
		}
		if r.Bytes > 6<<20 {
			t.Errorf("%s: %d bytes were searched", name, r.Bytes)
		}
		if r := searched(scan.Options{Budget: scan.NewBudget(1 << 30)}, "f", content); len(r.Left) > 0 {
			t.Errorf("%s: with a larger budget: %+v", name, r.Left)
		}
	}
}

// A run has one budget: what one file takes of the pool, no other has.
func TestOneBudget(t *testing.T) {
	t.Parallel()
	budget := scan.NewBudget(16 << 20)
	bomb := gzipped(strings.Repeat("\x00", 1<<20))
	var group sync.WaitGroup
	cut := make([]bool, 64)
	for i := range cut {
		group.Go(func() {
			r := searched(scan.Options{Budget: budget}, "f", bomb)
			cut[i] = len(r.Left) > 0
		})
	}
	group.Wait()
	whole := 0
	for _, c := range cut {
		if !c {
			whole++
		}
	}
	if whole > 20 { // Each has earned a tenth of a MiB by its own size.
		t.Errorf("%d files of 1 MiB were searched out of 16 MiB", whole)
	}
}

// However much was taken of the budget, a file that is packed as people pack is
// searched.
func TestBudgetLeavesOrdinaryArchives(t *testing.T) {
	t.Parallel()
	budget := scan.NewBudget(4 << 20)
	bomb := gzipped(gzipped(strings.Repeat("\x00", 8<<20)))
	if r := searched(scan.Options{Budget: budget}, "f", bomb); len(r.Left) != 1 || !r.Left[0].Budget {
		t.Fatalf("the bomb left %+v", r.Left)
	}
	v := newToken(source(14))
	logs := string(logLines(source(15), 1<<20)) + v
	for name, content := range map[string]string{"gz": gzipped(logs), "xz": xzed(logs), "zst": zstdOf(t, logs), "zip": zipped("a", logs), "tgz": gzipped(tarred([]string{"a"}, logs))} {
		if r := searched(scan.Options{Budget: budget}, "f", content); len(r.Left) > 0 || len(r.Places) != 1 {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

// A zip archive whose list of members is endless is not read into memory.
func TestEndlessDirectory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes an archive of 64 MiB")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 1_100 {
		_, _ = z.CreateRaw(&zip.FileHeader{Name: fmt.Sprint(i), Comment: strings.Repeat("c", 1<<16-1)})
	}
	_ = z.Close()
	r := searched(scan.Options{}, "f", b.String())
	if len(r.Left) != 1 || !strings.Contains(r.Left[0].Reason, "list of members is longer") {
		t.Errorf("left %+v", r.Left)
	}
}

// What is damaged is named, wherever it is cut.
func TestCut(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("some words ", 20)
	for name, whole := range map[string]string{"xz": xzOf(t, 0, line, line), "zstd": zstdOf(t, line, line)} {
		for n := 8; n < len(whole); n++ {
			if n == len(whole)/2 {
				continue // Where the first of the two ends, it is whole.
			}
			if r := searched(scan.Options{}, "f", whole[:n]); len(r.Left) == 0 {
				t.Errorf("%s: cut off at byte %d of %d, and nothing was said", name, n, len(whole))
			}
		}
	}
	whole := []byte(xzOf(t, 0, line))
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x10
		if r := searched(scan.Options{}, "f", string(changed)); i > 7 && i < len(whole)-60 && len(r.Left) == 0 {
			t.Errorf("xz: byte %d was changed, and nothing was said", i)
		}
	}
}

// Text that is made to be decoded over and over, packed, costs no more than what it
// unpacks to may.
func TestDecodingIsCharged(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"base64":           std(strings.Repeat("osmo_", 3_000)),
		"base64 in UTF-16": strings.Join(strings.Split(std(strings.Repeat("osmo_", 3_000)), ""), "\x00"),
		"escapes":          strings.Repeat(`osmo\u005f`, 3_000),
		"hex in base64":    std(strings.Repeat("6f736d6f5f", 3_000)),
	} {
		packed := gzipped(strings.Repeat(text+"\n\n", 40))
		r := searched(scan.Options{Budget: scan.NewBudget(2 << 20)}, "f", packed)
		if len(r.Left) == 0 || !r.Left[len(r.Left)-1].Budget {
			t.Errorf("%s: %d bytes were searched, left %+v", name, r.Bytes, r.Left)
		}
		if r := searched(scan.Options{}, "f", text); len(r.Left) > 0 {
			t.Errorf("%s, not packed: left %+v", name, r.Left)
		}
	}
}
