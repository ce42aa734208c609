package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// digest computes what meta.json's digest must be, from the sums that the snapshot has of
// its files: a line for each, sorted by path. The folders of accounts are gone through one
// after the other, so that every list that is sorted is short; some at once, and not all,
// since the lines of a large state are as long as it is.
func (s *Snapshot) digest() (sum Sum) {
	h := sha256.New()
	for some := range slices.Chunk(s.accountFolders(), 128) {
		for _, lines := range parallel.Map(some, s.accountLines) {
			h.Write(lines)
		}
	}
	roles := model.Names(s.Roles)
	slices.SortFunc(roles, func(a, b string) int { return compareBefore(a, b, ".") })
	for _, name := range roles {
		h.Write(appendLine(nil, s.roleSums[name], RolePath(name), nil))
	}
	h.Sum(sum[:0])
	return sum
}

// accountFolders are the names of the accounts in each folder.
func (s *Snapshot) accountFolders() [][]string {
	folders := make([][]string, len(folderNames))
	for name := range s.Accounts {
		i := accountFolder(name)
		folders[i] = append(folders[i], name)
	}
	return folders
}

// accountLines are the lines of all files of some accounts of one folder.
func (s *Snapshot) accountLines(names []string) []byte {
	lines := make([]byte, 0, 256*len(names)) // Most accounts have one or two files.
	slices.SortFunc(names, compareInPaths)
	type file struct {
		name []byte
		sum  Sum
	}
	var files []file
	var text []byte
	for _, name := range names {
		text = append(text[:0], accountFile...)
		files = append(files[:0], file{text, s.accountSums[name]})
		for token, g := range s.Accounts[name].sealed() {
			start := len(text)
			text = appendCiphertextName(text, token, g.Number)
			files = append(files, file{text[start:], g.Ciphertext})
		}
		slices.SortFunc(files, func(a, b file) int { return bytes.Compare(a.name, b.name) })
		dir := accountDir(name)
		for _, f := range files {
			lines = appendLine(lines, f.sum, dir, f.name)
		}
	}
	return lines
}

// appendLine appends a line as sha256sum writes it.
func appendLine(b []byte, sum Sum, dir string, name []byte) []byte {
	b = append(hex.AppendEncode(b, sum[:]), "  "...)
	return append(append(append(b, dir...), name...), '\n')
}

// compareInPaths compares names of accounts as their folders are sorted.
func compareInPaths(a, b string) int { return compareBefore(a, b, "/") }

// compareBefore compares names as they stand in paths, where what follows each begins with
// the same text: a-b/ comes before a/.
func compareBefore(a, b, what string) int {
	n := min(len(a), len(b))
	if c := strings.Compare(a[:n], b[:n]); c != 0 || len(a) == len(b) {
		return c
	}
	return strings.Compare(a[n:]+what, b[n:]+what)
}
