package plans

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// arrow stands between before and after.
const arrow = " → "

// fieldLines shows one field of a change: what it is to be where the object is
// new, nothing where it goes, and otherwise the difference.
// heavy says that a line of it must not be cut.
func fieldLines(c *plan.Change, f plan.Field) (lines [][]view.Span, heavy bool) {
	switch {
	case c.After == nil, f.Path == "generation" && f.Before == nil && f.After == 1:
		// The counter of requests begins at 1, which says nothing.
		return nil, false
	case f.Path == "policies":
		return policyLines(f)
	case f.Path == "labels":
		return labelLines(c, f), false
	case c.Before == nil:
		return [][]view.Span{{view.Quote(f.Path), view.Say(view.Plain, ": "), view.Quote(value(f.After))}}, false
	}
	return [][]view.Span{difference(f.Path, f.Before, f.After)}, false
}

func difference(path string, before, after any) []view.Span {
	return []view.Span{view.Quote(path), view.Say(view.Plain, ": "), view.QuoteAs(view.Removes, value(before)), view.Say(view.Plain, arrow), view.QuoteAs(view.Adds, value(after))}
}

func subtractPolicies(list, other []model.Policy) (out []model.Policy) {
	known := map[string]bool{}
	for _, p := range other {
		known[samePolicy(p)] = true
	}
	for _, p := range list {
		if !known[samePolicy(p)] {
			out = append(out, p)
		}
	}
	return out
}

// samePolicy is the same text for policies that are [model.Policy.Equal], and no
// others.
func samePolicy(p model.Policy) string {
	return fmt.Sprintf("%q %q %q", p.Effect, model.Set(p.Actions), p.Resources)
}

// labelLines shows labels one by one.
func labelLines(c *plan.Change, f plan.Field) (lines [][]view.Span) {
	before, _ := f.Before.(map[string]string)
	after, _ := f.After.(map[string]string)
	if c.Before == nil {
		return [][]view.Span{{view.Say(view.Plain, "labels: "), view.Quote(view.Clip(view.JoinLabels(after)))}}
	}
	all := map[string]bool{}
	for key := range before {
		all[key] = true
	}
	for key := range after {
		all[key] = true
	}
	for _, key := range model.Names(all) {
		b, had := before[key]
		a, has := after[key]
		if had != has || b != a {
			lines = append(lines, difference("labels."+key, valueOrNil(b, had), valueOrNil(a, has)))
		}
	}
	if rest := len(lines) - view.MaxFields; rest > 0 {
		lines = append(lines[:view.MaxFields], []view.Span{view.Say(view.Faint, view.LeftWords(rest))})
	}
	return lines
}

func valueOrNil(s string, there bool) any {
	if !there {
		return nil
	}
	return s
}

// value shows a field's value on one line, no longer than people read.
func value(v any) string { return view.Clip(valueWords(v)) }

func valueWords(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case string:
		return strconv.Quote(v)
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case model.Date:
		return v.String()
	case model.Days:
		return v.String()
	case model.SyncMode:
		return string(v)
	case *model.Limit:
		return v.Words()
	}
	// The JSON of any other value has no type's name in it.
	b, err := json.Marshal(v)
	if err != nil {
		return "(not shown)"
	}
	return string(b)
}
