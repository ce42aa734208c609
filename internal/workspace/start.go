package workspace

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Start commits the files of a new project, by their paths, to the branch that HEAD
// is on.
func (w *Workspace) Start(ctx context.Context, files map[string][]byte) error {
	lock, err := w.store.Lock(ctx, w.holder())
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	head, err := w.repo.Head()
	if err != nil {
		return err
	}
	if head.Branch == "" {
		return diag.Hinted(errors.New("HEAD is detached, so there is no branch to commit to"), "git switch BRANCH")
	}
	who, err := w.findActor("")
	if err != nil {
		return err
	}
	changes := make([]gitstore.Change, 0, len(files))
	for _, path := range model.Names(files) {
		changes = append(changes, gitstore.Change{Path: path, Data: files[path]})
	}
	_, err = w.commit(ctx, gitstore.Request{
		Parent: head.Commit, Branch: head.Branch, Changes: changes,
		Message: "Start an osmoctl project\n", Author: who.signature, Committer: who.signature,
	}, false)
	return err
}
