package cli_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// TestImportInDocs holds the example in docs/manifests.md to what the command writes.
func TestImportInDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/manifests.md"
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := withBlock(string(before), "yaml imported", importExample(t))
	if *update {
		if err := os.WriteFile(path, []byte(after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if after != string(before) || !strings.Contains(after, "\n  svc-vision:\n") {
		t.Error("docs/manifests.md is not up to date: go test ./internal/cli -run TestImportInDocs -update")
	}
}

func importExample(t *testing.T) string {
	t.Helper()
	on := func(text string) model.Date {
		d, err := model.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	at := func(text string) time.Time { return on(text).Time() }
	admin := model.Authorship{By: "admin@example.com", At: at("2026-01-15")}
	seen := model.Observed{
		Server: model.Server{Version: "6.4.0", Mode: model.ModeConfigMap},
		Roles: map[string]*model.Role{"osmo-vision": {
			Name: "osmo-vision", Description: "Vision team", ExternalRoles: []string{"vision-group"}, SyncMode: model.SyncImport,
			Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"pool:List", "workflow:*"}, Resources: []string{"pool/vision-*"}}},
		}},
		Users: map[string]model.ObservedUser{"svc-vision": {
			Created: admin, Roles: []string{"osmo-user", "osmo-vision"},
			Assigned: map[string]model.Authorship{"osmo-user": {By: "idp-sync", At: at("2026-03-02")}, "osmo-vision": admin},
			Tokens: map[string]model.ObservedToken{
				"rollout": {Description: "Rollout", ExpiresAt: on("2027-03-01"), Roles: []string{"osmo-vision"}},
				"old":     {ExpiresAt: on("2026-08-01"), Roles: []string{"osmo-vision"}},
			},
		}},
	}
	m, _, err := importer.FromServer(seen, importer.Select{IDPrefixes: []string{"svc-"}}, importer.Options{Today: model.DateOf(day)})
	if err != nil {
		t.Fatal(err)
	}
	return string(m.YAML())
}
