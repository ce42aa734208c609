package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

// What an archive has of a file with holes is searched, and its holes are not: in
// each form that tar writes them in, and what comes behind it as well.
func TestHoles(t *testing.T) {
	t.Parallel()
	v, after := newToken(source(43)), newToken(source(44))
	data := "some data\n" + v + "\n"
	const terabyte = int64(1) << 40
	size := fmt.Sprint(terabyte)
	at, n := fmt.Sprint(terabyte-int64(len(data))), fmt.Sprint(len(data))
	mapped := "1\n" + at + "\n" + n + "\n"
	mapped += strings.Repeat("\x00", 512-len(mapped))
	long := "1\n" + strings.Repeat("0", 600) + at + "\n" + n + "\n"
	for name, archive := range map[string]string{
		"gnu": gnuHoles(terabyte, data, 1), "gnu, a long map": gnuHoles(terabyte, data, 40),
		"pax 0.0": paxHoles(data, "GNU.sparse.size", size, "GNU.sparse.numblocks", "1", "GNU.sparse.offset", at, "GNU.sparse.numbytes", n),
		"pax 0.1": paxHoles(data, "GNU.sparse.size", size, "GNU.sparse.numblocks", "1", "GNU.sparse.map", at+","+n, "GNU.sparse.name", "name"),
		"pax 1.0": paxHoles(mapped+data, "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", size),
		"no map":  paxHoles(data, "GNU.sparse.size", size),
	} {
		content := archive + tarred([]string{"after"}, after)
		for name, content := range map[string]string{name: content, name + ", packed": gzipped(content)} {
			r := searched(scan.Options{Budget: scan.NewBudget(64 << 10)}, name, content)
			if len(r.Left) > 0 || len(r.Places) != 2 || r.Bytes > 1<<12 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if r := searched(scan.Options{}, name+", cut off", archive[:len(archive)-500]); len(r.Left) == 0 {
			t.Errorf("%s, cut off, passes for searched", name)
		}
	}
	// One that says nothing sensible ends, and is named.
	for name, archive := range map[string]string{
		"a map too long": paxHoles(long, "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", size),
		"a size beyond":  gnuHoles(-1, data, 1),
	} {
		if r := searched(scan.Options{}, name, archive); len(r.Left) == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// paxHoles is a member with holes as PAX records say them, without the end of the
// archive: [tar.Writer] does not write them.
func paxHoles(stored string, records ...string) string {
	var body strings.Builder
	for i := 0; i < len(records); i += 2 {
		record := " " + records[i] + "=" + records[i+1] + "\n"
		n := len(record) + 1
		for len(fmt.Sprint(n))+len(record) > n {
			n++
		}
		fmt.Fprintf(&body, "%d%s", n, record)
	}
	return block("pax", 'x', int64(body.Len()), nil) + filled(body.String()) + block("name", '0', int64(len(stored)), nil) + filled(stored)
}

// gnuHoles is a member with holes as old tar writes it: of the size given, with a map
// of so many pieces, all but the last of them empty.
func gnuHoles(size int64, stored string, pieces int) string {
	entry := func(offset, length int64) string {
		return fmt.Sprintf("%011o\x00%011o\x00", max(offset, 0)&(1<<33-1), length)
	}
	real := size
	size = 1 << 32 // What eleven digits hold.
	var entries []string
	for i := range pieces - 1 {
		entries = append(entries, entry(int64(i), 0))
	}
	entries = append(entries, entry(size-int64(len(stored)), int64(len(stored))))
	first := entries[:min(4, len(entries))]
	rest := entries[len(first):]
	head := block("name", 'S', int64(len(stored)), func(b []byte) {
		copy(b[257:], "ustar  \x00")
		copy(b[386:], strings.Join(first, ""))
		if len(rest) > 0 {
			b[482] = 1
		}
		copy(b[483:], fmt.Sprintf("%011o\x00", size))
		if real < 0 {
			copy(b[124:136], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
		}
	})
	for len(rest) > 0 {
		b := make([]byte, 512)
		now := rest[:min(21, len(rest))]
		copy(b, strings.Join(now, ""))
		if rest = rest[len(now):]; len(rest) > 0 {
			b[504] = 1
		}
		head += string(b)
	}
	return head + filled(stored)
}

func filled(s string) string { return s + strings.Repeat("\x00", -len(s)&511) }

// block is a header of tar.
func block(name string, kind byte, size int64, change func([]byte)) string {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x0000000000000\x00        ", size))
	b[156] = kind
	copy(b[257:], "ustar\x0000")
	if change != nil {
		change(b)
	}
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return string(b)
}
