package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// settings names what the project's own settings change for the worse.
func (s *riskSearch) settings() {
	applied, declared := s.have.Meta.Applied, s.want.Project
	for _, c := range s.plan.GuardrailChanges {
		section, name, _ := strings.Cut(c.Path, ".")
		switch section {
		case "git":
			s.note(RiskStateMoved, nil, "%s changes from %s to %s: from the next apply on state is read and written there", c.Path, railWords(c.Before), railWords(c.After))
		case "osmo":
			if c.Before != nil {
				s.note(RiskServerChanged, nil, "%s changes from %s to %s: from the next apply on access is judged by the rules of another server", c.Path, railWords(c.Before), saidOf(c.After))
			}
		case "backend":
			s.note(RiskBackendChanged, nil, "%s changes from %s to %s", c.Path, railWords(c.Before), railWords(c.After))
		case "recipients":
			if slices.Contains(applied.Guardrails.RequiredRecipients, name) {
				s.requiredKeys(name)
			}
		case "guardrails":
			s.rail(name, c, applied.Guardrails, declared.Guardrails)
		}
	}
}

// saidOf is what the project says of its server, which may be nothing.
func saidOf(v any) string {
	if v == nil {
		return "nothing said"
	}
	return railWords(v)
}

// rail names a guardrail that lets more through than before. One of which this
// is not known counts as loosened.
func (s *riskSearch) rail(name string, c GuardrailChange, before, after model.Guardrails) {
	looser := loosened[name]
	switch {
	case name == RailRecipients:
		if lost := minus(before.RequiredRecipients, after.RequiredRecipients); len(lost) > 0 {
			s.note(RiskGuardrailLoosened, nil, "guardrail %s is loosened: it no longer asks for %s", name, railWords(lost))
		}
	case name == RailAccountName && before.AccountName != "" && after.AccountName != "":
		s.note(RiskGuardrailLoosened, nil, "guardrail %s is another pattern, which may let more through: %s, was %s", name, railWords(c.After), railWords(c.Before))
	case looser == nil || looser(before, after):
		s.note(RiskGuardrailLoosened, nil, "guardrail %s is loosened from %s to %s", name, railWords(c.Before), railWords(c.After))
	}
}

// requiredKeys names the keys that a required recipient no longer stands for.
func (s *riskSearch) requiredKeys(name string) {
	if !slices.Contains(s.want.Project.Guardrails.RequiredRecipients, name) {
		return // The guardrail itself is loosened, and said to be.
	}
	if lost := minus(s.have.Meta.Applied.Recipients[name], s.declaredKeys()[name]); len(lost) > 0 {
		s.note(RiskGuardrailLoosened, nil, "guardrail %s is loosened: %s no longer stands for %s", RailRecipients, name, shortKeys(lost))
	}
}

// loosened tells, for each guardrail, whether it lets more through than before.
var loosened = map[string]func(before, after model.Guardrails) bool{
	RailTokenLifetime: func(b, a model.Guardrails) bool {
		return cmp.Or(a.MaxTokenLifetime, DefaultTokenLifetime) > cmp.Or(b.MaxTokenLifetime, DefaultTokenLifetime)
	},
	RailTokenRoles: func(b, a model.Guardrails) bool {
		return b.RequireTokenRoles != nil && *b.RequireTokenRoles && (a.RequireTokenRoles == nil || !*a.RequireTokenRoles)
	},
	RailAccountName:   func(b, a model.Guardrails) bool { return b.AccountName != "" },
	RailMinRecipients: func(b, a model.Guardrails) bool { return a.MinRecipients < b.MinRecipients },
	RailNewReaders:    func(b, a model.Guardrails) bool { return higher(b.MaxNewReaders, a.MaxNewReaders) },
	RailDeletes: func(b, a model.Guardrails) bool {
		return looserLimit(deletesOrDefault(b.MaxDeletes), deletesOrDefault(a.MaxDeletes))
	},
	RailRotations: func(b, a model.Guardrails) bool {
		return looserLimit(limitOrNone(b.MaxRotations), limitOrNone(a.MaxRotations))
	},
}

// higher compares two bounds, of which nil is none.
func higher(before, after *int) bool { return before != nil && (after == nil || *after > *before) }

func looserLimit(before, after model.Limit) bool {
	return higher(before.Count, after.Count) || higher(before.Percent, after.Percent)
}

func deletesOrDefault(l *model.Limit) model.Limit {
	if l == nil {
		count, percent := defaultMaxDeletes, defaultMaxDeletePC
		return model.Limit{Count: &count, Percent: &percent}
	}
	return *l
}

func limitOrNone(l *model.Limit) model.Limit {
	if l == nil {
		return model.Limit{}
	}
	return *l
}

// maxRailWords is how much of a setting a risk spells out: two fit on a line.
const maxRailWords = 80

// railWords is a setting as the project file has it, cut where it is long.
func railWords(v any) string {
	words := []rune(settingWords(v))
	if len(words) > maxRailWords {
		return string(words[:maxRailWords]) + "…"
	}
	return string(words)
}

func settingWords(v any) string {
	switch v := v.(type) {
	case nil:
		return "the default"
	case string:
		return strconv.Quote(v)
	case model.Mode:
		return strconv.Quote(string(v))
	case *model.Limit:
		return limitWords(*v)
	case model.Days:
		return v.String()
	case *int:
		return strconv.Itoa(*v)
	case int:
		return strconv.Itoa(v)
	case *bool:
		return strconv.FormatBool(*v)
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return "another value"
	}
	return string(data)
}

func limitWords(l model.Limit) string {
	var parts []string
	if l.Count != nil {
		parts = append(parts, strconv.Itoa(*l.Count))
	}
	if l.Percent != nil {
		parts = append(parts, fmt.Sprintf("%d%%", *l.Percent))
	}
	if len(parts) == 0 {
		return "no limit"
	}
	return strings.Join(parts, " or ")
}
