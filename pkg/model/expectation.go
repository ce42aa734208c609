package model

import "github.com/osmoctl/osmoctl/pkg/diag"

// Expectation is an answer that a team wants of a question about access.
type Expectation struct {
	// Subject is an address or "everybody", Question an action with or without a
	// resource, a task or a request, as the command line takes them.
	Subject, Question string
	Allowed           bool
	// SubjectAt and Origin are where subject and question stand.
	SubjectAt, Origin diag.Position
}
