package house

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// The trailers of a commit's message are known to the package that writes and
// reads them: a second reader would believe what the first refuses.
func TestOneReaderOfMessages(t *testing.T) {
	t.Parallel()
	for _, s := range shipped(t) {
		if s.dir == "pkg/record" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, "Osmoctl-") {
				t.Errorf("%s names a trailer: let package record read the message", s.line(n))
			}
			return true
		})
	}
}
