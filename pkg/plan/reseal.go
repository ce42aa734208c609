package plan

import (
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// BuildReseal is the plan to seal the values that live to the keys that the
// declarations name, which takes an identity that opens them. Its changes all
// are reseals, of active and of retiring generations; what has expired or is no
// longer declared keeps its recipients. It changes who can open the files at
// hand and nothing else: what the declarations want beyond that stays for
// [Build], and so do the settings of the last apply.
func BuildReseal(want *model.Declarations, have *state.Snapshot, opts Options) (*Plan, diag.List) {
	opts.Replace = nil
	b := newBuilder(want, have, opts)
	b.checkAddresses()
	b.checkGenerations()
	if b.problems.HasErrors() {
		b.problems.Sort()
		return nil, b.problems
	}
	for _, account := range model.Names(want.Accounts) {
		for _, token := range model.Names(want.Accounts[account].Tokens) {
			b.resealToken(want.Accounts[account].Tokens[token])
		}
	}
	p := b.finish(KindReseal)
	if b.full() {
		return nil, b.tooLarge()
	}
	return p, b.problems
}

// checkGenerations refuses targets that name a generation which does not live:
// that there is nothing to reseal would say that all is well with it.
func (b *builder) checkGenerations() {
	for _, a := range b.opts.Targets {
		if t := b.appliedToken(a); a.Generation != 0 && b.known(a) && (!t.Live() || t.Generation(a.Generation) == nil) {
			b.problem(CodeUnknownTarget, diag.Position{}, "osmoctl token get shows the generations", "target %s is not a generation that lives", a)
		}
	}
}

func (b *builder) resealToken(want *model.Token) {
	have := b.appliedToken(want.Address())
	if !have.Live() {
		return
	}
	r := Readers{Token: want.Address()}
	for i := range have.Generations {
		g := &have.Generations[i]
		if g.ExpiresAt > b.today && !b.sameKeys(want.Readers, g.Recipients) && b.targeted(want.Address().At(g.Number)) {
			b.resealGeneration(want, g, &r)
		}
	}
	if len(r.Gained)+len(r.Lost) > 0 {
		r.Gained, r.Lost = orEmpty(r.Gained), orEmpty(r.Lost)
		b.addReaders(r)
	}
}

// sameKeys compares what is declared, sorted, with what is recorded.
func (b *builder) sameKeys(want []model.Recipient, have []string) bool {
	return slices.Equal(b.idsOf(want), have)
}

// targeted tells whether a generation is among the targets, by itself or by its
// token or account.
func (b *builder) targeted(a model.Address) bool {
	return len(b.opts.Targets) == 0 || slices.ContainsFunc(b.opts.Targets, func(t model.Address) bool {
		return t == a || t == a.Token() || t == model.AccountAddress(a.Account)
	})
}

func (b *builder) resealGeneration(want *model.Token, g *state.Generation, r *Readers) {
	before, after := appliedGeneration(g), appliedGeneration(g)
	before.Readers, after.Readers = readersOfIDs(g.Recipients, b.names), b.readersOf(want.Readers)
	c := Change{
		Address: want.Address().At(g.Number), Action: Reseal, Before: before, After: after, Origin: &want.Origin,
		Resolved: &Resolved{Generation: g.Number, ExpiresAt: g.ExpiresAt, Readers: want.Readers},
	}
	for _, k := range after.Readers {
		if !slices.Contains(g.Recipients, k.Key) {
			c.Reasons = append(c.Reasons, "sealed to "+keyName(k.Key, map[string]string{k.Key: k.Name})+" from now on")
			r.Gained = addReader(r.Gained, k)
		}
	}
	for _, id := range b.lostKeys(want.Readers, g.Recipients) {
		c.Reasons = append(c.Reasons, "no longer sealed to "+keyName(id, b.names))
		r.Lost = addReader(r.Lost, Reader{Name: b.names[id], Key: id})
	}
	b.add(c)
}

func addReader(list []Reader, r Reader) []Reader {
	if slices.ContainsFunc(list, func(o Reader) bool { return o.Key == r.Key }) {
		return list
	}
	return append(list, r)
}

// WarnStaysReadable is the code of a warning that a key is taken out, and git's
// history keeps what it could open.
const WarnStaysReadable = "history_stays_readable"

// changedKeys names the names that stand for another key than at the last apply.
// To whoever reads names alone, nothing has changed.
func (b *builder) changedKeys() []Risk {
	var found riskList
	applied, declared := b.have.Meta.Applied.Recipients, state.SettingsOf(b.want.Project).Recipients
	count := b.declaredCounts()
	for _, name := range model.Names(b.want.Project.Recipients) {
		gained := minus(ownKeys(b.want.Project.Recipients[name], name), applied[name])
		lost := minus(applied[name], declared[name])
		if len(applied[name]) > 1 {
			lost = slices.DeleteFunc(lost, func(id string) bool { return b.names[id] != name })
		}
		if len(gained) == 0 || len(lost) == 0 {
			continue
		}
		found.note(RiskKeyChanged, nil, "recipient %s is now %s, was %s: it would read new values of %s",
			name, shortKeys(gained), shortKeys(lost), model.Plural(count[gained[0]], "token", "tokens"))
	}
	return found.list
}

// ownKeys are the keys that stand under a name itself, not those of its members.
func ownKeys(keys []model.Recipient, name string) (ids []string) {
	for _, k := range keys {
		if k.Name == name {
			ids = append(ids, k.ID())
		}
	}
	return ids
}

func minus(a, b []string) (out []string) {
	in := members(b)
	for _, s := range a {
		if !in.has(s) {
			out = append(out, s)
		}
	}
	return out
}

func shortKeys(ids []string) string {
	short := make([]string, len(ids))
	for i, id := range ids {
		short[i] = model.KeyFingerprint(id)
	}
	return listOr(short, "")
}

// staysReadable warns, for each key that the plan takes out, of what it can open
// all the same: whoever has the repository has its history.
func (b *builder) staysReadable(p *Plan) (list []Warning) {
	lost := map[string]int{}
	for i := range p.Changes {
		c := &p.Changes[i]
		readers, moves := b.readersAfter(c)
		if !moves {
			continue
		}
		for _, id := range b.everReadable(c) {
			if !slices.ContainsFunc(readers, func(r Reader) bool { return r.Key == id }) {
				lost[id]++
			}
		}
	}
	for _, id := range model.Names(lost) {
		list = append(list, Warning{Code: WarnStaysReadable, Message: fmt.Sprintf(
			"%s could open %s and still can, in git's history, until revocation or expiry: osmoctl secrets exposure %s lists them",
			keyName(id, b.names), model.Plural(lost[id], "value", "values"), nameOrKey(id, b.names))})
	}
	return list
}

// readersAfter are the keys that a value is sealed to from a change on, or the one
// that takes its place: where a token is renamed, the value of the new name does.
func (b *builder) readersAfter(c *Change) (readers []Reader, moves bool) {
	switch {
	case c.Action == Rotate, c.Action == Reseal:
		return c.After.Readers, true
	case c.Action == Update && c.Before.RenamedTo == "" && c.After.RenamedTo != "":
		heir := b.declaredToken(model.HeirAddress(c.Address, c.After.RenamedTo))
		return b.readersOf(heir.Readers), true
	}
	return nil, false
}

// everReadable are the keys that could ever open the generation that a change
// replaces or seals again.
func (b *builder) everReadable(c *Change) []string {
	t := b.appliedToken(c.Address.Token())
	g := t.Active()
	if c.Action == Reseal {
		g = t.Generation(c.Address.Generation)
	}
	if g == nil {
		return nil
	}
	return g.EverReadable()
}

// nameOrKey is how a command line can say which key is meant.
func nameOrKey(id string, names map[string]string) string {
	if name := names[id]; name != "" {
		return name
	}
	return "'" + id + "'"
}
