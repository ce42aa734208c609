package gitstore

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// formatCommit encodes a commit, signing it where sign is given.
func formatCommit(tree object.ID, parents []object.ID, req Request) ([]byte, error) {
	author, err := req.Author.Line()
	if err != nil {
		return nil, err
	}
	committer, err := req.Committer.Line()
	if err != nil {
		return nil, err
	}
	headers := "tree " + tree.String() + "\n"
	for _, parent := range parents {
		if parent != (object.ID{}) {
			headers += "parent " + parent.String() + "\n"
		}
	}
	headers += "author " + author + "\ncommitter " + committer + "\n"
	body := "\n" + strings.TrimRight(req.Message, "\n") + "\n"
	if req.Sign == nil {
		return []byte(headers + body), nil
	}
	signature, err := req.Sign([]byte(headers + body))
	if err != nil {
		return nil, fmt.Errorf("sign the commit: %w", err)
	}
	return []byte(headers + foldSignature(string(signature)) + body), nil
}

// foldSignature makes a header of a signature: its further lines are indented.
func foldSignature(signature string) string {
	signature = strings.TrimRight(signature, "\n")
	return "gpgsig " + strings.ReplaceAll(signature, "\n", "\n ") + "\n"
}
