package scan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/token"
)

// source draws the same numbers for the same seed.
func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// reader is a source of bytes.
type reader struct{ *rand.Rand }

func (r reader) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return len(b), nil
}

// newToken makes a token of ours.
func newToken(r *rand.Rand) string {
	v, err := token.Generate(reader{r})
	if err != nil {
		panic(err)
	}
	var text string
	_ = v.Use(func(b []byte) error {
		text = string(b)
		return nil
	})
	return text
}

// newBare makes a value as a server issues it.
func newBare(r *rand.Rand) string {
	b := make([]byte, 32)
	_, _ = reader{r}.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func wide(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func each(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// wrap breaks lines after n characters.
func wrap(s string, n int, lineEnd string) string {
	var lines []string
	for len(s) > n {
		lines, s = append(lines, s[:n]), s[n:]
	}
	return strings.Join(append(lines, s), lineEnd)
}

func std(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// ways are the encodings in which a value with text around it is found.
var ways = map[string]func(text string) string{
	"raw":                 func(s string) string { return s },
	"base64":              std,
	"base64 raw":          func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"base64 url":          func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"base64 raw url":      func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 at 64":        func(s string) string { return wrap(std(s), 64, "\n") },
	"base64 at 76":        func(s string) string { return wrap(std(s), 76, "\r\n") },
	"base64 indented":     func(s string) string { return wrap(std(s), 64, "\n      ") },
	"base64 in JSON":      func(s string) string { return `"` + wrap(strings.ReplaceAll(std(s), "/", `\/`), 64, `\n`) + `"` },
	"base64 in JSON CRLF": func(s string) string { return `"` + wrap(std(s), 76, `\r\n`) + `"` },
	"base64 in JSON JSON": func(s string) string { return `"` + wrap(std(s), 76, `\\n`) + `"` },
	"base64 twice":        func(s string) string { return std(std(s)) },
	"base64 wrapped twice": func(s string) string {
		return wrap(std(wrap(std(s), 76, "\n")), 64, "\n")
	},
	"base64 three times": func(s string) string { return std(std(std(s))) },
	"hex":                func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":                func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"UTF-16LE":           func(s string) string { return wide(s, binary.LittleEndian) },
	"UTF-16BE":           func(s string) string { return wide(s, binary.BigEndian) },
	"base64 of UTF-16":   func(s string) string { return std(wide(s, binary.LittleEndian)) },
	"UTF-16 of base64":   func(s string) string { return wide(std(s), binary.LittleEndian) },
	"base64 of hex":      func(s string) string { return std(hex.EncodeToString([]byte(s))) },
	"hex of base64":      func(s string) string { return hex.EncodeToString([]byte(std(s))) },
}

// escapeWays keep the value whole but for its underscore, which a value without
// a prefix need not have.
var escapeWays = map[string]func(text string) string{
	"URL":            func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "_", "%5F") },
	"url":            func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "_", "%5f") },
	"URL twice":      func(s string) string { return url.QueryEscape(strings.ReplaceAll(url.QueryEscape(s), "_", "%5F")) },
	"URL throughout": func(s string) string { return each(s, "%%%02X") },
	"url throughout": func(s string) string { return each(s, "%%%02x") },
	"JSON":           func(s string) string { return strings.ReplaceAll(s, "_", `\u005f`) },
	"JSON all":       func(s string) string { return each(s, `\u%04x`) },
	"C":              func(s string) string { return each(s, `\x%02x`) },
	"HTML":           func(s string) string { return strings.ReplaceAll(s, "_", "&#95;") },
	"HTML all":       func(s string) string { return each(s, "&#x%x;") },
	"base64 of URL":  func(s string) string { return std(strings.ReplaceAll(s, "_", "%5F")) },
}

// surroundings put a value into text: those of a log, of a config, of nothing,
// and some that leave no mark between the value and what is around it.
var surroundings = []func(value string) string{
	func(v string) string { return v },
	func(v string) string { return "token=" + v + "\nnext" },
	func(v string) string { return `{"token":"` + v + `"}` },
	func(v string) string { return "a line before\r\nAuthorization: Bearer " + v + "\r\n\r\n" },
	func(v string) string { return "https://x.example/?t=" + v + "&u=1" },
	func(v string) string {
		return "ab " + v + " some more words so that the text is long enough for several lines of base64"
	},
}

func finds(t *testing.T, o scan.Options, text string) []scan.Find {
	t.Helper()
	whole := scan.New(o).Bytes([]byte(text))
	if len(text) < 4096 {
		return whole
	}
	s := scan.New(o)
	pieces, n, err := s.Reader(iotest.HalfReader(strings.NewReader(text)))
	if err != nil || n != int64(len(text)) {
		t.Fatalf("read %d bytes of %d: %v", n, len(text), err)
	}
	if !slices.EqualFunc(whole, pieces, func(a, b scan.Find) bool { return a.Sum == b.Sum && a.Offset == b.Offset }) {
		t.Errorf("as a whole %v, in pieces %v", whole, pieces)
	}
	return whole
}

