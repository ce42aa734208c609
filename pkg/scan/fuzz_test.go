package scan_test

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/scan"
)

// The law: a token in any encoding, anywhere in any bytes, is found; and
// nothing is where none was put.
func FuzzPlanted(f *testing.F) {
	all := slices.Concat(model.Names(ways), model.Names(escapeWays))
	for i := range all {
		f.Add(uint64(i), uint8(i), []byte("some bytes before"), []byte("and after"))
	}
	f.Fuzz(func(t *testing.T, seed uint64, way uint8, before, after []byte) {
		v := newToken(source(seed))
		name := all[int(way)%len(all)]
		encode := ways[name]
		if encode == nil {
			encode = escapeWays[name]
		}
		s := scan.New(scan.Options{})
		if finds := s.Bytes(slices.Concat(before, after)); len(finds) != 0 {
			t.Fatalf("found %+v where none was put", finds)
		}
		text := slices.Concat(before, []byte(encode("key="+v+"\n")), after)
		finds := s.Bytes(text)
		if !slices.ContainsFunc(finds, func(f scan.Find) bool { return f.Sum == sha256.Sum256([]byte(v)) }) {
			t.Errorf("%s not found in %q", name, text)
		}
	})
}
