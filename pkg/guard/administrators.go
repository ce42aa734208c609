package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// An administrator is an account that its own roles make one, at once or by a step, or
// a token that is one and whose account is not: it lacks a role that denies. What
// everybody has makes nobody an administrator who was not; that everybody becomes one
// is a case of its own, which no number allows.

// WarnAdministrators is for more administrators than the limit, of whom the plan adds
// none.
const WarnAdministrators = "too_many_administrators"

// administrators are those before and after a plan.
type administrators struct {
	// after and added are sorted.
	after, added []model.Address
	// everybody names the servers on which everybody is one after the plan, and
	// becomes those on which that is new.
	everybody, becomes []string
}

// findAdministrators weighs what everybody holds.
func (j *judge) findAdministrators() (found administrators) {
	for i, server := range j.servers {
		if j.administers(i, j.everybody(true), nobody) {
			found.everybody = append(found.everybody, server.Words)
			if !j.administers(i, j.everybody(false), nobody) {
				found.becomes = append(found.becomes, server.Words)
			}
		}
	}
	is := func(s side) bool {
		if j.isEmpty(s) {
			return false
		}
		for i := range j.servers {
			if j.administers(i, s, j.everybody(s.after)) {
				return true
			}
		}
		return false
	}
	counted := map[model.Address]bool{}
	for _, h := range j.holders {
		before, after := is(h.before), is(h.after)
		if h.subject.Kind == model.KindToken {
			before, after = before && !is(h.accountBefore), after && !is(h.account)
		}
		subject := h.subject.Token()
		if after && !counted[subject] {
			counted[subject] = true
			found.after = append(found.after, subject)
		}
		if after && !before {
			found.added = append(found.added, subject)
		}
	}
	found.added = slices.Compact(found.added)
	return found
}

// checkAdministrators bounds who may do everything. Whoever was an administrator
// before may stay one.
func checkAdministrators(in input) (list []plan.Blocked) {
	limit := in.rails.MaxAdministrators
	if limit == nil || in.judged == nil {
		return nil
	}
	found := in.judged.administrators
	if len(found.becomes) > 0 {
		list = one(nil, "", "everybody would become an administrator, in %s, by role %s: no number of administrators allows that", strings.Join(found.becomes, " and "), access.DefaultRole)
	}
	n := len(found.after)
	if n <= *limit || len(found.added) == 0 || in.Allow.Administrators != nil && n <= *in.Allow.Administrators {
		return list
	}
	return append(list, one(nil, fmt.Sprintf("--allow-administrators %d", n), "%s, the limit is %d: %s",
		model.Plural(n, "account or token would be an administrator", "accounts and tokens would be administrators"), *limit, nameFew(found.added, "becomes one", "become ones"))...)
}

// warnAdministrators says what stands above a limit.
func warnAdministrators(in input) []plan.Warning {
	limit, found, message := in.rails.MaxAdministrators, in.judged.administrators, ""
	switch n := len(found.after); {
	case limit == nil:
	case len(found.everybody) > len(found.becomes):
		message = fmt.Sprintf("max_administrators counts those that their own roles make administrators: in %s everybody is one by role %s; say which the server is under osmo.mode, or declare a narrower form of the role",
			strings.Join(found.everybody, " and "), access.DefaultRole)
	case n > *limit && len(found.added) == 0:
		message = fmt.Sprintf("%s, and the limit is %d: %s", model.Plural(n, "account or token is an administrator", "accounts and tokens are administrators"), *limit, nameFew(found.after, "", ""))
	}
	if message == "" {
		return nil
	}
	return []plan.Warning{{Code: WarnAdministrators, Message: message}}
}

// maxNamed is how many objects a sentence names.
const maxNamed = 8

// nameFew names the first objects, counts the rest and says what they do.
func nameFew(list []model.Address, does, do string) string {
	words := make([]string, 0, maxNamed)
	for _, a := range list[:min(len(list), maxNamed)] {
		words = append(words, a.String())
	}
	names := strings.Join(words, ", ")
	if rest := len(list) - maxNamed; rest > 0 {
		names += fmt.Sprintf(" and %d more", rest)
	}
	if len(list) == 1 {
		do = does
	}
	return strings.TrimSpace(names + " " + do)
}
