package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// goMod is what go.mod names.
type goMod struct {
	// modules are all required ones, tools the packages of tool lines.
	modules, tools []string
}

func readGoMod(t *testing.T) goMod {
	t.Helper()
	var m goMod
	block := ""
	for line := range strings.Lines(readText(t, "go.mod")) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == ")":
			block = ""
		case len(words) == 2 && words[1] == "(":
			block = words[0]
		case block == "require":
			m.modules = append(m.modules, words[0])
		case block == "tool":
			m.tools = append(m.tools, words[0])
		case words[0] == "require" && len(words) > 2:
			m.modules = append(m.modules, words[1])
		case words[0] == "tool" && len(words) > 1:
			m.tools = append(m.tools, words[1])
		}
	}
	return m
}

// module is the one that an import path belongs to, or "" for the standard
// library's and ours.
func (m goMod) module(importPath string) string {
	longest := ""
	for _, path := range m.modules {
		if within(importPath, path) && len(path) > len(longest) {
			longest = path
		}
	}
	return longest
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	// A checkout on Windows may have other line ends.
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

const dependenciesFile = "docs/dependencies.md"

var tableRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)\\|$")

// listed are the names in the first column of the tables below a heading, and
// what the row says of each.
func listed(t *testing.T, heading string) map[string]string {
	t.Helper()
	_, section, found := strings.Cut(readText(t, dependenciesFile), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", dependenciesFile, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string]string{}
	for _, m := range tableRow.FindAllStringSubmatch(section, -1) {
		rows[m[1]] = m[2]
	}
	return rows
}

// importedModules are the modules that our files import, and from where, for
// those files that keep says.
func importedModules(t *testing.T, keep func(*source) bool) map[string]map[string]bool {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	m := readGoMod(t)
	out := map[string]map[string]bool{}
	for i := range all {
		if !keep(&all[i]) {
			continue
		}
		for _, path := range all[i].imports() {
			if module := m.module(path); module != "" {
				if out[module] == nil {
					out[module] = map[string]bool{}
				}
				out[module][all[i].dir] = true
			}
		}
	}
	return out
}

const listHint = "list each module that is imported in " + dependenciesFile + ", with its reason, and no other"

func TestDependenciesOfTheProgramAreListed(t *testing.T) {
	t.Parallel()
	used := importedModules(t, func(s *source) bool {
		return !s.isTest && !within(s.dir, "internal/bench") && !within(s.dir, "internal/torture")
	})
	rows := listed(t, "In the program")
	if diff := cmp.Diff(model.Names(used), model.Names(rows)); diff != "" {
		t.Errorf("%s (-imported +listed):\n%s", listHint, diff)
	}
	for module, dirs := range used {
		for dir := range dirs {
			top, _, _ := home(dir)
			if rows[module] != "" && !strings.Contains(rows[module], "`"+top+"`") {
				t.Errorf("%s is used by %s too: say so in %s", module, top, dependenciesFile)
			}
		}
	}
}

func TestDependenciesOfTestsAreListed(t *testing.T) {
	t.Parallel()
	program := importedModules(t, func(s *source) bool { return !s.isTest })
	used := importedModules(t, func(s *source) bool { return s.isTest })
	var want []string
	for _, module := range model.Names(used) {
		if program[module] == nil {
			want = append(want, module)
		}
	}
	if diff := cmp.Diff(want, model.Names(listed(t, "In tests alone"))); diff != "" {
		t.Errorf("%s (-imported +listed):\n%s", listHint, diff)
	}
}

func TestToolsAreListed(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(model.Set(readGoMod(t).tools), model.Names(listed(t, "Tools"))); diff != "" {
		t.Errorf("list each tool of go.mod in %s, with its reason, and no other (-go.mod +listed):\n%s", dependenciesFile, diff)
	}
}
