package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/docs"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
)

var (
	// codeNames are how constants with codes are called: codeBadName, RiskWholeScope; and the
	// rules of a scan.
	codeNames = regexp.MustCompile(`^([cC]ode|[rR]isk|rail|[nN]otice|[wW]arn)([A-Z]\w*)?$|^(leaked|dead)Token$`)
	codeForm  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// Every code that the program can print is in the list that explain reads, and the list
// has no other.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	used := usedCodes(t)
	listed := docs.Names()
	for _, code := range model.Names(used) {
		if !slices.Contains(listed, code) {
			t.Errorf("%s: the code %s is not in docs/codes.md", used[code], code)
		}
	}
	for _, code := range listed {
		if used[code] == "" {
			t.Errorf("docs/codes.md has the code %s, which nothing prints", code)
		}
	}
}

// usedCodes finds the codes in the sources and in the tables, with a place of each.
func usedCodes(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{guard.BaseNotApplied: "pkg/guard"}
	for _, rail := range guard.Table() {
		used[rail.Name] = "pkg/guard"
	}
	for _, rule := range lint.Rules() {
		used[rule.Code] = "pkg/lint"
	}
	for _, s := range shipped(t) {
		if s.dir == "pkg/access" {
			continue // its codes are of access, not of problems
		}
		note := func(at ast.Node, value ast.Expr) {
			if text, ok := stringIn(value); ok && codeForm.MatchString(text) {
				used[text] = s.line(at)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if codeNames.MatchString(name.Name) && i < len(n.Values) {
						note(n, n.Values[i])
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Code" || key.Name == "Guardrail") {
					note(n, n.Value)
				}
			case *ast.FuncDecl:
				noteReturned(n, note)
			case *ast.CallExpr:
				if method, ok := n.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "warn" && len(n.Args) > 0 {
					note(n, n.Args[0])
				}
			}
			return true
		})
	}
	return used
}

// noteReturned notes what a function returns whose first result is called code.
func noteReturned(f *ast.FuncDecl, note func(at ast.Node, value ast.Expr)) {
	results := f.Type.Results
	if results == nil || len(results.List[0].Names) == 0 || results.List[0].Names[0].Name != "code" || f.Body == nil {
		return
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			note(r, r.Results[0])
		}
		return true
	})
}

func stringIn(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// Lint's rules have the severity that the list says.
func TestLintIsDocumented(t *testing.T) {
	t.Parallel()
	rows := 0
	for _, c := range docs.Codes() {
		if c.Section == "Lint" {
			rows++
		}
	}
	for _, rule := range lint.Rules() {
		if !slices.ContainsFunc(docs.Named(rule.Code), func(c docs.Code) bool {
			return c.Section == "Lint" && c.Kind == rule.Severity.String()
		}) {
			t.Errorf("docs/codes.md does not have %s as %s of lint", rule.Code, rule.Severity)
		}
	}
	if want := len(lint.Rules()); rows != want {
		t.Errorf("docs/codes.md has %d rules of lint, want one for each of the %d", rows, want)
	}
	if text := readText(t, "docs/access.md"); !strings.Contains(text, "codes.md#lint") {
		t.Error("docs/access.md does not say where the rules are")
	}
}
