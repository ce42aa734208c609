package gitstore

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// Modes of tree entries.
const (
	modeFile   = 0o100644
	modeExec   = 0o100755
	modeLink   = 0o120000
	modeModule = 0o160000
	modeTree   = 0o040000
)

// isRegular says that a mode is that of a plain file; git once wrote others
// than the two of today, like 100664.
func isRegular(mode uint32) bool { return mode&0o170000 == 0o100000 }

// isLink says that a mode is that of a symbolic link.
func isLink(mode uint32) bool { return mode == 0o120000 }

// treeEntry is one name in a folder of a commit.
type treeEntry struct {
	mode uint32
	name string
	id   id
}

func (e treeEntry) isTree() bool { return e.mode == modeTree }

// sortKey orders entries as git does: a folder as if its name ended in "/".
func (e treeEntry) sortKey() string {
	if e.isTree() {
		return e.name + "/"
	}
	return e.name
}

func compareEntries(a, b treeEntry) int { return strings.Compare(a.sortKey(), b.sortKey()) }

// parseTree reads a tree object. Names that could lead out of their folder are
// refused, since they become paths.
func parseTree(data []byte) ([]treeEntry, error) {
	entries := make([]treeEntry, 0, len(data)/40)
	for text := string(data); text != ""; {
		mode, rest, ok := strings.Cut(text, " ")
		name, after, ok2 := strings.Cut(rest, "\x00")
		bits, err := strconv.ParseUint(mode, 8, 32)
		if !ok || !ok2 || err != nil || len(after) < len(id{}) {
			return nil, fmt.Errorf("a folder in the git repository is damaged; run: git fsck")
		}
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/`) {
			return nil, fmt.Errorf("a folder in the git repository holds the name %q, which is not allowed", name)
		}
		entries = append(entries, treeEntry{uint32(bits), name, id([]byte(after[:20]))})
		text = after[20:]
	}
	return entries, nil
}

// encodeTree writes entries, which must be sorted.
func encodeTree(entries []treeEntry) []byte {
	var out bytes.Buffer
	for _, e := range entries {
		out.WriteString(strconv.FormatUint(uint64(e.mode), 8))
		out.WriteByte(' ')
		out.WriteString(e.name)
		out.WriteByte(0)
		out.Write(e.id[:])
	}
	return out.Bytes()
}

// readTree reads a folder; the zero id is an empty one.
func readTree(from source, tree id) ([]treeEntry, error) {
	if tree == (id{}) {
		return nil, nil
	}
	data, err := readKind(from, tree, pack.Tree)
	if err != nil {
		return nil, err
	}
	return parseTree(data)
}

// lookUp follows a path, in slashes, down from a tree. A name that is not
// there gives the zero entry; "" gives the tree itself.
func lookUp(from source, tree id, path string) (treeEntry, error) {
	at := treeEntry{mode: modeTree, id: tree}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if !at.isTree() {
			return treeEntry{}, nil
		}
		entries, err := readTree(from, at.id)
		if err != nil {
			return treeEntry{}, err
		}
		at = named(entries, name)
	}
	return at, nil
}

func named(entries []treeEntry, name string) treeEntry {
	for _, e := range entries {
		if e.name == name {
			return e
		}
	}
	return treeEntry{}
}
