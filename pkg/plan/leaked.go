package plan

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"sync"

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

// findLeaks looks for values in the texts of declarations. A text that is long enough
// and of the right characters is rare, so this costs nothing in most projects.
func findLeaks(b basis) (out part) {
	var found []leak
	issued := sync.OnceValue(func() map[state.Sum]model.Address { return indexValues(b.have) })
	look := func(at diag.Position, where model.Address, lists ...[]string) {
		if whose, ok := valueAmong(lists, issued); ok {
			found = append(found, leak{at, where, whose})
		}
	}
	for name, r := range b.want.Roles {
		look(r.Origin, model.RoleAddress(name), []string{name, r.Description}, r.ExternalRoles)
		for _, p := range r.Policies {
			look(r.Origin, model.RoleAddress(name), p.Actions, p.Resources)
		}
	}
	for name, a := range b.want.Accounts {
		look(a.Origin, model.AccountAddress(name), []string{name, a.Description}, a.Roles)
		for key, value := range a.Labels {
			look(a.Origin, model.AccountAddress(name), []string{key, value})
		}
		for _, t := range a.Tokens {
			look(t.Origin, t.Address(), []string{t.Name, t.Description}, t.Recipients, t.Previously)
		}
	}
	slices.SortFunc(found, func(x, y leak) int {
		return cmp.Or(x.where.Compare(y.where), x.whose.Compare(y.whose))
	})
	for _, l := range slices.Compact(found) {
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
