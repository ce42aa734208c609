package guard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// defaultTokenLifetime is OSMO's own limit, max_token_duration.
const defaultTokenLifetime model.Days = 365

func lifetimeOrDefault(d model.Days) model.Days { return cmp.Or(d, defaultTokenLifetime) }

func deletesOrDefault(l *model.Limit) model.Limit {
	if l == nil {
		return model.Limit{Count: new(5), Percent: new(20)}
	}
	return *l
}

func limitOrNone(l *model.Limit) model.Limit {
	if l == nil {
		return model.Limit{}
	}
	return *l
}

// findLoosened names the guardrails that let more through than before, one by
// one. One of which this is not known counts as loosened.
func findLoosened(p *plan.Plan, f Facts) (list []plan.Risk) {
	before, after := f.Applied.Meta.Applied, f.Declared.Project.Guardrails
	for _, c := range p.GuardrailChanges {
		section, name, _ := strings.Cut(c.Path, ".")
		words := ""
		switch {
		case section == "guardrails" && strings.HasPrefix(name, Forbid+"."):
			was, _ := c.Before.(*model.Forbid)
			is, _ := c.After.(*model.Forbid)
			for _, words := range findLoosenedRule(was, is, p) {
				list = append(list, plan.NewRisk(plan.RiskGuardrailLoosened, nil, words))
			}
		case section == "guardrails":
			words = looserWords(name, c, before.Guardrails, after)
		case section == "recipients" && slices.Contains(before.Guardrails.RequiredRecipients, name):
			words = lostKeyWords(name, before.Recipients[name], f.Declared.Project)
		}
		if words != "" {
			list = append(list, plan.NewRisk(plan.RiskGuardrailLoosened, nil, words))
		}
	}
	return list
}

// looserWords says how a changed setting lets more through; empty where it does
// not.
func looserWords(name string, c plan.GuardrailChange, before, after model.Guardrails) string {
	how := ""
	for _, r := range table {
		switch {
		case r.Name != name:
		case r.loosened != nil && !r.loosened(before, after):
			return ""
		case r.words != nil:
			how = r.words(before, after)
		}
	}
	return fmt.Sprintf("guardrail %s is %s", name, cmp.Or(how, "loosened from "+plan.SettingWords(c.Before)+" to "+plan.SettingWords(c.After)))
}

func loosensAccountName(before, _ model.Guardrails) bool { return before.AccountName != "" }

func accountNameWords(before, after model.Guardrails) string {
	if after.AccountName == "" {
		return ""
	}
	return fmt.Sprintf("another pattern, which may let more through: %s, was %s", plan.SettingWords(after.AccountName), plan.SettingWords(before.AccountName))
}

func loosensRequiredRecipients(before, after model.Guardrails) bool {
	return len(missing(before.RequiredRecipients, after.RequiredRecipients)) > 0
}

func requiredRecipientsWords(before, after model.Guardrails) string {
	return "loosened: it no longer asks for " + plan.SettingWords(missing(before.RequiredRecipients, after.RequiredRecipients))
}

// lostKeyWords names the keys that a required recipient no longer stands for;
// empty where there are none, or where the recipient is not required any more,
// which is said of the guardrail itself.
func lostKeyWords(name string, before []string, declared model.Project) string {
	lost := missing(before, state.SettingsOf(declared).Recipients[name])
	if len(lost) == 0 || !slices.Contains(declared.Guardrails.RequiredRecipients, name) {
		return ""
	}
	return fmt.Sprintf("guardrail %s is loosened: %s no longer stands for %s", RequiredRecipients, name, strings.Join(model.KeyFingerprints(lost), ", "))
}

// missing are the members of a that b lacks.
func missing(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

func loosensLifetime(before, after model.Guardrails) bool {
	return lifetimeOrDefault(after.MaxTokenLifetime) > lifetimeOrDefault(before.MaxTokenLifetime)
}

func loosensTokenRoles(before, after model.Guardrails) bool {
	return before.RequireTokenRoles != nil && *before.RequireTokenRoles && (after.RequireTokenRoles == nil || !*after.RequireTokenRoles)
}

func loosensMinRecipients(before, after model.Guardrails) bool {
	return after.MinRecipients < before.MinRecipients
}

func loosensNewReaders(before, after model.Guardrails) bool {
	return isHigher(before.MaxNewReaders, after.MaxNewReaders)
}

func loosensDeletes(before, after model.Guardrails) bool {
	return isLooser(deletesOrDefault(before.MaxDeletes), deletesOrDefault(after.MaxDeletes))
}

func loosensRotations(before, after model.Guardrails) bool {
	return isLooser(limitOrNone(before.MaxRotations), limitOrNone(after.MaxRotations))
}

func loosensAdministrators(before, after model.Guardrails) bool {
	return isHigher(before.MaxAdministrators, after.MaxAdministrators)
}

// isHigher compares two bounds, of which nil is none.
func isHigher(before, after *int) bool { return before != nil && (after == nil || *after > *before) }

func isLooser(before, after model.Limit) bool {
	return isHigher(before.Count, after.Count) || isHigher(before.Percent, after.Percent)
}
