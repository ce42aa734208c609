package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help is the long description of the command.
func (completionCmd) Help() string {
	return `bash: osmoctl completion bash > /etc/bash_completion.d/osmoctl. zsh: osmoctl completion zsh > a directory of $fpath, as _osmoctl. fish: osmoctl completion fish > ~/.config/fish/completions/osmoctl.fish.`
}

// Run prints a completion script.
func (c *completionCmd) Run(env *Env) error {
	parser, err := newParser(&Env{Stdout: io.Discard, Stderr: io.Discard}, &grammar{}, func(int) {})
	if err != nil {
		return err
	}
	words := completionWords(parser.Model.Node, "")
	switch c.Shell {
	case "bash":
		_, err = io.WriteString(env.Stdout, bashCompletion(words))
	case "zsh":
		_, err = io.WriteString(env.Stdout, "#compdef osmoctl\nautoload -U +X bashcompinit && bashcompinit\n"+bashCompletion(words))
	case "fish":
		_, err = io.WriteString(env.Stdout, fishCompletion(words))
	}
	return err
}

// completion is what may follow a chain of commands.
type completion struct {
	// path is the chain, such as "token decrypt"; empty at the top.
	path     string
	commands []*kong.Node
	flags    []*kong.Flag
}

func completionWords(n *kong.Node, path string) []completion {
	c := completion{path: path}
	for _, f := range n.Flags {
		if !f.Hidden {
			c.flags = append(c.flags, f)
		}
	}
	var below []completion
	for _, child := range n.Children {
		if !child.Hidden {
			c.commands = append(c.commands, child)
			below = append(below, completionWords(child, strings.TrimSpace(path+" "+child.Name))...)
		}
	}
	return append([]completion{c}, below...)
}

func (c completion) words() string {
	var words []string
	for _, n := range c.commands {
		words = append(words, n.Name)
	}
	for _, f := range c.flags {
		words = append(words, "--"+f.Name)
	}
	return strings.Join(words, " ")
}

func bashCompletion(all []completion) string {
	var b strings.Builder
	b.WriteString(`_osmoctl() {
  local word path="" known current="${COMP_WORDS[COMP_CWORD]}" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case " $(_osmoctl_commands "$path") " in
    *" $word "*) path="${path:+$path }$word" ;;
    esac
  done
  known="$(_osmoctl_words "$path")"
  COMPREPLY=($(compgen -W "$known" -- "$current"))
  if [ ${#COMPREPLY[@]} -eq 0 ]; then
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
_osmoctl_commands() {
  case "$1" in
`)
	for _, c := range all {
		var names []string
		for _, n := range c.commands {
			names = append(names, n.Name)
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "  %q) echo %q ;;\n", c.path, strings.Join(names, " "))
		}
	}
	b.WriteString("  esac\n}\n_osmoctl_words() {\n  case \"$1\" in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "  %q) echo %q ;;\n", c.path, c.words())
	}
	b.WriteString("  esac\n}\ncomplete -F _osmoctl osmoctl\n")
	return b.String()
}

func fishCompletion(all []completion) string {
	var b strings.Builder
	b.WriteString("# osmoctl\n")
	for _, c := range all {
		when := fishCondition(c)
		for _, n := range c.commands {
			fmt.Fprintf(&b, "complete -c osmoctl -f -n %s -a %s -d %s\n", fishQuote(when), n.Name, fishQuote(n.Help))
		}
		for _, f := range c.flags {
			short := ""
			if f.Short != 0 {
				short = " -s " + string(f.Short)
			}
			value := ""
			if !f.IsBool() {
				value = " -r"
			}
			fmt.Fprintf(&b, "complete -c osmoctl -n %s -l %s%s%s -d %s\n", fishQuote(when), f.Name, short, value, fishQuote(f.Help))
		}
	}
	return b.String()
}

// fishCondition holds where the chain of commands has been typed and, for a
// group, none of its commands yet.
func fishCondition(c completion) string {
	var parts []string
	for word := range strings.FieldsSeq(c.path) {
		parts = append(parts, "__fish_seen_subcommand_from "+word)
	}
	if c.path == "" {
		parts = append(parts, "__fish_use_subcommand")
	} else if len(c.commands) > 0 {
		var names []string
		for _, n := range c.commands {
			names = append(names, n.Name)
		}
		parts = append(parts, "not __fish_seen_subcommand_from "+strings.Join(names, " "))
	}
	return strings.Join(parts, "; and ")
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
