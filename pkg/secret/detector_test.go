package secret_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// foreign has every character that encodings differ about; servers issue
// values that are not of our alphabet.
const foreign = "a-Z_0~.+/=\"<é€𝄞>?&%41 \x7f end-of-foreign-value"

func utf16Text(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func escapeAll(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// disguises are encodings made by others than the detector.
func disguises(s string) map[string]string {
	out := map[string]string{
		"raw":            s,
		"hex":            hex.EncodeToString([]byte(s)),
		"upper hex":      strings.ToUpper(hex.EncodeToString([]byte(s))),
		"escaped":        escapeAll(s),
		"lower escaped":  lowerEscapes(escapeAll(s)),
		"utf-16le":       utf16Text(s, binary.LittleEndian),
		"utf-16be":       utf16Text(s, binary.BigEndian),
		"http basic":     base64.StdEncoding.EncodeToString([]byte("user:" + s)),
		"quoted in json": string(must(json.Marshal(map[string][]byte{"data": []byte(s)}))),
	}
	for name, e := range map[string]*base64.Encoding{
		"std": base64.StdEncoding, "rawstd": base64.RawStdEncoding,
		"url": base64.URLEncoding, "rawurl": base64.RawURLEncoding,
	} {
		for before := range 4 {
			for after := range 4 {
				text := strings.Repeat("\xff", before) + s + strings.Repeat("\xfe", after)
				out[fmt.Sprintf("%s %d %d", name, before, after)] = e.EncodeToString([]byte(text))
			}
		}
	}
	return out
}

func lowerEscapes(s string) string {
	parts := strings.Split(s, "%")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToLower(p[:2]) + p[2:]
	}
	return strings.Join(parts, "%")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestDetectorFinds(t *testing.T) {
	t.Parallel()
	for _, s := range []string{canary, foreign} {
		d := secret.NewDetector(secret.New([]byte("another-value")), secret.New([]byte(s)))
		for name, text := range disguises(s) {
			for _, around := range []string{"", "x", strings.Repeat("osmo_", 20)} {
				if !d.Find([]byte(around + text + around)) {
					t.Errorf("%q as %s between %q is not found", s, name, around)
				}
			}
		}
	}
	if q := url.QueryEscape(canary); !secret.NewDetector(value()).Find([]byte(q)) {
		t.Error("as a query it is not found")
	}
}

func TestDetectorFindsNothingElse(t *testing.T) {
	t.Parallel()
	d := secret.NewDetector(value())
	innocent := []string{
		"", "osmo_", canary[:42], canary[1:], strings.ToLower(canary), strings.ToUpper(canary),
		strings.Replace(canary, "_", "-", 1), canary[:20] + " " + canary[20:],
		base64.StdEncoding.EncodeToString([]byte(canary[:40])),
		hex.EncodeToString([]byte(canary[:42])),
		string(make([]byte, 4096)),
	}
	for _, s := range innocent {
		if d.Find([]byte(s)) {
			t.Errorf("found in %q", s)
		}
	}
}

func TestDetectorShortAndEmpty(t *testing.T) {
	t.Parallel()
	d := secret.NewDetector(secret.Value{}, secret.New(nil))
	if d.Find(nil) || d.Find([]byte("anything")) {
		t.Error("an empty value was found")
	}
	for _, s := range []string{"x", "pin7", "seven77", "eight888"} {
		d := secret.NewDetector(secret.New([]byte(s)))
		if !d.Find([]byte("..."+s+"...")) || !d.Find([]byte(hex.EncodeToString([]byte(s)))) {
			t.Errorf("%q is not found", s)
		}
		if d.Find([]byte("QQQQQQQQ")) {
			t.Errorf("%q is found where it is not", s)
		}
	}
}

// Values that share their middle must not hide each other.
func TestDetectorSameWindow(t *testing.T) {
	t.Parallel()
	values := []string{"a--same-middle--1", "b--same-middle--2", "c--same-middle--3"}
	d := secret.NewDetector()
	for _, s := range values {
		d.Add(secret.New([]byte(s)))
	}
	for _, s := range values {
		if !d.Find([]byte("." + s + ".")) {
			t.Errorf("%q is not found", s)
		}
	}
	if d.Find([]byte("d--same-middle--4")) {
		t.Error("a value that was never added is found")
	}
}

func TestDetectorKeepsItsOwn(t *testing.T) {
	t.Parallel()
	v := value()
	d := secret.NewDetector(v)
	v.Wipe()
	if !d.Find([]byte(canary)) {
		t.Error("wiping the value wiped the detector")
	}
	d.Wipe()
	if d.Find([]byte(canary)) {
		t.Error("the value is found after Wipe")
	}
	d.Add(value())
	if !d.Find([]byte(canary)) {
		t.Error("a wiped detector cannot be used again")
	}
}

func TestDetectorConcurrently(t *testing.T) {
	t.Parallel()
	d := secret.NewDetector(value())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if !d.Find([]byte("x"+canary)) || d.Find([]byte("nothing here")) {
				t.Error("wrong answer")
			}
		})
	}
	wg.Wait()
}

