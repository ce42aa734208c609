package model

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Approval lets one plan through a guardrail, once. It is declared, so that it is
// reviewed with what it is for.
type Approval struct {
	// Plan is the digest of the only plan that it is for.
	Plan string
	// Allow is the flag that it is worth, as it would be typed, and Lifts is what
	// that flag lifts.
	Allow  string
	Lifts  Allowance
	Reason string
	Origin diag.Position
}

// Spelling is the entry as people write it, with the reason left for them to give.
func (a Approval) Spelling() string {
	return "{plan: " + strconv.Quote(a.Plan) + ", allow: " + strconv.Quote(a.Allow) + ", reason: " + strconv.Quote(a.Reason) + "}"
}

// IsDigest reports whether a text has the form of the digest of a plan.
func IsDigest(s string) bool {
	sum, found := strings.CutPrefix(s, "sha256:")
	return found && len(sum) == 64 && strings.Trim(sum, "0123456789abcdef") == ""
}
