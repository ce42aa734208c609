package cli

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Every command shows at least one example, each example is a line of the command line's
// grammar, and none belongs to a command that is not there.
func TestExamples(t *testing.T) {
	t.Parallel()
	parser, err := quietParser()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, leaf := range parser.Model.Leaves(false) {
		paths = append(paths, leaf.Path())
		seen := 0
		for line := range strings.Lines(leaf.Detail) {
			for _, part := range strings.Split(line, " | ") {
				if part = strings.TrimSpace(part); strings.TrimLeft(line, " \t") != line && strings.HasPrefix(part, "osmoctl ") {
					seen += checkExample(t, parser, leaf.FullPath(), part)
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s --help has no example: add one to help.go", leaf.FullPath())
		}
	}
	for _, path := range model.Names(examples) {
		if !slices.Contains(paths, path) {
			t.Errorf("help.go has examples of %q, which is no command", path)
		}
	}
}

// What the page about troubles says to type is the grammar's as well.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	parser, err := quietParser()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(page)) {
		typed := []string{strings.TrimSpace(line)}
		if !strings.HasPrefix(line, "    ") {
			typed = strings.Split(line, "`")
		}
		for _, part := range typed {
			if strings.HasPrefix(part, "osmoctl ") {
				lines++
				checkExample(t, parser, "", part)
			}
		}
	}
	if lines < 30 {
		t.Errorf("the page has %d commands", lines)
	}
}

// checkExample parses a line, and counts it where it is one of the command.
func checkExample(t *testing.T, parser *kong.Kong, path, line string) int {
	t.Helper()
	args := shellWords(line)
	parsed, err := parser.Parse(args[1:])
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return 0
	}
	if parsed.Selected().FullPath() == path {
		return 1
	}
	return 0
}

// shellWords splits a line at blanks outside of single quotes, up to where it is
// redirected.
func shellWords(line string) (words []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		for _, word := range strings.Fields(part) {
			if word == ">" || word == "<" {
				return words
			}
			words = append(words, word)
		}
	}
	return words
}
