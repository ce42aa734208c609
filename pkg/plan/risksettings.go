package plan

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// findSettings names what the project's own settings change for the worse. That of
// guardrails is for package guard to say.
func (s *riskSearch) findSettings() {
	for _, c := range s.plan.GuardrailChanges {
		switch section, _, _ := strings.Cut(c.Path, "."); section {
		case "git":
			s.note(RiskStateMoved, nil, "%s changes from %s to %s: from the next apply on state is read and written there", c.Path, SettingWords(c.Before), SettingWords(c.After))
		case "osmo":
			if c.Before != nil {
				after := "nothing said"
				if c.After != nil {
					after = SettingWords(c.After)
				}
				s.note(RiskServerChanged, nil, "%s changes from %s to %s: from the next apply on access is judged by the rules of another server", c.Path, SettingWords(c.Before), after)
			}
		case "backend":
			if c.Path == "backend.owns" {
				continue // What it takes away stands among the changes.
			}
			s.note(RiskBackendChanged, nil, "%s changes from %s to %s", c.Path, SettingWords(c.Before), SettingWords(c.After))
		}
	}
}

// maxSettingWords is how much of a setting a risk spells out: two fit on a line.
const maxSettingWords = 80

// SettingWords is a setting of a [GuardrailChange] as the project file has it, cut where it is long.
func SettingWords(v any) string {
	words := []rune(settingText(v))
	if len(words) > maxSettingWords {
		return string(words[:maxSettingWords]) + "…"
	}
	return string(words)
}

func settingText(v any) string {
	switch v := v.(type) {
	case nil:
		return "the default"
	case string:
		return strconv.Quote(v)
	case model.Mode:
		return strconv.Quote(string(v))
	case *model.Limit:
		return v.Words()
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
