package history

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// decodeMeta reads meta.json without the files that its digest covers.
func decodeMeta(data []byte) (*state.Meta, diag.List) {
	snap, problems := state.Decode([]state.File{metaFile(withDigest(data, digestOf(nil)))})
	if snap == nil {
		return nil, problems
	}
	meta := snap.Meta
	meta.Digest, _ = readDigest(data)
	return &meta, nil
}

func metaFile(data []byte) state.File {
	return state.File{Path: state.MetaPath, Mode: state.RegularMode, Data: data}
}

// withDigest replaces the digest of a meta.json. One that has none stays as it
// is, and state refuses it.
func withDigest(meta []byte, digest state.Sum) []byte {
	recorded, ok := readDigest(meta)
	if !ok {
		return meta
	}
	return bytes.Replace(meta, []byte(recorded.String()), []byte(digest.String()), 1)
}

func readDigest(meta []byte) (sum state.Sum, ok bool) {
	var fields struct {
		Digest string `json:"digest"`
	}
	if json.Unmarshal(meta, &fields) != nil || len(fields.Digest) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(fields.Digest))
	return sum, err == nil
}

// digestLine is what a file adds to the digest: a line as sha256sum prints it.
func digestLine(path string, sum state.Sum) string { return sum.String() + "  " + path + "\n" }

// compareLines orders lines by path.
func compareLines(a, b string) int { return strings.Compare(pathOf(a), pathOf(b)) }

func pathOf(line string) string { return line[2*len(state.Sum{})+2:] }

// digestOf hashes lines, which are sorted.
func digestOf(lines []string) state.Sum {
	var size int
	for _, line := range lines {
		size += len(line)
	}
	text := make([]byte, 0, size)
	for _, line := range lines {
		text = append(text, line...)
	}
	return state.SumOf(text)
}
