package workspace

import (
	"context"
	"errors"
	"sync"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/known"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Snapshot reads the state at a commit; "" is the commit before the first. Folders that
// this clone has read before are taken from what it remembers of them, see package known,
// and where the digest is not of that, all is read from git.
func (w *Workspace) Snapshot(ctx context.Context, commit string) (*state.Snapshot, error) {
	r := &stateReading{remembered: known.LoadAccounts(w.repo.CommonDir(), w.repo.Prefix())}
	snap, err := r.read(ctx, w.repo, commit)
	if r.taken > 0 && errors.As(err, new(diag.List)) {
		r = &stateReading{}
		snap, err = r.read(ctx, w.repo, commit)
	}
	if err != nil {
		return nil, hintTooMuch(err)
	}
	w.rememberKnown(commit)
	// What a few applies have changed is not worth the writing of all the rest.
	if fresh := len(r.folders) - r.taken; fresh*16 > len(r.folders) {
		_ = known.SaveAccounts(w.repo.CommonDir(), w.repo.Prefix(), r.folders, snap)
	}
	return snap, nil
}

// stateReading reads one state whole.
type stateReading struct {
	remembered known.Accounts
	decoder    *state.Decoder

	mu sync.Mutex
	// folders are the ids of the folders of accounts, by their paths below state/, and
	// taken how many of them were remembered.
	folders map[string]object.ID
	taken   int
}

func (r *stateReading) read(ctx context.Context, repo *git.Repository, commit string) (*state.Snapshot, error) {
	r.decoder, r.folders = state.NewDecoder(), map[string]object.ID{}
	err := repo.EachFile(ctx, commit, []string{state.Dir}, git.Visitor{
		Want:  func(path string) bool { return !state.IsCiphertext(path) },
		Knows: r.takeFolder,
		Visit: func(f git.File) { r.decoder.Add(stateFile(f)) },
	})
	if err != nil {
		return nil, err
	}
	snap, problems := r.decoder.Snapshot()
	if problems.HasErrors() {
		return nil, problems
	}
	return snap, nil
}

// takeFolder adds the accounts of a folder as they are remembered.
func (r *stateReading) takeFolder(at string, id object.ID) (git.Extent, bool) {
	folder := belowState(at)
	if !state.IsAccountFolder(folder) {
		return git.Extent{}, false
	}
	extent, err := state.Extent{}, errors.New("it is not remembered")
	if data, remembered := r.remembered[id]; remembered {
		extent, err = r.decoder.AddCompact(folder, data)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.folders[folder] = id
	if err != nil {
		return git.Extent{}, false
	}
	r.taken++
	return git.Extent(extent), true
}
