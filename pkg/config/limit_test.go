package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// few is limits that a test can exceed.
var few = model.Limits{
	Files: 10, Megabytes: 1, Roles: 3, Accounts: 3, Tokens: 4, AccountTokens: 2, AccountRoles: 2,
	RolePolicies: 2, PolicyActions: 2, PolicyResources: 2, ExternalRoles: 2, Labels: 2,
}

// list writes n items as a flow list, entries as a flow map.
func list(form string, n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(form, i)
	}
	return strings.Join(items, ", ")
}

// TestLimits holds that every limit is taken at its number, refused above it,
// and names that number and how an operator raises it.
func TestLimits(t *testing.T) {
	t.Parallel()
	const policy = "roles: {r: {policies: [{actions: [%s], resources: [%s]}]}}\n"
	tests := []struct {
		name  string
		limit int
		text  func(n int) string
	}{
		{"roles", 3, func(n int) string { return "roles: {" + list("r%d: {policies: []}", n) + "}\n" }},
		{"accounts", 3, func(n int) string { return "service_accounts: {" + list("a%d: {}", n) + "}\n" }},
		{"account_roles", 2, func(n int) string {
			return "roles: {" + list("r%d: {policies: []}", 3) + "}\nservice_accounts: {a: {roles: [" + list("r%d", n) + "]}}\n"
		}},
		{"account_roles", 2, func(n int) string {
			return "service_accounts: {a: {roles: [osmo-user, osmo-admin], tokens: {t: {roles: [osmo-user, osmo-admin" + strings.Repeat(", x", n-2) + "]}}}}\n"
		}},
		{"account_tokens", 2, func(n int) string {
			return "service_accounts: {a: {roles: [osmo-user], tokens: {" + list("t%d: {}", n) + "}}}\n"
		}},
		{"account_tokens", 2, func(n int) string {
			return "service_accounts: {a: {roles: [osmo-user], tokens: {t: {previously: [" + list("o%d", n) + "]}}}}\n"
		}},
		{"labels", 2, func(n int) string { return "service_accounts: {a: {labels: {" + list("l%d: x", n) + "}}}\n" }},
		{"role_policies", 2, func(n int) string {
			return "roles: {r: {policies: [" + list(`{actions: ["p%d:List"], resources: [x]}`, n) + "]}}\n"
		}},
		{"policy_actions", 2, func(n int) string { return fmt.Sprintf(policy, list(`"s:A%d"`, n), "x") }},
		{"policy_resources", 2, func(n int) string { return fmt.Sprintf(policy, "pool:List", list("pool/%d", n)) }},
		{"external_roles", 2, func(n int) string {
			return "roles: {r: {policies: [], external_roles: [" + list("x%d", n) + "]}}\n"
		}},
	}
	for i, test := range tests {
		t.Run(fmt.Sprint(i, test.name), func(t *testing.T) {
			t.Parallel()
			if got := tooMany(test.text(test.limit)); got != "" {
				t.Errorf("at the limit: %s", got)
			}
			got := tooMany(test.text(test.limit + 1))
			if !strings.Contains(got, fmt.Sprintf("%d", test.limit+1)) || !strings.Contains(got, fmt.Sprintf("the limit is %d", test.limit)) ||
				!strings.Contains(got, model.LimitsVariable+"="+test.name+"=") {
				t.Errorf("above the limit: %q", got)
			}
		})
	}
}

// tooMany returns the problem about a limit, with its hint.
func tooMany(manifests ...string) string {
	fsys := fstest.MapFS{ProjectFile: {Data: []byte(projectYAML)}}
	for i, text := range manifests {
		fsys[fmt.Sprintf("%s/%02d.yaml", ManifestDir, i)] = &fstest.MapFile{Data: []byte(text)}
	}
	_, problems := Load(fsys, Options{Today: benchDay, Limits: few})
	for _, d := range problems {
		if d.Code == codeTooMany {
			return d.Summary + "; " + d.Hint
		}
	}
	return ""
}

// TestLimitsOverFiles holds that splitting a project into files gets around no
// limit, and that nothing else is said of what was then not read.
func TestLimitsOverFiles(t *testing.T) {
	t.Parallel()
	account := func(i int) string {
		return fmt.Sprintf("service_accounts: {a%d: {roles: [r], tokens: {t: {}, u: {}}}}\n", i)
	}
	for name, files := range map[string][]string{
		"roles":    {"roles: {a: {policies: []}, b: {policies: []}}\n", "roles: {c: {policies: []}, d: {policies: []}}\n"},
		"accounts": {"service_accounts: {a: {}, b: {}}\n", "service_accounts: {c: {}, d: {}}\n"},
		"tokens":   {account(0), account(1), account(2), "roles: {r: {policies: []}}\n"},
	} {
		if got := tooMany(files...); !strings.Contains(got, model.LimitsVariable+"="+name+"=") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestLongTexts holds that a value as long as its file costs no more than a short
// one, however often it is repeated, and is not repeated whole.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	for name, text := range map[string]string{
		"role of a token":  "service_accounts: {a: {roles: [" + long + "a], tokens: {t: {roles: [" + long + "b, " + long + "c]}}}}\n",
		"name":             "service_accounts: {" + long + ": {roles: [a, b, c]}}\n",
		"key":              "service_accounts: {a: {" + long + ": 1}}\n",
		"action":           "roles: {r: {policies: [{actions: [\"" + long + ":List\"], resources: [\"*\"]}]}}\n",
		"resource":         "roles: {r: {policies: [{actions: [pool:List], resources: [" + long + "]}]}}\n",
		"label":            "service_accounts: {a: {labels: {" + long + ": " + long + "}}}\n",
		"recipient":        "service_accounts: {a: {roles: [osmo-user], tokens: {t: {recipients: [" + long + "]}}}}\n",
		"earlier name":     "service_accounts: {a: {roles: [osmo-user], tokens: {t: {previously: [" + long + "]}}}}\n",
		"rhythm":           "service_accounts: {a: {roles: [osmo-user], tokens: {t: {expires_in: " + long + "}}}}\n",
		"effect and modes": "roles: {r: {sync_mode: " + long + ", policies: [{effect: " + long + ", actions: [pool:List], resources: [x]}]}}\n",
	} {
		_, problems := Load(testProject(projectYAML, text), Options{Today: benchDay})
		if len(problems) == 0 {
			t.Errorf("%s: no problem", name)
		}
		for _, d := range problems {
			if shown := len(d.Summary) + len(d.Hint) + len(d.Source); shown > 4*maxSummary {
				t.Errorf("%s: %d bytes are shown", name, shown)
			}
		}
	}
}

