package access

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/sarif"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// ShowLint writes findings: text, JSON, annotations for GitHub or SARIF. SARIF and JSON have
// those too that comments took away, with the reasons; the others count them.
func ShowLint(v *view.View, r report.Lint, f view.Format) error {
	switch f {
	case view.GitHub:
		if err := problems.ShowAnnotations(v, r.Findings, r.Root); err != nil {
			return err
		}
		return v.Print(func(p *view.Page) { writeVerdictOfLint(p, r) })
	case view.SARIF:
		return v.WriteJSON(v.Out, sarifOf(r))
	}
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			if problems.Write(p, r.Findings); len(r.Findings) > 0 {
				p.Blank()
			}
			writeVerdictOfLint(p, r)
		},
		JSON: r,
	})
}

func writeVerdictOfLint(p *view.Page, r report.Lint) {
	errors, warnings := len(r.Findings.Errors()), len(r.Findings.Warnings())
	verdict, counts := view.Say(view.Adds, "Nothing found"), []string{}
	if errors+warnings > 0 {
		verdict = view.Say(view.Fault, view.Plural(errors+warnings, "finding", "findings"))
		if errors > 0 {
			counts = append(counts, view.Plural(errors, "error", "errors"))
		}
		if warnings > 0 {
			counts = append(counts, view.Plural(warnings, "warning", "warnings"))
		}
	}
	if n := len(r.Suppressed); n > 0 {
		counts = append(counts, view.Count(n)+" suppressed")
	}
	found := ""
	if len(counts) > 0 {
		found = ": " + strings.Join(counts, ", ")
	}
	looked := "; in " + view.Plural(r.Roles, "role", "roles") + " and " + view.Plural(r.Accounts, "service account", "service accounts")
	p.Spans(verdict, view.Say(view.Plain, found+looked+", for OSMO "+r.Server.Version+modeWords(r.Server)))
}

func modeWords(s model.Server) string {
	if s.Mode == "" {
		return " in either mode"
	}
	return " " + report.ServerWords(s)
}

func sarifOf(r report.Lint) sarif.Log {
	rules := []sarif.Rule{}
	for _, rule := range lint.Rules() {
		says := sarif.Say(rule.Says)
		rules = append(rules, sarif.Rule{ID: rule.Code, Short: &says})
	}
	results := []sarif.Result{}
	for i := range r.Findings {
		results = append(results, problems.SARIFResult(&r.Findings[i], r.Root))
	}
	for i := range r.Suppressed {
		s := &r.Suppressed[i]
		result := problems.SARIFResult(&s.Diagnostic, r.Root)
		result.Suppressions = []sarif.Suppression{{Kind: "inSource", Justification: view.EscapeTerminal(secret.Mask(s.By.Reason))}}
		results = append(results, result)
	}
	return sarif.Of(rules, results)
}
