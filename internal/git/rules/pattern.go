// Package rules reads the two files in which a repository says how git is to
// treat paths: .gitattributes and .gitignore.
//
// Both use the same patterns, which [pattern] matches as git does, and both are
// stacked: what stands in a deeper folder comes before what stands above it. The
// package is pure, as whoever uses it knows where such files lie. Those files
// belong to whoever wrote the pull request, so all work is bounded by a [Budget].
package rules

import (
	"path"
	"strings"
)

// pattern is one pattern of either file.
type pattern struct {
	text string
	// literal is how much of text stands for itself.
	literal int
	negated bool
	folders bool // matches folders only
	name    bool // is compared with the last name of a path
	suffix  bool // is a star and then only literal text
}

const special = `*?[\`

func parsePattern(text string) pattern {
	p := pattern{}
	text, p.negated = strings.CutPrefix(text, "!")
	text, p.folders = strings.CutSuffix(text, "/")
	p.name = !strings.Contains(text, "/")
	p.literal = strings.IndexAny(text, special)
	if p.literal < 0 {
		p.literal = len(text)
	}
	p.suffix = strings.HasPrefix(text, "*") && !strings.ContainsAny(text[1:], special)
	p.text = text
	return p
}

// matcher is what all patterns of one question share.
type matcher struct {
	fold   bool
	budget *Budget
}

// matches compares with a path, given from the root; dir is the folder of the
// file that the pattern stands in, "" for the root.
func (m matcher) matches(p pattern, dir, file string, isFolder bool) bool {
	below, within := strings.CutPrefix(file, dir+"/")
	if dir == "" {
		below, within = file, true
	}
	if !within || p.folders && !isFolder || !m.budget.step() {
		return false
	}
	if p.name {
		return m.matchesName(p, path.Base(file))
	}
	text, literal := p.text, p.literal
	if strings.HasPrefix(text, "/") {
		text, literal = text[1:], literal-1
	}
	if literal > len(below) || !m.same(text[:literal], below[:literal]) {
		return false
	}
	text, below = text[literal:], below[literal:]
	if text == "" {
		return below == ""
	}
	return m.wild(text, below, true)
}

func (m matcher) matchesName(p pattern, name string) bool {
	switch {
	case p.literal == len(p.text):
		return m.same(p.text, name)
	case p.suffix:
		end := p.text[1:]
		return len(end) <= len(name) && m.same(end, name[len(name)-len(end):])
	}
	return m.wild(p.text, name, false)
}

func (m matcher) same(a, b string) bool {
	if !m.fold {
		return a == b
	}
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func (m matcher) wild(pattern, text string, names bool) bool {
	w := wild{pattern: pattern, text: text, names: names, fold: m.fold, budget: m.budget}
	return w.match()
}
