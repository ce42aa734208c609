package model

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

const (
	// maxPattern bounds a regular expression, in bytes.
	maxPattern = 1000
	// maxProgram bounds what it compiles to. A few bytes of repetition stand for
	// millions of steps, which each name is then held against.
	maxProgram = 1000
)

// CompilePattern compiles a regular expression of the declarations to match whole
// names, in RE2's syntax. It refuses one that would take long over every name.
func CompilePattern(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("it is longer than %d bytes", maxPattern)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	// Parse bounds the size of what is compiled here.
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxProgram {
		return nil, errors.New("its repetitions multiply to more than names have use for: write smaller numbers in {...}")
	}
	return regexp.Compile("^(?:" + pattern + ")$")
}
