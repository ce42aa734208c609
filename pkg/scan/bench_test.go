package scan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

// logLines makes n bytes as they stand in logs, a tenth of which is base64: half
// of that in lines of 76 characters, half in runs within a line.
func logLines(r *rand.Rand, n int) []byte {
	var b bytes.Buffer
	words := []string{"pool", "workflow", "osmo-backend", "osmoctl", "accepted", "GET /api/workflow/", "latency_ms=", "level=info", "user=svc-ci", "retry", "\\u003c", "%20"}
	raw := make([]byte, 4096)
	for b.Len() < n {
		for from := b.Len(); b.Len() < from+50_000; {
			fmt.Fprintf(&b, "2026-11-23T%02d:%02d:%02d.%03dZ ", r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
			for range 4 + r.IntN(12) {
				b.WriteString(words[r.IntN(len(words))] + " ")
			}
			binary.LittleEndian.PutUint64(raw, r.Uint64())
			b.WriteString("id=" + hex.EncodeToString(raw[:8]) + "\n")
		}
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		encoded := std(string(raw[:2048]))
		fmt.Fprintf(&b, "blob: %s\n%s\n", encoded, wrap(encoded, 76, "\n"))
	}
	return b.Bytes()[:n]
}

// issued are the digests of n values.
func issued(r *rand.Rand, n int) func(scan.Sum) bool {
	known := make(map[scan.Sum]bool, n)
	for range n {
		known[sha256.Sum256([]byte(newBare(r)))] = true
	}
	return func(s scan.Sum) bool { return known[s] }
}

func BenchmarkScan(b *testing.B) {
	for name, data := range map[string][]byte{
		"logs":   logLines(source(1), 16<<20),
		"base64": []byte(wrap(std(string(logLines(source(2), 3<<20))), 76, "\n")),
		"zeros":  make([]byte, 4<<20),
		"random": func() []byte { d := make([]byte, 4<<20); _, _ = reader{source(3)}.Read(d); return d }(),
		"utf-16": []byte(wide(string(logLines(source(4), 2<<20)), binary.LittleEndian)),
		"hex":    []byte(hex.EncodeToString(logLines(source(4), 2<<20))),
	} {
		b.Run(name, func(b *testing.B) {
			s := scan.New(scan.Options{Issued: issued(source(5), 10_000)})
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, _, err := s.Reader(bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScanDeep(b *testing.B) {
	data := logLines(source(1), 1<<20)
	s := scan.New(scan.Options{Deep: true, Issued: issued(source(5), 10_000)})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := s.Reader(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
