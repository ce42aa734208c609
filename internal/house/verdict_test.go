package house

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/pkg/config"
)

const goodProject = `
version: 1
recipients:
  ops: ` + otherKey + `
defaults:
  recipients: [ops]
  token: {expires_in: 90d}
`

// inForbid is the beginning of a project file with a rule about access.
const inForbid = "version: 1\nguardrails: {forbid: ["

// The beginnings of manifests, up to the object that a case is about.
const (
	inRole    = "roles:\n  r:\n    "
	inPolicy  = "roles:\n  r:\n    policies:\n      - "
	inAccount = "service_accounts:\n  a:\n    "
	inToken   = "service_accounts:\n  a:\n    roles: [osmo-user]\n    tokens:\n      t: "
)

// manifests are each accepted, or refused, by the schema and by config alike:
// what a schema can know is known to both.
var manifests = []struct {
	name, text string
	valid      bool
}{
	{"role", inRole + `{policies: [{actions: ["workflow:*"], resources: ["*"]}]}`, true},
	{"everything of a role", inRole + `{description: d, policies: [], external_roles: [], sync_mode: force, immutable: true}`, true},
	{"empty roles", "roles: {}", true},
	{"built-in role that says nothing", "roles:\n  osmo-admin:\n    policies: [{actions: ['*:*'], resources: ['*']}, {actions: [], resources: []}]", true},
	{"Deny", inPolicy + `{effect: Deny, actions: ["workflow:Exec"], resources: ["pool/x"]}`, true},
	{"account", inAccount + "{roles: [osmo-user]}", true},
	{"account without anything", inAccount + "{}", true},
	{"account without roles", inAccount + "{roles: []}", true},
	{"labels of any scalar", inAccount + "{labels: {team: x, cost-center: 4711, on-call: true, ratio: 1.5}}", true},
	{"number as description", inAccount + "{description: 42}", true},
	{"token", inToken + "{}", true},
	{"everything of a token", inToken + "{description: d, roles: [osmo-user], expires_in: 60d, rotate: {every: 30d, overlap: 0d}, generation: 2, recipients: [ops], previously: [old]}", true},
	{"date", inToken + "{expires_at: 2027-01-31}", true},
	{"quoted date", inToken + "{expires_at: '2027-01-31'}", true},
	{"longest names", inAccount[:len("service_accounts:\n  ")] + strings.Repeat("a", 128) + ": {}", true},
	{"name with everything", "service_accounts:\n  svc-ci_1.x@example.com: {}", true},
	{"almost a device", "service_accounts:\n  com0: {}\n  console: {}\n  lpt10: {}", true},
	{"no tokens and no roles", inAccount + "{tokens: {}}", true},

	{"nothing", "{}", false},
	{"a list", "[]", false},
	{"a text", "roles", false},
	{"unknown key", "rolls: {}", false},
	{"roles as a list", "roles: []", false},
	{"null", "roles:", false},
	{"null for an account", inAccount[:len(inAccount)-len("\n    ")], false},
	{"unknown key of a role", inRole + "{policies: [], name: r}", false},
	{"role without policies", inRole + "{description: d}", false},
	{"policies as a map", inRole + "{policies: {}}", false},
	{"sync mode", inRole + "{policies: [], sync_mode: Import}", false},
	{"immutable in words", inRole + "{policies: [], immutable: 'true'}", false},
	{"empty external role", inRole + "{policies: [], external_roles: ['']}", false},
	{"repeated external role", inRole + "{policies: [], external_roles: [a, a]}", false},
	{"role name", "roles:\n  -r: {policies: []}", false},
	{"role name with an at", "roles:\n  r@x: {policies: []}", false},
	{"effect", inPolicy + `{effect: deny, actions: ["workflow:Exec"], resources: ["*"]}`, false},
	{"policy without resources", inPolicy + `{actions: ["workflow:Exec"]}`, false},
	{"policy with empty resources", inPolicy + `{actions: ["workflow:Exec"], resources: []}`, false},
	{"policy without actions", inPolicy + `{resources: ["*"]}`, false},
	{"policy with empty actions", inPolicy + `{actions: [], resources: ["*"]}`, false},
	{"bare star", inPolicy + `{actions: ["*"], resources: ["*"]}`, false},
	{"action in lower case", inPolicy + `{actions: ["workflow:exec"], resources: ["*"]}`, false},
	{"half a pattern", inPolicy + `{actions: ["work*:Exec"], resources: ["*"]}`, false},
	{"repeated action", inPolicy + `{actions: ["pool:List", "pool:List"], resources: ["*"]}`, false},
	{"unknown key of a policy", inPolicy + `{actions: ["pool:List"], resource: ["*"]}`, false},
	{"account name", "service_accounts:\n  _a: {}", false},
	{"account name with a slash", "service_accounts:\n  a/b: {}", false},
	{"name that is too long", "service_accounts:\n  " + strings.Repeat("a", 129) + ": {}", false},
	{"device", "service_accounts:\n  Con: {}", false},
	{"device with an ending", "service_accounts:\n  lpt1.x: {}", false},
	{"unknown key of an account", inAccount + "{role: osmo-user}", false},
	{"roles as a text", inAccount + "{roles: osmo-user}", false},
	{"repeated role", inAccount + "{roles: [osmo-user, osmo-user]}", false},
	{"protect in words", inAccount + "{protect: yes}", false},
	{"label's key", inAccount + "{labels: {-x: y}}", false},
	{"label's length", inAccount + "{labels: {x: " + strings.Repeat("y", 64) + "}}", false},
	{"label's list", inAccount + "{labels: {x: [y]}}", false},
	{"tokens without roles", inAccount + "{tokens: {t: {}}}", false},
	{"tokens with empty roles", inAccount + "{roles: [], tokens: {t: {}}}", false},
	{"token name", strings.Replace(inToken, "t: ", "1t: ", 1) + "{}", false},
	{"token name with a dot", strings.Replace(inToken, "t: ", "t.x: ", 1) + "{}", false},
	{"null token", inToken, false},
	{"unknown key of a token", inToken + "{rols: [osmo-user]}", false},
	{"empty roles of a token", inToken + "{roles: []}", false},
	{"both ends", inToken + "{expires_at: 2027-01-31, expires_in: 90d}", false},
	{"short date", inToken + "{expires_at: 2027-1-31}", false},
	{"day that is not", inToken + "{expires_at: 2027-02-29}", false},
	{"month that is not", inToken + "{expires_at: 2027-13-01}", false},
	{"date and time", inToken + "{expires_at: 2027-01-31T00:00:00Z}", false},
	{"old date", inToken + "{expires_at: 1999-12-31}", false},
	{"no days", inToken + "{expires_in: 0d}", false},
	{"negative days", inToken + "{expires_in: -1d}", false},
	{"hours", inToken + "{expires_in: 90h}", false},
	{"a number for days", inToken + "{expires_in: 90}", false},
	{"leading zero", inToken + "{expires_in: 09d}", false},
	{"absurd days", inToken + "{expires_in: 3653d}", false},
	{"unknown key of rotate", inToken + "{rotate: {each: 30d}}", false},
	{"every of nothing", inToken + "{rotate: {every: 0d}}", false},
	{"generation 0", inToken + "{generation: 0}", false},
	{"generation in quotes", inToken + "{generation: '2'}", false},
	{"half a generation", inToken + "{generation: 1.5}", false},
	{"no recipients", inToken + "{recipients: []}", false},
	{"key as a recipient", inToken + "{recipients: [" + otherKey + "]}", false},
	{"repeated recipient", inToken + "{recipients: [ops, ops]}", false},
	{"previous name", inToken + "{previously: [1old]}", false},
	{"no previous names", inToken + "{previously: []}", false},
}

func TestManifestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range manifests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			problems := loadText(goodProject, c.text)
			bySchema := validateYAML(t, "manifest", []byte(c.text))
			if got := bySchema == nil; got != c.valid {
				t.Errorf("by the schema valid is %v, want %v: %v", got, c.valid, bySchema)
			}
			if got := problems == ""; got != c.valid {
				t.Errorf("by config valid is %v, want %v: %s", got, c.valid, problems)
			}
		})
	}
}

const otherSSHKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAION33FcFLoI5RN2ai8ZpaZI+cralc4EDFRUmfy+UWeBG"

var projectFiles = []struct {
	name, text string
	valid      bool
}{
	{"the least", "version: 1", true},
	{"keys, names and lists", "version: 1\nrecipients: {a: " + otherKey + ", b: " + otherSSHKey + ", c: [a, b], d: c}", true},
	{"SSH key with a comment", "version: 1\nrecipients: {b: " + otherSSHKey + " bob@example.com}", true},
	{"keys in a list", "version: 1\nrecipients: {a: [" + otherKey + ", " + otherSSHKey + "]}", true},
	{"defaults", "version: 1\nrecipients: {a: " + otherKey + "}\ndefaults: {recipients: [a], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}", true},
	{"empty sections", "version: 1\nrecipients: {}\ndefaults: {token: {}}\nguardrails: {}\ngit: {}", true},
	{"guardrails", "version: 1\nrecipients: {a: " + otherKey + "}\nguardrails: {max_token_lifetime: 365d, require_token_roles: true, account_name: 'svc-.*', min_recipients: 1, required_recipients: [a], max_new_readers: 0, max_deletes: {count: 3, percent: 20}, max_rotations: {percent: 100}, max_administrators: 0}", true},
	{"fewer administrators than none", "version: 1\nguardrails: {max_administrators: -1}", false},
	{"git", "version: 1\ngit: {push: origin, branch: release/2.0, state_branch: osmoctl-state}", true},
	{"backend", "version: 1\nbackend: {kind: local}", true},
	{"server", "version: 1\nbackend: {kind: osmo, url: 'https://osmo.example.com', owns: ['account/svc-*', role/team-a]}", true},

	{"no version", "git: {}", false},
	{"a version to come", "version: 2", false},
	{"version in quotes", "version: '1'", false},
	{"unknown key", "version: 1\nrecipient: {}", false},
	{"damaged key", "version: 1\nrecipients: {a: age1}", false},
	{"private key", "version: 1\nrecipients: {a: AGE-SECRET-KEY-1QQQQ}", false},
	{"recipient's name like a key", "version: 1\nrecipients: {age1x: " + otherKey + "}", false},
	{"recipient's name", "version: 1\nrecipients: {a b: " + otherKey + "}", false},
	{"recipient as a map", "version: 1\nrecipients: {a: {key: " + otherKey + "}}", false},
	{"no key", "version: 1\nrecipients: {a: []}", false},
	{"empty key", "version: 1\nrecipients: {a: ''}", false},
	{"ECDSA", "version: 1\nrecipients: {a: ecdsa-sha2-nistp256 AAAA}", false},
	{"no default recipients", "version: 1\ndefaults: {recipients: []}", false},
	{"date as a default", "version: 1\ndefaults: {token: {expires_at: 2027-01-01}}", false},
	{"unknown default", "version: 1\ndefaults: {tokens: {}}", false},
	{"unknown guardrail", "version: 1\nguardrails: {max_deletions: 3}", false},
	{"limit as a number", "version: 1\nguardrails: {max_deletes: 3}", false},
	{"empty limit", "version: 1\nguardrails: {max_deletes: {}}", false},
	{"more than everything", "version: 1\nguardrails: {max_deletes: {percent: 101}}", false},
	{"no recipients at least", "version: 1\nguardrails: {min_recipients: 0}", false},
	{"empty pattern", "version: 1\nguardrails: {account_name: ''}", false},
	{"URL as a remote", "version: 1\ngit: {push: 'https://example.com/x.git'}", false},
	{"flag as a remote", "version: 1\ngit: {push: --force}", false},
	{"locked remote", "version: 1\ngit: {push: a.lock}", false},
	{"branch with dots", "version: 1\ngit: {branch: a..b}", false},
	{"branch with a blank", "version: 1\ngit: {branch: a b}", false},
	{"hidden branch", "version: 1\ngit: {branch: a/.b}", false},
	{"locked branch", "version: 1\ngit: {branch: a.lock}", false},
	{"branch in a locked directory", "version: 1\ngit: {branch: a.lock/b}", false},
	{"branch that ends in a slash", "version: 1\ngit: {branch: a/}", false},
	{"branch with a reflog", "version: 1\ngit: {branch: 'a@{b'}", false},
	{"HEAD", "version: 1\ngit: {branch: HEAD}", false},
	{"rule", inForbid + "{name: a, actions: ['*:*'], reason: r}]}", true},
	{"everything of a rule", inForbid + "{name: a.b-c, subjects: {accounts: [svc-*, bob, '*'], labels: {team: ml, n: 1}}, actions: [workflow:Exec, 'auth:*'], resources: [pool/prod, '*'], reason: r, except: [{subjects: [account/svc-x, token/a/t, account/a@b.c], owner: o, reason: r, until: 2027-03-01}]}]}", true},
	{"no rules", "version: 1\nguardrails: {forbid: []}", true},
	{"rule without a name", inForbid + "{actions: ['*:*'], reason: r}]}", false},
	{"rule without actions", inForbid + "{name: a, reason: r}]}", false},
	{"rule without a reason", inForbid + "{name: a, actions: ['*:*']}]}", false},
	{"rule about nothing", inForbid + "{name: a, actions: [], reason: r}]}", false},
	{"rule for nowhere", inForbid + "{name: a, actions: ['*:*'], resources: [], reason: r}]}", false},
	{"rule about nobody", inForbid + "{name: a, subjects: {accounts: []}, actions: ['*:*'], reason: r}]}", false},
	{"rule with an asterisk inside", inForbid + "{name: a, subjects: {accounts: ['s*c']}, actions: ['*:*'], reason: r}]}", false},
	{"rule with a bad name", inForbid + "{name: 'a b', actions: ['*:*'], reason: r}]}", false},
	{"unknown key of a rule", inForbid + "{name: a, actions: ['*:*'], reason: r, roles: [x]}]}", false},
	{"exception without an owner", inForbid + "{name: a, actions: ['*:*'], reason: r, except: [{subjects: [account/a], reason: r, until: 2027-03-01}]}]}", false},
	{"exception without an end", inForbid + "{name: a, actions: ['*:*'], reason: r, except: [{subjects: [account/a], owner: o, reason: r}]}]}", false},
	{"exception for nobody", inForbid + "{name: a, actions: ['*:*'], reason: r, except: [{subjects: [], owner: o, reason: r, until: 2027-03-01}]}]}", false},
	{"exception for a role", inForbid + "{name: a, actions: ['*:*'], reason: r, except: [{subjects: [role/a], owner: o, reason: r, until: 2027-03-01}]}]}", false},
	{"exception for a generation", inForbid + "{name: a, actions: ['*:*'], reason: r, except: [{subjects: [token/a/t@2], owner: o, reason: r, until: 2027-03-01}]}]}", false},
	{"exception until some time", inForbid + "{name: a, actions: ['*:*'], reason: r, except: [{subjects: [account/a], owner: o, reason: r, until: soon}]}]}", false},
	{"backend without a kind", "version: 1\nbackend: {}", false},
	{"server without an address", "version: 1\nbackend: {kind: osmo}", false},
	{"server with a path", "version: 1\nbackend: {kind: osmo, url: 'https://osmo.example.com/api'}", false},
	{"local backend with an address", "version: 1\nbackend: {kind: local, url: 'https://osmo.example.com'}", false},
	{"pattern of tokens", "version: 1\nbackend: {kind: osmo, url: 'https://osmo.example.com', owns: [token/a/b]}", false},
}

func TestProjectVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range projectFiles {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			problems := loadText(c.text, "service_accounts: {}")
			bySchema := validateYAML(t, "project", []byte(c.text))
			if got := bySchema == nil; got != c.valid {
				t.Errorf("by the schema valid is %v, want %v: %v", got, c.valid, bySchema)
			}
			if got := problems == ""; got != c.valid {
				t.Errorf("by config valid is %v, want %v: %s", got, c.valid, problems)
			}
		})
	}
}

// approvals are files of approvals.
var approvals = []struct {
	name, text string
	valid      bool
}{
	{"none", "approvals: []", true},
	{"one", "approvals: [{plan: " + planDigest + ", allow: --allow-deletes 7, reason: x}]", true},
	{"without a value", "approvals: [{plan: " + planDigest + ", allow: --allow-empty, reason: x}]", true},
	{"nothing", "{}", false},
	{"a map", "approvals: {}", false},
	{"unknown key", "approvals: []\napprove: []", false},
	{"unknown key of an approval", "approvals: [{plan: " + planDigest + ", allow: --allow-empty, reason: x, by: me}]", false},
	{"without a plan", "approvals: [{allow: --allow-empty, reason: x}]", false},
	{"without a flag", "approvals: [{plan: " + planDigest + ", reason: x}]", false},
	{"without a reason", "approvals: [{plan: " + planDigest + ", allow: --allow-empty}]", false},
	{"with an empty reason", "approvals: [{plan: " + planDigest + ", allow: --allow-empty, reason: ''}]", false},
	{"short digest", "approvals: [{plan: 'sha256:01', allow: --allow-empty, reason: x}]", false},
	{"another flag", "approvals: [{plan: " + planDigest + ", allow: --accept-state abc, reason: x}]", false},
	{"too many", "approvals: [" + strings.Repeat("{plan: "+planDigest+", allow: --allow-empty, reason: x},", 101) + "]", false},
}

const planDigest = "'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'"

func TestApprovalVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range approvals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := config.Load(fstest.MapFS{
				"osmoctl.yaml":       {Data: []byte(goodProject)},
				"manifests/one.yaml": {Data: []byte("service_accounts: {}")},
				config.ApprovalsFile: {Data: []byte(c.text)},
			}, config.Options{Today: today})
			bySchema := validateYAML(t, "approvals", []byte(c.text))
			if got := bySchema == nil; got != c.valid {
				t.Errorf("by the schema valid is %v, want %v: %v", got, c.valid, bySchema)
			}
			if got := !problems.HasErrors(); got != c.valid {
				t.Errorf("by config valid is %v, want %v: %v", got, c.valid, problems)
			}
		})
	}
}

// loadText reads a project of one manifest and returns its errors.
func loadText(project, manifest string) string {
	_, problems := config.Load(fstest.MapFS{
		"osmoctl.yaml":       {Data: []byte(project)},
		"manifests/one.yaml": {Data: []byte(manifest)},
	}, config.Options{Today: today})
	if !problems.HasErrors() {
		return ""
	}
	return problems.Error()
}
