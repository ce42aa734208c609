// Package completion completes command lines.
//
// It has two halves. A shell's script asks this program, with the words of the line so
// far behind [Command], and shows what it answers, a word a line; where it answers
// nothing, the shell completes files. What can follow is taken from the grammar, and the
// names of what is applied from the newest state in the clone. An answer has names and
// nothing else of the state; to give it, nothing is written, no program is started and no
// connection opened, and where something fails nothing is answered, since there is no
// place for an error in the middle of a line.
package completion

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/posener/complete"
	"github.com/willabides/kongplete"

	"github.com/osmoctl/osmoctl/docs"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
	"github.com/osmoctl/osmoctl/schemas"
)

// Command is what the scripts ask by. It is no command of the grammar.
const Command = "__complete"

// Script is what a shell reads to complete osmoctl's command lines, whose grammar root is;
// "" for a shell that is not known. Known are bash, zsh and fish.
func Script(shell string, root *kong.Node) string {
	switch shell {
	case "bash":
		return bashScript
	case "zsh":
		return zshScript
	case "fish":
		return fishCompletion(completionWords(root, "")) + fishScript
	}
	return ""
}

// bashScript keeps to what bash 3.2 has. Where readline breaks words at more signs than
// blanks, such as the = of a flag, it wants what stands behind the last of them; the @ of a
// generation is the one that it wants as well.
const bashScript = `# bash completion for osmoctl
_osmoctl() {
  local words current prefix="" reply
  words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  if [ -n "${COMP_LINE:-}" ]; then
    read -r -a words <<<"${COMP_LINE:0:COMP_POINT}"
    words=("${words[@]:1}")
    case "${COMP_LINE:0:COMP_POINT}" in *[[:space:]]) words+=("") ;; esac
  fi
  [ ${#words[@]} -gt 0 ] || words=("")
  current="${words[${#words[@]}-1]}"
  if [ -n "${COMP_LINE:-}" ]; then
    prefix="${current%"${current##*["$COMP_WORDBREAKS"]}"}"
    prefix="${prefix%@}"
  fi
  COMPREPLY=()
  while IFS= read -r reply; do
    COMPREPLY+=("${reply#"$prefix"}")
  done < <(command osmoctl ` + Command + ` "${words[@]}" 2>/dev/null)
  if [ ${#COMPREPLY[@]} -eq 0 ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r reply; do
      COMPREPLY+=("$reply")
    done < <(compgen -f -- "${current#"$prefix"}")
  fi
}
complete -F _osmoctl osmoctl
`

// zshScript is sourced, or a file of $fpath: then its last lines complete at once what
// made zsh load it.
const zshScript = `#compdef osmoctl
_osmoctl() {
  local -a before replies
  (( CURRENT > 2 )) && before=("${(@Q)words[2,CURRENT-1]}")
  replies=("${(@f)$(command osmoctl ` + Command + ` "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  replies=("${(@)replies:#}")
  if (( ${#replies} )); then
    compadd -- "${replies[@]}"
  else
    _files
  fi
}
if [ "${funcstack[1]}" = _osmoctl ]; then
  _osmoctl "$@"
else
  compdef _osmoctl osmoctl
fi
`

const fishScript = `function __osmoctl_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    if string match -qr -- '^--[^=]+=' "$current"
        set -l parts (string split -m 1 = -- "$current")
        set words $words $parts[1]
        set current $parts[2]
    end
    command osmoctl ` + Command + ` $words "$current" 2>/dev/null
end
complete -c osmoctl -n 'test (count (__osmoctl_complete)) -gt 0' -f -a '(__osmoctl_complete)'
`

// Answer prints what may stand in the place of the last of the words, by the parser's
// grammar.
func Answer(ctx context.Context, env *command.Env, parser *kong.Kong, words []string) {
	if len(words) == 0 {
		return
	}
	silent := *env
	silent.Stdout, silent.Stderr = io.Discard, io.Discard
	known, err := kongplete.Command(parser, kongplete.WithPredictors(predictors(ctx, &silent, words)), kongplete.WithPredictor("command", commandsOf(parser.Model.Node)))
	if err != nil {
		return
	}
	// The value in --flag=value is completed as one that stands by itself.
	last, before := words[len(words)-1], words[:len(words)-1]
	prefix := ""
	if flag, value, ok := strings.Cut(last, "="); ok && strings.HasPrefix(flag, "--") {
		before, last, prefix = append(slices.Clone(before), flag), value, flag+"="
	}
	args := complete.Args{All: append(slices.Clone(before), last), Completed: before, Last: last}
	if len(before) > 0 {
		args.LastCompleted = before[len(before)-1]
	}
	answers := known.Predict(args)
	slices.Sort(answers)
	for _, answer := range slices.Compact(answers) {
		if strings.HasPrefix(answer, last) {
			fmt.Fprintln(env.Stdout, view.EscapeTerminal(prefix+answer))
		}
	}
}

