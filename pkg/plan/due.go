package plan

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Due is the plan of what dates alone ask for: the rotations that are due and the
// revocations of generations whose overlap is over, of the tokens as they were
// applied. No declaration is read, so nothing that is declared meanwhile is applied
// and nothing of it stands in the way.
//
// Values are sealed to the recipients that the last apply recorded. State keeps a
// long key by its digest alone, so whoever calls brings the keys, by their IDs. A
// token of which one is missing is left as it is, with a warning.
func Due(have *state.Snapshot, keys map[string]model.Recipient, opts Options) (*Plan, diag.List) {
	a := appliedDeclarations{have.Meta.Applied, keys}
	b := newBuilder(a.of(have), have, opts)
	b.keepAsApplied()
	b.rights = b.allRights(nil)
	b.checkAddresses()
	if b.problems.HasErrors() {
		return nil, b.problems.Bounded()
	}
	for _, name := range model.Names(b.want.Accounts) {
		b.dueOf(b.want.Accounts[name], have.Accounts[name], a)
	}
	p := b.finish(KindDue)
	if b.full() {
		return nil, b.tooLarge()
	}
	for i := range p.Changes {
		p.Changes[i].Origin = nil // It stands in state and not in a file.
	}
	return p, b.problems
}

// keepAsApplied leaves to accounts what they keep for values that retire: it goes
// with an apply of the declarations.
func (b *builder) keepAsApplied() {
	b.heirs.kept = map[string][]string{}
	for name, account := range b.have.Accounts {
		if kept := account.Kept(); account.Live() && len(kept) > 0 {
			b.heirs.kept[name] = kept
		}
	}
}

// dueOf plans what dates ask for of one account's tokens.
func (b *builder) dueOf(want *model.Account, have *state.Account, applied appliedDeclarations) {
	for _, name := range model.Names(have.Tokens) {
		t := have.Tokens[name]
		if !t.Live() {
			continue
		}
		a := model.TokenAddress(have.Name, name)
		if t.RenamedTo == "" {
			b.dueRotation(tokenCase{account: want, want: want.Tokens[name], have: t, siblings: have.Tokens}, applied)
		}
		b.revokeDue(a, t)
	}
}

func (b *builder) dueRotation(c tokenCase, applied appliedDeclarations) {
	g := c.have.Active()
	if g == nil {
		return // No date brings another: somebody ended it.
	}
	b.clock(c)
	b.warnDates(c, g)
	due, ok := dueOn(c.want, g)
	switch {
	case !ok || due > b.today:
		b.forecast(c.want, g)
	case len(applied.missing(c.have)) > 0:
		b.warn("key_unknown", c.address(), "is due since %s and is not rotated: state has only the digest of %s, and no osmoctl.yaml in the history at hand has the key",
			due, strings.Join(applied.missing(c.have), ", "))
	default:
		b.rotateToken(c, causes{reasons: []string{"due since " + due.String()}, due: true})
	}
}

// DueKeys are the IDs of the keys that [Due] needs on a day, sorted.
func DueKeys(have *state.Snapshot, today model.Date) []string {
	a := appliedDeclarations{settings: have.Meta.Applied}
	var ids []string
	for _, account := range have.Accounts {
		if !account.Live() {
			continue
		}
		for _, t := range account.Tokens {
			if on := NextRotation(t, today); t.Live() && on != 0 && on <= today {
				ids = append(ids, a.readers(t)...)
			}
		}
	}
	return model.Set(ids)
}

// appliedDeclarations are the declarations that state recorded, as far as state has
// them.
type appliedDeclarations struct {
	settings state.Settings
	keys     map[string]model.Recipient
}

func (a appliedDeclarations) of(s *state.Snapshot) *model.Declarations {
	want := asApplied(s)
	want.Project.Git, want.Project.Backend = a.settings.Git, a.settings.Backend
	want.Project.Recipients = map[string][]model.Recipient{}
	for name, ids := range a.settings.Recipients {
		want.Project.Recipients[name], _ = a.resolve(ids)
	}
	for name, account := range s.Accounts {
		if account.Live() {
			want.Accounts[name] = a.account(account)
		}
	}
	return want
}

func (a appliedDeclarations) account(have *state.Account) *model.Account {
	want := &model.Account{
		Name: have.Name, Description: have.Description, Labels: have.Labels, Protect: have.Protect,
		Roles: have.Lasting(), Tokens: map[string]*model.Token{},
	}
	for name, t := range have.Tokens {
		if !t.Live() || t.RenamedTo != "" {
			continue
		}
		readers, _ := a.resolve(a.readers(t))
		want.Tokens[name] = &model.Token{
			Account: have.Name, Name: name, Description: t.Spec.Description, Inherit: t.Spec.Inherit, Roles: t.Spec.Roles,
			Expiry: t.Spec.Expiry, Rotate: t.Spec.Rotate, Generation: t.Honoured, Recipients: t.Spec.Recipients, Readers: readers,
		}
	}
	return want
}

// readers are the IDs of the keys that the next value of a token goes to: those
// that its recipients stood for at the last apply. An apply with --target records
// no names; then it is those that the value at hand was sealed to.
func (a appliedDeclarations) readers(t *state.Token) []string {
	var ids []string
	for _, name := range t.Spec.Recipients {
		keys, known := a.settings.Recipients[name]
		if !known {
			ids = nil
			break
		}
		ids = append(ids, keys...)
	}
	if g := t.Active(); len(ids) == 0 && g != nil {
		ids = g.Recipients
	}
	return model.Set(ids)
}

// resolve finds the keys of some IDs, and the IDs whose keys are not known.
func (a appliedDeclarations) resolve(ids []string) (keys []model.Recipient, missing []string) {
	for _, id := range ids {
		if key, known := a.keys[id]; known {
			keys = append(keys, key)
		} else {
			missing = append(missing, id)
		}
	}
	return keys, missing
}

// missing names the keys of a token's next readers that are not known.
func (a appliedDeclarations) missing(t *state.Token) []string {
	_, missing := a.resolve(a.readers(t))
	if len(missing) == 0 {
		return nil
	}
	names := namesByID(a.settings.Recipients)
	for i, id := range missing {
		missing[i] = keyName(id, names)
	}
	return missing
}
