package house

import (
	"go/ast"
	"path"
	"slices"
	"testing"
)

// pure are the packages whose results depend on their arguments alone: same
// inputs, same bytes, and nothing in the world is touched. Each may import,
// from outside, only what is listed.
var pure = map[string][]string{
	"internal/helm":     nil,
	"internal/importer": nil,
	"internal/report":   nil,

	"pkg/access":  nil,
	"pkg/config":  {"gopkg.in/yaml.v3"},
	"pkg/diag":    nil,
	"pkg/guard":   nil,
	"pkg/inquiry": nil,
	"pkg/kube":    nil,
	"pkg/lint":    nil,
	"pkg/model":   nil,
	"pkg/plan":    nil,
	"pkg/record":  nil,
	"pkg/rights":  nil,
	"pkg/scan":    {"github.com/klauspost/compress/zstd", "github.com/ulikunitz/xz/lzma"},
	"pkg/secret":  nil,
	"pkg/state":   nil,
}

// impure are the standard packages that reach into the world.
var impure = []string{
	"os", "os/exec", "os/signal", "os/user", "net", "net/http", "syscall", "plugin", "log", "flag",
	"crypto/rand", "math/rand", "math/rand/v2", "path/filepath", "io/ioutil", "testing",
}

// worldly are the functions of otherwise harmless packages that do so.
var worldly = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation"},
	"fmt":  {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
}

func TestPurePackages(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range shipped(t) {
		allowed, isPure := pure[s.dir]
		if !isPure {
			continue
		}
		seen[s.dir] = true
		for _, path := range s.imports() {
			if slices.Contains(impure, path) {
				t.Errorf("%s imports %s: the package is pure, so let its caller do that and pass the result in", s.name, path)
			}
			if !isStandard(path) && !within(path, module) && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s: the package is pure, and what it may import is listed in internal/house", s.name, path)
			}
		}
		for pkg, names := range worldly {
			for _, n := range uses(&s, pkg, names) {
				t.Errorf("%s: a pure package uses %s.%s: pass the value in", s.line(n), pkg, n.Sel.Name)
			}
		}
	}
	for dir := range pure {
		if !seen[dir] {
			t.Errorf("%s is listed as pure and has no files", dir)
		}
	}
}

// speakers are the packages that may write to the process's own streams.
var speakers = []string{"cmd/osmoctl", "internal/cli", "internal/bench", "internal/torture"}

// Whoever writes to standard output from a library writes into somebody's
// pipe. What there is to say goes to the writers that the view holds.
func TestOnlyTheRimSpeaks(t *testing.T) {
	t.Parallel()
	for _, s := range shipped(t) {
		if slices.ContainsFunc(speakers, func(top string) bool { return within(s.dir, top) }) {
			continue
		}
		found := slices.Concat(uses(&s, "fmt", []string{"Print", "Printf", "Println"}), uses(&s, "os", []string{"Stdout", "Stderr", "Stdin", "Exit"}))
		for _, n := range found {
			t.Errorf("%s: %s.%s stands outside the command line: take a writer, or return a value", s.line(n), n.X, n.Sel.Name)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if f, ok := call.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
					t.Errorf("%s: the builtin %s writes to standard error", s.line(n), f.Name)
				}
			}
			return true
		})
	}
}

// restricted are imports that have a place, and why it is the only one.
var restricted = []struct {
	path, why string
	// in are the directories where it may be imported.
	in []string
}{
	{"github.com/google/go-cmp/cmp", "it may panic, by its own word: it is for tests", nil},
	{"github.com/rogpeppe/go-internal/testscript", "it is for tests", nil},
	{"testing", "it adds flags to the program: it is for tests", []string{"internal/house"}},
	{"math/rand", "its numbers can be guessed: use crypto/rand", nil},
	{"math/rand/v2", "its numbers can be guessed: use crypto/rand", []string{"internal/bench", "internal/torture"}},
	{"log", "it writes to standard error by itself: return an error", nil},
	{"unsafe", "the project needs no memory tricks", nil},
	{"C", "programs are built without cgo", nil},
	{"os/exec", "only git, age plugins and the command of token exec are ever run", []string{"internal/cli", "internal/gitstore", "pkg/seal/internal/plugin", "internal/torture", "internal/bench/worst", "internal/bench/measure", "internal/bench/allocs"}},
	{"net/http", "git without its program and the client of an OSMO server are all that talk to one", []string{"internal/gitstore/remote", "internal/backend/osmo"}},
	{"github.com/alecthomas/kong", "flags belong to the command line", []string{"internal/cli", "cmd/osmoctl"}},
	{"filippo.io/age", "sealing is one package's business", []string{"pkg/seal", "internal/cli", "internal/torture", "internal/bench/worst", "internal/bench/measure"}},
}

func TestRestrictedImports(t *testing.T) {
	t.Parallel()
	for _, s := range shipped(t) {
		for _, r := range restricted {
			if slices.Contains(s.imports(), r.path) && !slices.ContainsFunc(r.in, func(top string) bool { return within(s.dir, top) }) {
				t.Errorf("%s imports %s: %s", s.name, r.path, r.why)
			}
		}
	}
}

// uses finds where a file refers to names of the package at this import path,
// under whatever name it was imported.
func uses(s *source, importPath string, names []string) []*ast.SelectorExpr {
	local := localName(s, importPath)
	if local == "" {
		return nil
	}
	var found []*ast.SelectorExpr
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && slices.Contains(names, sel.Sel.Name) {
			found = append(found, sel)
		}
		return true
	})
	return found
}

// localName is what the file calls a package, or "" where it does not import it.
func localName(s *source, importPath string) string {
	for i, p := range s.imports() {
		switch name := s.file.Imports[i].Name; {
		case p != importPath:
		case name != nil:
			return name.Name
		default:
			return path.Base(p)
		}
	}
	return ""
}
