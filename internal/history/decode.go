package history

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Package state reads whole states alone. To read one account or role of many
// commits without the ten thousand others, it is put into a state of its own,
// whose meta.json says nothing but the digest of these few files.

// decode reads some files of a state by themselves: an account with its
// ciphertexts, or a role. That the ciphertexts are those that the account names
// is checked along the way, since the digest covers them.
func decode(files []state.File) (*state.Snapshot, diag.List) {
	lines := make([]string, len(files))
	for i, f := range files {
		lines[i] = digestLine(f.Path, state.SumOf(f.Data))
	}
	slices.SortFunc(lines, compareLines)
	return state.Decode(append(slices.Clone(files), metaFile(withDigest(emptyMeta(), digestOf(lines)))))
}

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

// emptyMeta is the meta.json of a state without files. It is made when it is needed:
// most commands need none, and a command that starts is waited for.
var emptyMeta = sync.OnceValue(func() []byte {
	edit := (&state.Snapshot{}).Edit()
	edit.SetLineage("none")
	_, changes := edit.Finish()
	return changes[0].Data
})

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
