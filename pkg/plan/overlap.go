package plan

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// cutOverlap says what the overlap of a replaced generation is worth: a role that
// its account loses leaves every value of it at once, whatever day it lives to.
func (r *Resolved) cutOverlap(g *state.Generation, roles []string) {
	if lost := minus(g.CurrentRoles(), roles); len(lost) > 0 {
		r.ReplacedKeeps, r.ReplacedLoses = orEmpty(intersect(g.CurrentRoles(), roles)), lost
	}
}

// noteOverlap names a value that lives on, as far as its account's roles leave it less
// than it had.
func (s *riskSearch) noteOverlap(at model.Address, g *state.Generation, roles []string) {
	until := s.retires[at]
	if g.RevokeAfter != 0 {
		until = g.EndsOn()
	}
	had := g.CurrentRoles()
	kept := intersect(had, roles)
	switch {
	case len(kept) == len(had):
	case len(kept) == 0 && until == 0:
		s.note(RiskLosesRoles, &at, "lives on and loses all its roles at once")
	case len(kept) == 0:
		s.note(RiskLosesRoles, &at, "lives on until %s and loses all its roles at once, so there is no overlap: leave %s on the account until then", until, strings.Join(had, ", "))
	case until != 0 && s.isPoorer(had, kept):
		s.note(RiskOverlapCut, &at, "lives on until %s and loses access with %s at once: leave it on the account until then", until, strings.Join(minus(had, kept), ", "))
	}
}

// isPoorer reports whether fewer roles allow less, on any server that the plan
// answers for.
func (s *riskSearch) isPoorer(had, kept []string) bool {
	key := strings.Join(had, " ") + "/" + strings.Join(kept, " ")
	less, known := s.cut[key]
	if known {
		return less
	}
	for _, r := range s.servers {
		everybody := pick(r.after, []string{access.DefaultRole})
		_, lost := r.rules.Diff(append(pick(r.before, had), everybody...), append(pick(r.before, kept), everybody...))
		less = less || len(lost) > 0
	}
	s.cut[key] = less
	return less
}
