package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/sign"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// maxSigners bounds the file that says who may sign.
const maxSigners = 4 << 20

// checkSigners demands that every commit of state is signed by one of the
// signers in a file. The file is named by who verifies, never by the project:
// a pull request could add itself.
func (p *project) checkSigners(ctx context.Context, v *report.Verification, path, commit string) error {
	signers, err := readSigners(path)
	if err != nil {
		return err
	}
	signed := map[string]int{}
	err = p.store.History(ctx, commit, state.Dir, func(c gitstore.Commit) error {
		raw, err := p.store.RawCommit(c.Hash)
		if err != nil {
			return err
		}
		signer, err := signers.Verify(raw, c.Committer.When)
		if err != nil {
			v.Problems.Add(unsigned(c, err))
			return nil
		}
		signed[signer.Name]++
		return nil
	})
	if errors.Is(err, gitstore.ErrShallow) {
		v.Notes = append(v.Notes, "older commits are missing in this shallow clone, and so are their signatures")
		err = nil
	}
	for _, name := range model.Names(signed) {
		v.Notes = append(v.Notes, fmt.Sprintf("%d of the commits of state are signed by %s", signed[name], name))
	}
	return err
}

func unsigned(c gitstore.Commit, err error) diag.Diagnostic {
	return diag.Diagnostic{
		Code:    "state_signature",
		Summary: fmt.Sprintf("commit %.12s of %s on %s: %v", c.Hash, c.Author.Name, c.Author.When.UTC().Format("2006-01-02"), err),
		Hint:    fmt.Sprintf("git show %.12s shows what it changed", c.Hash),
	}
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
