package config

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

const (
	// leakedToken has the right form and a wrong checksum.
	leakedToken = "osmo_0123456789abcdefghijklmnopqrstuvABCDEF"
	leakedJWT   = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
)

// leakedForms are the ways in which a secret comes into a file.
func leakedForms() map[string]string {
	return map[string]string{
		"token": leakedToken, "capitals": "OSMO_" + leakedToken[5:], "base64": base64.StdEncoding.EncodeToString([]byte("token: " + leakedToken)),
		"percent": "osmo%5F" + leakedToken[5:], "in a URL": "https://x.example/?t=" + url.QueryEscape(leakedToken) + "&x=y", "hex": fmt.Sprintf("%x", leakedToken),
		"glued": "x" + leakedToken + "x", "age": privateKey, "age in lower case": strings.ToLower(privateKey), "plugin": "AGE-PLUGIN-YUBIKEY-1QQPQQQQQQQQQQQQ", "JWT": leakedJWT,
		"PEM": "-----BEGIN PRIVATE KEY----- MC4CAQAwBQYDK2VwBCIEIHRva2Vu -----END PRIVATE KEY-----",
	}
}

// leakedPlaces are the places where a text may stand.
var leakedPlaces = map[string]string{
	"description of an account": "service_accounts: {a: {description: 'x %s'}}",
	"description of a role":     "roles: {a: {description: 'x %s', policies: [{actions: ['app:*'], resources: ['*']}]}}",
	"description of a token":    "service_accounts: {a: {roles: [osmo-user], tokens: {t: {description: '%s'}}}}",
	"label":                     "service_accounts: {a: {labels: {team: '%s'}}}",
	"key of a label":            "service_accounts: {a: {labels: {'%s': x}}}",
	"account":                   "service_accounts: {'%s': {}}",
	"token":                     "service_accounts: {a: {roles: [osmo-user], tokens: {'%s': {}}}}",
	"role":                      "roles: {'%s': {policies: [{actions: ['app:*'], resources: ['*']}]}}",
	"role of an account":        "service_accounts: {a: {roles: ['%s']}}",
	"recipient":                 "service_accounts: {a: {roles: [osmo-user], tokens: {t: {recipients: ['%s']}}}}",
	"resource":                  "roles: {a: {policies: [{actions: ['app:*'], resources: ['pool/%s']}]}}",
	"action":                    "roles: {a: {policies: [{actions: ['%s'], resources: ['*']}]}}",
	"external role":             "roles: {a: {external_roles: ['%s'], policies: [{actions: ['app:*'], resources: ['*']}]}}",
	"unknown key":               "service_accounts: {a: {'%s': x}}",
	"top key":                   "'%s': {}",
	"date":                      "service_accounts: {a: {roles: [osmo-user], tokens: {t: {expires_at: '%s'}}}}",
	"comment":                   "service_accounts: {a: {}} # %s",
	"line of comment":           "# é %s\nservice_accounts: {a: {}}",
	"what is not YAML":          "service_accounts: [}\n%s",
	"anchor":                    "service_accounts: &%s {a: {}}",
	"tag":                       "service_accounts: !%s {a: {}}",
	"second document":           "service_accounts: {a: {}}\n---\n'%s'",
	"merge conflict":            "<<<<<<< %s\nservice_accounts: {a: {}}",
}

func TestLeakedSecretsAreErrors(t *testing.T) {
	t.Parallel()
	for form, leak := range leakedForms() {
		for place, text := range leakedPlaces {
			checkLeaked(t, form+" as "+place, testProject(projectYAML, fmt.Sprintf(text, leak)), leak)
		}
		for place, text := range map[string]string{
			"recipient": "recipients: {'%s': %s}", "key": "recipients: {x: '%s'}", "branch": "git: {state_branch: '%s'}", "remote": "git: {push: '%s'}",
			"pattern": "guardrails: {account_name: '%s'}", "comment": "# %s", "default": "defaults: {recipients: ['%s']}",
		} {
			text = strings.ReplaceAll(text, "%s", leak)
			checkLeaked(t, form+" as "+place+" of the project", testProject("version: 1\n"+text, "service_accounts: {a: {}}"), leak)
		}
		if !strings.Contains(leak, "/") {
			for _, name := range []string{"manifests/" + leak + ".yaml", "manifests/" + leak + "/x.yaml", "manifests/" + leak + ".YAML", "manifests/." + leak + ".yml", "manifests/" + leak} {
				files := testProject(projectYAML, "service_accounts: {a: {}}")
				files[name] = &fstest.MapFile{Data: []byte("service_accounts: {b: {}}")}
				checkLeaked(t, form+" as file "+name, files, "")
			}
		}
	}
}

// checkLeaked requires an error that says so, and no word of the secret in any.
// The name of a file is for the view to mask: tools have to find the file.
func checkLeaked(t *testing.T, what string, files fstest.MapFS, leak string) {
	t.Helper()
	want, list := Load(files, Options{})
	found := 0
	for _, d := range list {
		if d.Code == codeLeakedSecret || d.Code == codePrivateKey {
			found++
			if d.Severity != diag.Error || d.Hint == "" || d.Pos.File == "" {
				t.Errorf("%s: %+v", what, d)
			}
		}
		texts := d.Summary + d.Hint + d.Source
		for _, r := range d.Related {
			texts += r.Message
		}
		if leak != "" && strings.Contains(strings.ToLower(texts), strings.ToLower(leak[len(leak)/2:len(leak)/2+12])) {
			t.Errorf("%s: it is repeated: %+v", what, d)
		}
	}
	if want != nil || found == 0 {
		t.Errorf("%s: %d problems say so, of %q", what, found, briefs(list))
	}
}

// A value that stands in the text in pieces is found where it is put together.
func TestLeakedSecretInPieces(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"escape":          `service_accounts: {a: {description: "\x6fsmo_` + leakedToken[5:] + `"}}`,
		"escaped newline": "service_accounts:\n  a:\n    description: \"osmo_0123456789\\\n      " + leakedToken[15:] + "\"\n",
		"two quotes":      "service_accounts: {a: {description: '-----BEGIN ''x'' PRIVATE KEY-----', labels: {a: \"" + `\u0065yJ` + leakedJWT[3:] + "\"}}}",
	} {
		checkLeaked(t, name, testProject(projectYAML, text), leakedToken)
	}
}

func TestLeakedSecretsAreCounted(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 2 * maxProblems
	}
	for _, text := range []string{strings.Repeat("# "+leakedToken+"\n", n), strings.Repeat(leakedToken+" ", n)} {
		_, list := Load(testProject(projectYAML, text), Options{})
		if len(list) > maxProblems+1 || list[len(list)-1].Code != codeTooManyProblems {
			t.Errorf("%d problems, the last %+v", len(list), list[len(list)-1])
		}
	}
}

// Words that only resemble a secret are free to be used.
func TestWhatIsNoSecret(t *testing.T) {
	t.Parallel()
	text := "# age-plugin-yubikey, AGE-SECRET-KEY-1..., osmo_*, the private key is in the vault, eyJ...\nservice_accounts:\n  osmo_backend_operator:\n    description: " +
		"The private key of age-plugin-yubikey; osmo_ and 38 characters; 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
	if _, list := Load(testProject(projectYAML, text), Options{}); list.HasErrors() {
		t.Errorf("%q", briefs(list))
	}
}
