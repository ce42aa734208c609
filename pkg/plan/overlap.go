package plan

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// overlapOf says what the overlap of a replaced generation is worth: a role that
// its account loses leaves every value of it at once, whatever day it lives to.
func (r *Resolved) overlapOf(g *state.Generation, roles []string) {
	if lost := minus(g.CurrentRoles(), roles); len(lost) > 0 {
		r.ReplacedKeeps, r.ReplacedLoses = orEmpty(intersect(g.CurrentRoles(), roles)), lost
	}
}

// overlap names a value that lives on, as far as its account's roles leave it less
// than it had.
func (s *riskSearch) overlap(at model.Address, g *state.Generation, roles []string) {
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
	case until != 0 && s.poorer(had, kept):
		s.note(RiskOverlapCut, &at, "lives on until %s and loses access with %s at once: leave it on the account until then", until, strings.Join(minus(had, kept), ", "))
	}
}

// poorer reports whether fewer roles allow less, on any server that the plan
// answers for.
func (s *riskSearch) poorer(had, kept []string) bool {
	key := strings.Join(had, " ") + "/" + strings.Join(kept, " ")
	less, known := s.cut[key]
	if known {
		return less
	}
	for _, r := range s.compared {
		everybody := pick(r.after, []string{access.DefaultRole})
		_, lost := r.rules.Diff(append(pick(r.before, had), everybody...), append(pick(r.before, kept), everybody...))
		less = less || len(lost) > 0
	}
	if s.cut == nil {
		s.cut = map[string]bool{}
	}
	s.cut[key] = less
	return less
}

// neverRotated warns where a fixed date comes before the rhythm's first day. Of a
// lifetime that is an error of the declaration; here it depends on the day of
// issue, and no day that passes may fail a plan.
func (b *builder) neverRotated(t *model.Token, generation int, expires model.Date) {
	if t.Expiry.At == 0 || t.Rotate.Every == 0 || b.today.Add(t.Rotate.Every) < expires {
		return
	}
	b.warn("never_rotated", t.Address(), "generation %d expires on %s, in %s, and every of %s is not below that: it is never rotated; declare a smaller every, or expires_in",
		generation, expires, model.Plural(int(b.today.Until(expires)), "day", "days"), t.Rotate.Every)
}

// maxNamed is how many of a crowd a message names.
const maxNamed = 3

// few names the first of a list and counts the others.
func few(list []string) string {
	if len(list) <= maxNamed {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:maxNamed], ", "), len(list)-maxNamed)
}
