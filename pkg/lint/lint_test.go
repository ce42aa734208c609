package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/lint"
)

// projectYAML is a project for a server of some kind, such as "6.4", mode: database.
const projectYAML = `version: 1
recipients:
  alice: age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj
defaults:
  recipients: [alice]
  token: {expires_in: 90d}
osmo: {version: %s}
`

const (
	database  = `"6.4", mode: database`
	configMap = `"6.4", mode: configmap`
	anyMode   = `"6.4"`
	earlier   = `"6.3", mode: database`
)

// run lints one manifest.
func run(t *testing.T, server, manifest string) lint.Result {
	t.Helper()
	d, found := config.Load(fstest.MapFS{
		"osmoctl.yaml":     &fstest.MapFile{Data: fmt.Appendf(nil, projectYAML, server)},
		"manifests/m.yaml": &fstest.MapFile{Data: []byte(manifest)},
	}, config.Options{})
	if d == nil {
		t.Fatalf("%v in\n%s", found, manifest)
	}
	return lint.Run(d, found)
}

// brief is a finding as the tables write it.
func brief(d diag.Diagnostic) string {
	return fmt.Sprintf("%s %d:%d", d.Code, d.Pos.Line, d.Pos.Column)
}

func briefs(list diag.List) (out []string) {
	for _, d := range list {
		out = append(out, brief(d))
	}
	return out
}

// held is a manifest of one role that an account holds. Its statements stand on lines of
// their own, from the 4th on.
func held(statements ...string) string {
	return "roles:\n  team-r:\n    policies:\n      - " + strings.Join(statements, "\n      - ") + holder
}

// named is held with more said of the role, on the 4th line.
func named(more string, statements ...string) string {
	return "roles:\n  team-r:\n    policies:\n      - " + strings.Join(statements, "\n      - ") + "\n    " + more + holder
}

const holder = "\nservice_accounts:\n  svc-a: {roles: [team-r], tokens: {}}\n"

