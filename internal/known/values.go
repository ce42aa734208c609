package known

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sort"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The index of values is one file, osmoctl/known-values: a line with its version, the
// folder state/ that it is of and the number of records; the records, sorted; and a line
// for each account. A record is the first bytes of a value's SHA-256 and the place of its
// account's line.
const (
	valuesHead = "osmoctl values 1 %s %10d\n"
	prefixSize = 8
	recordSize = prefixSize + 4
)

const valuesName = "known-values"

// SaveValues remembers which account of the state of a folder has which values, in the
// place of what was remembered of another state of the project.
func SaveValues(gitDir, project string, tree object.ID, snap *state.Snapshot) error {
	var names bytes.Buffer
	var records [][recordSize]byte
	for _, name := range model.Names(snap.Accounts) {
		at := uint32(names.Len())
		names.WriteString(name + "\n")
		for sum := range snap.Accounts[name].Values() {
			var r [recordSize]byte
			copy(r[:], sum[:prefixSize])
			binary.BigEndian.PutUint32(r[prefixSize:], at)
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b [recordSize]byte) int { return bytes.Compare(a[:], b[:]) })
	file := fmt.Appendf(make([]byte, 0, 100+len(records)*recordSize+names.Len()), valuesHead, tree, len(records))
	for _, r := range records {
		file = append(file, r[:]...)
	}
	return disk.Memorize(pathOf(gitDir, project, valuesName), append(file, names.Bytes()...))
}

// Holders are the accounts of the state of a folder that may have a value; none says
// nothing, also where the index is of another state or cannot be read. Whether one has it
// is for its files to say.
func Holders(gitDir, project string, tree object.ID, value state.Sum) (accounts []string) {
	f, err := os.Open(pathOf(gitDir, project, valuesName))
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, len(fmt.Sprintf(valuesHead, tree, 0)))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil
	}
	var of string
	var count int
	if n, err := fmt.Sscanf(string(head), valuesHead, &of, &count); n != 2 || err != nil || of != tree.String() || count < 0 {
		return nil
	}
	record := func(i int) (r [recordSize]byte) {
		_, _ = f.ReadAt(r[:], int64(len(head))+int64(i)*recordSize) // What cannot be read is like no value.
		return r
	}
	first := sort.Search(count, func(i int) bool {
		r := record(i)
		return bytes.Compare(r[:prefixSize], value[:prefixSize]) >= 0
	})
	for i := first; i < count; i++ {
		r := record(i)
		if !bytes.Equal(r[:prefixSize], value[:prefixSize]) {
			break
		}
		line := make([]byte, model.MaxNameLength+1)
		n, _ := f.ReadAt(line, int64(len(head))+int64(count)*recordSize+int64(binary.BigEndian.Uint32(r[prefixSize:])))
		if name, _, whole := bytes.Cut(line[:n], []byte("\n")); whole && model.CheckAccountName(string(name)) == nil {
			accounts = append(accounts, string(name))
		}
	}
	return accounts
}
