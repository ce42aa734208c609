package object

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Modes of entries, as trees and the index have them.
const (
	ModeFile       = 0o100644
	ModeExecutable = 0o100755
	ModeLink       = 0o120000
	ModeSubmodule  = 0o160000
	ModeTree       = 0o040000
)

// IsFile says that a mode is that of a plain file; git once wrote others than the
// two of today, like 100664.
func IsFile(mode uint32) bool { return mode&0o170000 == 0o100000 }

// An Entry is one name in a folder. The zero value stands for a name that is not
// there.
type Entry struct {
	Mode uint32
	Name string
	ID   ID
}

// IsTree says that the entry is a folder.
func (e Entry) IsTree() bool { return e.Mode == ModeTree }

// CompareEntries puts entries into git's order: a folder comes where its name with
// a "/" behind it would.
func CompareEntries(a, b Entry) int { return strings.Compare(a.sortKey(), b.sortKey()) }

func (e Entry) sortKey() string {
	if e.IsTree() {
		return e.Name + "/"
	}
	return e.Name
}

// ParseTree reads a folder. Names that could lead out of it are refused, since they
// become paths.
func ParseTree(data []byte) ([]Entry, error) {
	entries := make([]Entry, 0, len(data)/40)
	for text := string(data); text != ""; {
		mode, rest, ok := strings.Cut(text, " ")
		name, after, ok2 := strings.Cut(rest, "\x00")
		bits, err := strconv.ParseUint(mode, 8, 32)
		if !ok || !ok2 || err != nil || len(after) < len(ID{}) {
			return nil, errors.New("a folder in the git repository is damaged; run: git fsck")
		}
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return nil, fmt.Errorf("a folder in the git repository holds the name %q, which is not allowed", name)
		}
		entries = append(entries, Entry{uint32(bits), name, ID([]byte(after[:20]))})
		text = after[20:]
	}
	return entries, nil
}

// EncodeTree writes a folder of entries in the order of [CompareEntries].
func EncodeTree(entries []Entry) (data []byte) {
	for _, e := range entries {
		data = AppendEntry(data, e)
	}
	return data
}

// AppendEntry appends one entry of a folder.
func AppendEntry(data []byte, e Entry) []byte {
	data = append(strconv.AppendUint(data, uint64(e.Mode), 8), ' ')
	data = append(append(data, e.Name...), 0)
	return append(data, e.ID[:]...)
}

// Child is the path of a name in a folder, where "." and "" are the top.
func Child(dir, name string) string {
	if dir == "." || dir == "" {
		return name
	}
	return dir + "/" + name
}
