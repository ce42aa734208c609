package cli_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/internal/helm"
	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// TestHelmInDocs holds the example in docs/helm.md to what the commands make of it.
func TestHelmInDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/helm.md"
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	manifest := importValues(t, []byte(block(string(before), "yaml values")))
	want, problems := config.Load(fstest.MapFS{
		"osmoctl.yaml":         {Data: []byte("version: 1\n")},
		"manifests/roles.yaml": {Data: manifest},
	}, config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	fragment := helm.Write(want.Roles, helm.ChartOSMO)
	after := withBlock(withBlock(string(before), "yaml manifest", string(manifest)), "yaml fragment", string(fragment))
	if *update {
		if err := os.WriteFile(path, []byte(after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if after != string(before) || !strings.Contains(after, "osmo-ml-team:\n") {
		t.Error("docs/helm.md is not up to date: go test ./internal/cli -run TestHelmInDocs -update")
	}
}

func importValues(t *testing.T, values []byte) []byte {
	t.Helper()
	rules := access.RulesOf(model.Server{Mode: model.ModeConfigMap})[0]
	found, problems := helm.Read("values.yaml", values, helm.Options{Rules: rules})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return importer.FromValues(found).YAML()
}

// block is the content of the only fenced block of a language.
func block(text, language string) string {
	_, rest, _ := strings.Cut(text, "```"+language+"\n")
	content, _, _ := strings.Cut(rest, "```\n")
	return content
}
