package lint

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// What is taken to make a difference without being compared does make one.
func TestWhatIsFeltMakesADifference(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(12, 4))
	actions := []string{"workflow:*", "workflow:Exec", "workflow:Create", "workflow:List", "app:Read", "app:*", "auth:Token", "config:Read", "*:Read", "*:*", "internal:Router", "profile:Read"}
	resources := []string{"*", "pool/*", "pool/a", "pool/a-*", "po*", "config/role", "config/*", "backend/x", "user/a", "none", "pool/*-b"}
	pick := func(from []string) (out []string) {
		for range 1 + r.IntN(3) {
			out = append(out, from[r.IntN(len(from))])
		}
		return model.Set(out)
	}
	felt, idle := 0, 0
	for range 3000 {
		role := &model.Role{Name: "r"}
		for range 1 + r.IntN(4) {
			role.Policies = append(role.Policies, model.Policy{Effect: []model.Effect{model.Allow, model.Allow, model.Deny}[r.IntN(3)], Actions: pick(actions), Resources: pick(resources)})
		}
		server := model.Server{Mode: []model.Mode{"", model.ModeDatabase, model.ModeConfigMap}[r.IntN(3)]}
		p := newProject(&model.Declarations{Project: model.Project{Server: server}, Roles: map[string]*model.Role{"r": role}}, nil)
		sole := p.findSole(role)
		for i := range role.Policies {
			s := statement{&role.Policies[i], role, i}
			less := slices.Delete(slices.Clone(role.Policies), i, i+1)
			same := p.isSame(role, less, s.denies())
			if same {
				idle++
			}
			if !p.isFelt(s, sole[i]) {
				continue
			}
			if felt++; same {
				t.Fatalf("in mode %q statement %d of %+v is felt, and changes nothing", server.Mode, i, role.Policies)
			}
		}
	}
	if felt < 1000 || idle < 1000 {
		t.Errorf("%d statements are felt, %d change nothing: the test shows little", felt, idle)
	}
}
