package report

import (
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Lint is what the rules of lint found in declarations.
type Lint struct {
	// Roles and Accounts count what was looked at.
	Roles, Accounts int
	Findings        diag.List
	Suppressed      []lint.Suppressed
	// Server is the one that the rules are about.
	Server model.Server
	// Root is that of [Validation].
	Root string
}

// LintOf reports what was found, as far as it is of one of the codes, if there are any, and
// of the severity or above.
func LintOf(want *model.Declarations, r lint.Result, codes map[string]bool, atLeast diag.Severity) Lint {
	out := Lint{Roles: len(want.Roles), Accounts: len(want.Accounts), Server: access.Named(want.Project.Server)}
	asked := func(d diag.Diagnostic) bool {
		return d.Severity <= atLeast && (len(codes) == 0 || codes[d.Code] || d.Code == diag.CodeTooManyProblems)
	}
	for _, d := range r.Findings {
		if asked(d) {
			out.Findings.Add(d)
		}
	}
	for _, s := range r.Suppressed {
		if asked(s.Diagnostic) {
			out.Suppressed = append(out.Suppressed, s)
		}
	}
	return out
}

type lintDocument struct {
	FormatVersion version      `json:"format_version"`
	Server        model.Server `json:"osmo"`
	Summary       lintCounts   `json:"summary"`
	Findings      []problem    `json:"findings"`
	Suppressed    []suppressed `json:"suppressed"`
}

type lintCounts struct {
	Roles      int `json:"roles"`
	Accounts   int `json:"accounts"`
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Suppressed int `json:"suppressed"`
}

// suppressed is a finding that a comment took away.
type suppressed struct {
	Finding problem       `json:"finding"`
	Reason  string        `json:"reason"`
	Comment diag.Position `json:"comment"`
}

// MarshalJSON writes the document.
func (l Lint) MarshalJSON() ([]byte, error) {
	list := make([]suppressed, len(l.Suppressed))
	for i, s := range l.Suppressed {
		list[i] = suppressed{problemsOf(diag.List{s.Diagnostic})[0], s.By.Reason, s.By.Pos}
	}
	return encode(lintDocument{
		Server:   l.Server,
		Summary:  lintCounts{l.Roles, l.Accounts, len(l.Findings.Errors()), len(l.Findings.Warnings()), len(l.Suppressed)},
		Findings: problemsOf(l.Findings), Suppressed: list,
	})
}
