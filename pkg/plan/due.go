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
// long key by its digest alone, so the caller brings the keys, by their IDs. A
// token of which one is missing is left as it is, with a warning.
func Due(have *state.Snapshot, keys map[string]model.Recipient, opts Options) (*Plan, diag.List) {
	applied := appliedDeclarations{have.Meta.Applied, keys}
	b := basis{want: applied.of(have), have: have, observed: opts.Observed, today: opts.Today}
	p := tokenPlanner{planner: newCountingPlanner(b, findKept(have))}
	d := newDraft(opts.Limits)
	d.join(checkTargets(b, opts.Targets))
	_, wrong := checkReplace(b, opts.Replace)
	d.join(wrong)
	if d.problems.HasErrors() {
		return nil, d.problems.Bounded()
	}
	for _, name := range model.Names(b.want.Accounts) {
		want, roles := b.want.Accounts[name], p.heirs.rolesOf(b.want.Accounts[name])
		for _, token := range model.Names(have.Accounts[name].Tokens) {
			if t := have.Accounts[name].Tokens[token]; t.Live() && !d.join(p.planDue(model.TokenAddress(name, token), t, want, roles, applied)) {
				return nil, TooLarge(opts.Limits)
			}
		}
	}
	made, problems := d.finish(p.planner, KindDue, nil, opts)
	if made == nil {
		return nil, problems
	}
	for i := range made.Changes {
		made.Changes[i].Origin = nil // It stands in state and not in a file.
	}
	return made, problems
}

// findKept leaves to accounts what they keep for values that retire: it goes
// with an apply of the declarations.
func findKept(have *state.Snapshot) heirs {
	h := heirs{kept: map[string][]string{}}
	for name, account := range have.Accounts {
		if kept := account.Kept(); account.Live() && len(kept) > 0 {
			h.kept[name] = kept
		}
	}
	return h
}

// planDue plans what dates ask for of an applied token.
func (p tokenPlanner) planDue(a model.Address, t *state.Token, account *model.Account, roles []string, applied appliedDeclarations) (out part) {
	// Where no generation is active somebody ended it, and no date brings another.
	if g := t.Active(); g != nil && t.RenamedTo == "" {
		c := p.caseOf(account, roles, a.Name)
		warnClock(&out, c, p.today)
		warnDates(&out, c, g, p.today)
		due, ok := findDueDay(&c.want.TokenSpec, g)
		if !ok || due > p.today {
			out.expect(p.today, forecast(c.address(), &c.want.TokenSpec, g, p.today)...)
		} else if missing := applied.missing(t); len(missing) > 0 {
			out.warn("key_unknown", a, "is due since %s and is not rotated: state has only the digest of %s, and no osmoctl.yaml in the history at hand has the key",
				due, strings.Join(missing, ", "))
		} else if len(c.want.Readers) == 0 {
			// Only what was adopted was never sealed to anybody.
			out.warn("key_unknown", a, "is due since %s and is not rotated: it was adopted, and state has not recorded who is to read it: apply the declarations first", due)
		} else {
			p.rotate(&out, c, causes{reasons: []string{"due since " + due.String()}, due: true})
		}
	}
	revokeDue(&out, a, t, p.today)
	return out
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
			Account: have.Name, Name: name, TokenSpec: t.Spec, Generation: t.Honoured, Readers: readers,
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
	names := a.settings.KeyNames()
	for i, id := range missing {
		missing[i] = keyName(id, names)
	}
	return missing
}
