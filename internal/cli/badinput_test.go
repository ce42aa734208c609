package cli_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// badInput is a project that cannot be used.
type badInput struct {
	files map[string][]byte
	want  []problem
	// planned says that validate cannot know, since it reads no state.
	planned bool
	// uncommitted says that git would not take the input into a commit.
	uncommitted bool
}

// problem is where a problem must be reported, as what.
type problem struct{ code, place string }

// TestBadInputs puts each mistake of testdata/bad-inputs.txtar into a project
// that was applied, and demands of validate, plan and apply that each reports
// it, and that apply changes nothing.
func TestBadInputs(t *testing.T) {
	t.Parallel()
	base := badInputBase(t)
	cases := readBadInputs(t, "testdata/bad-inputs.txtar")
	for name, input := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, base, input)
		})
	}
}

// badInputBase is a project with one account and one issued token.
func badInputBase(t *testing.T) string {
	t.Helper()
	needGit(t)
	dir := filepath.Join(t.TempDir(), "base")
	write(t, filepath.Join(dir, "osmoctl.yaml"), []byte(badInputProject))
	write(t, filepath.Join(dir, "manifests/base.yaml"), []byte(badInputManifest))
	git(t, filepath.Dir(dir), "init", "-q", "-b", "main", dir)
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "start")
	if r := osmoctl(dir, "apply", "--auto-approve"); r.code != 0 {
		t.Fatalf("apply: exit code %d\n%s", r.code, r.stderr)
	}
	return dir
}

const (
	badInputProject = `version: 1
recipients:
  ops: age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj
defaults:
  recipients: [ops]
  token: {expires_in: 90d}
`
	badInputManifest = `service_accounts:
  svc-base:
    roles: [osmo-user]
    tokens:
      base-token: {roles: [osmo-user]}
`
)

// refuses demands that every command refuses the input and leaves the project
// as it was.
func refuses(t *testing.T, base string, input badInput) {
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		t.Fatal(err)
	}
	for path, data := range input.files {
		write(t, filepath.Join(dir, path), data)
	}
	refusesIn(t, dir, input)
}

// refusesIn demands it of the project in dir, where the mistake is.
func refusesIn(t *testing.T, dir string, input badInput) {
	t.Helper()
	if !input.planned {
		reports(t, dir, input, "validate")
	}
	reports(t, dir, input, "plan")
	if !input.uncommitted {
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-qm", "a mistake")
		reports(t, dir, input, "apply", "--auto-approve")
	}
}

// reports runs one command that has to fail with every wanted problem, each
// with its place, its line of source with a caret, and its code.
func reports(t *testing.T, dir string, input badInput, args ...string) {
	t.Helper()
	before, err := fingerprint(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := osmoctl(dir, args...)
	if r.code != 1 {
		t.Errorf("%s: exit code %d, want 1\n%s%s", args[0], r.code, r.stdout, r.stderr)
	}
	for _, p := range input.want {
		if !p.in(r.stderr) {
			t.Errorf("%s does not report %s at %s:\n%s", args[0], p.code, p.place, r.stderr)
		}
	}
	if strings.Contains(r.stdout+r.stderr, "QQQQQQQQ") {
		t.Errorf("%s shows a private key:\n%s", args[0], r.stderr)
	}
	if after, err := fingerprint(dir); err != nil || after != before {
		t.Errorf("%s changed the project: %v\n%s", args[0], err, changedLines(before, after))
	}
}

// in reports whether the problem is shown in full: one that has a line shows
// that line and marks it.
func (p problem) in(output string) bool {
	head := `(?m)^` + regexp.QuoteMeta(p.place) + `: error: .* \[` + p.code + `\]$`
	if line := strings.Split(p.place, ":"); len(line) == 3 {
		head += `\n  ` + line[1] + ` \| .*\n +\| *\^+$`
	}
	return regexp.MustCompile(head).MatchString(output)
}

// readBadInputs reads cases: the file CASE/want names a code and a place a line,
// every other file of CASE is put into the project. What stands in ⟪⟫ are bytes
// in hex, which no editor and no diff would show.
func readBadInputs(t *testing.T, path string) map[string]badInput {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]badInput{}
	for _, f := range archive.Files {
		name, path, _ := strings.Cut(f.Name, "/")
		input := cases[name]
		if path == "want" {
			input.wants(t, string(f.Data))
		} else {
			input.put(path, unhide(t, f.Data))
		}
		cases[name] = input
	}
	for name, input := range cases {
		if len(input.want) == 0 || len(input.files) == 0 {
			t.Errorf("case %s is not complete", name)
		}
	}
	return cases
}

func (b *badInput) put(path string, data []byte) {
	if b.files == nil {
		b.files = map[string][]byte{}
	}
	b.files[path] = data
}

func (b *badInput) wants(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			t.Fatalf("a wanted problem is CODE PLACE [plan]: %q", line)
		}
		place := words[1]
		if !strings.Contains(place, "yaml") {
			place = "manifests/x.yaml:" + place
		}
		b.want = append(b.want, problem{words[0], place})
		b.planned = slices.Contains(words[2:], "plan")
	}
}

var hidden = regexp.MustCompile(`⟪[0-9A-F ]+⟫`)

func unhide(t *testing.T, data []byte) []byte {
	return hidden.ReplaceAllFunc(data, func(m []byte) []byte {
		text := strings.ReplaceAll(string(m[len("⟪"):len(m)-len("⟫")]), " ", "")
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Error(err)
		}
		return b
	})
}

// Inputs that do not fit into a text file.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	base := badInputBase(t)
	head := []byte("service_accounts:\n")
	manyKeys := bytes.NewBufferString("service_accounts:\n")
	for i := range 20_000 {
		fmt.Fprintf(manyKeys, "  svc-%d: {x: 1}\n", i)
	}
	for name, input := range map[string]badInput{
		"100 MB": {
			files:       map[string][]byte{"manifests/big.yaml": append(head, bytes.Repeat([]byte("#"), 100<<20)...)},
			want:        []problem{{"file_too_large", "manifests/big.yaml"}},
			uncommitted: true,
		},
		"2 MB": {
			files: map[string][]byte{"manifests/big.yaml": append(head, bytes.Repeat([]byte("# much\n"), 300_000)...)},
			want:  []problem{{"file_too_large", "manifests/big.yaml"}},
		},
		"20,000 wrong keys": {
			files: map[string][]byte{"manifests/many.yaml": manyKeys.Bytes()},
			want:  []problem{{"unknown_key", "manifests/many.yaml:2:11"}},
		},
		"crlf": {
			files: map[string][]byte{"manifests/crlf.yaml": []byte("service_accounts:\r\n  svc-crlf:\r\n    rols: []\r\n")},
			want:  []problem{{"unknown_key", "manifests/crlf.yaml:3:5"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, base, input)
		})
	}
}

// A line end as Windows writes it is a line end.
func TestWindowsLineEnds(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	path := filepath.Join(dir, "manifests/service-accounts.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
	if r := osmoctl(dir, "plan", "--detailed-exitcode"); r.code != 0 {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