func one(t *testing.T, o scan.Options, text, value string) {
	t.Helper()
	found := finds(t, o, text)
	if len(found) != 1 || found[0].Sum != sha256.Sum256([]byte(value)) {
		t.Errorf("found %+v in %q", found, text)
	}
}

// A token is found in every encoding, whatever stands around it.
func TestShapeInEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, list := range []map[string]func(string) string{ways, escapeWays} {
		for name, encode := range list {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := source(1)
				for _, around := range surroundings {
					for range 20 {
						v := newToken(r)
						for _, before := range []string{"", "x", "xy", "path/of/", "osmo_", "k: ", "\n"} {
							one(t, scan.Options{}, before+encode(around(v)), v)
						}
					}
				}
			})
		}
	}
}

// A value without a prefix is found by its digest alone, where it stands alone.
func TestBareInEveryEncoding(t *testing.T) {
	t.Parallel()
	for name, encode := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := source(2)
			for _, around := range surroundings {
				for range 20 {
					v := newBare(r)
					known := sha256.Sum256([]byte(v))
					o := scan.Options{Issued: func(s scan.Sum) bool { return s == known }}
					for _, before := range []string{"", "k: ", "\n", "key=", `\n`} {
						if strings.HasPrefix(name, "UTF-16") && before != "" {
							continue // One byte would be half a character.
						}
						one(t, o, before+encode(around(v)), v)
					}
				}
			}
		})
	}
}

func TestOldHexValues(t *testing.T) {
	t.Parallel()
	v := strings.Repeat("0123456789abcdef", 4)
	known := sha256.Sum256([]byte(v))
	o := scan.Options{Issued: func(s scan.Sum) bool { return s == known }}
	one(t, o, "token: "+v+"\n", v)
	one(t, o, "data: "+std(v), v)
	if found := finds(t, o, "x"+v); len(found) != 0 {
		t.Errorf("found part of a longer run: %v", found)
	}
}

// Without a prefix, only what was issued counts; and only whole runs, but for
// Deep.
func TestBareNeedsItsDigest(t *testing.T) {
	t.Parallel()
	r := source(3)
	v := newBare(r)
	known := sha256.Sum256([]byte(v))
	o := scan.Options{Issued: func(s scan.Sum) bool { return s == known }}
	if found := finds(t, scan.Options{}, v); len(found) != 0 {
		t.Errorf("found %v with nothing to compare with", found)
	}
	if found := finds(t, o, newBare(r)); len(found) != 0 {
		t.Errorf("found %v, which was not issued", found)
	}
	if found := finds(t, o, "xx"+v); len(found) != 0 {
		t.Errorf("found %v within a longer run", found)
	}
	o.Deep = true
	one(t, o, "xx"+v+"yy", v)
	one(t, o, strings.Repeat("x", 180)+v+strings.Repeat("y", 300), v)
}

func TestDeep(t *testing.T) {
	t.Parallel()
	r := source(4)
	for _, list := range []map[string]func(string) string{ways, escapeWays} {
		for name, encode := range list {
			for _, before := range []string{"", "x", "xy", "abc/", "0"} {
				v := newBare(r)
				known := sha256.Sum256([]byte(v))
				text := before + encode("some text: "+v+" and more of it")
				if found := finds(t, scan.Options{Deep: true, Issued: func(s scan.Sum) bool { return s == known }}, text); len(found) != 1 {
					t.Errorf("%s after %q: found %d", name, before, len(found))
				}
			}
		}
	}
}

