package osmo_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// The page says which calls are made: these and no others.
func TestDocumentedCalls(t *testing.T) {
	t.Parallel()
	made := map[string]bool{}
	for _, mode := range []string{"A", "B"} {
		b := makeBed(t, modes[mode])
		b.server.PutRole(osmotest.Role{Name: "team"}, "admin")
		ctx := t.Context()
		_ = b.EnsureRole(ctx, &model.Role{Name: "team", ExternalRoles: []string{"a"}})
		_ = b.EnsureUser(ctx, "new")
		_ = b.EnsureGrants(ctx, "new", []string{"osmo-user"})
		_ = b.EnsureGrants(ctx, "svc", nil)
		if v, err := b.CreateToken(ctx, tokenOf("new", "t")); err == nil {
			v.Wipe()
		}
		_ = b.EndToken(ctx, oldToken("new", "t"))
		_ = b.EndUser(ctx, "new")
		_ = b.EndRole(ctx, "team")
		for call := range b.server.Counts().Calls {
			made[call] = true
		}
	}

	text, err := os.ReadFile("../../../docs/osmo-server.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z]+ /api/[^`]*)`").FindAllStringSubmatch(string(text), -1) {
		documented[regexp.MustCompile(`/[A-Z]+(/|$)`).ReplaceAllString(m[1], "/{}$1")] = true
	}
	if want, got := model.Names(made), model.Names(documented); !slices.Equal(want, got) {
		t.Errorf("docs/osmo-server.md names the calls\n%q\nand these are made:\n%q", got, want)
	}
}