// cases has, for each rule, what it finds and what it does not. Only findings of the
// rule itself are compared.
var cases = []struct {
	code, name, server, manifest string
	// want are the places.
	want []string
	// says is a part of the first finding's summary.
	says string
}{
	{"action_without_effect", "everybody has it", anyMode, held(`{actions: [workflow:Read, profile:*], resources: [pool/*]}`), []string{"4:35"}, "allowed to everybody"},
	{"action_without_effect", "a wildcard has it", anyMode, held(`{actions: [app:Read, "app:*"], resources: ["*"]}`), []string{"4:20"}, `"app:Read"`},
	{"action_without_effect", "another statement has it", anyMode, held(`{actions: [app:Read, app:Create], resources: ["*"]}`, `{actions: [app:Create, app:Update], resources: ["*"]}`), []string{"5:20"}, ""},
	{"action_without_effect", "in one mode it does something", anyMode, held(`{actions: [app:Read, auth:Token], resources: ["*"]}`), nil, ""},
	{"action_without_effect", "in the other it does not", configMap, held(`{actions: [app:Read, auth:Token], resources: ["*"]}`), []string{"4:30"}, ""},
	{"action_without_effect", "a Deny", anyMode, held(`{actions: [app:Read], resources: ["*"]}`, `{effect: Deny, actions: [config:Update, "config:*"], resources: ["*"]}`), []string{"5:34"}, "refuses it"},
	{"action_without_effect", "a Deny of what the role lacks", anyMode, held(`{actions: [app:Read], resources: ["*"]}`, `{effect: Deny, actions: [config:Update, app:Delete], resources: ["*"]}`), nil, ""},

	{"admin_wildcard", "on everything", anyMode, held(`{actions: [app:Read, "*:*"], resources: ["*"]}`), []string{"4:30"}, "makes an administrator of whoever holds"},
	{"admin_wildcard", "on a pool that is not there", anyMode, held(`{actions: ["*:*"], resources: [pool/none]}`), []string{"4:20"}, ""},
	{"admin_wildcard", "taken away", anyMode, held(`{actions: ["*:*"], resources: ["*"]}`, `{effect: Deny, actions: ["*:*"], resources: ["*"]}`), nil, ""},
	{"admin_wildcard", "a service", anyMode, held(`{actions: ["workflow:*"], resources: ["*"]}`), nil, ""},

	{"becomes_somebody_else", "anybody", anyMode, held(`{actions: [app:Read, auth:Token], resources: ["*"]}`), []string{"4:30"}, "of any user"},
	{"becomes_somebody_else", "some", anyMode, held(`{actions: ["auth:*"], resources: [user/svc-*]}`), []string{"4:20"}, `of every user "svc-*"`},
	{"becomes_somebody_else", "one", anyMode, held(`{actions: [auth:Token], resources: [user/root]}`), []string{"4:20"}, `of the user "root"`},
	{"becomes_somebody_else", "oneself", anyMode, held(`{actions: [auth:Token], resources: [user/svc-a]}`), nil, ""},
	{"becomes_somebody_else", "one's own", anyMode, held(`{actions: [auth:Token], resources: [none]}`), nil, ""},
	{"becomes_somebody_else", "denied", anyMode, held(`{actions: ["auth:*"], resources: ["*"]}`, `{effect: Deny, actions: [auth:Token], resources: [user/*]}`), nil, ""},

	{"claim_is_role", "an administrator", anyMode, held(`{actions: ["*:*"], resources: ["*"]}`), []string{"2:3"}, `a claim of the name "team-r"`},
	{"claim_is_role", "in one mode", anyMode, held(`{actions: [auth:Token], resources: ["*"]}`), []string{"2:3"}, "in database mode "},
	{"claim_is_role", "meant", anyMode, named(`external_roles: [team-r]`, `{actions: ["*:*"], resources: ["*"]}`), nil, ""},
	{"claim_is_role", "heavy, and limited in vain", anyMode, named(`external_roles: []`, `{actions: ["workflow:*"], resources: ["*"]}`), []string{"2:3"}, ""},
	{"claim_is_role", "heavy", anyMode, held(`{actions: ["workflow:*"], resources: ["*"]}`), nil, ""},

	{"deny_beyond_scope", "what has no resource", anyMode, held(`{effect: Deny, actions: ["workflow:*"], resources: [pool/a]}`), []string{"4:34"}, "this Deny on \"pool/a\" refuses workflow:List everywhere, as no request of that kind has a resource; in ConfigMap mode it refuses workflow:Cancel"},
	{"deny_beyond_scope", "everything", anyMode, held(`{effect: Deny, actions: ["*:*"], resources: [pool/a]}`), []string{"4:34"}, "app:*"},
	{"deny_beyond_scope", "workflows of other pools", anyMode, held(`{effect: Deny, actions: [workflow:Exec], resources: [pool/a]}`), []string{"4:62"}, "in ConfigMap mode this Deny on \"pool/a\" refuses workflow:Exec for the workflows of every pool"},
	{"deny_beyond_scope", "with a database", database, held(`{effect: Deny, actions: [workflow:Exec], resources: [pool/a]}`), nil, ""},
	{"deny_beyond_scope", "submitting", anyMode, held(`{effect: Deny, actions: [workflow:Create], resources: [pool/a]}`), nil, ""},
	{"deny_beyond_scope", "every pool", anyMode, held(`{effect: Deny, actions: [workflow:Exec], resources: [pool/*]}`), nil, ""},
	{"deny_beyond_scope", "one's own tokens", anyMode, held(`{effect: Deny, actions: [auth:Token], resources: [none]}`), nil, ""},
	{"deny_beyond_scope", "an Allow", anyMode, held(`{actions: ["workflow:*"], resources: [pool/a]}`), nil, ""},

	{"deny_bypassed", "by name", anyMode, held(`{effect: Deny, actions: [app:Read, system:Version], resources: ["*"]}`), []string{"4:44"}, "system:Version"},
	{"deny_bypassed", "by service", anyMode, held(`{effect: Deny, actions: ["auth:*"], resources: ["*"]}`), []string{"4:34"}, "auth:Login and auth:Refresh"},
	{"deny_bypassed", "not asked any more", anyMode, held(`{effect: Deny, actions: [mcp:Access], resources: ["*"]}`), []string{"4:34"}, "newer releases"},
	{"deny_bypassed", "an Allow", anyMode, held(`{actions: [system:Version], resources: ["*"]}`), nil, ""},
	{"deny_bypassed", "everything", anyMode, held(`{effect: Deny, actions: ["*:*"], resources: ["*"]}`), nil, ""},

	{"deny_not_enforced", "a prefix", anyMode, held(`{effect: Deny, actions: [workflow:Exec], resources: [pool/a-*]}`), []string{"4:62"}, "in ConfigMap mode "},
	{"deny_not_enforced", "beside all", anyMode, held(`{effect: Deny, actions: [workflow:Exec], resources: [pool/a-*, pool/*]}`), nil, ""},
	{"deny_not_enforced", "submitting", anyMode, held(`{effect: Deny, actions: [workflow:Create], resources: [pool/a-*]}`), nil, ""},
	{"deny_not_enforced", "with a database", database, held(`{effect: Deny, actions: [workflow:Exec], resources: [pool/a-*]}`), nil, ""},

	{"description_untrue", "read-only", anyMode, named(`description: Read-only access`, `{actions: [workflow:Read, workflow:Cancel], resources: [pool/*]}`), []string{"2:3"}, "workflow:Cancel on pool/*"},
	{"description_untrue", "true", anyMode, named(`description: Read-only access`, `{actions: [workflow:Read, "*:List"], resources: ["*"]}`), nil, ""},
	{"description_untrue", "denied", anyMode, named(`description: A viewer`, `{actions: ["workflow:*"], resources: ["*"]}`, `{effect: Deny, actions: [workflow:Create, workflow:Update, workflow:Delete, workflow:Cancel, workflow:Exec, workflow:Rsync, workflow:PortForward], resources: ["*"]}`), nil, ""},
	{"description_untrue", "said not to be", anyMode, named(`description: Not read-only`, `{actions: [app:Create], resources: ["*"]}`), nil, ""},
	{"description_untrue", "internal endpoints", anyMode, named(`description: All but for internal endpoints`, `{actions: ["*:*"], resources: ["*"]}`), []string{"2:3"}, "internal"},
	{"description_untrue", "by its name", anyMode, strings.ReplaceAll(held(`{actions: [app:Create], resources: ["*"]}`), "team-r", "app-viewer"), []string{"2:3"}, "only reads"},

	{"everybody_holds", "among others", anyMode, named(`external_roles: [team, osmo-default]`, `{actions: [app:Create], resources: ["*"]}`), []string{"2:3"}, "everybody who logs in"},
	{"everybody_holds", "a group", anyMode, named(`external_roles: [team]`, `{actions: [app:Create], resources: ["*"]}`), nil, ""},

	{"incomplete_task", "rsync by a prefix", anyMode, held(`{actions: [workflow:Read, workflow:Rsync], resources: [pool/a-*]}`), []string{"4:35"}, "in database mode the task rsync"},
	{"incomplete_task", "rsync denied elsewhere", database, held(`{actions: ["workflow:*"], resources: [pool/a, pool/b]}`, `{effect: Deny, actions: [workflow:Rsync], resources: [pool/b]}`), []string{"4:20"}, ""},
	{"incomplete_task", "rsync by a name", anyMode, held(`{actions: [workflow:Rsync], resources: [pool/a]}`), nil, ""},
	{"incomplete_task", "rsync, whole", anyMode, held(`{actions: [workflow:Rsync], resources: [pool/a-*, pool/*]}`), nil, ""},
	{"incomplete_task", "tagging", anyMode, named(`description: Tags workflows`, `{actions: [workflow:Update], resources: ["*"]}`), []string{"2:3"}, "has no action"},
	{"incomplete_task", "tagging by an administrator", anyMode, named(`description: Tags workflows`, `{actions: ["*:*"], resources: ["*"]}`), nil, ""},
	{"incomplete_task", "other tags", anyMode, named(`description: Tags images`, `{actions: [app:Read], resources: ["*"]}`), nil, ""},

	{"internal_without_backend", "by a role", anyMode, held(`{actions: ["internal:*"], resources: ["*"]}`), []string{"6:3"}, "internal:Logger"},
	{"internal_without_backend", "a backend", anyMode, strings.ReplaceAll(held(`{actions: ["internal:*"], resources: ["*"]}`), "[team-r]", "[team-r, osmo-backend]"), nil, ""},
	{"internal_without_backend", "an administrator", anyMode, held(`{actions: ["*:*"], resources: ["*"]}`), nil, ""},
	{"internal_without_backend", "denied", anyMode, held(`{actions: ["internal:*"], resources: ["*"]}`, `{effect: Deny, actions: ["internal:*"], resources: [backend/*]}`), nil, ""},

	{"pool_not_enforced", "a name", anyMode, held(`{actions: ["workflow:*"], resources: [pool/a]}`), []string{"4:47"}, "in ConfigMap mode workflow:Cancel"},
	{"pool_not_enforced", "one mode", configMap, held(`{actions: ["workflow:Exec"], resources: [pool/a-*, pool/a]}`), []string{"4:60"}, `workflow:Exec on "pool/a"`},
	{"pool_not_enforced", "with a database", database, held(`{actions: ["workflow:*"], resources: [pool/a]}`), nil, ""},
	{"pool_not_enforced", "submitting", anyMode, held(`{actions: [workflow:Create, workflow:List], resources: [pool/a]}`), nil, ""},
	{"pool_not_enforced", "beside all", anyMode, held(`{actions: ["workflow:*"], resources: [pool/a, "*"]}`), nil, ""},
	{"pool_not_enforced", "denied", anyMode, held(`{actions: [workflow:Create, workflow:Exec], resources: [pool/a]}`, `{effect: Deny, actions: [workflow:Exec], resources: [pool/*]}`), nil, ""},

	{"prefix_without_workflows", "a prefix", anyMode, held(`{actions: [workflow:Create, workflow:Exec], resources: [pool/a-*]}`), []string{"4:65"}, "in ConfigMap mode workflow:Exec"},
	{"prefix_without_workflows", "beside a name", anyMode, held(`{actions: [workflow:Create, workflow:Exec], resources: [pool/a-*, pool/b]}`), nil, ""},
	{"prefix_without_workflows", "submitting", anyMode, held(`{actions: [workflow:Create], resources: [pool/a-*]}`), nil, ""},
	{"prefix_without_workflows", "with a database", database, held(`{actions: [workflow:Exec], resources: [pool/a-*]}`), nil, ""},

	{"resources_without_effect", "another scope", anyMode, held(`{actions: [config:Read, pool:List], resources: [config/pool, pool/*]}`), []string{"4:70"}, `"pool/*" has no effect`},
	{"resources_without_effect", "no scope at all", anyMode, held(`{actions: [pool:List, app:Read], resources: [pool/a, pool/b]}`), []string{"4:54"}, "app:Read and pool:List have no resource"},
	{"resources_without_effect", "a Deny", anyMode, held(`{effect: Deny, actions: [pool:List], resources: [pool/a]}`), []string{"4:58"}, "refused everywhere"},
	{"resources_without_effect", "none", anyMode, held(`{actions: [auth:Token], resources: [none]}`), nil, ""},
	{"resources_without_effect", "all of it", anyMode, held(`{actions: [pool:List], resources: [pool/*]}`), nil, ""},
	{"resources_without_effect", "its own scope", anyMode, held(`{actions: [config:Read, workflow:Read], resources: [config/pool, pool/*]}`), nil, ""},

	{"rewrites_roles", "roles", anyMode, held(`{actions: [config:Read, config:Update], resources: [config/role]}`), []string{"4:33"}, "write \"*:*\" into a role"},
	{"rewrites_roles", "keys", anyMode, held(`{actions: [config:Update], resources: [config/s*]}`), []string{"4:20"}, "replace the keys"},
	{"rewrites_roles", "by verb", anyMode, held(`{actions: ["*:Update"], resources: ["*"]}`), []string{"4:20"}, ""},
	{"rewrites_roles", "another", anyMode, held(`{actions: [config:Update], resources: [config/pool]}`), nil, ""},
	{"rewrites_roles", "denied", anyMode, held(`{actions: [config:Update], resources: [config/*]}`, `{effect: Deny, actions: [config:Update], resources: [config/role, config/service]}`), nil, ""},

	{"role_merged_back", "narrowed", anyMode, narrowed, []string{"2:3"}, `in database mode the server adds back to "osmo-user"`},
	{"role_merged_back", "takes it as it is", configMap, narrowed, nil, ""},

	{"role_unheld", "nobody", anyMode, "roles:\n  r: {policies: [{actions: [app:Read], resources: [\"*\"]}]}\n", []string{"2:3"}, `"r"`},
	{"role_unheld", "a group", anyMode, "roles:\n  r: {policies: [{actions: [app:Read], resources: [\"*\"]}], external_roles: [g]}\n", nil, ""},
	{"role_unheld", "an account", anyMode, held(`{actions: [app:Read], resources: ["*"]}`), nil, ""},

	{"same_role", "otherwise written", anyMode, "roles:\n  a: {policies: [{actions: [app:Read, app:Create], resources: [\"*\"]}]}\n  b: {policies: [{actions: [app:Read], resources: [x]}, {actions: [app:Create], resources: [\"*\"]}]}\n", []string{"3:3"}, `"b" means the same as "a"`},
	{"same_role", "one Deny more", anyMode, "roles:\n  a: {policies: [{actions: [app:Read], resources: [\"*\"]}]}\n  b: {policies: [{actions: [app:Read], resources: [\"*\"]}, {effect: Deny, actions: [app:Create], resources: [\"*\"]}]}\n", nil, ""},
	{"same_role", "in one mode only", anyMode, "roles:\n  a: {policies: [{actions: [app:Read, workflow:Exec], resources: [pool/a-*]}]}\n  b: {policies: [{actions: [app:Read], resources: [\"*\"]}]}\n", nil, ""},
	{"same_role", "in that mode", configMap, "roles:\n  a: {policies: [{actions: [app:Read, workflow:Exec], resources: [pool/a-*]}]}\n  b: {policies: [{actions: [app:Read], resources: [\"*\"]}]}\n", []string{"3:3"}, ""},
	{"same_role", "both do nothing", anyMode, "roles:\n  a: {policies: []}\n  b: {policies: []}\n", nil, ""},

	{"statement_without_effect", "said before", anyMode, held(`{actions: ["app:*"], resources: ["*"]}`, `{actions: [app:Read], resources: ["*"]}`), []string{"5:9"}, "changes nothing"},
	{"statement_without_effect", "said after", anyMode, held(`{actions: [app:Read], resources: ["*"]}`, `{actions: ["app:*"], resources: ["*"]}`), []string{"4:9"}, ""},
	{"statement_without_effect", "twice the same", anyMode, held(`{actions: [app:Read], resources: ["*"]}`, `{actions: [app:Read], resources: ["*"]}`), []string{"5:9"}, ""},
	{"statement_without_effect", "refused by the role itself", anyMode, held(`{actions: [app:Read], resources: ["*"]}`, `{effect: Deny, actions: ["app:*"], resources: ["*"]}`), []string{"4:9"}, ""},
	{"statement_without_effect", "a Deny of what others allow", anyMode, held(`{effect: Deny, actions: ["app:*"], resources: ["*"]}`), nil, ""},
	{"statement_without_effect", "Denies at two places of what others allow", anyMode, held(`{effect: Deny, actions: [config:Read], resources: [config/a]}`, `{effect: Deny, actions: [config:Read], resources: [config/b]}`), nil, ""},
	{"statement_without_effect", "a Deny twice", anyMode, held(`{effect: Deny, actions: ["app:*"], resources: ["*"]}`, `{effect: Deny, actions: [app:Read], resources: ["*"]}`), []string{"5:9"}, "refused already"},
	{"statement_without_effect", "in one mode only", anyMode, held(`{actions: [auth:Token], resources: ["*"]}`), nil, ""},
	{"statement_without_effect", "in that mode", configMap, held(`{actions: [auth:Token], resources: ["*"]}`), []string{"4:9"}, ""},
	{"statement_without_effect", "another finding says why", configMap, held(`{actions: [workflow:Exec], resources: [pool/a-*]}`), nil, ""},

	{"unknown_action", "no version", anyMode, held(`{actions: [app:Read, app:Raed, app:Wirte], resources: ["*"]}`), []string{"4:30"}, `"app:Raed"`},
	{"unknown_action", "another version", anyMode, held(`{actions: ["dataset:*"], resources: ["*"]}`), []string{"4:20"}, "OSMO 6.3 has it"},
	{"unknown_action", "its version", earlier, held(`{actions: ["dataset:*"], resources: ["*"]}`), nil, ""},

	{"wrong_scope", "case", anyMode, held(`{actions: [config:Read], resources: [config/pool, config/ROLE]}`), []string{"4:59"}, "config/role"},
	{"wrong_scope", "a backend's name", anyMode, held(`{actions: [internal:Operator], resources: [backend/my-backend]}`), []string{"4:52"}, "no backend's name"},
	{"wrong_scope", "no scope", anyMode, held(`{actions: [workflow:Read], resources: [prod, pools/a]}`), []string{"4:48"}, `"prod" and "pools/a"`},
	{"wrong_scope", "a star inside", anyMode, held(`{actions: [workflow:Read], resources: ["pool/*-prod"]}`), []string{"4:48"}, "only at the end"},
	{"wrong_scope", "a scope of another version", anyMode, held(`{actions: [workflow:Read], resources: [pool/*, bucket/a]}`), []string{"4:56"}, ""},
	{"wrong_scope", "good ones", anyMode, held(`{actions: [config:Read, internal:Operator, workflow:Read, auth:Token], resources: [config/pool, backend/listener, "backend/w*", pool/A, "po*", user/a, none, "*"]}`), nil, ""},
	{"wrong_scope", "a word for no resource", anyMode, held(`{actions: [app:Read], resources: [everywhere]}`), nil, ""},
}

