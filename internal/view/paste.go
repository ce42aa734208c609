package view

import (
	"regexp"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Paste says how a command has to be written so that it does, pasted where this
// one was run, what its words promise.
type Paste struct {
	// Dir is what -C named, as it was given; "" is nothing.
	Dir string
	// Project is the way to the project's directory, for git, whose paths are
	// relative to it; "" is where the command was run.
	Project string
	// Before are the commands that a plan can be applied after, and Only says
	// that it can not even then, where they were run.
	Before []string
	Only   bool
	// Flags are those that the plan was made with.
	Flags []string
}

// The commands that our own words propose.
var (
	ownCommand = regexp.MustCompile(`\bosmoctl (plan|apply|validate|user|role|token|export|expiring|secrets|state|log)\b`)
	gitCommand = regexp.MustCompile(`\bgit (add|check-attr|checkout|commit|fetch|fsck|log|merge|pull|push|rebase|reflog|revert|show|switch|update-index)\b`)
)

// in rewrites the commands in words of ours.
func (c Paste) in(text string) string {
	if c.Dir != "" {
		text = ownCommand.ReplaceAllStringFunc(text, behind("osmoctl", c.Dir))
	}
	if c.Project != "" {
		text = gitCommand.ReplaceAllStringFunc(text, behind("git", c.Project))
	}
	return text
}

// behind puts -C DIR behind the name of a program. Both programs know it.
func behind(program, dir string) func(string) string {
	return func(command string) string {
		return program + " -C " + model.ShellWord(dir) + strings.TrimPrefix(command, program)
	}
}

// maxPaste bounds a line of commands, in bytes: a document keeps room for it.
const maxPaste = 1000

// apply is the line that applies a plan, with flags and its own; "" is one that
// would be too long.
func (c Paste) apply(flags ...string) string {
	all := slices.Clone(c.Before)
	if !c.Only {
		all = append(all, strings.Join(append(append([]string{"osmoctl", "apply"}, flags...), c.Flags...), " "))
	}
	line := strings.Join(all, " && ")
	if len(c.in(line)) > maxPaste {
		return ""
	}
	return line
}

// paste rewrites the commands of a document.
func (d *document) paste(c Paste) {
	lines := func(list [][]span) {
		for _, line := range list {
			for i := range line {
				if line[i].command {
					line[i].text = c.in(line[i].text)
				}
			}
		}
	}
	lines(d.head)
	lines(d.foot)
	for _, s := range d.sections {
		for i := range s.items {
			lines([][]span{s.items[i].head})
			lines(s.items[i].body)
		}
	}
}
