package plans

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func blockedSection(p *plan.Plan) view.Section {
	s := view.SectionOf("Blocked", p.Blocked, view.MaxItems, func(b plan.Blocked) view.Item {
		i := view.Item{Mark: "!", Tone: view.Fault}
		if b.Address != nil {
			i.Head = append(i.Head, view.QuoteAs(view.Strong, b.Address.String()), view.Say(view.Plain, " "))
		}
		i.Head = append(i.Head, view.Tell(view.Clip(b.Detail)))
		i.Add(view.Say(view.Plain, "guardrail "), view.Quote(b.Guardrail))
		if b.Flag != "" {
			i.Add(view.Say(view.Plain, "lifted for one run by "), view.Quote(b.Flag))
		} else {
			i.Add(view.Say(view.Plain, "no flag lifts it"))
		}
		return i
	})
	s.Tone = view.Fault
	return s
}

// readersSection says which keys can read the coming values of how many tokens,
// and which cannot any more. Keys that could read nothing before stand first and are
// never cut: however many others come, somebody new is seen.
func readersSection(p *plan.Plan) view.Section {
	counts := map[string]plan.Key{}
	for _, k := range p.Keys {
		counts[k.Key] = k
	}
	isNew := func(k *keyReach) bool {
		n, known := counts[k.Key]
		return known && k.gains && n.Tokens == 0
	}
	keys := readersByKey(p.Readers)
	slices.SortStableFunc(keys, func(a, b *keyReach) int {
		switch {
		case isNew(a) == isNew(b):
			return 0
		case isNew(a):
			return -1
		}
		return 1
	})
	most := view.MaxItems
	for most < len(keys) && isNew(keys[most]) {
		most++
	}
	s := view.SectionOf("Readers", keys, most, func(k *keyReach) view.Item {
		i := readerItem(k, p.Resealing)
		i.Heavy = isNew(k)
		line := []view.Span{view.Say(view.Faint, "key "), view.QuoteAs(view.Faint, view.ShortKey(k.Key))}
		if n, known := counts[k.Key]; known {
			line = append(line, view.Say(view.Faint, ": before this plan it reads "+view.Plural(n.Tokens, "token", "tokens")+"; it is declared for "+view.Count(n.Declared)))
		}
		i.Add(line...)
		return i
	})
	if n := countWhere(keys, isNew); n > 0 {
		s.Gist = view.Plural(n, "could", "could") + " read nothing before"
	}
	return s
}

func countWhere[T any](list []T, holds func(T) bool) (n int) {
	for _, e := range list {
		if holds(e) {
			n++
		}
	}
	return n
}

// keyReach is what happens to one key: it comes to be a reader of tokens, or
// ceases to be one.
type keyReach struct {
	plan.Reader
	gains  bool
	tokens []model.Address
}

func readerItem(k *keyReach, resealing bool) view.Item {
	i := view.Item{Mark: "+", Tone: view.Adds}
	verb, when, what := " can read ", ": ", "new values of "
	if resealing {
		what = "the live values of "
	}
	if !k.gains {
		i = view.Item{Mark: "-", Tone: view.Removes}
		verb, when = " cannot read ", " any more: "
	}
	verb += what
	i.Head = []view.Span{
		view.QuoteAs(view.Strong, cmp.Or(k.Name, view.ShortKey(k.Key))),
		view.Say(view.Plain, verb+view.Plural(len(k.tokens), "token", "tokens")+when),
		view.Quote(view.ListAddresses(k.tokens)),
	}
	return i
}

// readersByKey turns the plan's list by token into one by key, the gains before
// the losses and whatever concerns most tokens first.
func readersByKey(list []plan.Readers) []*keyReach {
	var gained, lost reaches
	for _, t := range list {
		for _, r := range t.Gained {
			gained.add(r, true, t.Token)
		}
		for _, r := range t.Lost {
			lost.add(r, false, t.Token)
		}
	}
	return append(gained.sort(), lost.sort()...)
}

type reaches struct {
	byKey map[plan.Reader]*keyReach
	list  []*keyReach
}

func (r *reaches) add(reader plan.Reader, gains bool, token model.Address) {
	k := r.byKey[reader]
	if k == nil {
		if r.byKey == nil {
			r.byKey = map[plan.Reader]*keyReach{}
		}
		k = &keyReach{Reader: reader, gains: gains}
		r.byKey[reader], r.list = k, append(r.list, k)
	}
	k.tokens = append(k.tokens, token)
}

func (r *reaches) sort() []*keyReach {
	slices.SortStableFunc(r.list, func(a, b *keyReach) int { return len(b.tokens) - len(a.tokens) })
	return r.list
}

// filesSection names what a restore writes: files may be damaged without any
// object being another.
func filesSection(p *plan.Plan) view.Section {
	if p.Restored == nil {
		return view.Section{}
	}
	return view.SectionOf("Files", p.Restored.Files, view.MaxItems, func(path string) view.Item {
		return view.Item{Mark: "~", Tone: view.Alters, Head: []view.Span{view.Quote(state.Dir + "/" + path)}}
	})
}

func settingsSection(p *plan.Plan) view.Section {
	names := namesOfKeys(p)
	return view.SectionOf("Settings", p.GuardrailChanges, view.MaxItems, func(c plan.GuardrailChange) view.Item {
		before, after := c.Before, c.After
		if about, ok := strings.CutPrefix(c.Path, "recipients."); ok {
			before, after = nameKeys(before, about, names), nameKeys(after, about, names)
		}
		return view.Item{Mark: "~", Tone: view.Alters, Head: difference(c.Path, before, after)}
	})
}