const narrowed = "roles:\n  osmo-user:\n    policies:\n      - {actions: [app:Read], resources: [\"*\"]}\n"

func TestRules(t *testing.T) {
	t.Parallel()
	found, silent := map[string]bool{}, map[string]bool{}
	for _, c := range cases {
		var got []string
		says := ""
		for _, d := range run(t, c.server, c.manifest).Findings {
			if d.Code != c.code {
				continue
			}
			if got = append(got, strings.TrimPrefix(brief(d), c.code+" ")); len(got) == 1 {
				says = d.Summary
			}
			if rule, _ := lint.FindRule(d.Code); rule.Severity != d.Severity || d.Summary == "" || d.Hint == "" {
				t.Errorf("%s, %s: %+v", c.code, c.name, d)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || !strings.Contains(says, c.says) {
			t.Errorf("%s, %s: says %q (-want +got):\n%s", c.code, c.name, says, diff)
		}
		found[c.code] = found[c.code] || len(got) > 0
		silent[c.code] = silent[c.code] || len(got) == 0
	}
	for _, code := range lint.Codes() {
		if tested := found[code] && silent[code]; !tested && !slices.Contains([]string{"bad_suppression", "unused_suppression", "too_much_to_compare"}, code) {
			t.Errorf("%s lacks a case that finds, or one that does not", code)
		}
	}
}

// suppressAll writes above each finding of a manifest a comment that takes it away.
func suppressAll(manifest string, findings diag.List) string {
	lines := strings.Split(manifest, "\n")
	for _, d := range slices.Backward(findings) {
		line := lines[d.Pos.Line-1]
		comment := line[:len(line)-len(strings.TrimLeft(line, " "))] + "# osmoctl:ignore " + d.Code + " it is meant"
		lines = slices.Insert(lines, d.Pos.Line-1, comment)
	}
	return strings.Join(lines, "\n")
}

// Whatever a rule finds can be suppressed, and then nothing is left.
func TestSuppressEverything(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		before := run(t, c.server, c.manifest)
		text := suppressAll(c.manifest, before.Findings)
		after := run(t, c.server, text)
		if len(after.Findings) > 0 || len(after.Suppressed) != len(before.Findings) {
			t.Errorf("%s, %s: %q are left, %d of %d suppressed, in\n%s", c.code, c.name, briefs(after.Findings), len(after.Suppressed), len(before.Findings), text)
		}
		for i, s := range after.Suppressed {
			if s.Code != before.Findings[i].Code || s.Summary != before.Findings[i].Summary || s.By.Reason != "it is meant" {
				t.Errorf("%s, %s: %+v is suppressed for %+v", c.code, c.name, s, before.Findings[i])
			}
		}
	}
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	const below = `
      - effect: Allow
        actions: ["*:*"]
        resources: ["*"]
    external_roles: [r]
`
	for _, c := range []struct {
		name, manifest string
		want           []string
	}{
		{"above the statement", "roles:\n  r:\n    policies:\n      # osmoctl:ignore admin_wildcard meant" + below, nil},
		{"above the pattern", "roles:\n  r:\n    policies:" + strings.Replace(below, "        actions", "        # osmoctl:ignore admin_wildcard meant\n        actions", 1), nil},
		{"above the role", "roles:\n  # osmoctl:ignore admin_wildcard meant\n  r:\n    policies:" + below, []string{"unused_suppression 2:3", "admin_wildcard 6:19"}},
		{"with an empty line between", "roles:\n  r:\n    policies:\n      # osmoctl:ignore admin_wildcard meant\n" + below, []string{"unused_suppression 4:7", "admin_wildcard 7:19"}},
		{"without a reason", "roles:\n  r:\n    policies:\n      # osmoctl:ignore admin_wildcard" + below, []string{"bad_suppression 4:7", "admin_wildcard 6:19"}},
		{"without a code", "roles:\n  r:\n    policies:\n      # osmoctl:ignore" + below, []string{"bad_suppression 4:7", "admin_wildcard 6:19"}},
		{"of no rule", "roles:\n  r:\n    policies:\n      # osmoctl:ignore admin_wildcart meant" + below, []string{"bad_suppression 4:7", "admin_wildcard 6:19"}},
		{"of another rule", "roles:\n  r:\n    policies:\n      # osmoctl:ignore rewrites_roles meant" + below, []string{"unused_suppression 4:7", "admin_wildcard 6:19"}},
		{"twice", "roles:\n  r:\n    policies:\n      # osmoctl:ignore admin_wildcard meant\n      # osmoctl:ignore admin_wildcard meant" + below, []string{"unused_suppression 5:7"}},
		{
			"of a finding about suppressions", "roles:\n  r:\n    policies:\n      # osmoctl:ignore unused_suppression meant\n      # osmoctl:ignore admin_wildcard meant" + below,
			[]string{"bad_suppression 4:7"},
		},
	} {
		manifest := c.manifest + "service_accounts:\n  svc-a: {roles: [r], tokens: {}}\n"
		got := run(t, anyMode, manifest).Findings
		if diff := cmp.Diff(c.want, briefs(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// However many findings there are, they are sorted, and what is cut is said.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("roles:\n")
	for i := range 1200 {
		fmt.Fprintf(&b, "  r-%d: {policies: [{actions: [\"*:*\"], resources: [\"*\"]}]}\n", i)
	}
	got := run(t, anyMode, b.String()).Findings
	if len(got) != 1001 || got[1000].Code != diag.CodeTooManyProblems {
		t.Fatalf("%d findings, the last %v", len(got), got[len(got)-1])
	}
	if !slices.IsSortedFunc(got[:1000], func(a, b diag.Diagnostic) int { return a.Pos.Compare(b.Pos) }) {
		t.Error("the findings are not sorted")
	}
}

// The table is one that others can rely on.
func TestTable(t *testing.T) {
	t.Parallel()
	if codes := lint.Codes(); !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Errorf("codes are not sorted, or stand twice: %q", codes)
	}
	for _, r := range lint.Rules() {
		if r.Says == "" || strings.HasSuffix(r.Says, ".") || strings.Trim(r.Code, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("%+v", r)
		}
	}
	if _, ok := lint.FindRule("no_such_rule"); ok {
		t.Error("an unknown rule was found")
	}
}

// BenchmarkRun lints a large project of ordinary roles.
func BenchmarkRun(b *testing.B) {
	var text, accounts strings.Builder
	text.WriteString("roles:\n")
	for i := range 2000 {
		fmt.Fprintf(&text, `  r-%d:
    policies:
      - {actions: ["workflow:*", "pool:List"], resources: [pool/a-%[1]d, pool/b-%[1]d]}
      - {actions: [app:Read, credentials:Read, resources:Read], resources: ["*"]}
      - {effect: Deny, actions: [workflow:Exec], resources: [pool/a-%[1]d]}
`, i)
	}
	accounts.WriteString("service_accounts:\n")
	for i := range 10000 {
		fmt.Fprintf(&accounts, "  svc-%d: {roles: [r-%d, osmo-user], tokens: {}}\n", i, i%2000)
	}
	d, found := config.Load(fstest.MapFS{
		"osmoctl.yaml":     &fstest.MapFile{Data: fmt.Appendf(nil, projectYAML, anyMode)},
		"manifests/m.yaml": &fstest.MapFile{Data: []byte(text.String())},
		"manifests/n.yaml": &fstest.MapFile{Data: []byte(accounts.String())},
	}, config.Options{})
	if d == nil {
		b.Fatal(found)
	}
	for b.Loop() {
		if r := lint.Run(d, found); slices.Contains(codesOf(r.Findings), "too_much_to_compare") {
			b.Fatal("an ordinary project is too large")
		}
	}
}

// A role is held against what everybody has as it is declared, also where that stands
// before it.
func TestDefaultRoleBeforeOthers(t *testing.T) {
	t.Parallel()
	const manifest = `roles:
  osmo-default:
    policies:
      - {actions: ["auth:Login", "auth:Refresh", "profile:*", "system:Health", "system:Version"], resources: ["*"]}
  token-viewer:
    description: Read-only
    policies:
      - {actions: ["auth:Token"], resources: ["user/ada"]}
service_accounts:
  svc: {roles: [token-viewer]}
`
	if got := briefs(run(t, configMap, manifest).Findings); !slices.Contains(got, "description_untrue 5:3") {
		t.Errorf("found %q", got)
	}
}