// Near misses are none.
func TestNearMisses(t *testing.T) {
	t.Parallel()
	r := source(5)
	for range 100 {
		v := []byte(newToken(r))
		at := r.IntN(len(v))
		was := v[at]
		for v[at] == was {
			v[at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[r.IntN(62)]
		}
		for _, text := range []string{string(v), std(string(v)), string(v[:len(v)-1])} {
			if found := finds(t, scan.Options{}, text); len(found) != 0 {
				t.Errorf("found %v in %q", found, text)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	r := source(6)
	v := newToken(r)
	text := "Ümlaut\nyes: " + v + "\n" + "k: " + std("x"+v) + "\n"
	found := finds(t, scan.Options{}, text)
	if len(found) != 2 {
		t.Fatalf("found %v", found)
	}
	a, b := found[0], found[1]
	if a.Line != 2 || a.Column != 6 || a.Offset != 13 || len(a.Encodings) != 0 || !a.Shaped {
		t.Errorf("got %+v", a)
	}
	if b.Line != 3 || b.Column != 5 || !slices.Equal(b.Encodings, []scan.Encoding{scan.Base64}) {
		t.Errorf("got %+v", b)
	}
}

func TestWrappedToken(t *testing.T) {
	t.Parallel()
	v := newToken(source(7))
	one(t, scan.Options{}, "Token: "+v[:20]+"=\r\n"+v[20:]+"\n", v)
	one(t, scan.Options{}, "Token: "+v[:6]+"\n    "+v[6:]+"\n", v)
}

// A value anywhere around the border of two pieces is found once, at its place.
func TestBorders(t *testing.T) {
	t.Parallel()
	r := source(8)
	const border = 2 << 20
	filler := bytes.Repeat([]byte("a word and another one 0123456789\n"), border/17)
	for range 30 {
		v := newToken(r)
		text := slices.Clone(filler)
		at := border - 200 + r.IntN(400)
		copy(text[at:], " "+v+" ")
		found := finds(t, scan.Options{}, string(text))
		if len(found) != 1 || found[0].Offset != int64(at+1) {
			t.Fatalf("at %d: found %+v", at+1, found)
		}
	}
}

// Base64 of any length is decoded through the borders of pieces.
func TestLongBase64(t *testing.T) {
	t.Parallel()
	r := source(9)
	plain := make([]byte, 4<<20)
	_, _ = reader{r}.Read(plain)
	issued := map[scan.Sum]bool{}
	for at := 100; at+60 < len(plain); at += 30_000 + r.IntN(9) {
		v := newBare(r)
		issued[sha256.Sum256([]byte(v))] = true
		copy(plain[at:], " "+v+" ")
	}
	encoded := std(string(plain))
	for name, text := range map[string]string{
		"unbroken": "x: " + encoded, "wrapped": wrap(encoded, 76, "\n"), "in JSON": `"` + wrap(encoded, 64, `\n`) + `"`,
		"short first line": "y: " + encoded[:24] + "\n" + wrap(encoded[24:], 64, "\r\n"),
		"odd":              wrap(encoded, 61, "\n"),
	} {
		found := finds(t, scan.Options{Issued: func(s scan.Sum) bool { return issued[s] }}, text)
		if len(found) != len(issued) {
			t.Errorf("%s: found %d of %d", name, len(found), len(issued))
		}
	}
}

// Text that is made to be full of beginnings takes no more than its share of
// time: each stretch is decoded once for each place in a group.
func BenchmarkBeginnings(b *testing.B) {
	inner := strings.Repeat("b3Ntb1", 2000)
	for name, text := range map[string]string{
		"raw": strings.Repeat("osmo_", 10_000), "base64": strings.Repeat("b3Ntb1", 10_000), "broken": strings.Repeat("b3Ntb19zbW9fvc21vX\n", 3000),
		"nested": std(std(std(inner))), "escapes": strings.Repeat("osmo%5F", 8000), "hex": hex.EncodeToString([]byte(inner)), "utf-16": wide(inner, binary.LittleEndian),
	} {
		b.Run(name, func(b *testing.B) {
			s := scan.New(scan.Options{})
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Bytes([]byte(text))
			}
		})
	}
}

// known looks values up that were put into a test's text.
func known(values ...string) scan.Options {
	sums := map[scan.Sum]bool{}
	for _, v := range values {
		sums[sha256.Sum256([]byte(v))] = true
	}
	return scan.Options{Issued: func(s scan.Sum) bool { return sums[s] }}
}

// Two tokens that follow one another in one run, each from another place in its
// group, and any distance apart.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	r := source(10)
	a, b := newToken(r), newToken(r)
	raw := func(s string) string { return strings.TrimRight(std(s), "=") }
	for _, before := range []string{"", "x", "xy", "xyz"} {
		for _, between := range []string{"", "z", "zz", "zzz"} {
			for _, inner := range []string{"", "u", "us"} {
				if found := finds(t, scan.Options{}, before+raw("user:"+a)+between+raw(inner+b)+"\n"); len(found) != 2 {
					t.Errorf("after %q, between %q, inside %q: found %d", before, between, inner, len(found))
				}
			}
		}
	}
	for apart := 300; apart < 1200; apart += 7 {
		text := a + strings.Repeat(".", apart) + b + strings.Repeat(".", 1500)
		for name, encoded := range map[string]string{"base64": "x" + std(text), "hex": "xx" + hex.EncodeToString([]byte(text)), "URL": each(text, "%%%02x")} {
			if found := finds(t, scan.Options{}, encoded); len(found) != 2 {
				t.Errorf("%s, %d apart: found %d", name, apart, len(found))
			}
		}
	}
}

// Where base64 begins is not certain: what stands at the end of the line above
// may be its beginning, or a word; and lines may each be a value of their own.
func TestLinesAbove(t *testing.T) {
	t.Parallel()
	r := source(11)
	a, b, c := newBare(r), newBare(r), newBare(r)
	encoded := std(a + " and " + b + strings.Repeat(" and so on", 10))
	raw := func(s string) string { return strings.TrimRight(std(s), "=") }
	for name, text := range map[string]string{
		"short first line": "k: " + encoded[:23] + "\n" + wrap(encoded[23:], 64, "\n"),
		"a word above":     "cat <<EOF\n" + wrap(encoded, 64, "\n"),
		"a dash above":     "-----BEGIN IT-----\r\n" + wrap(encoded, 64, "\r\n"),
		"a line each":      raw(c) + "\n" + raw(a) + "\n" + raw(b) + "\n",
		"whole groups":     std("::"+a) + "\n" + std("z:"+b) + "\n",
	} {
		if found := finds(t, known(a, b), text); len(found) != 2 {
			t.Errorf("%s: found %d", name, len(found))
		}
	}
}
