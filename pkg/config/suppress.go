package config

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// SuppressionMarker begins a comment that keeps a finding from being reported:
//
//	# osmoctl:ignore CODE reason
const SuppressionMarker = "osmoctl:ignore"

// readSuppressions reads the comments of a file that are addressed to lint. Each stands
// on a line of its own, and is about the next line that is neither a comment nor the
// lone dash of a list. One with an empty line below it is about nothing: it says
// what it says to whoever reads the line below.
//
// What a file declares is read without its comments, by either parser, and that is
// as it stays: a file without the marker, as nearly all are, costs one search.
func readSuppressions(name string, text string, root *node) (list []model.Suppression) {
	if !strings.Contains(text, SuppressionMarker) {
		return nil
	}
	texts := collectMarked(nil, root)
	if len(texts) > maxMarkedTexts {
		return nil
	}
	// A quote that ends a text may stand behind its last line, so lines are known by
	// how they begin.
	isText := func(content string, s model.Suppression) bool {
		begins := content[:strings.Index(content, SuppressionMarker)+len(SuppressionMarker)]
		if s.Code != "" {
			begins += " " + strings.TrimRight(s.Code, `"'`)
		}
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, strings.TrimSpace(begins)) })
	}
	waiting := 0 // those at the end of list that are about the next line
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		content := strings.TrimLeft(line, " ")
		switch s, ok := parseSuppression(content); {
		case ok && !isText(content, s):
			s.Pos = diag.Position{File: name, Line: number, Column: utf8.RuneCountInString(line) - utf8.RuneCountInString(content) + 1}
			list = append(list, s)
			waiting++
		case strings.HasPrefix(content, "#"), strings.TrimSpace(content) == "-":
		default:
			if strings.TrimSpace(content) != "" {
				for i := len(list) - waiting; i < len(list); i++ {
					list[i].Line = number
				}
			}
			waiting = 0
		}
	}
	return list
}

// parseSuppression reads what a line holds, less the blanks before it, if it is a
// comment that begins with the marker.
func parseSuppression(content string) (model.Suppression, bool) {
	comment, ok := strings.CutPrefix(content, "#")
	if !ok {
		return model.Suppression{}, false
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(comment, " "), SuppressionMarker)
	if !ok || rest != "" && rest[0] != ' ' {
		return model.Suppression{}, false
	}
	code, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return model.Suppression{Code: code, Reason: strings.TrimSpace(reason)}, true
}

// maxMarkedTexts is how many values of a file may hold the marker: documents of this
// tool do, a declaration hardly.
const maxMarkedTexts = 1000

// collectMarked appends the values that hold what reads like such a comment: where they
// reach over several lines, one of these is a line of a text, in which "#" begins
// nothing.
func collectMarked(to []string, n *node) []string {
	if n == nil || len(to) > maxMarkedTexts {
		return to
	}
	if strings.Contains(n.value, SuppressionMarker) && strings.Contains(n.value, "#") {
		to = append(to, n.value)
	}
	for i := range n.items {
		to = collectMarked(to, &n.items[i])
	}
	return to
}