// predictors know the values that the grammar does not: it names them in its tags.
func predictors(ctx context.Context, env *command.Env, words []string) map[string]complete.Predictor {
	named := func(names func(snap *state.Snapshot, word string) []string) complete.Predictor {
		return complete.PredictFunc(func(args complete.Args) []string {
			snap := readState(ctx, env, words)
			if snap == nil {
				return nil
			}
			return names(snap, args.Last)
		})
	}
	addresses := func(snap *state.Snapshot, word string) []string {
		list := nameTokens(snap, word)
		for _, name := range snap.AccountNames() {
			list = append(list, model.AccountAddress(name).String())
		}
		for _, name := range model.Names(snap.Roles) {
			list = append(list, model.RoleAddress(name).String())
		}
		return list
	}
	return map[string]complete.Predictor{
		"account":  named(func(snap *state.Snapshot, _ string) []string { return snap.AccountNames() }),
		"role":     named(func(snap *state.Snapshot, _ string) []string { return report.RoleNames(snap) }),
		"token":    named(nameTokens),
		"address":  named(addresses),
		"question": complete.PredictSet(questions()...),
		"access": named(func(snap *state.Snapshot, word string) []string {
			return append(append(addresses(snap, word), inquiry.Everybody), questions()...)
		}),
		"recipient": named(func(snap *state.Snapshot, _ string) []string { return model.Names(snap.Meta.Applied.Recipients) }),
		"lint-code": complete.PredictSet(lint.Codes()...),
		"code":      complete.PredictSet(docs.Names()...),
		"schema":    complete.PredictSet(schemas.Names()...),
		"file":      complete.PredictFiles("*"),
	}
}

// nameTokens lists the tokens in the spelling that word begins, with their live generations
// once it has an @.
func nameTokens(snap *state.Snapshot, word string) (list []string) {
	spelling := ""
	if long := model.KindToken.String() + "/"; strings.HasPrefix(word, long) {
		spelling = long
	}
	for _, name := range snap.AccountNames() {
		account := snap.Accounts[name]
		for _, path := range account.LiveTokens() {
			if !strings.Contains(word, "@") {
				list = append(list, spelling+path)
				continue
			}
			for _, g := range account.Tokens[strings.TrimPrefix(path, name+"/")].Generations {
				list = append(list, fmt.Sprintf("%s%s@%d", spelling, path, g.Number))
			}
		}
	}
	return list
}

// commandsOf completes the words of a command behind help.
func commandsOf(root *kong.Node) complete.Predictor {
	return complete.PredictFunc(func(args complete.Args) (names []string) {
		at := root
		for _, word := range args.Completed {
			for _, child := range at.Children {
				if child.Name == word {
					at = child
				}
			}
		}
		for _, child := range at.Children {
			if !child.Hidden {
				names = append(names, child.Name)
			}
		}
		return names
	})
}

// questions are what access can and access who may be asked.
func questions() (words []string) {
	for _, a := range access.Actions() {
		words = append(words, a.Name)
	}
	for _, t := range access.Tasks() {
		words = append(words, inquiry.TaskPrefix+t.Name)
	}
	return words
}

// readState reads the newest state of the project that the words are about, nil
// where it cannot be read. Whether to believe it is not asked: that may take programs,
// and names alone are shown.
func readState(ctx context.Context, env *command.Env, words []string) *state.Snapshot {
	for i, word := range words[:len(words)-1] {
		if word == "-C" || word == "--dir" {
			env.NameProject(words[i+1])
		} else if dir, ok := strings.CutPrefix(word, "--dir="); ok {
			env.NameProject(dir)
		}
	}
	dir, err := env.FindProject()
	if err != nil {
		return nil
	}
	w, err := workspace.Open(dir, env.Outside())
	if err != nil {
		return nil
	}
	defer w.Close()
	at, err := w.Newest(ctx)
	if err != nil {
		return nil
	}
	snap, err := w.Snapshot(ctx, at.Commit)
	if err != nil {
		return nil
	}
	return snap
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
			switch {
			case f.Enum != "" || f.Tag.Has("predictor"):
				value = " -x -a '(__osmoctl_complete)'"
			case !f.IsBool():
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
