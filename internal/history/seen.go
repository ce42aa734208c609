package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Seen is the newest state that a clone saw on one branch, found sound.
type Seen struct {
	// Project is its folder below the root of the work tree, and Branch a
	// full name, refs/heads/…: together they tell the entries apart. Without a
	// branch it is what was last looked at on no branch.
	Project string `json:"project"`
	Branch  string `json:"branch"`
	Lineage string `json:"lineage"`
	Serial  int    `json:"serial"`
	Digest  string `json:"digest"`
	// Commit is where the branch was, and Whole says that all of its history
	// was there to be checked.
	Commit string `json:"commit"`
	Whole  bool   `json:"whole"`
	// Accepted are the commits that were accepted in that history.
	Accepted []string `json:"accepted,omitzero"`
	// Ended are the values that ended in that history and that this state
	// does not record so, which an accepted commit has brought about.
	Ended []Ended `json:"ended,omitzero"`
}

// seenFile is the file, in the git folder that all work trees share.
type seenFile struct {
	// FormatVersion also rises with new rules, so that commits which passed
	// fewer rules are looked at again.
	FormatVersion int    `json:"format_version"`
	Seen          []Seen `json:"seen"`
}

const (
	seenVersion = 2
	// maxSeen bounds the file: branches come and go, and nobody tells.
	maxSeen = 200
)

func pathOfSeen(gitDir string) string { return filepath.Join(gitDir, "osmoctl", "last-seen") }

// LoadSeen reads what the clone remembers of a branch; nil is nothing. gitDir is
// the git folder that all work trees share. A file that cannot be understood
// counts as none: it is a memory, not a record.
func LoadSeen(gitDir, project, branch string) (*Seen, error) {
	all, err := readSeen(gitDir)
	if err != nil {
		return nil, err
	}
	for i := range all.Seen {
		if s := &all.Seen[i]; s.Project == project && s.Branch == branch {
			return s, nil
		}
	}
	return nil, nil
}

// LoadSound reads what the clone remembers of a project as a whole, on whatever
// branch.
func LoadSound(gitDir, project string) ([]Seen, error) {
	all, err := readSeen(gitDir)
	return slices.DeleteFunc(all.Seen, func(s Seen) bool { return s.Project != project || !s.Whole }), err
}

// LoadBranches are the branches that begin with a prefix and on which the clone
// remembers state of a project.
func LoadBranches(gitDir, project, prefix string) (branches []string, err error) {
	all, err := readSeen(gitDir)
	for _, s := range all.Seen {
		if s.Project == project && strings.HasPrefix(s.Branch, prefix) {
			branches = append(branches, s.Branch)
		}
	}
	return branches, err
}

func readSeen(gitDir string) (seenFile, error) {
	var all seenFile
	data, err := os.ReadFile(pathOfSeen(gitDir))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, fmt.Errorf("read what this clone has seen of state: %w", err)
	}
	if json.Unmarshal(data, &all) != nil || all.FormatVersion != seenVersion {
		return seenFile{}, nil
	}
	return all, nil
}

// SaveSeen remembers the newest state of a branch, the latest of two that save
// at once. It is not flushed: what a power failure takes is found out again.
func SaveSeen(gitDir string, s Seen) error {
	all, err := readSeen(gitDir)
	if err != nil {
		return err
	}
	all.FormatVersion = seenVersion
	all.Seen = slices.DeleteFunc(all.Seen, func(o Seen) bool { return o.Project == s.Project && o.Branch == s.Branch })
	all.Seen = append(all.Seen, s)
	all.Seen = all.Seen[max(0, len(all.Seen)-maxSeen):]
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return disk.Memorize(pathOfSeen(gitDir), append(data, '\n'))
}

// rollback compares a branch's state with what was last seen of it. links are
// those behind the newest, the newest first, and end is where they end.
func (s *Seen) rollback(now *state.Meta, links []*step) string {
	switch {
	case now == nil:
		return fmt.Sprintf("this clone has seen state at serial %d on this branch, and now there is none", s.Serial)
	case now.Lineage != s.Lineage:
		return fmt.Sprintf("this clone has seen state of lineage %s on this branch, and now it is of lineage %s", s.Lineage, now.Lineage)
	case now.Serial < s.Serial:
		return fmt.Sprintf("this clone has seen state at serial %d on this branch (commit %.12s), and now it is at %d: the branch was reset or pushed by force", s.Serial, s.Commit, now.Serial)
	case !s.within(now, links):
		return fmt.Sprintf("this clone has seen another state with serial %d on this branch (commit %.12s): the branch was reset or pushed by force", s.Serial, s.Commit)
	}
	return ""
}

// within tells whether the state last seen is part of a history, by serial and
// digest, since a rebase gives commits new names. A restore that leaves out the
// serial last seen has taken it into account.
func (s *Seen) within(now *state.Meta, steps []*step) bool {
	if s.is(now) {
		return true
	}
	for _, step := range steps {
		if s.is(step.before) || s.is(step.after) {
			return true
		}
		if step.restores() && step.before != nil && step.after != nil && step.before.Serial < s.Serial && s.Serial < step.after.Serial {
			return true
		}
	}
	return false
}

func (s *Seen) is(m *state.Meta) bool {
	return m != nil && m.Serial == s.Serial && m.Digest.String() == s.Digest
}
