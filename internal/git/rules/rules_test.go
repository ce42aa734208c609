package rules

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stock runs git in a folder, blind to whoever runs the tests.
func stock(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_ATTR_NOSYSTEM=1", "LC_ALL=C"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && len(out) == 0 && stderr.Len() > 0 {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func newStock(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
	dir := t.TempDir()
	stock(t, dir, "", "init", "-q")
	return dir
}

// paths are what patterns are tried on.
var paths = []string{
	"a", "b.yaml", "A.YAML", "m/a.yaml", "m/b.yaml", "m/x/a.yaml", "m/x/y/a.yaml", "m/x/y/z.yml", "m/[a].yaml", "m/a*.yaml", "m/ a.yaml", "m/!a", "m/#a", "m/xa", "x/m/a.yaml", "m/.a.yaml", "m/a b.yaml", "m/x-1.yaml", `m/b\a.yaml`,
}

// pieces make patterns in which everything that git gives a meaning occurs.
var pieces = []string{
	"a", "m", "x", "y", "/", "/", "/", "*", "*", "**", "**/", "/**", "?", ".yaml", ".yml", "[a-z]", "[!a]", "[^x]", "[]a]", "[[:alpha:]]", "[[:wrong:]]", "[a", `\a`, `\*`, `\[`, `\\`, `\`, "!", "#", "-", ".", "b", "[a-", "[-a]", "[x/y]", "A", "**a",
}

func randomPattern(r *rand.Rand) string {
	var p strings.Builder
	for range 1 + r.IntN(6) {
		p.WriteString(pieces[r.IntN(len(pieces))])
	}
	return p.String()
}

var values = []string{"text", "-text", "!text", "text=auto", "ident", "-ident", "filter=lfs", "working-tree-encoding=UTF-16", "eol=crlf", "binary", "-binary", "!binary", "mine", "-mine", "mine=x", "=x", "-", "bad!name", "eol="}

func randomAttributes(r *rand.Rand, macros bool) string {
	var out strings.Builder
	for range 1 + r.IntN(5) {
		name := randomPattern(r)
		switch r.IntN(8) {
		case 0:
			name = `"` + strings.ReplaceAll(name, `\`, `\\`) + `"`
		case 1:
			if macros {
				name = "[attr]mine"
			}
		case 2:
			name = " " + name
		}
		fmt.Fprintf(&out, "%s %s %s%s", name, values[r.IntN(len(values))], values[r.IntN(len(values))], []string{"\n", "\r\n", " \n"}[r.IntN(3)])
	}
	return out.String()
}

var asked = []string{"text", "ident", "filter", "working-tree-encoding", "eol", "binary", "mine", "diff"}

func spelled(v Value) string {
	text, isText := v.Text()
	switch {
	case v.True():
		return "set"
	case v.False():
		return "unset"
	case isText:
		return text
	}
	return "unspecified"
}

// TestAttributesAsGit holds the attributes of many paths under many files against
// those that git gives them.
func TestAttributesAsGit(t *testing.T) {
	t.Parallel()
	dir := newStock(t)
	r := rand.New(rand.NewPCG(1, 2))
	write := func(name, data string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 150 {
		files := []struct{ dir, name string }{{"", ".gitattributes"}, {"m", "m/.gitattributes"}, {"m/x", "m/x/.gitattributes"}, {"", ".git/info/attributes"}}
		a := NewAttributes()
		var said strings.Builder
		for i, f := range files {
			data := randomAttributes(r, true)
			write(f.name, data)
			a.Add(f.dir, []byte(data), f.dir == "")
			fmt.Fprintf(&said, "--- %s\n%s", files[i].name, data)
		}
		fold := round%4 == 0
		out := stock(t, dir, strings.Join(paths, "\x00"), append([]string{"-c", fmt.Sprintf("core.ignorecase=%t", fold), "check-attr", "-z", "--stdin"}, asked...)...)
		fields := strings.Split(out, "\x00")
		for i := 0; i+2 < len(fields); i += 3 {
			path, name, want := fields[i], fields[i+1], fields[i+2]
			got := spelled(a.of(path, fold)[name])
			if got != want {
				t.Fatalf("%s of %s (fold %t): %s, git says %s\n%s", name, path, fold, got, want, said.String())
			}
		}
	}
}

func (a *Attributes) of(path string, fold bool) map[string]Value {
	return a.Of(path, fold, NewBudget(1e9))
}

// TestIgnoresAsGit does the same for ignored files.
func TestIgnoresAsGit(t *testing.T) {
	t.Parallel()
	dir := newStock(t)
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range paths {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	ends := []string{"\n", "/\n", " \n", "\\ \n", "\r\n", "\n\n"}
	for round := range 300 {
		var said strings.Builder
		stack := map[string]Ignores{}
		rules := Ignores{}
		for _, f := range []struct{ dir, name string }{{"", ".git/info/exclude"}, {"", ".gitignore"}, {"m", "m/.gitignore"}, {"m/x", "m/x/.gitignore"}} {
			var data strings.Builder
			for range 1 + r.IntN(3) {
				data.WriteString(randomPattern(r) + ends[r.IntN(len(ends))])
			}
			if err := os.WriteFile(filepath.Join(dir, f.name), []byte(data.String()), 0o666); err != nil {
				t.Fatal(err)
			}
			rules = rules.With(f.dir, []byte(data.String()))
			stack[f.dir] = rules
			fmt.Fprintf(&said, "--- %s\n%s", f.name, data.String())
		}
		fold := round%4 == 0
		out := stock(t, dir, strings.Join(paths, "\x00")+"\x00", "-c", fmt.Sprintf("core.ignorecase=%t", fold), "check-ignore", "-z", "--stdin", "--no-index")
		ignored := strings.Split(out, "\x00")
		for _, p := range paths {
			if got, want := isIgnored(stack, p, fold), slices.Contains(ignored, p); got != want {
				t.Fatalf("%q (fold %t) is ignored: %t, git says %t\n%s", p, fold, got, want, said.String())
			}
		}
	}
}

// isIgnored goes down the folders, as a walk does.
func isIgnored(stack map[string]Ignores, path string, fold bool) bool {
	rules := stack[""]
	for i := range len(path) {
		if path[i] != '/' {
			continue
		}
		if rules.Match(path[:i], true, fold, NewBudget(1e9)) {
			return true
		}
		if deeper, ok := stack[path[:i]]; ok {
			rules = deeper
		}
	}
	return rules.Match(path, false, fold, NewBudget(1e9))
}

// TestBudget lets patterns loose that take git's own matcher an age.
func TestBudget(t *testing.T) {
	t.Parallel()
	a := NewAttributes()
	for range 1000 {
		a.Add("", []byte("/"+strings.Repeat("**/*a*", 300)+"b text\n"), true)
	}
	b := NewBudget(1e6)
	a.Of("m/"+strings.Repeat("a/", 500)+"c", false, b)
	if b.Left() > 0 {
		t.Error("the budget is not spent")
	}
	if got := a.Of("m/a", false, b)["text"]; got != (Value{}) {
		t.Errorf("a spent budget still answers %v", got)
	}
}
