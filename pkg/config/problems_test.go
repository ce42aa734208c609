package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

const (
	// One secret, as ssh-keygen and as age write its public key, and a point beside it
	// that the same secret opens.
	sshForm  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
	ageForm  = "age1wcwc3myrqsfer807n4x364h30ejneryegzpd7kcn0wg2ptnwma6qfgnx5h"
	mixedKey = "age1qj82hx9e4dacm5xw433tslqayz934ws0daef5wysxlllfrl8tsss9cl3nv"
	aliceKey = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
	bobKey   = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
	// privateKey is a made-up one.
	privateKey = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"
)

// project makes a project directory of a project file and one manifest.
func testProject(project, manifest string) fstest.MapFS {
	return fstest.MapFS{
		ProjectFile:        &fstest.MapFile{Data: []byte(project)},
		"manifests/a.yaml": &fstest.MapFile{Data: []byte(manifest)},
	}
}

// brief is a problem as the tables below write it: code, place within the file,
// and hint.
func brief(d diag.Diagnostic) string {
	s := fmt.Sprintf("%s %d:%d", d.Code, d.Pos.Line, d.Pos.Column)
	if d.Severity == diag.Warning {
		s = "warning " + s
	}
	return strings.TrimSuffix(s+" "+d.Hint, " ")
}

func briefs(list diag.List) []string {
	var out []string
	for _, d := range list {
		out = append(out, brief(d))
	}
	return out
}

// match reports whether every problem begins with the wanted text and no other
// is there.
func match(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			return false
		}
	}
	return true
}

type badInput struct {
	name, text string
	want       []string
}

func TestBadManifests(t *testing.T) {
	t.Parallel()
	for _, tt := range badManifests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkBad(t, testProject(projectYAML, tt.text), tt.want)
		})
	}
}

func TestBadProjects(t *testing.T) {
	t.Parallel()
	for _, tt := range badProjects {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkBad(t, testProject(tt.text, "roles: {}\n"), tt.want)
		})
	}
}

func checkBad(t *testing.T, fsys fstest.MapFS, want []string) {
	t.Helper()
	d, list := Load(fsys, Options{Today: benchDay})
	if got := briefs(list); !match(got, want) {
		t.Errorf("problems (-want +got):\n%s", cmp.Diff(want, got))
	}
	if (d == nil) != list.HasErrors() {
		t.Errorf("declarations are nil: %v, errors: %v", d == nil, list.HasErrors())
	}
	for _, p := range list {
		checkPlace(t, p)
	}
}

// checkPlace holds every problem to what a reader needs.
func checkPlace(t *testing.T, d diag.Diagnostic) {
	t.Helper()
	if d.Code == codeTooManyProblems {
		return
	}
	if d.Pos.File == "" || d.Summary == "" || strings.HasSuffix(d.Summary, ".") {
		t.Errorf("%q lacks its file or is no summary", d.Error())
	}
	if d.Pos.Line > 0 && (d.Pos.Column < 1 || d.Width < 1) {
		t.Errorf("%s covers nothing", d.Error())
	}
	if text := fmt.Sprint(d); strings.Contains(text, privateKey) || strings.Contains(text, privateKey[20:40]) {
		t.Errorf("the private key is shown: %s", text)
	}
}

// account is a manifest with one account, whose fields are the given lines.
func account(lines ...string) string {
	return "service_accounts:\n  svc:\n    " + strings.Join(lines, "\n    ") + "\n"
}

// token is a manifest with one token: fields begin at line 6, column 9.
func token(lines ...string) string {
	return account("roles: [osmo-user]", "tokens:", "  t:", "    "+strings.Join(lines, "\n        "))
}

// policy is a manifest with one role: policies begin at line 4, column 7.
func policy(lines ...string) string {
	return "roles:\n  r:\n    policies:\n      " + strings.Join(lines, "\n      ") + "\n"
}

// manyRecipients is so many names of one key.
func manyRecipients(n int) string {
	var b strings.Builder
	b.WriteString("  n0: " + aliceKey + "\n")
	for i := range n - 1 {
		fmt.Fprintf(&b, "  n%d: n%d\n", i+1, i)
	}
	return b.String()
}

func wants(s ...string) []string { return s }

