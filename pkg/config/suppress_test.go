package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSuppressions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		// want is "line of the comment > line that it is about: code, reason".
		want []string
	}{
		{"none", "roles:\n  # ignore admin\n  r: {policies: []}\n", nil},
		{"above a role", "roles:\n  # osmoctl:ignore a_code since it is meant\n  r: {policies: []}\n", []string{"2:3 > 3: a_code, since it is meant"}},
		{
			"several, and words between", "roles:\n  #osmoctl:ignore a one\n  # why\n  # osmoctl:ignore b  two \n  r: {policies: []}\n",
			[]string{"2:3 > 5: a, one", "4:3 > 5: b, two"},
		},
		{"no code and no reason", "roles:\n  # osmoctl:ignore\n  # osmoctl:ignore a\n  r: {policies: []}\n", []string{"2:3 > 4: , ", "3:3 > 4: a, "}},
		{"an empty line ends it", "roles:\n  # osmoctl:ignore a b\n\n  r: {policies: []}\n", []string{"2:3 > 0: a, b"}},
		{"at the end", "roles:\n  r: {policies: []}\n# osmoctl:ignore a b", []string{"3:1 > 0: a, b"}},
		{"line ends of Windows", "roles:\r\n  # osmoctl:ignore a b\r\n  r: {policies: []}\r\n", []string{"2:3 > 3: a, b"}},
		{
			"a dash by itself", "roles:\n  r:\n    policies:\n      # osmoctl:ignore a b\n      -\n        actions: []\n",
			[]string{"4:7 > 6: a, b"},
		},
		{"behind a value", "roles:\n  r: {policies: []} # osmoctl:ignore a b\n", nil},
		{"another word", "roles:\n  # osmoctl:ignored a b\n  # see osmoctl:ignore a b\n  r: {policies: []}\n", nil},
		{"in a folded text", "roles:\n  q:\n    policies: []\n    description: >-\n      x\n      # osmoctl:ignore a b\n  r: {policies: []}\n", nil},
		{"in a quoted text", "roles:\n  q:\n    policies: []\n    description: \"x\n      # osmoctl:ignore a b\"\n  r: {policies: []}\n", nil},
		{
			"a comment beside a text of it", "roles:\n  # osmoctl:ignore a b\n  r: {policies: [], description: \"write # osmoctl:ignore CODE reason\"}\n",
			[]string{"2:3 > 3: a, b"},
		},
	} {
		m := &manifest{reader: reader{file: "m.yaml"}, limits: newLoader(nil, Options{}).opts.Limits}
		root := m.root(c.text)
		if root == nil {
			t.Errorf("%s: %v", c.name, m.list)
			continue
		}
		var got []string
		for _, s := range readSuppressions("m.yaml", c.text, root) {
			got = append(got, fmt.Sprintf("%d:%d > %d: %s, %s", s.Pos.Line, s.Pos.Column, s.Line, s.Code, s.Reason))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// Those of all manifests are data of the declarations, in the order of the files.
func TestLoadKeepsSuppressions(t *testing.T) {
	t.Parallel()
	fsys := testProject(projectYAML, "roles:\n  # osmoctl:ignore a one\n  r: {policies: []}\n")
	fsys["manifests/b.yaml"] = testProject("", "roles:\n  # osmoctl:ignore b two\n  s: {policies: []}\n")["manifests/a.yaml"]
	want, problems := Load(fsys, Options{Today: benchDay})
	if want == nil {
		t.Fatal(problems)
	}
	if len(want.Suppressions) != 2 || want.Suppressions[0].Pos.File != "manifests/a.yaml" || want.Suppressions[1].Reason != "two" {
		t.Errorf("got %v", want.Suppressions)
	}
}

// Whatever a file holds, a suppression is one of its lines, and is about a later one.
func FuzzSuppressions(f *testing.F) {
	f.Add([]byte("roles:\n  # osmoctl:ignore a b\n  r: {policies: []}\n"))
	f.Add([]byte("# osmoctl:ignore\n-\n#osmoctl:ignore x\r\n\n a: >\n  # osmoctl:ignore b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &manifest{reader: reader{file: "m.yaml"}}
		lines := strings.Split(string(data), "\n")
		for _, s := range readSuppressions("m.yaml", string(data), m.root(string(data))) {
			if s.Pos.Line < 1 || s.Pos.Line > len(lines) || !strings.Contains(lines[s.Pos.Line-1], SuppressionMarker) || s.Line != 0 && s.Line <= s.Pos.Line || s.Line > len(lines) {
				t.Errorf("%+v in %q", s, data)
			}
			if s.Code == "" && s.Reason != "" {
				t.Errorf("%+v has a reason and no code", s)
			}
		}
	})
}
