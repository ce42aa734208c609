package known

import (
	"bytes"
	"encoding/binary"
	"os"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The accounts are one file, osmoctl/known-accounts: a line with its version, and for each
// folder state/accounts/xx its id, the length of its compact form in four bytes, and that.
const accountsHead = "osmoctl accounts 1\n"

// Accounts are the compact forms of folders with accounts, by the folders' ids.
type Accounts map[object.ID][]byte

const accountsName = "known-accounts"

// LoadAccounts returns the accounts of a project that are remembered, as far as they can be
// read.
func LoadAccounts(gitDir, project string) Accounts {
	data, err := os.ReadFile(pathOf(gitDir, project, accountsName))
	rest, ours := bytes.CutPrefix(data, []byte(accountsHead))
	if err != nil || !ours {
		return nil
	}
	all := Accounts{}
	for {
		var id object.ID
		const head = len(id) + 4
		if len(rest) < head {
			return all
		}
		length := int(binary.BigEndian.Uint32(rest[copy(id[:], rest):]))
		if rest = rest[head:]; length > len(rest) {
			return all
		}
		all[id], rest = rest[:length:length], rest[length:]
	}
}

// SaveAccounts remembers the accounts of a state whose folders, by their paths below
// state/, have these ids, in the place of what was remembered of the project before.
func SaveAccounts(gitDir, project string, folders map[string]object.ID, snap *state.Snapshot) error {
	file := []byte(accountsHead)
	for folder, data := range snap.CompactFolders() {
		id := folders[folder]
		file = append(file, id[:]...)
		file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
		file = append(file, data...)
	}
	return disk.Memorize(pathOf(gitDir, project, accountsName), file)
}
