package house

import (
	"go/ast"
	"testing"
)

// TestLazyPatterns holds the program's start to what every command needs: a regular
// expression that is compiled with its package costs every run, also those that never
// use it.
func TestLazyPatterns(t *testing.T) {
	t.Parallel()
	for _, s := range shipped(t) {
		for _, d := range s.file.Decls {
			if _, isVar := d.(*ast.GenDecl); !isVar {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if _, isFunc := n.(*ast.FuncLit); isFunc {
					return false
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "MustCompile" {
					t.Errorf("%s compiles a regular expression whenever the program starts: use pattern.Lazy", s.line(call))
				}
				return true
			})
		}
	}
}
