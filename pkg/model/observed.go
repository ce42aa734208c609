package model

import "strings"

// Observed is what a server has, as far as it was looked at. The zero Observed is
// that of a project without a server, and of one that was not looked at.
type Observed struct {
	Roles map[string]*Role
	Users map[string]ObservedUser
}

// ObservedUser is a user of a server.
type ObservedUser struct {
	// Roles are those granted, sorted.
	Roles []string
	// Tokens are the user's tokens by their names there. It is nil where they
	// were not asked for.
	Tokens map[string]ObservedToken
}

// ObservedToken is a token as a server lists it: never with its value.
type ObservedToken struct {
	// ExpiresAt is the day at whose 00:00 UTC the value dies.
	ExpiresAt Date
	// Roles are those that the value still carries, sorted.
	Roles []string
	// Mark says which run created it; the zero Mark is that of a token that no
	// run did.
	Mark Mark
}

// Mark tells a token that a run of a lineage created from all others. It
// stands at the end of the token's description on the server.
type Mark struct{ Lineage, Run string }

const markStart, markEnd = "[osmoctl ", "]"

// String is "[osmoctl LINEAGE/RUN]".
func (m Mark) String() string { return markStart + m.Lineage + "/" + m.Run + markEnd }

// On is the description with the mark behind it.
func (m Mark) On(description string) string {
	if description == "" {
		return m.String()
	}
	return description + " " + m.String()
}

// CutMark takes a mark off the end of a description. Without one the description
// is returned as it is, with the zero Mark.
func CutMark(description string) (string, Mark) {
	text, ends := strings.CutSuffix(description, markEnd)
	i := strings.LastIndex(text, markStart)
	if !ends || i < 0 {
		return description, Mark{}
	}
	lineage, run, both := strings.Cut(text[i+len(markStart):], "/")
	if !both || lineage == "" || run == "" || strings.ContainsAny(lineage+run, "[] /") {
		return description, Mark{}
	}
	return strings.TrimSuffix(text[:i], " "), Mark{lineage, run}
}
