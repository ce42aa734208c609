package workspace

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// DeclaredAt are the declarations of a revision, which must not have errors.
func (w *Workspace) DeclaredAt(revision string) (*model.Declarations, error) {
	commit, err := w.repo.Resolve(revision)
	if err != nil {
		return nil, err
	}
	files, err := w.openCommitted(commit)
	if err != nil {
		return nil, err
	}
	return w.declarations(files)
}

// DeclaredAtHead are the declarations of HEAD with the problems that they have, and its
// commit. They are nil where a problem is an error.
func (w *Workspace) DeclaredAtHead() (want *model.Declarations, problems diag.List, commit string, err error) {
	head, err := w.repo.Head()
	if err != nil {
		return nil, nil, "", err
	}
	files, err := w.openCommitted(head.Commit)
	if err != nil {
		return nil, nil, "", err
	}
	want, problems, err = w.outside.Load(files)
	return want, problems, head.Commit, err
}

// StateAt is what was applied at a revision, as it was recorded then.
func (w *Workspace) StateAt(ctx context.Context, revision string) (*state.Snapshot, error) {
	commit, err := w.repo.Resolve(revision)
	if err != nil {
		return nil, err
	}
	snap, err := w.Snapshot(ctx, commit)
	if err != nil {
		return nil, fmt.Errorf("the state at %s: %w", revision, err)
	}
	return snap, nil
}