// Of many values each is found, in whatever order the filter has grown.
func TestDetectorOfMany(t *testing.T) {
	t.Parallel()
	value := func(i int) string {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		return "osmo_" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	d := secret.NewDetector()
	for i := range 20_000 {
		d.Add(secret.New([]byte(value(i))))
	}
	for i := range 20_000 {
		if text := value(i); !d.Find([]byte("{"+text+"}")) || i%100 == 0 && !d.Find([]byte(hex.EncodeToString([]byte("12"+text)))) {
			t.Fatalf("%q is not found", text)
		}
	}
	for i := 20_000; i < 21_000; i++ {
		if text := value(i); d.Find([]byte(text)) {
			t.Fatalf("%q is found, and was never added", text)
		}
	}
}

// Whatever stands around it, a value is found in each encoding; and what is
// found is there.
func FuzzDetector(f *testing.F) {
	f.Add([]byte(canary), []byte("before"), []byte("after"))
	f.Add([]byte(foreign), []byte{}, []byte{})
	f.Add([]byte("short"), []byte("sho"), []byte("rt"))
	f.Add([]byte("\xff\xfe\xfd-invalid-utf8"), []byte("%"), []byte("="))
	f.Fuzz(func(t *testing.T, v, before, after []byte) {
		if len(v) == 0 || len(v) > 1000 {
			return
		}
		d := secret.NewDetector(secret.New(bytes.Clone(v)))
		blob := bytes.Join([][]byte{before, v, after}, nil)
		for name, text := range map[string]string{
			"raw": string(blob), "hex": hex.EncodeToString(blob), "escaped": escapeAll(string(blob)),
		} {
			if !d.Find([]byte(text)) {
				t.Errorf("%q is not found as %s", v, name)
			}
		}
		if len(v) > 2 && !d.Find([]byte(base64.StdEncoding.EncodeToString(blob))) {
			t.Errorf("%q is not found in base64 after %d bytes", v, len(before))
		}
		if len(v) > 16 && d.Find(bytes.ReplaceAll(before, v, nil)) && !holds(before, v) {
			t.Errorf("%q is found in %q", v, before)
		}
	})
}

// holds is the slow truth for the encodings that can be undone.
func holds(blob, v []byte) bool {
	for _, text := range disguises(string(v)) {
		if bytes.Contains(blob, []byte(text)) {
			return true
		}
	}
	return bytes.Contains(blob, v)
}

func BenchmarkDetector(b *testing.B) {
	rng := rand.NewChaCha8([32]byte{1})
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	values := make([]secret.Value, 100_000)
	for i := range values {
		text := make([]byte, 43)
		_, _ = rng.Read(text)
		for j := range text {
			text[j] = alphabet[int(text[j])%len(alphabet)]
		}
		copy(text, "osmo_")
		values[i] = secret.New(text)
	}
	random := make([]byte, 10_000_000)
	_, _ = rng.Read(random)
	text := bytes.Repeat([]byte("osmo_ordinary text of a state file, \"token\": 1\n"), 250_000)[:10_000_000]
	for _, count := range []int{1, 10_000, 100_000} {
		b.Run(fmt.Sprint("Add", count), func(b *testing.B) {
			for b.Loop() {
				secret.NewDetector(values[:count]...)
			}
		})
		d := secret.NewDetector(values[:count]...)
		for name, blob := range map[string][]byte{"Find10MB": random, "Find10MBText": text} {
			b.Run(fmt.Sprint(name, "Of", count), func(b *testing.B) {
				b.SetBytes(int64(len(blob)))
				for b.Loop() {
					if d.Find(blob) {
						b.Fatal("found by chance")
					}
				}
			})
		}
	}
}
