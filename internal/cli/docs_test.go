package cli_test

import (
	"bufio"
	"cmp"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown is one command on a terminal of a document, with the heading above it and what the
// document says that it printed, of which a line of three dots leaves out any number.
type shown struct {
	line    int
	section string
	command string
	output  []string
}

// readTerminals reads what a document shows of a terminal: its indented blocks with a
// prompt, in their order, as one shell would run them.
func readTerminals(text string) (commands []shown) {
	end, in := "", false // The end of a here-document; whether a block goes on.
	section := ""
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
			commands, in = append(commands, shown{line: i + 1, section: section, command: command}), true
			if _, word, here := strings.Cut(command, "<<'"); here {
				end = strings.TrimSuffix(word, "'")
			}
		case in && (indented || line == ""):
			commands[last].output = append(commands[last].output, strings.TrimRight(block, " "))
		default:
			if in = false; strings.HasPrefix(line, "#") {
				section = strings.TrimLeft(line, "# ")
			}
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
	// here puts what this run has in the place of what documents say, such as a home;
	// there turns that round.
	here, there *strings.Replacer
	shown       map[string]string
}

// newMatcher takes pairs: what a document says, and what this run has for it.
func newMatcher(pairs ...string) matcher {
	back := slices.Clone(pairs)
	slices.Reverse(back)
	return matcher{strings.NewReplacer(pairs...), strings.NewReplacer(back...), map[string]string{}}
}

// command is a command of the document as this run has to give it. A digest is that of the
// plan which was printed last, any other value the one that was printed in its place.
func (m matcher) command(text string) string {
	text = digests.ReplaceAllLiteralString(m.here.Replace(text), `"$(sed -n 's/^Digest: //p' "$HOME/.shown" | tail -n 1)"`)
	return varies.ReplaceAllStringFunc(text, func(value string) string { return cmp.Or(m.shown[value], value) })
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

// plain is what was printed, as the document would say it.
func (m matcher) plain(text string) string {
	return m.there.Replace(strings.TrimRight(text, " \t"))
}

// shell runs the commands of a document, one after the other.
type shell struct {
	home string
	env  []string
	// next tells it that there is a command, ended hears from it that it ran.
	next  io.Writer
	ended *bufio.Reader
	// seen is how much was read of what was printed.
	seen int
}

// shellLoop takes a command from a file whenever it is told that there is one: so a test
// can do between two commands what a document tells there. What they print goes to one
// file, as on a terminal. A command may ask how the one before it ended.
const shellLoop = `exec 3<&0 4>&1 </dev/null >"$HOME/.shown" 2>&1
while read -r -u 3; do (exit $ended); . "$HOME/.command"; ended=$?; echo >&4; done`

// committer is what git is told of who commits.
const committer = "[user]\nname = Alice\nemail = alice@example.com\n"

// strangers begin the names of variables that would change what osmoctl or git do.
var strangers = []string{"GIT_", "GITHUB_", "GITLAB_", "CI", "OSMO", "XDG_"}

// openShell starts a shell in dir, which ends with the test.
func openShell(t *testing.T, dir, home string) *shell {
	t.Helper()
	age, err := stockAge()
	check(t, err)
	cmd := exec.Command("bash", "-c", shellLoop)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc(strangers, func(begin string) bool { return strings.HasPrefix(v, begin) })
	}), "HOME="+home, "PATH="+age+string(os.PathListSeparator)+os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "NO_COLOR=1", "LC_ALL=C",
		"OSMOCTL_NOW="+day.Format(time.DateOnly), "GIT_AUTHOR_DATE="+day.Format(time.DateOnly)+"T00:00:00Z", "GIT_COMMITTER_DATE="+day.Format(time.DateOnly)+"T00:00:00Z")
	next, err := cmd.StdinPipe()
	check(t, err)
	ended, err := cmd.StdoutPipe()
	check(t, err)
	// osmoctl warns of a value that goes to a file which others can read.
	check(t, os.WriteFile(filepath.Join(home, ".shown"), nil, 0o600))
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = next.Close()
		_ = cmd.Wait()
	})
	return &shell{home: home, env: cmd.Env, next: next, ended: bufio.NewReader(ended)}
}

// run runs a command, and returns the lines that it printed, on stdout and on stderr.
func (s *shell) run(t *testing.T, command string) (lines []string) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(s.home, ".command"), []byte(command+"\n"), 0o600))
	_, err := io.WriteString(s.next, "\n")
	if err == nil {
		_, err = s.ended.ReadString('\n')
	}
	if err != nil {
		t.Fatalf("the shell ended at $ %s", command)
	}
	text, err := os.ReadFile(filepath.Join(s.home, ".shown"))
	check(t, err)
	printed := strings.TrimRight(string(text[s.seen:]), "\n")
	s.seen = len(text)
	if printed == "" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(printed, "\n"), func(line string) bool { return strings.Contains(line, "by OSMOCTL_NOW") })
}

// do runs what no document shows, and demands that it prints nothing.
func (s *shell) do(t *testing.T, command string) {
	t.Helper()
	if lines := s.run(t, command); len(lines) > 0 {
		t.Fatalf("$ %s\n%s", command, strings.Join(lines, "\n"))
	}
}

// compare runs a command of a document, and demands that it prints what the document says.
func (s *shell) compare(t *testing.T, path string, c shown, m matcher) {
	t.Helper()
	if got := s.run(t, m.command(c.command)); !m.fits(c.output, got) {
		t.Errorf("%s:%d: $ %s\nprinted:\n%s\nand the document says:\n%s", path, c.line, c.command, m.plain(strings.Join(got, "\n")), strings.Join(c.output, "\n"))
	}
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
				write(t, filepath.Join(home, ".gitconfig"), []byte(committer))
			}
			dir := home
			if name != "" {
				dir = example(t, name)
			}
			terminal, m := openShell(t, dir, home), newMatcher("/home/alice", home)
			for _, c := range readTerminals(string(text)) {
				terminal.compare(t, path, c, m)
			}
		})
	}
}
