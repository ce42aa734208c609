// Package known is what a clone remembers of states that it has read whole, so that a
// command about one account opens one account, and one about all opens what has changed.
//
// # What is remembered
//
// The ids of folders state/ of which every file was read, decoded and found to be spelled
// as osmoctl spells it, with every ciphertext in its place and the digest that meta.json
// names; and of those that an apply here has made out of such a one, where that is so by the
// way they are made. It is a list in osmoctl/known-states of the git folder that all work
// trees share.
//
// Beside it, osmoctl/known-values says which account of the newest such state that was asked
// has which value, by the first bytes of its SHA-256, for osmoctl token verify.
//
// And osmoctl/known-accounts has, by the id of each folder state/accounts/xx of such a state,
// the accounts in it in a form that is read in a fifth of the time that their files take. It
// is written again when more than one folder in sixteen was not in it, so that an apply of
// one account does not cost the writing of all.
//
// # Why it stays true
//
// The id of a folder is the hash of everything below it, and whoever reads an object
// compares it with its name. So one id is the same bytes for ever, in each branch, clone
// and project; only the rules can change, and [version] rises with those of package state.
//
// # What it is not believed about
//
// Content. Who reads one account reads its files from git, decodes them and holds them
// against one another each time. What the list spares is the look at all other files:
// whether they fit the digest too. Who reads all accounts computes of those that are
// remembered what their files are, and the digest over these, and compares it with that of
// meta.json in git: where anything else is remembered than the files say, all of them are
// read. What the records spare there is the look whether each ciphertext is in its place,
// which osmoctl state verify takes from git, as it takes everything. Who lies here can hide
// no more than that, and could as well change the refs and objects beside it. Whether apply
// made the state at all is for package history to say, and is asked each time. An account
// that the index of values names is looked at, and where the value is not there, or no
// account is named, the whole state is: that a token is unknown is never taken from memory.
//
// # What deletes it
//
// Whoever wants to: the next command reads the state whole again. What cannot be
// understood counts as none. The list holds at most [most] ids, and the oldest go first; an
// index and the accounts take the place of those of another state. A project in a folder
// of the repository has an index and accounts of its own, beside those of others.
package known

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/pkg/state"
)

const (
	// version rises with the rules of package state, so that what passed fewer of them
	// is read again.
	version = 1
	// most is how many states are remembered: those of a few branches and their
	// latest applies.
	most = 64
)

type list struct {
	FormatVersion int      `json:"format_version"`
	States        []string `json:"states"`
}

func path(gitDir string) string { return pathOf(gitDir, "", "known-states") }

// pathOf is where a file is. Projects in folders of one repository have files of their
// own, which are told apart by the first digits of the folder's SHA-256.
func pathOf(gitDir, project, name string) string {
	if project != "" {
		name += "-" + state.SumOf([]byte(project)).String()[:8]
	}
	return filepath.Join(gitDir, "osmoctl", name)
}

// Has reports whether the clone has read the state of a folder whole and found it sound.
// gitDir is the git folder that all work trees share.
func Has(gitDir string, tree object.ID) bool {
	return slices.Contains(read(gitDir).States, tree.String())
}

// Add remembers that. Of two that add at once one may be forgotten, and is found out
// again. Nothing is flushed, for the same reason.
func Add(gitDir string, tree object.ID) error {
	all := read(gitDir)
	if slices.Contains(all.States, tree.String()) {
		return nil
	}
	all.States = append(all.States, tree.String())
	all.States = all.States[max(0, len(all.States)-most):]
	data, err := json.MarshalIndent(list{version, all.States}, "", "  ")
	if err != nil {
		return err
	}
	return disk.Memorize(path(gitDir), append(data, '\n'))
}

func read(gitDir string) (all list) {
	data, err := os.ReadFile(path(gitDir))
	if err != nil || json.Unmarshal(data, &all) != nil || all.FormatVersion != version {
		return list{}
	}
	return all
}
