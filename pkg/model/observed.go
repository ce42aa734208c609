package model

import (
	"slices"
	"strings"
	"time"
)

// Observed is what a server has, as far as it was looked at. The zero Observed is
// that of a project without a server, and of one that was not looked at.
type Observed struct {
	// Identity is the user that the server takes osmoctl for.
	Identity string
	// Server is its version, such as "6.4.0", and where it keeps its roles.
	Server Server
	// Roles are all that it shows. In ConfigMap mode ExternalRoles is nil where
	// the file leaves them out.
	Roles map[string]*Role
	// RoleChanges says who changed a role last, where the server keeps that.
	RoleChanges map[string]Authorship
	// FileOnly has the roles that it shows and gives nobody: they stand in the
	// ConfigMap alone, and it looks roles up in its database.
	FileOnly map[string]bool
	// Users are all there are, those of people too.
	Users map[string]ObservedUser
}

// Seen reports whether a server was looked at.
func (o Observed) Seen() bool { return o.Roles != nil }

// Authorship says who did something on a server, and when.
type Authorship struct {
	By string
	At time.Time
}

// ObservedUser is a user of a server.
type ObservedUser struct {
	Created Authorship
	// Roles are those granted, sorted, and Assigned says who granted each.
	Roles    []string
	Assigned map[string]Authorship
	// Tokens are the user's tokens by their names there. It is nil where they
	// were not asked for.
	Tokens map[string]ObservedToken
}

// Holds reports whether a role is granted to the user.
func (u ObservedUser) Holds(role string) bool { return slices.Contains(u.Roles, role) }

// IsReachable reports whether a path of an OSMO server leads to something of this name.
// The server makes roles of any name, and those with a slash or a blank can never be
// read, granted or taken away by it.
func IsReachable(name string) bool {
	return name != "" && len(name) <= 2*MaxNameLength && strings.Trim(name, ".") != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.@:+~", c)
	})
}

// Synced reports whether a login or the ConfigMap gave the user a role: it gives it
// again, so that taking it away would never end.
func (u ObservedUser) Synced(role string) bool {
	by := strings.ToLower(u.Assigned[role].By)
	return strings.HasSuffix(by, "-sync") || strings.Contains(by, "configmap")
}

// ObservedToken is a token as a server lists it: never with its value.
type ObservedToken struct {
	// Description is without the mark.
	Description string
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
