package cli_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Whatever is typed is answered with YAML that the declarations take, and it says what was
// typed.
func TestAnswersAreDeclarations(t *testing.T) {
	t.Parallel()
	for i, typed := range []struct{ user, token, description string }{
		{"yes", "no", "null"},
		{"NULL", "on", "~"},
		{"1e3", "e1", "- a: b"},
		{"0x10", "y", " # no comment"},
		{"a.b@example.com", "A-1_b", `"quoted" 'twice' \ back`},
		{"12", "t", "{a: [b]}"},
		{"2027-01-01", "true", "2027-01-01"},
		{"svc", "t", "tab\tinside"},
		{"svc", "t", "umlaut ü, 日本, %d & <b> *a &b !c @d `e`"},
		{"svc", "t", ">-"},
		{"svc", "t", "|"},
		{"svc", "t", "? x"},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "project")
			write(t, filepath.Join(dir, "osmoctl.yaml"), []byte(badInputProject))
			write(t, filepath.Join(dir, "manifests/base.yaml"), []byte(badInputManifest))
			line := []string{"token", "set", typed.token, "--user", typed.user, "--description=" + typed.description, "--roles", "osmo-user"}
			said := osmoctl(dir, line...)
			if said.code == 80 && typed.description == "tab\tinside" {
				return // No manifest may hold it.
			}
			if said.code != 0 {
				t.Fatalf("%q: exit code %d\n%s", line, said.code, said.stderr)
			}
			write(t, filepath.Join(dir, "manifests/answer.yaml"), []byte(said.stdout))
			if r := osmoctl(dir, "validate"); r.code != 0 {
				t.Fatalf("%q was answered with\n%s\nwhich is not valid:\n%s%s", line, said.stdout, r.stdout, r.stderr)
			}
			if again := osmoctl(dir, append(line[:len(line):len(line)], "--expires-at", "2027-03-01")...); again.code != 0 {
				t.Errorf("what was declared so is not found again: %s", again.stderr)
			}
		})
	}
}

// What cannot be declared so is refused, with the name that was probably meant.
func TestAnswersRefuse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "project")
	write(t, filepath.Join(dir, "osmoctl.yaml"), []byte(badInputProject))
	write(t, filepath.Join(dir, "manifests/base.yaml"), []byte(badInputManifest))
	for _, c := range []struct {
		line string
		code int
		want string
	}{
		{"user create svc-other --roles osmo-usr", 1, `hint: did you mean "osmo-user"?`},
		{"user create svc,other", 80, "account name"},
		{"user create svc-x --roles a/b", 80, "a role name holds only"},
		{"user create svc-x --frobnicate", 80, "unknown flag --frobnicate"},
		{"user create", 80, `expected "<user>"`},
		{"user create SVC-base", 1, "upper and lower case alone"},
		{"user update svc-base", 80, "it is not said what shall change"},
		{"user update svc-base -r osmo-user -a osmo-ctrl", 1, "token/svc-base/base-token has no other role, and a token needs one"},
		{"user update svc-base --remove-roles osmo-user", 1, "svc-base has tokens, so it needs a role"},
		{"user update svc-base --remove-roles osmo-usr", 1, `did you mean "osmo-user"?`},
		{"user update svc-bas --add-roles osmo-user", 1, `did you mean "svc-base"?`},
		{"user delete nobody", 1, `service account "nobody" is not declared`},
		{"token set other --user svc-base --expires-at tomorrow", 80, "--expires-at takes a date"},
		{"token set other --user svc-base --expires-at 2026-11-23", 80, "has to be after today"},
		{"token set other --user svc-base --expires-at 2030-01-01", 80, "beyond the limit of 365d from today, which is 2027-11-23"},
		{"token set other --user svc-bas -r osmo-user", 1, `did you mean "svc-base"?`},
		{"token set other", 80, "it is not said whose token this is"},
		{"token set other --user nobody", 80, "an account with tokens needs one"},
		{"token set svc-base/other --user somebody", 80, "is a token of svc-base, and --user says somebody"},
		{"token set 1bad --user svc-base", 80, "token name"},
		{"token delete base-tokn --user svc-base", 1, `did you mean "base-token"?`},
	} {
		r := osmoctl(dir, strings.Fields(c.line)...)
		if r.code != c.code || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("osmoctl %s: exit code %d, want %d and %q\n%s%s", c.line, r.code, c.code, c.want, r.stdout, r.stderr)
		}
	}
}