// TestLongNamesOfRecipients is TestLongTexts for the project file.
func TestLongNamesOfRecipients(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("x", 100_000)+"a", strings.Repeat("x", 100_000)+"b"
	text := "version: 1\nrecipients:\n  " + a + ": " + b + "\n  " + b + ": [" + a + ", " + a + "c]\n"
	_, problems := Load(testProject(text, "roles: {}\n"), Options{})
	for _, d := range problems {
		if len(d.Summary)+len(d.Hint) > 4*maxSummary {
			t.Errorf("%s: %d bytes", d.Code, len(d.Summary)+len(d.Hint))
		}
	}
	if !problems.HasErrors() {
		t.Error("no problem was found")
	}
}

// TestHintsHaveOneBudget holds that a flood of unknown names among very many
// known ones gets hints for the first of them only, and the same each time.
func TestHintsHaveOneBudget(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("roles:\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "  r%05d: {policies: []}\n", i)
	}
	b.WriteString("service_accounts:\n")
	for i := range 900 {
		fmt.Fprintf(&b, "  a%d: {roles: [r%05dx]}\n", i, i)
	}
	load := func() (hints int) {
		_, problems := Load(testProject(projectYAML, b.String()), Options{Today: benchDay})
		for _, d := range problems {
			if strings.HasPrefix(d.Hint, "did you mean") {
				hints++
			}
		}
		return hints
	}
	first := load()
	if first == 0 || first > 200 {
		t.Errorf("%d hints", first)
	}
	if again := load(); again != first {
		t.Errorf("%d hints, and then %d", first, again)
	}
}

// TestNestedGroups holds that names which stand for all names before them cost
// their number, and that a name for more keys than a token is sealed to is
// refused with that number.
func TestNestedGroups(t *testing.T) {
	t.Parallel()
	nested := func(keys int) string {
		var b strings.Builder
		b.WriteString("version: 1\nrecipients:\n  k0000: [" + strings.Join(publicKeys(t, keys), ", ") + "]\n")
		names := []string{"k0000"}
		for i := range 300 {
			name := fmt.Sprintf("n%04d", i)
			b.WriteString("  " + name + ": [" + strings.Join(names, ", ") + "]\n")
			names = append(names, name)
		}
		b.WriteString("defaults: {recipients: [n0299], token: {expires_in: 90d}}\n")
		return b.String()
	}
	text := "service_accounts: {a: {roles: [osmo-user], tokens: {t: {}}}}\n"
	want := mustLoad(t, testProject(nested(maxReaders), text))
	if got := len(want.Accounts["a"].Tokens["t"].Readers); got != maxReaders {
		t.Errorf("the token has %d readers", got)
	}
	_, problems := Load(testProject(nested(maxReaders+1), text), Options{Today: benchDay})
	if first := problems[0]; first.Code != codeTooManyRecipients || !strings.Contains(first.Summary, "100 keys") {
		t.Errorf("got %v", first)
	}
}

func publicKeys(t *testing.T, n int) []string {
	t.Helper()
	keys := make([]string, n)
	for i := range keys {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = id.Recipient().String()
	}
	return keys
}

// TestFolders holds that folders are followed to a depth and a number: a commit
// can name one folder many times over.
func TestFolders(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"deep":    ManifestDir + strings.Repeat("/d", maxFolders+1) + "/a.yaml",
		"shallow": ManifestDir + strings.Repeat("/d", maxFolders) + "/a.yaml",
	} {
		fsys := fstest.MapFS{ProjectFile: {Data: []byte(projectYAML)}, path: {Data: []byte("roles: {r: {policies: []}}\n")}}
		_, problems := Load(fsys, Options{})
		if got := problems.HasErrors(); got != (name == "deep") {
			t.Errorf("%s: %v", name, problems)
		}
	}
	many := fstest.MapFS{ProjectFile: {Data: []byte(projectYAML)}}
	for i := range maxStrangers + 1 {
		many[fmt.Sprintf("%s/%06d.txt", ManifestDir, i)] = &fstest.MapFile{}
	}
	_, problems := Load(many, Options{})
	if len(problems.Errors()) != 1 || problems.Errors()[0].Code != codeTooManyFiles {
		t.Errorf("strangers: %v", problems)
	}
}
