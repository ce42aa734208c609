package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// plainScalar is text that is itself in YAML wherever it stands.
var plainScalar = pattern.Lazy(`^[A-Za-z][A-Za-z0-9_.@/-]*$`)

// wordsOfYAML mean something else than text, in one version of YAML or another.
var wordsOfYAML = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}

// Scalar writes text as YAML, in quotes where any version of YAML could read it as
// something else. What it writes stands on one line, whatever the text holds.
func Scalar(s string) string {
	if plainScalar().MatchString(s) && !slices.Contains(wordsOfYAML, strings.ToLower(s)) {
		return s
	}
	// All escapes of Go's quotes are YAML's too, but for that of bytes that are no
	// character.
	return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD"))
}

// FlowList writes texts as a list on one line.
func FlowList(list []string) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = Scalar(s)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// AppendPolicies writes the key policies with a role's policies, each line with the
// indent before it. Effect, actions and resources stand in each, as manifests and OSMO's
// own configuration take them alike.
func AppendPolicies(b []byte, indent string, policies []model.Policy) []byte {
	if len(policies) == 0 {
		return append(b, indent+"policies: []\n"...)
	}
	b = append(b, indent+"policies:\n"...)
	for _, p := range policies {
		effect := p.Effect
		if effect == "" {
			effect = model.Allow
		}
		b = append(b, indent+"  - effect: "+string(effect)+"\n"...)
		b = append(b, indent+"    actions: "+FlowList(p.Actions)+"\n"...)
		b = append(b, indent+"    resources: "+FlowList(p.Resources)+"\n"...)
	}
	return b
}

// CheckText says what keeps a text from being a value in a manifest: it holds several
// lines, or a character that no reviewer would see.
func CheckText(s string) error {
	if code, what := checkValue(s); code != "" {
		return errors.New("it holds " + what)
	}
	if strings.ToValidUTF8(s, "") != s {
		return errors.New("it is not UTF-8")
	}
	return nil
}
