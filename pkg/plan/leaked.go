package plan

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// CodeLeakedValue is the code of a declaration that holds a value which state
// knows. What has osmoctl's form is refused without state; a server's values have
// no form but a length, and are known by their SHA-256 alone.
const CodeLeakedValue = "leaked_value"

// valueLengths are those of the values that OSMO's servers make.
var valueLengths = []int{43, 64}

// leakSearch looks for values in the texts of declarations. A text that is long enough
// and of the right characters is rare, so this costs nothing in most projects.
type leakSearch struct {
	// values has those that state knows. It is asked for once a text may hold one.
	values func() map[state.Sum]model.Address
	found  []leak
}

func (s *leakSearch) look(at diag.Position, where model.Address, lists ...[]string) {
	if whose, ok := valueAmong(lists, s.values); ok {
		s.found = append(s.found, leak{at, where, whose})
	}
}

func (s *leakSearch) lookAtRole(r *model.Role) {
	s.look(r.Origin, model.RoleAddress(r.Name), []string{r.Name, r.Description}, r.ExternalRoles)
	for _, p := range r.Policies {
		s.look(r.Origin, model.RoleAddress(r.Name), p.Actions, p.Resources)
	}
}

func (s *leakSearch) lookAtAccount(a *model.Account) {
	s.look(a.Origin, model.AccountAddress(a.Name), []string{a.Name, a.Description}, a.Roles)
	for key, value := range a.Labels {
		s.look(a.Origin, model.AccountAddress(a.Name), []string{key, value})
	}
	for _, t := range a.Tokens {
		s.look(t.Origin, t.Address(), []string{t.Name, t.Description}, t.Recipients, t.Previously)
	}
}

// refuse refuses the declarations that hold what was found.
func (s *leakSearch) refuse() (out part) {
	slices.SortFunc(s.found, func(x, y leak) int {
		return cmp.Or(x.where.Compare(y.where), x.whose.Compare(y.whose))
	})
	for _, l := range slices.Compact(s.found) {
		l.at.Column = 0 // the line of source may hold it, and would be shown
		hint := "take it out: git keeps it, so osmoctl token revoke " + l.whose.Account + "/" + l.whose.Name + " --reason leaked has to end it"
		out.fail(CodeLeakedValue, l.at, hint, "a text of this %s holds the value of %s", l.where.Kind, l.whose)
	}
	return out
}

// leak is a value in the declaration of an object, and the generation that it is
// the value of.
type leak struct {
	at           diag.Position
	where, whose model.Address
}

func valueAmong(lists [][]string, issued func() map[state.Sum]model.Address) (whose model.Address, found bool) {
	for _, list := range lists {
		for _, text := range list {
			if whose, found = valueIn(text, issued); found {
				return whose, true
			}
		}
	}
	return whose, false
}

// valueIn looks up every piece of a text that has the length of a value.
func valueIn(text string, issued func() map[state.Sum]model.Address) (whose model.Address, found bool) {
	for from := 0; from+valueLengths[0] <= len(text); from++ {
		end := from
		for end < len(text) && mayBeOfValue(text[end]) {
			end++
		}
		for _, n := range valueLengths {
			for i := from; i+n <= end; i++ {
				if whose, found = issued()[sha256.Sum256([]byte(text[i:i+n]))]; found {
					return whose, true
				}
			}
		}
		from = end
	}
	return whose, false
}

func mayBeOfValue(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// indexValues finds the generations of all values that state knows, ended ones
// included.
func indexValues(have *state.Snapshot) map[state.Sum]model.Address {
	values := map[state.Sum]model.Address{}
	for _, a := range have.Accounts {
		for name, t := range a.Tokens {
			address := model.TokenAddress(a.Name, name)
			for i := range t.Generations {
				if g := &t.Generations[i]; g.Known() {
					values[g.Value] = address.At(g.Number)
				}
			}
			for i := range t.Tombstones {
				if s := &t.Tombstones[i]; s.Known() {
					values[s.Value] = address.At(s.Generation)
				}
			}
		}
	}
	return values
}
