package plan_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// A server's values have no form. They are found by what state knows of them.
func TestValuesInDeclarations(t *testing.T) {
	t.Parallel()
	short, long := "Xy-_"+strings.Repeat("a1B2", 10)[:39], fmt.Sprintf("%064x", 8)
	const declared = roles + "account a r1\ntoken t\naccount b r2"
	for _, value := range []string{short, long} {
		w := applytest.New(t)
		w.Apply(declared)
		w.Apply(declared + "\ntoken u")
		have := w.State()
		token := have.Accounts["a"].Tokens["t"]
		token.Generations[0].Value = sha256.Sum256([]byte(value))
		for ended := range 2 {
			if ended == 1 {
				token.Tombstones = append(token.Tombstones, state.Tombstone{Generation: 1, Value: token.Generations[0].Value})
				token.Generations[0].Value = state.Sum{1}
			}
			for name, edit := range map[string]func(*model.Declarations, string){
				"description of a role":     func(d *model.Declarations, s string) { d.Roles["r1"].Description = s },
				"external role":             func(d *model.Declarations, s string) { d.Roles["r1"].ExternalRoles = []string{"x", s} },
				"resource":                  func(d *model.Declarations, s string) { d.Roles["r1"].Policies[0].Resources = []string{s} },
				"description of an account": func(d *model.Declarations, s string) { d.Accounts["b"].Description = s },
				"label":                     func(d *model.Declarations, s string) { d.Accounts["b"].Labels = map[string]string{"x": s} },
				"key of a label":            func(d *model.Declarations, s string) { d.Accounts["b"].Labels = map[string]string{s: "x"} },
				"description of a token":    func(d *model.Declarations, s string) { d.Accounts["a"].Tokens["t"].Description = s },
				"earlier name":              func(d *model.Declarations, s string) { d.Accounts["a"].Tokens["t"].Previously = []string{s} },
			} {
				for _, text := range []string{value, "token=" + value + ".", "x" + value, value + "-y_z", "see https://x.example/" + value + "?a=b", strings.Repeat("z", 100) + value} {
					want := applytest.Declare(t, declared+"\ntoken u")
					edit(want, text)
					p, problems := plan.Build(want, have, plan.Options{Today: w.Today})
					if p != nil || len(problems) == 0 || problems[0].Code != plan.CodeLeakedValue || problems[0].Pos.Column != 0 {
						t.Fatalf("%s: %q gives %v", name, text, problems)
					}
					if said := problems[0].Summary + problems[0].Hint; strings.Contains(said, value[:12]) || !strings.Contains(said, "token/a/t@1") || !strings.Contains(said, "revoke a/t ") {
						t.Errorf("%s: %q", name, said)
					}
				}
			}
			want := applytest.Declare(t, declared+"\ntoken u")
			want.Accounts["b"].Description = value[1:] + " " + strings.ToUpper(value)
			if _, problems := plan.Build(want, have, plan.Options{Today: w.Today}); ended == 0 && value == short && problems.HasErrors() {
				t.Errorf("what is no value is refused: %v", problems)
			}
		}
	}
}
