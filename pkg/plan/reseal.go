package plan

import (
	"fmt"
	"slices"
	"strings"

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
	b := basis{want: want, have: have, today: opts.Today}
	p := planner{basis: b, keys: newKeyring(have.Meta.Applied)}
	p.declared, p.readable = b.countBeside()
	d := newDraft(opts.Limits)
	d.join(checkTargets(b, opts.Targets))
	d.join(checkGenerations(b, opts.Targets))
	if d.problems.HasErrors() {
		d.problems.Sort()
		return nil, d.problems
	}
	for _, account := range model.Names(want.Accounts) {
		for _, token := range model.Names(want.Accounts[account].Tokens) {
			if !d.join(p.reseal(want.Accounts[account].Tokens[token], opts.Targets)) {
				return nil, TooLarge(opts.Limits)
			}
		}
	}
	return d.finish(p, KindReseal, nil, opts)
}

// checkGenerations refuses targets that name a generation which does not live, or
// whose value is not known: that there is nothing to reseal would say that all is well with it.
func checkGenerations(b basis, targets []model.Address) (out part) {
	for _, a := range targets {
		if a.Generation == 0 || !b.knows(a) {
			continue
		}
		var g *state.Generation
		if t := b.findApplied(a); t.Live() {
			g = t.Generation(a.Generation)
		}
		switch {
		case g == nil:
			out.fail(CodeUnknownTarget, diag.Position{}, "osmoctl token get shows the generations", "target %s is not a generation that lives", a)
		case !g.Known():
			out.fail(CodeUnknownTarget, diag.Position{}, "osmoctl apply --replace "+a.Token().String()+" makes a value that is known",
				"target %s was adopted: its value is not known, so there is nothing to seal", a)
		}
	}
	return out
}

// reseal plans to seal again what lives of a token, as far as it is targeted.
func (p planner) reseal(want *model.Token, targets []model.Address) (out part) {
	have := p.findApplied(want.Address())
	if !have.Live() {
		return out
	}
	r := Readers{Token: want.Address(), Gained: []Reader{}, Lost: []Reader{}}
	for i := range have.Generations {
		g := &have.Generations[i]
		if g.Known() && g.ExpiresAt > p.today && !p.keys.matches(want.Readers, g.Recipients) && isTargeted(want.Address().At(g.Number), targets) {
			p.resealGeneration(&out, want, g, &r)
		}
	}
	out.read(r)
	return out
}

// isTargeted tells whether a generation is among the targets, by itself or by its
// token or account.
func isTargeted(a model.Address, targets []model.Address) bool {
	return len(targets) == 0 || slices.ContainsFunc(targets, func(t model.Address) bool {
		return t == a || t == a.Token() || t == model.AccountAddress(a.Account)
	})
}

// resealGeneration plans to seal one value again, and adds to r who reads it
// otherwise than before.
func (p planner) resealGeneration(out *part, want *model.Token, g *state.Generation, r *Readers) {
	before, after := showGeneration(g), showGeneration(g)
	before.Readers, after.Readers = readersOfIDs(g.Recipients, p.keys.names), p.keys.readersOf(want.Readers)
	c := Change{
		Address: want.Address().At(g.Number), Action: Reseal, Before: before, After: after, Origin: &want.Origin,
		Resolved: &Resolved{Generation: g.Number, ExpiresAt: g.ExpiresAt, Readers: want.Readers},
	}
	moves := p.keys.compare(want.Address(), want.Readers, g.Recipients)
	for _, k := range moves.Gained {
		c.Reasons = append(c.Reasons, "sealed to "+keyName(k.Key, map[string]string{k.Key: k.Name})+" from now on")
		r.Gained = addReader(r.Gained, k)
	}
	for _, k := range moves.Lost {
		c.Reasons = append(c.Reasons, "no longer sealed to "+keyName(k.Key, p.keys.names))
		r.Lost = addReader(r.Lost, k)
	}
	out.change(c)
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

// findChangedKeys names the names that stand for another key than at the last
// apply. To a reader of names alone, nothing has changed. declared has the number of
// tokens that are declared for each key.
func findChangedKeys(by planner, declared map[string]int) []Risk {
	var found riskList
	before, after := by.have.Meta.Applied.Recipients, state.SettingsOf(by.want.Project).Recipients
	for _, name := range model.Names(by.want.Project.Recipients) {
		gained := minus(ownKeys(by.want.Project.Recipients[name], name), before[name])
		lost := minus(before[name], after[name])
		if len(before[name]) > 1 {
			lost = slices.DeleteFunc(lost, func(id string) bool { return by.keys.names[id] != name })
		}
		if len(gained) == 0 || len(lost) == 0 {
			continue
		}
		found.note(RiskKeyChanged, nil, "recipient %s is now %s, was %s: it would read new values of %s",
			name, strings.Join(model.KeyFingerprints(gained), ", "), strings.Join(model.KeyFingerprints(lost), ", "), model.Plural(declared[gained[0]], "token", "tokens"))
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

// warnStaysReadable warns, for each key that the plan takes out, of what it can open
// all the same: who has the repository has its history.
func warnStaysReadable(p *Plan, by planner) (list []Warning) {
	lost := map[string]int{}
	for i := range p.Changes {
		c := &p.Changes[i]
		readers, moves := findNextReaders(c, by)
		if !moves {
			continue
		}
		t := by.findApplied(c.Address.Token())
		g := t.Active()
		if c.Action == Reseal {
			g = t.Generation(c.Address.Generation)
		}
		if g == nil {
			continue
		}
		for _, id := range g.EverReadable() {
			if !slices.ContainsFunc(readers, func(r Reader) bool { return r.Key == id }) {
				lost[id]++
			}
		}
	}
	for _, id := range model.Names(lost) {
		typed := by.keys.names[id] // What a command line calls the key.
		if typed == "" {
			typed = "'" + id + "'"
		}
		list = append(list, Warning{Code: WarnStaysReadable, Message: fmt.Sprintf(
			"%s could open %s and still can, in git's history, until revocation or expiry: osmoctl secrets exposure %s lists them",
			keyName(id, by.keys.names), model.Plural(lost[id], "value", "values"), typed)})
	}
	return list
}

// findNextReaders are the keys that a value is sealed to from a change on, or the
// one that takes its place: where a token is renamed, the value of the new name does.
func findNextReaders(c *Change, by planner) (readers []Reader, moves bool) {
	switch {
	case c.Action == Rotate, c.Action == Reseal:
		return c.After.Readers, true
	case c.Action == Update && c.Before.RenamedTo == "" && c.After.RenamedTo != "":
		heir := by.findDeclared(model.HeirAddress(c.Address, c.After.RenamedTo))
		return by.keys.readersOf(heir.Readers), true
	}
	return nil, false
}