var badManifests = []badInput{
	// Text.
	{"invalid UTF-8", "roles:\n  a\xff: x\n", wants("invalid_utf8 2:4 save the file as UTF-8")},
	{"UTF-16", "\xff\xfer\x00", wants("invalid_utf8 1:1")},
	{"byte order mark at the start", "\ufeffroles: {}\n", wants("byte_order_mark 1:1 save the file as UTF-8 without")},
	{"byte order mark inside", "roles: {} # \ufeff\n", wants("byte_order_mark 1:13")},
	{"control character", "roles: {} # \x1b[2J\n", wants("control_character 1:13 delete it")},
	{"NUL", "roles: {}\x00\n", wants("control_character 1:10")},
	{"C1 control", "roles: {} # \u0090\n", wants("control_character 1:13")},
	{"next line", "roles: {} # \u0085\n", wants("line_separator 1:13 end lines with")},
	{"line separator", "# x\u2028roles: 1\n", wants("line_separator 1:4")},
	{"lone carriage return", "roles: {}\r# x\n", wants("line_separator 1:10")},
	{"bidirectional override", "# é\u202e\nroles: 1\n", wants("hidden_character 1:4 delete it")},
	{"zero-width space", "roles: {} #\u200b\n", wants("hidden_character 1:12")},
	{"soft hyphen", "roles: {} #\u00ad\n", wants("hidden_character 1:12")},
	{"Hangul filler", "roles: {} #\u3164\n", wants("hidden_character 1:12")},
	{"noncharacter", "roles: {} #\uffff\n", wants("control_character 1:12")},
	{"visible format character", "roles: {} #\u0600\n", nil},
	{"tag character", "roles: {} #\U000E0041\n", wants("hidden_character 1:12")},
	{"escaped control", "roles:\n  r: {description: \"\\x1b\", policies: []}\n", wants("control_character 2:20 delete it", "warning no_policies 2:38")},
	{"escaped override", account(`description: "x\u202e"`), wants("hidden_character 3:18")},
	{"escaped line separator", account(`description: "x\u2028"`), wants("line_separator 3:18")},
	{"escaped line feed", account(`description: "x\ny"`), wants("multiline_text 3:18 write it on one line")},
	{"block scalar", account("description: |", "  a", "  b"), wants("multiline_text 3:18 write it on one line")},
	{"conflict", "roles:\n<<<<<<< HEAD\n  a: b\n=======\n  c: d\n>>>>>>> x\n", wants("conflict_marker 2:1 resolve the conflict")},
	{"conflict at the start", "<<<<<<< HEAD\n", wants("conflict_marker 1:1")},
	{"half a conflict", "roles: {}\n=======\n", wants("conflict_marker 2:1")},

	// YAML.
	{"tab", "roles:\n\ta: {}\n", wants("yaml_tab 2:1 indent with spaces")},
	{"bad indentation", "roles:\n    a:\n      policies: []\n  b: {}\n   c: {}\n", wants("yaml_syntax 4:3 check the indentation")},
	{"unclosed quote", "roles:\n  \"a: {}\n", wants("yaml_syntax 2:3 check that every quote")},
	{"unclosed bracket", account("roles: [a", "tokens: {}"), wants("yaml_syntax 4:5 check that every bracket")},
	{"bare star", policy("- actions: [*:*]", `  resources: ["*"]`), wants("yaml_syntax 4:7 quote a text")},
	{"colon in text", account("description: a: b"), wants("yaml_syntax 3:5 check the indentation, and quote")},
	{"backquote", account("description: `x`"), wants("yaml_syntax 3:5 quote a text")},
	{"alias to nothing", account("roles: *x"), wants("yaml_syntax 3:5 quote a text")},
	{"a version of YAML", "# é\n%YAML 1.2 # x\n\n---\nroles: {r: {policies: 1}}\n", wants(`wrong_kind 5:23 write ["1"]`)},
	{"the version before", "%YAML 1.1\r\n--- {roles: {r: {policies: 1}}}\r\n", wants(`wrong_kind 2:28 write ["1"]`)},
	{"a later version of YAML", "\n%YAML 2.0\n---\nroles: {}\n", wants(`yaml_syntax 2:1 write "%YAML 1.2" once`)},
	{"two versions of YAML", "%YAML 1.2\n%YAML 1.2\n---\nroles: {}\n", wants("yaml_syntax 2:1 write")},
	{"another directive", "%TAG ! tag:x,2000:\n---\nroles: {}\n", wants("yaml_tag 1:1 delete the line")},
	{"a directive without a document", "%YAML 1.2\nroles: {}\n", wants("yaml_syntax")},
	{"a directive behind the document", "roles: {}\n%YAML 1.2\n---\n", wants("yaml_syntax")},
	{"half a pair of escapes", account(`description: "\ud83d"`), wants("yaml_syntax 3:5 write the character itself")},
	{"the other half", account(`description: "\ude80"`), wants("yaml_syntax 3:5 write the character itself")},
	{"a pair with half of it escaped", account(`description: "\\ud83d\ude80"`), wants("yaml_syntax 3:18 write the character itself")},
	{"what a pair hides", account(`description: "\udb40\udc41"`), wants("hidden_character 3:18")},
	{"second document", "roles: {}\n---\nroles: {}\n", wants("second_document 2:1 put it into a file")},
	{"empty second document", "roles: {}\n---\n", wants("second_document 2:1")},
	{"broken second document", "roles: {}\n---\n{\n", wants("yaml_syntax")},
	{"anchor", account("roles: &x [osmo-user]"), wants("yaml_anchor 3:12 delete &x")},
	{"alias", account("description: &x a", "labels: {a: *x}"), wants("yaml_anchor 3:18", "yaml_alias 4:17 write the value out")},
	{"tag", account("description: !!str a"), wants("yaml_tag 3:18 delete the tag")},
	{"tag behind an anchor", account("description: &x !!str a"), wants("yaml_anchor 3:18", "yaml_tag 3:18")},
	{"binary", account("description: !!binary YQ=="), wants("yaml_tag 3:18")},
	{"lone tag", account("description: ! a"), wants("yaml_tag 3:18")},
	{"merge key", "roles:\n  <<: {a: {policies: []}}\n", wants("yaml_merge_key 2:3 write the keys out")},
	{"too deep", "roles: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", wants("wrong_kind 1:8", "too_deep 1:39")},
	{"empty", "", wants("empty_file 0:0 add roles or service_accounts")},
	{"only a comment", "# nothing\n", wants("empty_file 0:0")},
	{"only null", "---\n~\n", wants("empty_file 0:0")},
	{"empty map", "{}\n", wants("empty_file 1:1 add roles")},
	{"null", "roles:\n", wants("null_value 1:1 give it a value")},
	{"explicit null", "roles: ~\n", wants("null_value 1:8 give it a value")},
	{"null in a list", account("roles: [osmo-user, null]"), wants("null_value 3:24 delete the item")},
	{"null key", "roles:\n  ~: {policies: []}\n", wants("null_value 2:3")},

	// Structure.
	{"a list", "- roles\n", wants("wrong_kind 1:1")},
	{"a text", "roles\n", wants("wrong_kind 1:1")},
	{"list for a map", "roles: []\n", wants("wrong_kind 1:8")},
	{"an earlier name that is declared", "roles:\n  a: {previously: [b], policies: []}\n  b: {policies: []}\n", wants("bad_previous 2:20 delete the one", "warning no_policies 2:34", "warning no_policies 3:17")},
	{"an earlier name of two", "service_accounts:\n  a: {previously: [x]}\n  b: {previously: [x]}\n", wants("bad_previous 3:20 delete the one")},
	{"its own name as an earlier one", "service_accounts:\n  a: {previously: [a]}\n", wants("bad_previous 2:20 name what the account was called before")},
	{"no earlier name", "service_accounts:\n  a: {previously: []}\n", wants("empty_list 2:19 name what the account was called before")},
	{"a role of a server that there is not", "roles:\n  r: {external: true}\n", wants("external_role 2:7 declare its policies, or set backend")},
	{"a role of a server with policies", "roles:\n  r: {external: true, sync_mode: force, policies: []}\n", wants("external_role 2:7", "external_role 2:23 delete the line", "external_role 2:41 delete the line")},
	{"a built-in role of a server", "roles:\n  osmo-user: {external: true}\n", wants("external_role 2:15 delete the role here")},
	{"neither external nor policies", "roles:\n  r: {external: false}\n", wants("missing_key 2:3")},
	{"quoted external", "roles:\n  r: {external: \"true\"}\n", wants("missing_key 2:3", "wrong_kind 2:17")},
	{"an earlier name in another case", "roles:\n  a: {previously: [A], policies: []}\n", wants("bad_previous 2:20 rename it in two steps", "warning no_policies 2:34")},
	{"earlier names in a circle", "service_accounts:\n  a: {previously: [b]}\n  b: {previously: [a]}\n", wants("bad_previous 2:20", "bad_previous 3:20")},
	{"a bad earlier name", "service_accounts:\n  a: {previously: [\"x y\"]}\n", wants("bad_previous 2:20")},
	{"map for a list", account("roles: {a: b}"), wants("wrong_kind 3:12")},
	{"one text for a list", account("roles: osmo-user"), wants(`wrong_kind 3:12 write ["osmo-user"]`)},
	{"one action as text", "roles:\n  r:\n    policies:\n      - actions: workflow:*\n        resources: [\"*\"]\n", wants(`wrong_kind 4:18 write ["workflow:*"]`)},
	{"one action under another key", "roles:\n  r:\n    policies:\n      - action: \"workflow:*\"\n        resource: \"*\"\n", wants("missing_key 4:9", "resources_missing 4:9", `unknown_key 4:9 did you mean "actions"?`, `unknown_key 5:9 did you mean "resources"?`)},
	{"map for a text", account("description: {a: b}"), wants("wrong_kind 3:18")},
	{"list in a list", account("roles: [[a]]"), wants("wrong_kind 3:13")},
	{"map as a key", "roles:\n  ? {a: b}\n  : {policies: []}\n", wants("wrong_kind 2:5")},
	{"unknown top-level key", "rols: {}\n", wants(`unknown_key 1:1 did you mean "roles"?`)},
	{"key of the project file", "roles: {}\nguardrails: {}\n", wants(`unknown_key 2:1 "guardrails" is a key of osmoctl.yaml`)},
	{"key of a token", account("expires_in: 90d"), wants(`unknown_key 3:5 "expires_in" is a key of a token`)},
	{"unknown account key", account("rols: [a]"), wants(`unknown_key 3:5 did you mean "roles"?`)},
	{"unknown role key", "roles:\n  r: {policys: []}\n", wants("missing_key 2:3", `unknown_key 2:7 did you mean "policies"?`)},
	{"far key", account("zzzzzzzz: 1"), wants("unknown_key 3:5 its keys are description, labels, roles, protect, tokens")},
	{"repeated key", account("protect: true", "protect: false"), wants("duplicate_key 4:5 keep one of the two")},
	{"repeated role", "roles:\n  r: {policies: []}\n  r: {policies: []}\n", wants("warning no_policies 2:17", "duplicate_key 3:3")},
	{"repeated token", account("roles: [osmo-user]", "tokens:", "  t: {}", "  t: {}"), wants("duplicate_key 6:7")},
	{"repeated label", account("labels: {a: b, a: c}"), wants("duplicate_key 3:20")},
	{"quoted truth", account(`protect: "true"`), wants("wrong_kind 3:14 write true or false")},
	{"other truth", account("protect: yes"), wants("wrong_kind 3:14 write true or false")},

	// Names.
	{"account name", "service_accounts:\n  a b: {}\n", wants("bad_name 2:3")},
	{"role name", "roles:\n  -x: {policies: []}\n", wants("bad_name 2:3", "warning no_policies 2:18")},
	{"token name", account("roles: [osmo-user]", "tokens: {1a: {}}"), wants("bad_name 4:14")},
	{"device name", "service_accounts:\n  con.x: {}\n", wants("bad_name 2:3")},
	{"long name", "service_accounts:\n  " + strings.Repeat("a", 129) + ": {}\n", wants("bad_name 2:3")},
	{"case of accounts", "service_accounts:\n  svc: {}\n  Svc: {}\n", wants("case_collision 3:3 give one of the two")},
	{"case of roles", "roles:\n  r: {policies: [{actions: [\"a:*\"], resources: [x]}]}\n  R: {policies: []}\n", wants(
		"warning unknown_action 2:29", "case_collision 3:3", "warning no_policies 3:17")},
	{"case of a built-in role", "roles:\n  Osmo-Admin: {policies: []}\n", wants(`case_collision 2:3 "osmo-admin" is built into OSMO`, "warning no_policies 2:26")},
	{"case of tokens", account("roles: [osmo-user]", "tokens: {t: {}, T: {}}"), wants("case_collision 4:21")},
	{"generation's name", account("roles: [osmo-user]", "tokens: {a: {}, a-g2: {}}"), wants("generation_name 4:21 give one of the two")},
	{"labels", account("labels: {-a: b, c: " + strings.Repeat("x", 64) + "}"), wants("bad_label 3:14", "bad_label 3:24")},
	{"more labels", account(`labels: {"": b, ` + strings.Repeat("x", 64) + `: b, "c d": e, f-: g}`), wants("bad_label 3:14", "bad_label 3:21", "bad_label 3:90", "bad_label 3:100")},
	{"label is a list", account("labels: {a: [b]}"), wants("wrong_kind 3:17")},

	// Roles.
	{"no policies", "roles:\n  r: {}\n", wants("missing_key 2:3 add policies")},
	{"no actions", policy("- {resources: [x]}"), wants("missing_key 4:9 add actions")},
	{"empty actions", policy("- {actions: [], resources: [x]}"), wants("empty_list 4:19 name an action")},
	{"bad action", policy("- {actions: [workflow], resources: [x]}"), wants("bad_action 4:20")},
	{"bare star in quotes", policy(`- {actions: ["*"], resources: [x]}`), wants("bad_action 4:20")},
	{"unknown action", policy("- {actions: [workflow:Raed], resources: [x]}"), wants(`warning unknown_action 4:20 did you mean "workflow:Read"?`)},
	{"policy is a text", policy("- x"), wants("wrong_kind 4:9")},
	{"empty item", policy("- {actions: [\"\"], resources: [x]}"), wants("empty_text 4:20 delete the item")},
	{"external roles", "roles:\n  r: {policies: [], external_roles: x}\n", wants("warning no_policies 2:17", "wrong_kind 2:37")},
	{"effect", policy("- {effect: deny, actions: [pool:List], resources: [x]}"), wants("bad_effect 4:18 write Deny: OSMO minds the case")},
	{"other effect", policy("- {effect: Maybe, actions: [pool:List], resources: [x]}"), wants("bad_effect 4:18 write Allow or Deny")},
	{"no resources", policy("- {actions: [pool:List]}"), wants(`resources_missing 4:9 name them, such as resources: ["pool/ml-training"]`)},
	{"empty resources", policy("- {actions: [pool:List], resources: []}"), wants(`resources_missing 4:43 name them, such as resources: ["pool/ml-training"]`)},
	{"text for resources", policy("- {actions: [pool:List], resources: x}"), wants("wrong_kind 4:43")},
	{"sync mode", "roles:\n  r: {policies: [], sync_mode: always}\n", wants("warning no_policies 2:17", "bad_sync_mode 2:32 write import")},
	{"immutable", "roles:\n  r: {policies: [], immutable: true}\n", wants("warning no_policies 2:17", "warning immutable_ignored 2:21 delete the line")},
	{"name in a role", "roles:\n  r: {name: r, policies: []}\n", wants("unknown_key 2:7 delete the line: a role's name is the key", "warning no_policies 2:26")},
	{"built-in role", "roles:\n  osmo-ctrl: {policies: [{actions: [\"*:*\"], resources: [\"*\"]}]}\n", wants("builtin_role 2:3 delete it here")},

	// Accounts and tokens.
	{"undeclared role", account("roles: [osmo-usr]"), wants(`undeclared_role 3:13 did you mean "osmo-user"?`)},
	{"far undeclared role", account("roles: [zzzzzzzzz]"), wants("undeclared_role 3:13 declare it under roles")},
	{"repeated role of an account", account("roles: [osmo-user, osmo-user]"), wants("repeated_item 3:24")},
	{"tokens without roles", account("tokens: {t: {}}"), wants("no_roles 2:3 give the account roles")},
	{"tokens with empty roles", account("roles: []", "tokens: {t: {}}"), wants("no_roles 3:12")},
	{"token role", token("roles: [osmo-usr]"), wants(`token_role 6:17 did you mean "osmo-user"?`)},
	{"empty token roles", token("roles: []"), wants("empty_list 6:16 name roles, or delete the key")},
	{"bad date", token("expires_at: 2027-13-01"), wants("bad_date 6:21 write a UTC date")},
	{"impossible date", token("expires_at: 2027-02-29"), wants("bad_date 6:21")},
	{"short date", token("expires_at: 2027-1-5"), wants("bad_date 6:21")},
	{"date beyond the limit", token("expires_at: 2027-11-24", "rotate: {every: 9d}"), wants("expiry_beyond_limit 6:21 shorten it")},
	{"lifetime beyond the limit", token("expires_in: 366d"), wants("expiry_beyond_limit 6:21")},
	{"negative duration", token("expires_in: -5d"), wants("bad_duration 6:21")},
	{"absurd duration", token("expires_in: 99999999999999999999d"), wants("bad_duration 6:21")},
	{"hours", token("expires_in: 90h"), wants("bad_duration 6:21 write a number of days")},
	{"no life at all", token("expires_in: 0d"), wants("bad_duration 6:21")},
	{"both expiries", token("expires_in: 70d", "expires_at: 2027-01-01"), wants("expiry_conflict 7:9 keep one of the two")},
	{"every beyond expiry", token("expires_in: 30d", "rotate: {every: 30d, overlap: 1d}"), wants("rotate_too_long 7:25 declare less than 30d")},
	{"default every beyond expiry", token("expires_in: 30d"), wants("rotate_too_long 6:21 the default in osmoctl.yaml does not fit here")},
	{"overlap beyond every", token("rotate: {every: 5d, overlap: 5d}"), wants("overlap_too_long 6:38 declare less than 5d")},
	{"default overlap beyond every", token("rotate: {every: 5d}"), wants("overlap_too_long 6:25 the default in osmoctl.yaml")},
	{"every of nothing", token("rotate: {every: 0d}"), wants("bad_duration 6:25")},
	{"generation of nothing", token("generation: 0"), wants("bad_number 6:21")},
	{"bad every says nothing of its fit", token("expires_in: 30d", "rotate: {every: 90, overlap: 1d}"), wants("bad_duration 7:25")},
	{"generation in words", token("generation: two"), wants("wrong_kind 6:21")},
	{"date is a list", token("expires_at: [x]"), wants("wrong_kind 6:21")},
	{"quoted generation", token(`generation: "2"`), wants("wrong_kind 6:21 write plain digits")},
	{"octal generation", token("generation: 010"), wants("wrong_kind 6:21")},
	{"unknown recipient", token("recipients: [alise]"), wants(`unknown_recipient 6:22 did you mean "alice"?`)},
	{"no recipients", token("recipients: []"), wants("empty_list 6:21 name who reads the token")},
	{"key for a recipient", token("recipients: [" + aliceKey + "]"), wants("unknown_recipient 6:22 declare the key under recipients")},
	{"private key for a recipient", token("recipients: [" + privateKey + "]"), wants("private_key 6:22 name a recipient here")},
	{"private key for a role", token("roles: [" + privateKey + "]"), wants("leaked_secret 6:17 consider it known", "token_role 6:17")},
	{"private key for a name", "service_accounts:\n  " + privateKey + "+: {}\n", wants("bad_name 2:3", "leaked_secret 2:3")},
	{"previously itself", token("previously: [t]"), wants("bad_previous 6:22")},
	{"previously a bad name", token("previously: [a.b]"), wants("bad_previous 6:22")},
	{"previously twice", token("previously: [a, a]"), wants("repeated_item 6:25")},
	{"previously another", account("roles: [osmo-user]", "tokens: {a: {}, b: {previously: [a]}}"), wants("bad_previous 4:38 delete that token")},
	{"previously of two", account("roles: [osmo-user]", "tokens: {b: {previously: [a]}, c: {previously: [a]}}"), wants("bad_previous 4:53 take the name out of one")},
	{"previously in a circle", account("roles: [osmo-user]", "tokens: {a: {previously: [b]}, b: {previously: [a]}}"), wants("bad_previous 4:31", "bad_previous 4:53")},
	{"previously in another case", token("previously: [T]"), wants("bad_previous 6:22 rename it in two steps")},
	{"several at once", "rols: {}\nservice_accounts:\n  a b: {protect: 1}\n  c: {roles: [x]}\n", wants(
		"unknown_key 1:1", "bad_name 3:3", "wrong_kind 3:18", "undeclared_role 4:15")},
}

