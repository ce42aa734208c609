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

func newRights(want *model.Declarations, have *state.Snapshot) *rights {
	r := &rights{before: map[string]*model.Role{}, after: map[string]*model.Role{}, changed: map[string]bool{}, memo: map[string]rightsDiff{}}
	for _, name := range access.BuiltinNames() {
		role, _ := access.Builtin(name)
		r.before[name], r.after[name] = role, role
	}
	for name, role := range have.Roles {
		r.before[name] = &model.Role{Name: name, Policies: role.Policies}
	}
	for name, role := range want.Roles {
		r.after[name] = role
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
	if slices.Equal(before, after) && !slices.ContainsFunc(after, func(s string) bool { return r.changed[s] }) {
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

func pick(roles map[string]*model.Role, names []string) []*model.Role {
	out := make([]*model.Role, 0, len(names))
	for _, name := range names {
		if role := roles[name]; role != nil {
			out = append(out, role)
		}
	}
	return out
}

func (b *builder) showAccess(subject model.Address, before, after []string, effective model.Date) {
	d := b.rights.diff(before, after)
	if len(d.gained)+len(d.lost) > 0 {
		b.access = append(b.access, Access{Subject: subject, Gained: orEmpty(d.gained), Lost: orEmpty(d.lost), EffectiveOn: effective})
	}
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
	b.showAccess(model.AccountAddress(name), before, after, b.today)
}

// tokenAccess shows how a token's access moves to the roles after. want is nil
// where the token goes, have where it comes.
func (b *builder) tokenAccess(a model.Address, want *model.Token, after []string, have *state.Token, effective model.Date) {
	var before []string
	if have.Live() {
		if g := have.Active(); g != nil && g.ExpiresAt > b.today {
			before = g.CurrentRoles()
		}
	}
	if want == nil {
		after = nil
	}
	b.showAccess(a, before, after, effective)
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
