package inquiry

import (
	"cmp"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Difference is what one subject gains and loses between two moments.
type Difference struct {
	// Subjects all gain and lose the same.
	Subjects []string `json:"subjects"`
	Server   Server   `json:"server,omitzero"`
	Gained   []Change `json:"gained"`
	Lost     []Change `json:"lost"`
}

// Change is one grant of a difference, with a request that tells the two moments apart.
type Change struct {
	access.Grant
	Weight access.Weight `json:"weight"`
	// Witness is allowed at one moment and refused at the other.
	Witness Witness `json:"witness"`
	// By grants it, at the moment at which it is granted.
	By *Statement `json:"by"`
}

// Witness is a request to try.
type Witness struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
	Method   string `json:"method,omitzero"`
	Path     string `json:"path,omitzero"`
}

// Diff is what every subject gains and loses from one moment to another, the heaviest
// gain first. What everybody gains is said of everybody alone. Both moments have to be
// about the same servers.
func Diff(before, after *Moment) []Difference {
	var out []Difference
	index, memo := map[string]int{}, map[pair]Difference{}
	for _, name := range subjectsOf(before, after) {
		for _, d := range diffOf(before, after, name, memo) {
			key := d.key()
			if i, known := index[key]; known {
				out[i].Subjects = append(out[i].Subjects, name)
				continue
			}
			index[key] = len(out)
			d.Subjects = []string{name}
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(heaviest(b.Gained), heaviest(a.Gained)), cmp.Compare(heaviest(b.Lost), heaviest(a.Lost)))
	})
	return out
}

func heaviest(list []Change) (w access.Weight) {
	for _, c := range list {
		w = max(w, c.Weight)
	}
	return w
}

// key tells apart differences that are not the same.
func (d Difference) key() string {
	var b strings.Builder
	b.WriteString(string(d.Server.Mode) + "\n")
	for _, list := range [][]Change{d.Gained, d.Lost} {
		for _, c := range list {
			b.WriteString(c.Action + " " + c.Resource + "\n")
			if c.By != nil {
				b.WriteString(c.By.Words())
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// subjectsOf are those of both moments, accounts and tokens first.
func subjectsOf(before, after *Moment) []string {
	var names []string
	for _, m := range []*Moment{before, after} {
		for _, s := range m.Subjects() {
			names = append(names, s.Name)
		}
		for _, r := range m.Roles() {
			if r != access.DefaultRole {
				names = append(names, "role/"+r)
			}
		}
	}
	return append(model.Set(names), Everybody)
}

// pair is two sets of roles, of which the difference is worked out once.
type pair struct{ was, is *holding }

func diffOf(before, after *Moment, name string, memo map[pair]Difference) []Difference {
	list := make([]Difference, len(after.servers))
	for i := range after.servers {
		b, a := &before.servers[i], &after.servers[i]
		everybody := []*model.Role{a.roles[access.DefaultRole]}
		if name == Everybody {
			was, is := b.hold(nil), a.hold(nil)
			list[i] = a.changes(was, is, was.roles, is.roles, b)
			continue
		}
		p := pair{b.hold(before.rolesOf(name)), a.hold(after.rolesOf(name))}
		d, known := memo[p]
		if !known {
			d = a.changes(p.was, p.is, withDefault(p.was.roles, everybody), withDefault(p.is.roles, everybody), b)
			memo[p] = d
		}
		list[i] = d
	}
	same := !slices.ContainsFunc(list, func(d Difference) bool { return d.key() != list[0].key() })
	var out []Difference
	for i, d := range list {
		if len(d.Gained)+len(d.Lost) == 0 || same && i > 0 {
			continue
		}
		if !same {
			d.Server = after.servers[i].rules.Server()
		}
		out = append(out, d)
	}
	return out
}

// withDefault puts the default role as it is afterwards in the place of a side's own:
// what changes in it is said once, of everybody.
func withDefault(roles, everybody []*model.Role) []*model.Role {
	rest := slices.DeleteFunc(slices.Clone(roles), func(r *model.Role) bool { return r.Name == access.DefaultRole })
	return append(rest, everybody...)
}

// changes compares two sets of roles, and names for each grant what grants it.
func (s *server) changes(was, is *holding, before, after []*model.Role, then *server) Difference {
	gained, lost := s.rules.Diff(before, after)
	return Difference{Gained: s.explain(is, gained), Lost: then.explain(was, lost)}
}

// explain sorts grants by weight, each with a request that it covers and the statement
// that decides about that.
func (s *server) explain(h *holding, grants []access.Grant) []Change {
	out := make([]Change, len(grants))
	for i, g := range grants {
		q := s.rules.Witness(g)
		out[i] = Change{g, g.Weight(), Witness{q.Action, q.Resource, q.Method, q.Path}, h.set.CauseOf(h.set.Check(q.Action, q.Resource).By)}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return cmp.Compare(b.Weight, a.Weight) })
	return out
}

// rolesOf are the roles of a subject by its name; none where it is not there.
func (m *Moment) rolesOf(name string) []string {
	if name == Everybody {
		return nil
	}
	a, err := model.ParseAddress(name)
	if err != nil {
		return nil
	}
	if a.Kind == model.KindRole && m.servers[0].roles[a.Name] == nil {
		return nil
	}
	return m.book.Roles(a)
}

// DiffRoles is what somebody gains and loses who holds the roles of after instead of
// those of before, at one moment.
func (m *Moment) DiffRoles(before, after Subject) (out []Difference) {
	for i := range m.servers {
		s := &m.servers[i]
		was, is := s.hold(before.Roles), s.hold(after.Roles)
		d := s.changes(was, is, was.roles, is.roles, s)
		d.Subjects = []string{after.Name + " instead of " + before.Name}
		if i > 0 && d.key() == out[0].key() {
			continue
		}
		out = append(out, d)
	}
	if len(out) > 1 {
		for i := range out {
			out[i].Server = m.servers[i].rules.Server()
		}
	}
	return slices.DeleteFunc(out, func(d Difference) bool { return len(d.Gained)+len(d.Lost) == 0 })
}
