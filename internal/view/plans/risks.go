package plans

import (
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// maxNamed is how many subjects of one risk are named. Of administrators at once
// every one is: who that is, is the risk.
const maxNamed = 50

// risksSection says the gravest of a plan, one by one. It is never cut: whatever
// a reviewer must not miss is either in it or nowhere.
func risksSection(p *plan.Plan) view.Section {
	groups := view.Group(p.Risks, func(r plan.Risk) string {
		return strconv.FormatBool(r.Address == nil) + r.Code + "\n" + r.Message
	})
	s := view.SectionOf("Risks", groups, len(groups), riskItem)
	s.Tone, s.Vital = view.Fault, true
	return s
}

func riskItem(group []plan.Risk) view.Item {
	r := group[0]
	i := view.Item{Mark: "!", Tone: view.Warn, Heavy: true}
	if r.Severity == plan.Critical {
		i.Tone = view.Fault
	}
	if r.Address != nil && len(group) == 1 {
		i.Head = append(i.Head, view.QuoteAs(view.Strong, r.Address.String()), view.Say(view.Plain, " "))
	}
	i.Head = append(i.Head, view.Tell(view.Clip(r.Message)), view.Say(view.Plain, " "), view.QuoteAs(view.Faint, "["+r.Code+"]"))
	if by := causeOf(group); by != nil {
		i.Add(view.Say(view.Plain, "by "), view.Quote(by.Words()))
	}
	if r.Address == nil || len(group) == 1 {
		return i
	}
	most := maxNamed
	if r.Code == plan.RiskAdministrator {
		most = len(group)
	}
	for named := group[:min(len(group), most)]; len(named) > 0; named = named[min(len(named), view.MaxNames):] {
		i.Add(view.Subjects(named[:min(len(named), view.MaxNames)], func(r plan.Risk) model.Address { return *r.Address })...)
	}
	if rest := len(group) - most; rest > 0 {
		i.Add(view.Say(view.Faint, "and "+view.Count(rest)+" more of whom the same is true; -t json lists them"))
	}
	return i
}

// causeOf is the policy that brings all of a group, nil where there are several.
func causeOf(group []plan.Risk) *access.Cause {
	by := group[0].By
	if by == nil || slices.ContainsFunc(group, func(r plan.Risk) bool { return r.By == nil || *r.By != *by }) {
		return nil
	}
	return by
}

// RisksFit reports whether a comment on a pull request has room for all risks of a
// plan. Where it has not, no reviewer of one would see them all.
func RisksFit(p *plan.Plan) bool {
	if len(p.Risks) == 0 {
		return true
	}
	// The foot has the longest line there is.
	longest := view.Paste{Before: []string{strings.Repeat("-", view.MaxPaste-len(" && osmoctl apply --expect "+p.Digest))}}
	d := view.Document{Head: append(planHead(p), refused), Sections: []view.Section{risksSection(p)}, Foot: planFoot(p, longest)}
	return d.VitalFits(13)
}

// refused is room for what a plan says that is blocked, which no plan is before
// somebody has asked whether its risks fit.
var refused = []view.Span{view.Say(view.Plain, strings.Repeat("-", 120))}

// riskWords are the gravest risks in short sentences: all that are critical, else
// the first.
func riskWords(p *plan.Plan) (sentences []string) {
	administrators := map[model.Address]bool{}
	for _, group := range view.Group(p.Risks, func(r plan.Risk) string { return r.Code }) {
		if group[0].Severity != plan.Critical && len(sentences) > 0 {
			break
		}
		s := countSubjects(group, administrators)
		if group[0].Code == plan.RiskAdministrator {
			administrators = s.seen
		}
		if words := riskSentences[group[0].Code]; words != nil && (s.total() > 0 || group[0].Address == nil) {
			sentences = append(sentences, words(s))
		}
	}
	return sentences
}

// riskSubjects counts what risks of one code are about.
type riskSubjects struct {
	seen                    map[model.Address]bool
	accounts, tokens, roles int
	// risks counts all, also those about the project as a whole.
	risks int
}

func countSubjects(group []plan.Risk, except map[model.Address]bool) riskSubjects {
	s := riskSubjects{seen: map[model.Address]bool{}, risks: len(group)}
	for _, r := range group {
		if r.Address == nil || s.seen[*r.Address] || except[*r.Address] {
			continue
		}
		s.seen[*r.Address] = true
		switch r.Address.Kind {
		case model.KindAccount:
			s.accounts++
		case model.KindToken:
			s.tokens++
		case model.KindRole:
			s.roles++
		}
	}
	return s
}

func (s riskSubjects) total() int { return s.accounts + s.tokens + s.roles }

// who says one sentence of accounts and tokens, or another where only roles are
// concerned, whoever may come to hold them.
func (s riskSubjects) who(one, many, role, roles string) string {
	var names []string
	if s.accounts > 0 {
		names = append(names, view.Plural(s.accounts, "account", "accounts"))
	}
	if s.tokens > 0 {
		names = append(names, view.Plural(s.tokens, "token", "tokens"))
	}
	switch n := s.accounts + s.tokens; {
	case n == 0:
		return view.Plural(s.roles, role, roles)
	case n == 1:
		return names[0] + " " + one
	}
	return strings.Join(names, " and ") + " " + many
}

var riskSentences = map[string]func(riskSubjects) string{
	plan.RiskAdministrator: func(s riskSubjects) string {
		return s.who("becomes administrator.", "become administrators.", "role makes its holders administrators.", "roles make their holders administrators.")
	},
	plan.RiskAdministratorByStep: func(s riskSubjects) string {
		return s.who("can make itself an administrator.", "can make themselves administrators.",
			"role lets its holders become administrators.", "roles let their holders become administrators.")
	},
	plan.RiskEverybodyGains: func(riskSubjects) string { return "Everybody gains access." },
	plan.RiskStateMoved:     func(riskSubjects) string { return "State is moved." },
	plan.RiskKeyChanged: func(s riskSubjects) string {
		return view.Plural(s.risks, "recipient has another key.", "recipients have other keys.")
	},
	plan.RiskBackendChanged: func(riskSubjects) string { return "The backend is another." },
	plan.RiskGuardrailLifted: func(s riskSubjects) string {
		return view.Plural(s.risks, "guardrail is lifted by an approval.", "guardrails are lifted by approvals.")
	},
	plan.RiskProtectionLifted: func(s riskSubjects) string {
		return view.Plural(s.accounts, "account loses its protection.", "accounts lose their protection.")
	},
	plan.RiskGuardrailLoosened: func(s riskSubjects) string {
		return view.Plural(s.risks, "guardrail is loosened.", "guardrails are loosened.")
	},
	plan.RiskServerChanged: func(riskSubjects) string { return "The OSMO server is another." },
	plan.RiskWholeScope: func(s riskSubjects) string {
		return s.who("gains a wildcard over a whole scope.", "gain wildcards over a whole scope.",
			"role grants a wildcard over a whole scope.", "roles grant wildcards over a whole scope.")
	},
	plan.RiskIdentityProvider: func(s riskSubjects) string {
		return view.Plural(s.roles, "role is given to more people at login.", "roles are given to more people at login.")
	},
	plan.RiskDeletesInUse: func(s riskSubjects) string {
		return view.Plural(s.total(), "deletion is of what is in use.", "deletions are of what is in use.")
	},
	plan.RiskLosesRoles: func(s riskSubjects) string {
		return view.Plural(s.total(), "thing in use loses all access.", "things in use lose all access.")
	},
}

// risky has the addresses that risks are about, the gravest of each: 0 for
// critical ones.
func risky(p *plan.Plan) map[model.Address]int {
	out := make(map[model.Address]int, len(p.Risks))
	order := []plan.Severity{plan.Critical, plan.High}
	for _, r := range p.Risks {
		if r.Address == nil {
			continue
		}
		if _, known := out[*r.Address]; !known { // They are sorted.
			out[*r.Address] = slices.Index(order, r.Severity)
		}
	}
	return out
}
