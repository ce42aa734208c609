package object

import (
	"bytes"
	"testing"
)

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 state\x0001234567890123456789100644 b\x00abcdefghijklmnopqrst"))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseTree(data)
		if err == nil && len(data) > 0 && len(entries) == 0 {
			t.Error("a tree was read as nothing")
		}
		if again, err := ParseTree(EncodeTree(entries)); err != nil || !bytes.Equal(EncodeTree(again), EncodeTree(entries)) {
			t.Errorf("what was read is written otherwise: %v", err)
		}
	})
}
