package view

import (
	"path"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

func sarifOf(r report.Validation) sarifLog {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "osmoctl", InformationURI: informationURI, Rules: sarifRules(r.Problems)}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, len(r.Problems)),
	}
	for i := range r.Problems {
		run.Results[i] = sarifResultOf(&r.Problems[i], r.Root)
	}
	return sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}}
}

// sarifRules lists the codes that occur, each once.
func sarifRules(problems diag.List) []sarifRule {
	codes := map[string]bool{}
	for i := range problems {
		if code := problems[i].Code; code != "" {
			codes[code] = true
		}
	}
	rules := []sarifRule{}
	for _, code := range model.Names(codes) {
		rules = append(rules, sarifRule{code})
	}
	return rules
}

func sarifResultOf(d *diag.Diagnostic, root string) sarifResult {
	out := sarifResult{RuleID: d.Code, Level: d.Severity.String(), Message: sarifSays(d.Summary)}
	if d.Hint != "" {
		out.Message = sarifSays(d.Summary, "hint: "+d.Hint)
	}
	if d.Pos.File != "" {
		out.Locations = []sarifLocation{{Physical: sarifPlace(d.Pos, d.Width, root)}}
	}
	for i, r := range d.Related {
		message := sarifSays(r.Message)
		out.RelatedLocations = append(out.RelatedLocations, sarifLocation{ID: i + 1, Physical: sarifPlace(r.Pos, 0, root), Message: &message})
	}
	return out
}

func sarifPlace(pos diag.Position, width int, root string) sarifPhysical {
	out := sarifPhysical{Artifact: sarifFile(path.Join(root, pos.File))}
	if pos.Line > 0 {
		out.Region = &sarifRegion{StartLine: pos.Line, StartColumn: pos.Column}
		if pos.Column > 0 && width > 0 {
			out.Region.EndColumn = pos.Column + width
		}
	}
	return out
}
