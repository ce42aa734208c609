package lint_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// randomRole has statements over few words, so that they cover one another. Each stands
// on a line of its own.
func randomRole(g *rand.Rand) *model.Role {
	pick := func(words ...string) string { return words[g.IntN(len(words))] }
	list := func(word func() string) (out []string) {
		for range 1 + g.IntN(2) {
			out = append(out, word())
		}
		return model.Set(out)
	}
	r := &model.Role{Name: "r", Origin: diag.Position{File: "m.yaml", Line: 1, Column: 1}}
	for i := range 1 + g.IntN(6) {
		r.Policies = append(r.Policies, model.Policy{
			Effect: model.Effect(pick("Allow", "Allow", "Deny")),
			Actions: list(func() string {
				return pick("workflow:*", "workflow:Read", "workflow:Exec", "workflow:Create", "*:Read", "config:*", "config:Read", "pool:List", "profile:*", "auth:Token")
			}),
			Resources: list(func() string {
				return pick("*", "pool/*", "pool/a", "pool/ab*", "config/*", "config/role", "user/*", "none")
			}),
			Origin: diag.Position{File: "m.yaml", Line: 2 + i, Column: 1},
		})
	}
	return r
}

// Deleting all that is said to change nothing changes nothing, neither for whoever has the
// role alone nor for whoever may do everything besides.
func TestDeletingWhatChangesNothing(t *testing.T) {
	t.Parallel()
	deleted := 0
	for seed := range uint64(1000) {
		role := randomRole(rand.New(rand.NewPCG(seed, 1)))
		server := model.Server{Version: "6.4", Mode: []model.Mode{"", model.ModeDatabase, model.ModeConfigMap}[seed%3]}
		d := &model.Declarations{Project: model.Project{Server: server}, Roles: map[string]*model.Role{role.Name: role}}
		idle := map[int]bool{}
		for _, f := range lint.Run(d, nil).Findings {
			if f.Code == "statement_without_effect" {
				idle[f.Pos.Line] = true
			}
		}
		deleted += len(idle)
		rest := *role
		rest.Policies = slices.DeleteFunc(slices.Clone(role.Policies), func(p model.Policy) bool { return idle[p.Origin.Line] })
		admin := &model.Role{Name: "admin", Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"*:*"}, Resources: []string{"*"}}}}
		for _, rules := range access.RulesOf(server) {
			for _, beside := range [][]*model.Role{nil, {admin}} {
				gained, lost := rules.Diff(append(slices.Clip(beside), role), append(slices.Clip(beside), &rest))
				if len(gained)+len(lost) > 0 {
					t.Fatalf("seed %d, %v: without the lines %v of %+v: gained %q, lost %q", seed, rules.Server(), idle, role.Policies, gained, lost)
				}
			}
		}
	}
	if deleted < 200 {
		t.Errorf("only %d statements changed nothing", deleted)
	}
}
