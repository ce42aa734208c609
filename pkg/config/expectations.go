package config

import (
	"io/fs"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const expectationsAccess = iota

var expectationsKeys = keys{"access"}

const (
	expectationSubject = iota
	expectationCan
	expectationCannot
)

var expectationKeys = keys{"subject", "can", "cannot"}

// LoadExpectations reads a table of what subjects are to be able to do, in the file of
// this name, as strictly as declarations are read. The list is nil where a problem is an
// error.
func LoadExpectations(fsys fs.FS, name string) ([]model.Expectation, diag.List) {
	r := &reader{file: name, problems: problems{hints: diag.NewHints()}}
	var list []model.Expectation
	if text, err := readFile(fsys, name); err != nil {
		r.add(fileProblem(name, err))
	} else if root := r.root(text); root != nil {
		if f, ok := r.fields(root, "a table of expected answers", expectationsKeys); ok {
			for _, n := range r.items(f[expectationsAccess].value, `"access"`) {
				list = append(list, r.readExpectation(n)...)
			}
		}
	}
	problems := r.finish()
	Annotate(fsys, problems)
	if problems.HasErrors() {
		return nil, problems
	}
	return list, problems
}

func (r *reader) readExpectation(n *node) (list []model.Expectation) {
	f, ok := r.fields(n, "an expectation", expectationKeys)
	if !ok {
		return nil
	}
	if !f[expectationSubject].isSet() {
		r.fail(n, codeMissingKey, "name one, such as subject: account/NAME", "an expectation lacks its subject")
		return nil
	}
	subject := r.text(f[expectationSubject].value, `"subject"`)
	for _, side := range []struct {
		f       field
		what    string
		allowed bool
	}{{f[expectationCan], `"can"`, true}, {f[expectationCannot], `"cannot"`, false}} {
		if !side.f.isSet() {
			continue
		}
		for _, q := range r.scalars(side.f.value, side.what) {
			list = append(list, model.Expectation{
				Subject: subject, SubjectAt: r.pos(f[expectationSubject].value), Question: q.value, Allowed: side.allowed, Origin: r.pos(q),
			})
		}
	}
	return list
}
