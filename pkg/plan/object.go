package plan

import (
	"reflect"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Object is what stands before or after a change. Exactly the fields of its
// kind are set; JSON leaves the others out.
type Object struct {
	Description string `json:"description"`

	// Of roles.
	Policies      []model.Policy `json:"policies,omitzero"`
	ExternalRoles []string       `json:"external_roles,omitzero"`
	SyncMode      model.SyncMode `json:"sync_mode,omitzero"`
	// External is set for a role that lives on the server. Without policies it is not
	// known what it allows.
	External bool `json:"external,omitzero"`

	// Of accounts and tokens. A token without roles inherits its account's.
	Roles []string `json:"roles,omitzero"`
	// KeptRoles are those of an account's Roles that were renamed and stay for the
	// values that carry them.
	KeptRoles []string          `json:"kept_roles,omitzero"`
	Labels    map[string]string `json:"labels,omitzero"`
	Protect   bool              `json:"protect,omitzero"`

	// Of tokens. Durations stay unresolved.
	ExpiresAt  model.Date      `json:"expires_at,omitzero"`
	ExpiresIn  model.Days      `json:"expires_in,omitzero"`
	Rotate     *model.Rotation `json:"rotate,omitempty"`
	Recipients []string        `json:"recipients,omitzero"`
	Readers    []Reader        `json:"readers,omitzero"`
	RenamedTo  string          `json:"renamed_to,omitzero"`
	// Requested is the declared generation counter.
	Requested int `json:"requested_generation,omitzero"`

	// Of generations.
	Generation  int        `json:"generation,omitzero"`
	RevokeAfter model.Date `json:"revoke_after,omitzero"`
}

func showRole(r *state.Role) *Object {
	return &Object{Description: r.Description, Policies: r.Policies, ExternalRoles: r.ExternalRoles, SyncMode: r.SyncMode, External: r.External}
}

func showDeclared(a *model.Account) *Object {
	return &Object{Description: a.Description, Roles: a.Roles, Labels: a.Labels, Protect: a.Protect}
}

func showAccount(a *state.Account) *Object {
	return &Object{Description: a.Description, Roles: a.Roles(), KeptRoles: a.Kept(), Labels: a.Labels, Protect: a.Protect}
}

// showToken shows a token as applied. Its readers are those of the active
// generation, named as far as the settings of the last apply still name them.
func showToken(t *state.Token, names map[string]string) *Object {
	o := specObject(t.Spec)
	o.Requested = t.Honoured
	o.RenamedTo = t.RenamedTo
	if g := t.Active(); g != nil {
		o.Generation = g.Number
		o.Readers = readersOfIDs(g.Recipients, names)
	}
	return o
}

// specObject shows what a token asks for, and [Object.TokenSpec] gives it back.
func specObject(s model.TokenSpec) *Object {
	rotate := s.Rotate
	return &Object{
		Description: s.Description, Roles: s.Roles, Recipients: s.Recipients,
		ExpiresAt: s.Expiry.At, ExpiresIn: s.Expiry.In, Rotate: &rotate,
	}
}

// TokenSpec is what the object of a token asks for.
func (o *Object) TokenSpec() model.TokenSpec {
	return model.TokenSpec{
		Description: o.Description, Inherit: o.Roles == nil, Roles: o.Roles, Recipients: o.Recipients,
		Expiry: model.Expiry{At: o.ExpiresAt, In: o.ExpiresIn}, Rotate: o.rotation(),
	}
}

func showGeneration(g *state.Generation) *Object {
	return &Object{Description: g.Description, Roles: g.CurrentRoles(), ExpiresAt: g.ExpiresAt, Generation: g.Number, RevokeAfter: g.RevokeAfter}
}

func readersOfIDs(ids []string, names map[string]string) []Reader {
	out := make([]Reader, len(ids))
	for i, id := range ids {
		out[i] = Reader{Name: names[id], Key: id}
	}
	return out
}

// fieldGetters names the comparable fields in the order they are shown in.
// The readers are not among them: they have a section of their own.
var fieldGetters = []struct {
	path string
	get  func(*Object) any
}{
	{"description", func(o *Object) any { return o.Description }},
	{"roles", func(o *Object) any { return o.Roles }},
	{"kept_roles", func(o *Object) any { return o.KeptRoles }},
	{"policies", func(o *Object) any { return o.Policies }},
	{"external_roles", func(o *Object) any { return o.ExternalRoles }},
	{"sync_mode", func(o *Object) any { return o.SyncMode }},
	{"external", func(o *Object) any { return o.External }},
	{"labels", func(o *Object) any { return o.Labels }},
	{"protect", func(o *Object) any { return o.Protect }},
	{"expires_at", func(o *Object) any { return o.ExpiresAt }},
	{"expires_in", func(o *Object) any { return o.ExpiresIn }},
	{"rotate.every", func(o *Object) any { return o.rotation().Every }},
	{"rotate.overlap", func(o *Object) any { return o.rotation().Overlap }},
	{"generation", func(o *Object) any { return o.Requested }},
	{"recipients", func(o *Object) any { return o.Recipients }},
	{"renamed_to", func(o *Object) any { return o.RenamedTo }},
	{"revoke_after", func(o *Object) any { return o.RevokeAfter }},
}

func (o *Object) rotation() model.Rotation {
	if o.Rotate == nil {
		return model.Rotation{}
	}
	return *o.Rotate
}

// fieldsOf lists where two objects differ. Either may be nil; an absent field
// is null.
func fieldsOf(before, after *Object) []Field {
	list := make([]Field, 0, len(fieldGetters))
	for _, f := range fieldGetters {
		var b, a any
		if before != nil {
			b = nullIfZero(f.get(before))
		}
		if after != nil {
			a = nullIfZero(f.get(after))
		}
		if !reflect.DeepEqual(b, a) {
			list = append(list, Field{Path: f.path, Before: b, After: a})
		}
	}
	return append([]Field{}, list...) // of their number, since there may be 100,000 lists
}

// nullIfZero turns a zero value into nil, so that JSON says null. An empty list that
// is not nil means "cleared" and stays.
func nullIfZero(v any) any {
	if r := reflect.ValueOf(v); r.IsZero() {
		return nil
	}
	return v
}

// keepSpelling gives an object the applied spelling of what the declaration says
// in another order: lists that OSMO, or osmoctl, reads as sets are no change.
func (o *Object) keepSpelling(applied *Object) {
	if model.EqualPolicies(o.Policies, applied.Policies) {
		o.Policies = applied.Policies
	}
	keepOrder(&o.ExternalRoles, applied.ExternalRoles)
	keepOrder(&o.Recipients, applied.Recipients)
}

// keepOrder takes over another list of the same members. nil is no list, and
// differs from an empty one.
func keepOrder(list *[]string, applied []string) {
	if (*list == nil) == (applied == nil) && model.SameSet(*list, applied) {
		*list = applied
	}
}