var badProjects = []badInput{
	{"empty", "", wants(`empty_file 0:0 begin with "version: 1"`)},
	{"no version", "recipients: {}\n", wants(`missing_key 1:1 begin the file with "version: 1"`)},
	{"newer version", "version: 2\nnovelty: x\n", wants("unsupported_version 1:10 use a newer osmoctl")},
	{"quoted version", "version: \"1\"\n", wants("wrong_kind 1:10")},
	{"unknown key", "version: 1\nrecipient: {}\n", wants(`unknown_key 2:1 did you mean "recipients"?`)},
	{"syntax", "version: 1\nrecipients: {\n", wants("yaml_syntax")},
	{"bad key", "version: 1\nrecipients:\n  a: age1xyz\n", wants("bad_recipient 3:6")},
	{"private key", "version: 1\nrecipients:\n  a: " + privateKey + "\n", wants("private_key 3:6 put its public key here")},
	{"private key as a name", "version: 1\nrecipients:\n  " + privateKey + ": x\n", wants("private_key 3:3", "unknown_recipient 3:75")},
	{"key as a name", "version: 1\nrecipients:\n  " + aliceKey + ": " + aliceKey + "\n", wants("bad_name 3:3 write NAME: KEY", "recipient_cycle 3:67")},
	{"unknown recipient", "version: 1\nrecipients:\n  alice: " + aliceKey + "\n  ops: [alise]\n", wants(`unknown_recipient 4:9 did you mean "alice"?`)},
	{"cycle", "version: 1\nrecipients: {a: [b], b: c, c: [a]}\n", wants("recipient_cycle 2:32 take one of the names out")},
	{"self", "version: 1\nrecipients: {a: a}\n", wants("recipient_cycle 2:17")},
	{
		"one secret in two forms", "version: 1\nrecipients:\n  a: " + sshForm + "\n  b: [" + ageForm + "]\n",
		wants("repeated_recipient 4:7 give the key one name"),
	},
	{"a point of mixed order", "version: 1\nrecipients:\n  a: " + aliceKey + "\n  b: [" + mixedKey + "]\n", wants("bad_recipient 4:7")},
	{"repeated key", "version: 1\nrecipients:\n  a: " + aliceKey + "\n  b: [" + aliceKey + "]\n", wants("repeated_recipient 4:7 give the key one name")},
	{"repeated member", "version: 1\nrecipients:\n  a: " + aliceKey + "\n  b: [a, a]\n", wants("repeated_item 4:10")},
	{"case", "version: 1\nrecipients:\n  a: " + aliceKey + "\n  A: " + bobKey + "\n", wants("case_collision 4:3")},
	{"map of keys", "version: 1\nrecipients: {a: {b: c}}\n", wants("wrong_kind 2:17")},
	{"empty group", "version: 1\nrecipients: {a: []}\n", wants("empty_list 2:17")},
	{"defaults", "version: 1\ndefaults: {recipients: [x], token: {expires_at: 2027-01-01}}\n", wants(
		"unknown_recipient 2:25", `unknown_key 2:37`)},
	{"long cycle", "version: 1\nrecipients: {a: b, b: c, c: d, d: e, e: f, f: g, g: h, h: i, i: a}\n", wants("recipient_cycle 2:65")},
	{"empty defaults", "version: 1\ndefaults: {recipients: []}\n", wants("empty_list 2:24")},
	{"default token", "version: 1\ndefaults: {token: []}\n", wants("wrong_kind 2:19")},
	{"long pattern", "version: 1\nguardrails: {account_name: " + strings.Repeat("a", 1001) + "}\n", wants("bad_pattern 2:28")},
	{"many names", "version: 1\nrecipients:\n" + manyRecipients(1001) + "  last: n0\n", wants("too_many_recipients 1003:3")},
	{"default lifetime", "version: 1\ndefaults: {token: {expires_in: 366d}}\n", wants("expiry_beyond_limit 2:32")},
	{"default rhythm", "version: 1\ndefaults: {token: {expires_in: 60d, rotate: {every: 60d, overlap: 60d}}}\n", wants("rotate_too_long 2:53", "overlap_too_long 2:67")},
	{"guardrails", "version: 1\nguardrails: {max_token_lifetime: 0d, require_token_roles: 1, account_name: \"(\", min_recipients: 0, max_new_readers: -1}\n", wants(
		"bad_duration 2:34", "wrong_kind 2:59", "bad_pattern 2:76", "bad_number 2:97", "bad_number 2:117")},
	{"required recipients", "version: 1\nguardrails: {required_recipients: [x]}\n", wants("unknown_recipient 2:36")},
	{"limits", "version: 1\nguardrails: {max_deletes: {}, max_rotations: {percent: 101}}\n", wants("missing_key 2:27", "bad_number 2:56")},
	{
		"forbid", "version: 1\nguardrails:\n  forbid:\n    - {name: a, actions: [x], reason: r}\n    - {name: a, actions: [\"*:*\"], resources: [], reason: \"\"}\n    - {name: b c, subjects: {accounts: [s*c, svc-*], labels: {\"-\": x}}, actions: [\"*:*\"], reason: r}\n",
		wants("bad_action 4:27", "duplicate_name 5:14", "empty_list 5:46", "empty_text 5:58", "bad_name 6:14", "bad_name 6:41 write the name", "bad_label 6:63"),
	},
	{
		"exceptions", "version: 1\nguardrails:\n  forbid:\n    - name: a\n      actions: [\"*:*\"]\n      reason: r\n      except:\n        - {}\n        - {subjects: [bob], owner: \"\", reason: r, until: soon}\n",
		wants("missing_key 8:11", "missing_key 8:11", "missing_key 8:11", "missing_key 8:11", "bad_name 9:23 write account/NAME", "empty_text 9:36", "bad_date 9:58"),
	},
	{"many rules", "version: 1\nguardrails:\n  forbid:\n" + strings.Repeat("    - {}\n", 51), wants("too_many 4:5")},
	{"rules as a map", "version: 1\nguardrails: {forbid: {a: b}}\n", wants("wrong_kind 2:22")},
	{"limit as a number", "version: 1\nguardrails: {max_deletes: 5}\n", wants("wrong_kind 2:27")},
	{"remote", "version: 1\ngit: {push: \"--upload-pack=x\", branch: a..b, state_branch: \"\"}\n", wants(
		"bad_remote 2:13", "bad_branch 2:40", "empty_text 2:60")},
	{"URL for a remote", "version: 1\ngit: {push: \"https://evil.example\"}\n", wants("bad_remote 2:13 name a remote")},
	{"one branch", "version: 1\ngit: {branch: main, state_branch: main}\n", wants("bad_branch 2:35")},
	{"server without url", "version: 1\nbackend: {kind: osmo}\n", wants("missing_key 2:10")},
	{"server's url", "version: 1\nbackend: {kind: osmo, url: \"http://osmo.example.com\"}\n", wants("bad_url 2:28")},
	{"server owns", "version: 1\nbackend: {kind: osmo, url: \"https://osmo.example.com\", owns: [account/svc-*, role/a*b, user/x, account, account*, \"role/*\", x]}\n", wants("bad_owns 2:78", "bad_owns 2:88", "bad_owns 2:96", "bad_owns 2:105", "bad_owns 2:125")},
	{"url of another kind", "version: 1\nbackend: {kind: osmo, url: [x]}\n", wants("wrong_kind 2:28")},
	{"other backend", "version: 1\nbackend: {kind: exec}\n", wants("unsupported_backend 2:17")},
	{"no backend", "version: 1\nbackend: {}\n", wants("missing_key 2:10")},
	{"local with url", "version: 1\nbackend: {kind: local, url: x}\n", wants("unknown_key 2:24")},
}

// A map with more keys than there are fields for would be read past its end.
func TestKeysHaveFields(t *testing.T) {
	t.Parallel()
	for _, place := range keyPlaces {
		if len(place.keys) > maxFields {
			t.Errorf("%s has %d keys: raise maxFields, which is %d", place.what, len(place.keys), maxFields)
		}
	}
}
