package report

import (
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Validation is what a check of declarations found.
type Validation struct {
	// Files, Roles, Accounts and Tokens count what was read.
	Files, Roles, Accounts, Tokens int
	Problems                       diag.List
	// Server is the one whose actions and built-in roles the check goes by.
	Server model.Server
	// Root is the project's directory relative to the repository's, empty
	// where they are one. Annotations and SARIF name files from the
	// repository's.
	Root string
}

// ValidationOf reports on declarations, nil where they could not be read.
func ValidationOf(want *model.Declarations, files int, problems diag.List) Validation {
	v := Validation{Files: files, Problems: problems}
	if want == nil {
		return v
	}
	v.Server = access.Named(want.Project.Server)
	v.Roles, v.Accounts = len(want.Roles), len(want.Accounts)
	for _, a := range want.Accounts {
		v.Tokens += len(a.Tokens)
	}
	return v
}

type validationDocument struct {
	FormatVersion version `json:"format_version"`
	// Server is left out where the declarations could not be read.
	Server *model.Server `json:"osmo,omitempty"`
	// Valid says that there is no problem of severity error.
	Valid    bool             `json:"valid"`
	Summary  validationCounts `json:"summary"`
	Problems []problem        `json:"problems"`
}

type validationCounts struct {
	Files    int `json:"files"`
	Roles    int `json:"roles"`
	Accounts int `json:"accounts"`
	Tokens   int `json:"tokens"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

// MarshalJSON writes the document.
func (v Validation) MarshalJSON() ([]byte, error) {
	var server *model.Server
	if v.Server.Version != "" {
		server = &v.Server
	}
	return encode(validationDocument{
		Server:   server,
		Valid:    !v.Problems.HasErrors(),
		Summary:  validationCounts{v.Files, v.Roles, v.Accounts, v.Tokens, len(v.Problems.Errors()), len(v.Problems.Warnings())},
		Problems: problemsOf(v.Problems),
	})
}
