package workspace

import (
	"context"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/known"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// StateOf is [Workspace.State] for who asks about a few objects alone. Of a state that
// this clone has read whole before, nothing else is read, so that others may be missing in
// what is returned. One of the objects that is not there is told apart by the whole state,
// where its neighbours are.
func (w *Workspace) StateOf(ctx context.Context, about ...model.Address) (*state.Snapshot, error) {
	at, err := w.Newest(ctx)
	if err != nil {
		return nil, err
	}
	return w.believe(ctx, at, func() (*state.Snapshot, error) {
		if snap := w.readPart(ctx, at.Commit, about); snap != nil {
			return snap, nil
		}
		return w.Snapshot(ctx, at.Commit)
	})
}

// StateHolding is [Workspace.State] for who asks about one value: as for
// [Workspace.StateOf], other accounts than those that have it may be missing. Where no
// account has it, the whole state says so.
func (w *Workspace) StateHolding(ctx context.Context, value state.Sum) (*state.Snapshot, error) {
	at, err := w.Newest(ctx)
	if err != nil {
		return nil, err
	}
	return w.believe(ctx, at, func() (*state.Snapshot, error) {
		tree, err := w.stateFolder(at.Commit)
		if err != nil {
			return nil, err
		}
		var about []model.Address
		for _, name := range known.Holders(w.repo.CommonDir(), w.repo.Prefix(), tree, value) {
			about = append(about, model.AccountAddress(name))
		}
		if snap := w.readPart(ctx, at.Commit, about); snap != nil && snap.Values()[value] {
			return snap, nil
		}
		snap, err := w.Snapshot(ctx, at.Commit)
		if err == nil && !tree.IsZero() {
			_ = known.SaveValues(w.repo.CommonDir(), w.repo.Prefix(), tree, snap)
		}
		return snap, err
	})
}

// stateFolder is the id of state/ at a commit; the zero id is none.
func (w *Workspace) stateFolder(commit string) (object.ID, error) {
	if commit == "" {
		return object.ID{}, nil
	}
	return w.repo.Folder(commit, state.Dir)
}

// readPart reads what these objects are in. It is nil where the whole state has to tell:
// nothing is named, it was not read before, something is wrong with it, or one of the
// objects is not there.
func (w *Workspace) readPart(ctx context.Context, commit string, about []model.Address) *state.Snapshot {
	if len(about) == 0 {
		return nil
	}
	tree, err := w.stateFolder(commit)
	if err != nil || !known.Has(w.repo.CommonDir(), tree) {
		return nil
	}
	accounts, paths := accountsOf(about), []string{state.MetaPath}
	for _, name := range accounts {
		paths = append(paths, state.AccountDir(name))
	}
	for _, a := range about {
		if a.Kind == model.KindRole {
			paths = append(paths, state.RolePath(a.Name))
		}
	}
	files, err := w.filesOf(ctx, commit, paths, func(path string) bool { return !state.IsCiphertext(path) })
	if err != nil {
		return nil
	}
	snap, problems := state.DecodePart(files)
	switch {
	case problems.HasErrors(),
		slices.ContainsFunc(accounts, func(name string) bool { return snap.Accounts[name] == nil }),
		slices.ContainsFunc(about, func(a model.Address) bool { return a.Kind == model.KindRole && snap.Roles[a.Name] == nil }):
		return nil
	}
	return snap
}

// accountsOf are the accounts that the objects are, or belong to.
func accountsOf(about []model.Address) (names []string) {
	for _, a := range about {
		switch a.Kind {
		case model.KindAccount:
			names = append(names, a.Name)
		case model.KindToken:
			names = append(names, a.Account)
		}
	}
	return model.Set(names)
}

// rememberKnown notes that the state at a commit was read whole and is sound, or that this
// run wrote it, and knows it as well. A clone that cannot be written to reads it whole again.
func (w *Workspace) rememberKnown(commit string) {
	if tree, err := w.stateFolder(commit); err == nil && !tree.IsZero() {
		_ = known.Add(w.repo.CommonDir(), tree)
	}
}
