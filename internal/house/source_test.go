package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/osmoctl/osmoctl"
	root   = "../.."
)

// source is one Go file of the module.
type source struct {
	// name is the path below the root of the module, dir its directory; both
	// with slashes.
	name, dir string
	isTest    bool
	file      *ast.File
	fset      *token.FileSet
}

// imports are the paths that the file imports.
func (s *source) imports() []string {
	var out []string
	for _, i := range s.file.Imports {
		// The parser has checked that it is a string.
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

// line is where n stands, for messages.
func (s *source) line(n ast.Node) string {
	return s.name + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// sources is every Go file of the module. It is parsed once for all tests.
var sources = sync.OnceValues(func() ([]source, error) {
	var out []source
	fset := token.NewFileSet()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case path.Ext(name) != ".go":
			return nil
		}
		file, err := parser.ParseFile(fset, filepath.Join(root, filepath.FromSlash(name)), nil, parser.SkipObjectResolution)
		dir := path.Dir(name)
		isTest := strings.HasSuffix(name, "_test.go") || isForTests(dir)
		out = append(out, source{name, dir, isTest, file, fset})
		return err
	})
	return out, err
})

// isForTests reports whether a package is there for other packages' tests: its
// name then ends in test, as httptest's does.
func isForTests(importPath string) bool {
	base := path.Base(importPath)
	return strings.HasSuffix(base, "test") && base != "test"
}

// shipped is every Go file that is not a test.
func shipped(t *testing.T) []source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	var out []source
	for _, s := range all {
		if !s.isTest {
			out = append(out, s)
		}
	}
	return out
}

// within reports whether the directory dir is top or lies below it.
func within(dir, top string) bool {
	return dir == top || strings.HasPrefix(dir, top+"/")
}

// isStandard reports whether a package of this import path comes with Go.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
