package plan

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// rights compares what sets of roles allow before and after the plan. Most
// accounts share their set of roles with others, so results are kept by set.
type rights struct {
	before, after map[string]*model.Role
	// changed has the roles whose policies differ between the two.
	changed map[string]bool
	memo    map[string]rightsDiff
}

type rightsDiff struct{ gained, lost []access.Grant }

// newRights compares the applied roles with the declared ones. kept restricts
// which roles change; nil means all of them.
func newRights(want *model.Declarations, have *state.Snapshot, kept map[model.Address]bool) *rights {
	r := &rights{before: map[string]*model.Role{}, after: map[string]*model.Role{}, changed: map[string]bool{}, memo: map[string]rightsDiff{}}
	for _, name := range access.BuiltinNames() {
		role, _ := access.Builtin(name)
		r.before[name], r.after[name] = role, role
	}
	for name, role := range have.Roles {
		r.before[name] = &model.Role{Name: name, Policies: role.Policies}
		_, builtin := access.Builtin(name)
		// A built-in role that is let go stays on the server as it is.
		if stays := kept != nil && !kept[model.RoleAddress(name)]; stays || builtin {
			r.after[name] = r.before[name]
		}
	}
	for name, role := range want.Roles {
		if kept == nil || kept[model.RoleAddress(name)] {
			r.after[name] = role
		}
	}
	for name := range r.before {
		r.note(name)
	}
	for name := range r.after {
		r.note(name)
	}
	return r
}

func (r *rights) note(name string) {
	before, after := r.before[name], r.after[name]
	if before == nil || after == nil || !equalPolicies(before.Policies, after.Policies) {
		r.changed[name] = true
	}
}

// diff is what moving from one set of roles to another gives and takes, with
// the roles' own changes counted in.
func (r *rights) diff(before, after []string) rightsDiff {
	if r.same(before, after) {
		return rightsDiff{}
	}
	key := strings.Join(before, ",") + ";" + strings.Join(after, ",")
	d, known := r.memo[key]
	if !known {
		d.gained, d.lost = access.Diff(pick(r.before, before), pick(r.after, after))
		r.memo[key] = d
	}
	return d
}

// outlasts reports whether a generation with the roles held can do, after the
// plan, what one with the roles after cannot. What a changed role takes is gone
// for every generation at once, since tokens refer to roles by name.
func (r *rights) outlasts(held, after []string) bool {
	if len(held) == 0 || slices.Equal(held, after) {
		return false
	}
	key := "after;" + strings.Join(held, ",") + ";" + strings.Join(after, ",")
	d, known := r.memo[key]
	if !known {
		d.gained, d.lost = access.Diff(pick(r.after, held), pick(r.after, after))
		r.memo[key] = d
	}
	return len(d.lost) > 0
}

// same reports that nothing can differ: the same roles, none of them changed.
func (r *rights) same(before, after []string) bool {
	return slices.Equal(before, after) && !slices.ContainsFunc(after, func(s string) bool { return r.changed[s] })
}

func pick(roles map[string]*model.Role, names []string) []*model.Role {
	out := make([]*model.Role, 0, len(names))
	for _, name := range names {
		if role := roles[name]; role != nil {
			out = append(out, role)
		}
	}
	return out
}

// accessCase is a subject whose access may change, with its roles before and
// after. It waits for the end of planning, since a restricted plan leaves out
// some of what would change it.
type accessCase struct {
	subject model.Address
	// cause is the object whose change gives or takes the subject's roles.
	cause         model.Address
	before, after []string
	// held are the roles that a replaced generation carries on with until
	// the day effective.
	held      []string
	effective model.Date
}

func (b *builder) noteAccess(c accessCase) {
	if !b.rights.same(c.before, c.after) {
		b.cases = append(b.cases, c)
	}
}

// accessSection works out what was noted. kept are the objects that a
// restricted plan reaches: whatever else would change stays as it was.
func (b *builder) accessSection(kept map[model.Address]bool) (out []Access) {
	rights := b.rights
	if kept != nil {
		rights = newRights(b.want, b.have, kept)
	}
	for _, c := range b.cases {
		if kept != nil && !kept[c.cause] {
			c.after, c.effective = c.before, b.today
		}
		if !rights.outlasts(c.held, c.after) {
			c.effective = b.today
		}
		if d := rights.diff(c.before, c.after); len(d.gained)+len(d.lost) > 0 {
			out = append(out, Access{Subject: c.subject, Gained: orEmpty(d.gained), Lost: orEmpty(d.lost), EffectiveOn: c.effective})
		}
	}
	return out
}

func (b *builder) accountAccess(want *model.Account, have *state.Account) {
	var before, after []string
	name := ""
	if have.Live() {
		name = have.Name
		before = have.Roles()
	}
	if want != nil {
		name = want.Name
		after = want.Roles
	}
	a := model.AccountAddress(name)
	b.noteAccess(accessCase{subject: a, cause: a, before: before, after: after, effective: b.today})
}

// tokenAccess notes how a token's access moves to the roles after, none where
// the token goes. have is nil where it comes.
func (b *builder) tokenAccess(a, cause model.Address, after []string, have *state.Token) {
	b.noteAccess(accessCase{subject: a, cause: cause, before: b.rolesNow(have), after: after, effective: b.today})
}

// overlapAccess is tokenAccess where the old generation lives on, with what its
// account leaves it, until a day.
func (b *builder) overlapAccess(a model.Address, after []string, have *state.Token, account *model.Account, until model.Date) {
	before := b.rolesNow(have)
	b.noteAccess(accessCase{subject: a, cause: a, before: before, after: after, held: intersect(before, account.Roles), effective: until})
}

// rolesNow are the roles of a token's active generation.
func (b *builder) rolesNow(have *state.Token) []string {
	var before []string
	if have.Live() {
		if g := have.Active(); g != nil && g.ExpiresAt > b.today {
			before = g.CurrentRoles()
		}
	}
	return before
}

func (b *builder) tokenReaders(a model.Address, want []model.Recipient, have []string) {
	r := Readers{Token: a, Gained: []Reader{}, Lost: []Reader{}}
	for _, w := range want {
		if !slices.Contains(have, w.ID()) {
			r.Gained = append(r.Gained, Reader{Name: w.Name, Key: w.ID()})
		}
	}
	for _, id := range lostKeys(want, have) {
		r.Lost = append(r.Lost, Reader{Name: b.names[id], Key: id})
	}
	if len(r.Gained)+len(r.Lost) > 0 {
		b.readers = append(b.readers, r)
	}
}
