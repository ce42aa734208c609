package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore/sign"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// maxSigners bounds the file that says who may sign.
const maxSigners = 4 << 20

// Signatures is what a check of signatures found.
type Signatures struct {
	// Problems are the commits that no signer has signed.
	Problems diag.List
	// Signed counts the commits of each signer, by name.
	Signed map[string]int
	// Cut says that older commits are missing in a shallow clone.
	Cut bool
}

// CheckSignatures demands that every commit of state up to a place is signed by one
// of the signers in a file. The file is named by who verifies, never by the project:
// a pull request could add itself.
func (w *Workspace) CheckSignatures(ctx context.Context, at place.Place, path string) (*Signatures, error) {
	signers, err := readSigners(path)
	if err != nil {
		return nil, err
	}
	found := &Signatures{Signed: map[string]int{}}
	err = w.repo.History(ctx, at.Commit, state.Dir, func(c git.Commit) error {
		raw, err := w.repo.RawCommit(c.Hash)
		if err != nil {
			return err
		}
		signer, err := signers.Verify(raw, c.Committer.When)
		if err != nil {
			found.Problems.Add(diag.Diagnostic{
				Code:    "state_signature",
				Summary: fmt.Sprintf("commit %.12s of %s on %s: %v", c.Hash, c.Author.Name, c.Author.When.UTC().Format("2006-01-02"), err),
				Hint:    fmt.Sprintf("git show %.12s shows what it changed", c.Hash),
			})
			return nil
		}
		found.Signed[signer.Name]++
		return nil
	})
	if errors.Is(err, git.ErrShallow) {
		found.Cut = true
		err = nil
	}
	return found, err
}

func readSigners(path string) (*sign.Signers, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSigners+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSigners {
		return nil, fmt.Errorf("%s is too large for a file of signers", path)
	}
	signers, err := sign.ParseSigners(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return signers, nil
}
