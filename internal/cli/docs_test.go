package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown is one command on a terminal of a document, with what the document says that it
// printed, of which a line of three dots leaves out any number of lines.
type shown struct {
	line    int
	command string
	output  []string
}

// readTerminals reads what a document shows of a terminal: its indented blocks with a
// prompt, in their order, as one shell would run them.
func readTerminals(text string) (commands []shown) {
	end, in := "", false // The end of a here-document; whether a block goes on.
	for i, line := range strings.Split(text, "\n") {
		block, indented := strings.CutPrefix(line, "    ")
		last := len(commands) - 1
		switch command, prompt := strings.CutPrefix(block, "$ "); {
		case end != "":
			commands[last].command += "\n" + block
			if block == end {
				end = ""
			}
		case indented && prompt:
			commands, in = append(commands, shown{line: i + 1, command: command}), true
			if _, word, here := strings.Cut(command, "<<'"); here {
				end = strings.TrimSuffix(word, "'")
			}
		case in && (indented || line == ""):
			commands[last].output = append(commands[last].output, strings.TrimRight(block, " "))
		default:
			in = false
		}
	}
	for i := range commands {
		out := commands[i].output
		for len(out) > 0 && out[len(out)-1] == "" {
			out = out[:len(out)-1]
		}
		commands[i].output = out
	}
	return commands
}

// What differs from one run to the next: digests, commits, keys, times of day.
var (
	digests = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	varies  = regexp.MustCompile(`\bsha256:[0-9a-f]{8}\b|\b([0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\b|` +
		`\bage1[0-9a-z]+(…[0-9a-z]+)?|\d\d:\d\d:\d\d( UTC|Z)|[0-9A-Za-z+/]{43}$`)
)

// matcher is what one run of a document printed, and what it showed of values that the
// document has others of.
type matcher struct {
	home  string
	shown map[string]string
}

// fits matches lines with those of a document, where "..." stands for any number. A value
// that the document says twice must be one value.
func (m matcher) fits(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case want[0] == "...":
		for i := range len(got) + 1 {
			if m.fits(want[1:], got[i:]) {
				return true
			}
		}
		return false
	case len(got) == 0 || varies.ReplaceAllString(want[0], "*") != varies.ReplaceAllString(m.plain(got[0]), "*") || !m.fits(want[1:], got[1:]):
		return false
	}
	values := varies.FindAllString(m.plain(got[0]), -1)
	for i, value := range varies.FindAllString(want[0], -1) {
		if before, said := m.shown[value]; said && before != values[i] && !strings.Contains(value, ":") {
			return false
		}
		m.shown[value] = values[i]
	}
	return true
}

// plain is a line with the home that documents have.
func (m matcher) plain(line string) string {
	return strings.ReplaceAll(strings.TrimRight(line, " \t"), m.home, "/home/alice")
}

// runShown runs all commands in one shell, and returns what each printed, on stdout and on
// stderr as a terminal shows them.
func runShown(t *testing.T, commands []shown, dir, home string) [][]string {
	t.Helper()
	const mark = "\x1e"
	var script strings.Builder
	for _, c := range commands {
		// The digest is that of the plan which was printed last.
		command := digests.ReplaceAllLiteralString(c.command, `"$(sed -n 's/^Digest: //p' "$HOME/.shown" | tail -n 1)"`)
		// A command may ask how the one before it ended.
		fmt.Fprintf(&script, "ended=$?; printf '%s\\n'; (exit $ended)\n%s\n", mark, command)
	}
	age, err := stockAge()
	check(t, err)
	show := filepath.Join(home, ".shown")
	cmd := exec.Command("bash", "-c", `exec >"$HOME/.shown" 2>&1; . "$HOME/.script"`)
	check(t, os.WriteFile(filepath.Join(home, ".script"), []byte(script.String()), 0o600))
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "OSMO") || strings.HasPrefix(v, "XDG_") || strings.HasPrefix(v, "CI=")
	}), "HOME="+home, "PATH="+age+string(os.PathListSeparator)+os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "NO_COLOR=1",
		"OSMOCTL_NOW="+day.Format(time.DateOnly), "GIT_AUTHOR_DATE="+day.Format(time.DateOnly)+"T00:00:00Z", "GIT_COMMITTER_DATE="+day.Format(time.DateOnly)+"T00:00:00Z")
	if err := cmd.Run(); err != nil {
		t.Logf("the shell: %v", err) // The last command may be one that fails.
	}
	text, err := os.ReadFile(show)
	check(t, err)
	var outputs [][]string
	for _, part := range strings.Split(string(text), mark+"\n")[1:] {
		lines := slices.DeleteFunc(strings.Split(strings.TrimRight(part, "\n"), "\n"), func(line string) bool {
			return strings.Contains(line, "by OSMOCTL_NOW")
		})
		if len(lines) == 1 && lines[0] == "" {
			lines = nil
		}
		outputs = append(outputs, lines)
	}
	return outputs
}

// TestTerminalsInDocs runs what documents show of a terminal, and demands that it prints
// what they say.
func TestTerminalsInDocs(t *testing.T) {
	t.Parallel()
	needGit(t)
	if testing.Short() {
		t.Skip("what it runs, scripts run as well")
	}
	// They say themselves what they need, README.md also who commits; one is about an example.
	for path, name := range map[string]string{
		"README.md": "", "docs/access.md": "ml-teams", "docs/delivery.md": "", "docs/design.md": "", "docs/guardrails.md": "",
		"docs/manifests.md": "", "docs/monitoring.md": "", "docs/recipients.md": "", "docs/rotation.md": "", "docs/security.md": "",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("../..", path))
			check(t, err)
			home := t.TempDir()
			if path != "README.md" {
				write(t, filepath.Join(home, ".gitconfig"), []byte("[user]\nname = Alice\nemail = alice@example.com\n"))
			}
			commands, m := readTerminals(string(text)), matcher{home, map[string]string{}}
			dir := home
			if name != "" {
				dir = example(t, name)
			}
			outputs := runShown(t, commands, dir, home)
			for i, c := range commands {
				if i >= len(outputs) {
					t.Fatalf("%s:%d: the shell ended before $ %s", path, c.line, c.command)
				}
				if !m.fits(c.output, outputs[i]) {
					t.Errorf("%s:%d: $ %s\nprinted:\n%s\nand the document says:\n%s", path, c.line, c.command, m.plain(strings.Join(outputs[i], "\n")), strings.Join(c.output, "\n"))
				}
			}
		})
	}
}
