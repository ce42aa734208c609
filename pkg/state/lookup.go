package state

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// NotFoundError says that an object is not in the state.
type NotFoundError struct {
	// What says what kind of object it is, and Name which.
	What, Name string
	// Near is the name that was probably meant; it may be empty.
	Near string
}

// NotFound is the error for a name that is none of names.
func NotFound(what, name string, names []string) error {
	return &NotFoundError{what, name, diag.Nearest(name, names)}
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s %q is not in the applied state", e.What, e.Name)
}

// Hint says what to do next.
func (e *NotFoundError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q?", e.Near)
	}
	return "osmoctl plan shows what is declared and not applied yet"
}

// LiveTokens are the tokens that the account has, as ACCOUNT/TOKEN, sorted.
func (a *Account) LiveTokens() (paths []string) {
	for _, name := range model.Names(a.Tokens) {
		if a.Tokens[name].Live() {
			paths = append(paths, a.Name+"/"+name)
		}
	}
	return paths
}
