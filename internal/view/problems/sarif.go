package problems

import (
	"path"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/sarif"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

func sarifOf(r report.Validation) sarif.Log {
	results := make([]sarif.Result, len(r.Problems))
	for i := range r.Problems {
		results[i] = SARIFResult(&r.Problems[i], r.Root)
	}
	return sarif.Of(sarifRules(r.Problems), results)
}

// sarifRules lists the codes that occur, each once.
func sarifRules(problems diag.List) []sarif.Rule {
	codes := map[string]bool{}
	for i := range problems {
		if code := problems[i].Code; code != "" {
			codes[code] = true
		}
	}
	rules := []sarif.Rule{}
	for _, code := range model.Names(codes) {
		rules = append(rules, sarif.Rule{ID: code})
	}
	return rules
}

// SARIFResult is one problem, in a file below root.
func SARIFResult(d *diag.Diagnostic, root string) sarif.Result {
	out := sarif.Result{RuleID: d.Code, Level: d.Severity.String(), Message: sarif.Say(d.Summary)}
	if d.Hint != "" {
		out.Message = sarif.Say(d.Summary, "hint: "+d.Hint)
	}
	if d.Pos.File != "" {
		out.Locations = []sarif.Location{{Physical: sarifPlace(d.Pos, d.Width, root)}}
	}
	for i, r := range d.Related {
		message := sarif.Say(r.Message)
		out.RelatedLocations = append(out.RelatedLocations, sarif.Location{ID: i + 1, Physical: sarifPlace(r.Pos, 0, root), Message: &message})
	}
	return out
}

func sarifPlace(pos diag.Position, width int, root string) sarif.Physical {
	out := sarif.Physical{Artifact: sarif.ArtifactOf(path.Join(root, pos.File))}
	if pos.Line > 0 {
		out.Region = &sarif.Region{StartLine: pos.Line, StartColumn: pos.Column}
		if pos.Column > 0 && width > 0 {
			out.Region.EndColumn = pos.Column + width
		}
	}
	return out
}