// namesOfKeys is what people call each key: its name, and the key as well where another
// has the same name.
func namesOfKeys(p *plan.Plan) map[string]string {
	bearers := map[string]int{}
	for _, k := range p.Keys {
		bearers[k.Name]++
	}
	names := map[string]string{}
	for _, k := range p.Keys {
		if names[k.Key] = k.Name; bearers[k.Name] > 1 || k.Name == "" {
			names[k.Key] = view.KeyName(k.Name, k.Key)
		}
	}
	return names
}

// nameKeys are the keys of a recipient as people know them. A recipient that is one
// key alone is not explained by its own name.
func nameKeys(value any, about string, names map[string]string) any {
	ids, ok := value.([]string)
	if !ok {
		return value
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		if keys[i] = cmp.Or(names[id], view.ShortKey(id)); names[id] == about {
			keys[i] = view.ShortKey(id)
		}
	}
	return keys
}

// impliedSection says what follows and stands in no declaration.
func impliedSection(p *plan.Plan) view.Section {
	groups := view.Group(p.Implied, func(i plan.Implied) string { return i.Cause.String() + "\n" + i.Effect })
	s := view.SectionOf("Follows", groups, view.MaxItems, func(group []plan.Implied) view.Item {
		head := view.Subjects(group, func(i plan.Implied) model.Address { return i.Address })
		i := view.Item{Mark: ">", Tone: view.Alters, Head: append(head, view.Say(view.Plain, ": "), view.Tell(view.Clip(group[0].Effect)))}
		i.Add(view.Say(view.Faint, "because of "), view.QuoteAs(view.Faint, group[0].Cause.String()))
		return i
	})
	s.Count = len(p.Implied)
	return s
}

func waitingSection(p *plan.Plan) view.Section {
	groups := view.Group(p.WaitingForIdentity, func(w plan.Waiting) string { return readerNames(w.Gained) })
	s := view.SectionOf("Waiting for an identity", groups, view.MaxItems, func(group []plan.Waiting) view.Item {
		head := view.Subjects(group, func(w plan.Waiting) model.Address { return w.Address })
		i := view.Item{Mark: "~", Tone: view.Alters, Head: append(head, view.Say(view.Plain, " to be sealed to "), view.Quote(view.Clip(readerNames(group[0].Gained))))}
		i.Add(view.Say(view.Plain, "with the next rotation, or by whoever can read them: "), view.Run("osmoctl secrets reseal"))
		i.Add(view.Say(view.Plain, "a new value at once: "), view.Run("osmoctl apply --replace "+group[0].Address.Token().String()))
		return i
	})
	s.Count = len(p.WaitingForIdentity)
	return s
}

func readerNames(list []plan.Reader) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = view.KeyName(r.Name, r.Key)
	}
	return strings.Join(names, ", ")
}

// warningsSection groups by what is said, since one habit warns of many tokens.
func warningsSection(p *plan.Plan) view.Section {
	s := view.SectionOf("Warnings", warningGroups(p, func(plan.Warning) bool { return true }), view.MaxItems, warningItem)
	s.Tone, s.Count = view.Warn, len(p.Warnings)
	return s
}

// keySection repeats, of the warnings, what whoever took a key out has to know.
func keySection(p *plan.Plan) view.Section {
	s := view.SectionOf("Warnings", warningGroups(p, func(w plan.Warning) bool { return w.Code == plan.WarnStaysReadable }), view.MaxItems, warningItem)
	s.Tone = view.Warn
	return s
}

func warningGroups(p *plan.Plan, wanted func(plan.Warning) bool) [][]plan.Warning {
	var list []plan.Warning
	for _, w := range p.Warnings {
		if wanted(w) {
			list = append(list, w)
		}
	}
	return view.Group(list, func(w plan.Warning) string {
		return strconv.FormatBool(w.Address == nil) + w.Code + "\n" + w.Message
	})
}

func warningItem(group []plan.Warning) view.Item {
	w := group[0]
	i := view.Item{Mark: "!", Tone: view.Warn, Head: []view.Span{view.Tell(view.Clip(w.Message)), view.Say(view.Plain, " "), view.QuoteAs(view.Faint, "["+w.Code+"]")}}
	if w.Address != nil {
		i.Add(view.Subjects(group, func(w plan.Warning) model.Address { return *w.Address })...)
	}
	return i
}

var EventWords = map[plan.Event]string{
	plan.EventRotate: "a rotation is due",
	plan.EventRevoke: "revoked by the next apply",
	plan.EventExpire: "expires and is not renewed",

	plan.EventExceptionEnds: "an exception from a forbidding rule ends",
}

// upcomingSection says what dates will bring, in their order.
func upcomingSection(p *plan.Plan) view.Section {
	groups := view.Group(p.Upcoming, func(u plan.Upcoming) string { return u.Date.String() + string(u.Event) })
	s := view.SectionOf("Upcoming", groups, view.MaxItems, func(group []plan.Upcoming) view.Item {
		head := []view.Span{view.Say(view.Plain, group[0].Date.String()+" "+EventWords[group[0].Event]+": ")}
		return view.Item{Mark: "*", Tone: view.Faint, Head: append(head, view.Subjects(group, func(u plan.Upcoming) model.Address { return u.Address })...)}
	})
	s.Count = len(p.Upcoming)
	return s
}
