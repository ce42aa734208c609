package lint

import (
	"cmp"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// line is where a suppression reaches: findings of a code on a line of a file.
type line struct {
	file   string
	number int
	code   string
}

// suppress takes away what suppressions are about, and reports those that are none or do
// nothing.
func suppress(all []finding, by []model.Suppression) Result {
	var out Result
	reach, used := map[line]int{}, make([]bool, len(by))
	hints := diag.NewHints()
	for i, s := range by {
		if d, bad := judge(s, hints); bad {
			out.Findings.Add(d)
			used[i] = true
			continue
		}
		// Of two that say the same, the first is in use.
		if l := (line{s.Pos.File, s.Line, s.Code}); s.Line != 0 {
			if _, twice := reach[l]; !twice {
				reach[l] = i
			}
		}
	}
	for _, f := range all {
		i, ok := reach[line{f.about.File, f.about.Line, f.Code}]
		if !ok {
			i, ok = reach[line{f.Pos.File, f.Pos.Line, f.Code}]
		}
		if !ok {
			out.Findings.Add(f.Diagnostic)
			continue
		}
		used[i] = true
		out.Suppressed = append(out.Suppressed, Suppressed{f.Diagnostic, by[i]})
	}
	for i, s := range by {
		if !used[i] {
			out.Findings.Add(diag.Diagnostic{
				Severity: diag.Warning, Code: unusedSuppression, Pos: s.Pos, Summary: "nothing below has the finding " + s.Code,
				Hint: "delete the comment, or write it directly above the role, account, statement or pattern that it is about",
			})
		}
	}
	out.Findings = out.Findings.Bounded()
	slices.SortStableFunc(out.Suppressed, func(a, b Suppressed) int {
		return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// judge says what is wrong with a suppression by itself.
func judge(s model.Suppression, hints *diag.Hints) (diag.Diagnostic, bool) {
	d := diag.Diagnostic{Severity: diag.Error, Code: badSuppression, Pos: s.Pos, Hint: "write # osmoctl:ignore CODE and the reason"}
	_, known := FindRule(s.Code)
	switch {
	case s.Code == "":
		d.Summary = "a suppression names the code of a rule and a reason"
	case s.Code == badSuppression || s.Code == unusedSuppression:
		d.Summary, d.Hint = "findings about suppressions cannot be suppressed", "put the other suppression right, or delete it"
	case !known:
		d.Summary, d.Hint = "there is no rule "+quote(s.Code), "osmoctl access lint --help says where the codes are listed"
		if near := hints.Nearest(s.Code, Codes()); near != "" {
			d.Hint = "did you mean " + near + "?"
		}
	case s.Reason == "":
		d.Summary = "a suppression needs a reason: whoever reads it next has to know why"
	default:
		return d, false
	}
	return d, true
}
