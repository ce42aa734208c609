package view

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
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
	ownCommand = pattern.Lazy(`\bosmoctl (plan|apply|validate|access|user|role|token|export|import|expiring|secrets|state|log)\b`)
	gitCommand = pattern.Lazy(`\bgit (add|check-attr|checkout|commit|fetch|fsck|log|merge|pull|push|rebase|reflog|revert|show|switch|update-index)\b`)
)

// advisedCommand is a command with all that follows it, at the beginning of what a
// hint says or of its last clause.
var advisedCommand = pattern.Lazy(`(?:^|: )((?:[A-Z][A-Z_]*=[^ ]+ )?(?:osmoctl|git) [a-z].*)$`)

// IsCommand reports whether a hint begins with a command. One of a plan's notices is
// nothing else then.
func IsCommand(hint string) bool {
	at := advisedCommand().FindStringSubmatchIndex(hint)
	return at != nil && at[2] == 0
}

// Advise is a hint: words, and the command that they may lead to.
func Advise(hint string) []Span {
	words, command := hint, ""
	if at := advisedCommand().FindStringSubmatchIndex(hint); at != nil {
		words, command = hint[:at[2]], hint[at[2]:]
	}
	var line []Span
	if words = strings.TrimSpace(words); words != "" {
		line = append(line, Span{Text: words, Told: true, Command: true})
	}
	if words != "" && command != "" {
		line = append(line, Say(Plain, " "))
	}
	if command != "" {
		line = append(line, Run(command))
	}
	return line
}

// Rewrite rewrites the commands in words of ours.
func (c Paste) Rewrite(text string) string {
	if c.Dir != "" {
		text = ownCommand().ReplaceAllStringFunc(text, behind("osmoctl", c.Dir))
	}
	if c.Project != "" {
		text = gitCommand().ReplaceAllStringFunc(text, behind("git", c.Project))
	}
	return text
}

// behind puts -C DIR behind the name of a program. Both programs know it.
func behind(program, dir string) func(string) string {
	return func(command string) string {
		return program + " -C " + model.ShellWord(dir) + strings.TrimPrefix(command, program)
	}
}

// MaxPaste bounds a line of commands, in bytes: a document keeps room for it.
const MaxPaste = 1000

// Apply is the line that applies a plan, with flags and its own; "" is one that
// would be too long.
func (c Paste) Apply(flags ...string) string {
	all := slices.Clone(c.Before)
	if !c.Only {
		all = append(all, strings.Join(append(append([]string{"osmoctl", "apply"}, flags...), c.Flags...), " "))
	}
	line := strings.Join(all, " && ")
	if len(c.Rewrite(line)) > MaxPaste {
		return ""
	}
	return line
}

// paste rewrites the commands of a document.
func (d *Document) paste(c Paste) {
	lines := func(list [][]Span) {
		for _, line := range list {
			for i := range line {
				if line[i].Command {
					line[i].Text = c.Rewrite(line[i].Text)
				}
			}
		}
	}
	lines(d.Head)
	lines(d.Foot)
	for _, s := range d.Sections {
		for i := range s.Items {
			lines([][]Span{s.Items[i].Head})
			lines(s.Items[i].Body)
		}
	}
}
