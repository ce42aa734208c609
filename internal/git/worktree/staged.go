package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ListStaged returns what a commit would add or change: the files of the index that
// HEAD has not, or has otherwise, with the hashes of their contents. file is the
// index to read, as git names it to its hooks; "" is the one of the work tree.
// Paths are relative to the root.
func ListStaged(ctx context.Context, repo *git.Repository, file string) ([]git.File, error) {
	if file == "" {
		file = repo.IndexPath()
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the index: %w", err)
	}
	parsed, err := index.Parse(data)
	if err != nil {
		return nil, err
	}
	head, err := repo.Head()
	if err != nil {
		return nil, err
	}
	commit, err := repo.Commit(head.Commit)
	if err != nil {
		return nil, err
	}
	c := &stagedComparison{repo: repo}
	err = c.compare(ctx, parsed.Entries(), "", object.MustParseID(commit.Tree))
	return c.found, err
}

type stagedComparison struct {
	repo  *git.Repository
	found []git.File
}

// compare looks for what the entries below dir have and the tree has not.
func (c *stagedComparison) compare(ctx context.Context, entries []index.Entry, dir string, tree object.ID) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	listed, err := c.repo.Tree(tree)
	if err != nil {
		return err
	}
	committed := map[string]object.Entry{}
	for _, e := range listed {
		committed[e.Name] = e
	}
	for len(entries) > 0 {
		name, _, isFolder := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(entries[0].Path, dir), "/"), "/")
		whole, n := path.Join(dir, name), 1
		if isFolder {
			n = countBelow(entries, whole+"/")
			err = c.folder(ctx, entries[:n], whole, committed[name])
		} else {
			c.file(entries[0], committed[name])
		}
		if err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

func (c *stagedComparison) folder(ctx context.Context, entries []index.Entry, dir string, committed object.Entry) error {
	if !committed.IsTree() {
		return c.compare(ctx, entries, dir, object.ID{})
	}
	if folderOf(entries, dir) == committed.ID {
		return nil
	}
	return c.compare(ctx, entries, dir, committed.ID)
}

func (c *stagedComparison) file(e index.Entry, committed object.Entry) {
	if e.IntentToAdd() || e.Mode() == object.ModeSubmodule || object.ID(e.ID()) == committed.ID {
		return
	}
	c.found = append(c.found, git.File{Path: e.Path, Mode: e.Mode(), Hash: object.ID(e.ID()).String()})
}
