package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/token"
)

const applied = "osmoctl: 1 create (serial 3)\n\ncreate account/svc\n\nOsmoctl-Serial: 3\nOsmoctl-Lineage: l\nOsmoctl-Plan: sha256:1\nOsmoctl-Run: r\nOsmoctl-Actor: ada\n"

var apply = record.Message{
	Subject: "osmoctl: 1 create (serial 3)", Changes: []string{"create account/svc"},
	Serial: 3, Lineage: "l", Plan: "sha256:1", Run: "r", Actor: "ada",
}

// The bytes of every kind of message: they are in people's repositories, and the
// next osmoctl must write the same.
func TestString(t *testing.T) {
	t.Parallel()
	everything := apply
	everything.Reason, everything.Moved, everything.Declarations = "in a log", "m", "d"
	everything.Accepted = []string{"a", "b"}
	restore := record.Message{Subject: "osmoctl: restore 0123 (serial 4)", Serial: 4, Lineage: "l", Run: "r", Restored: "0123", Declarations: "d"}
	for name, c := range map[string]struct {
		m    record.Message
		want string
	}{
		"an apply":   {apply, applied},
		"everything": {everything, applied + "Osmoctl-Reason: in a log\nOsmoctl-Moved: m\nOsmoctl-Declarations: d\nOsmoctl-Accepted: a\nOsmoctl-Accepted: b\n"},
		"a restore for nobody that changes nothing": {
			restore,
			"osmoctl: restore 0123 (serial 4)\n\n\nOsmoctl-Serial: 4\nOsmoctl-Lineage: l\nOsmoctl-Run: r\nOsmoctl-Actor: \nOsmoctl-Restored: 0123\nOsmoctl-Declarations: d\n",
		},
	} {
		if d := cmp.Diff(c.want, c.m.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if d := cmp.Diff(c.m, record.Parse(c.want)); d != "" {
			t.Errorf("%s is read otherwise (-want +got):\n%s", name, d)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	accepting, bare := apply, apply
	accepting.Accepted = []string{"a", "b"}
	bare.Changes = nil
	for name, c := range map[string]struct {
		text string
		want record.Message
	}{
		"no last line":   {strings.TrimSpace(applied), apply},
		"other ends":     {strings.ReplaceAll(applied, ": l\n", ": l \r\n"), apply},
		"cherry-picked":  {applied + "(cherry picked from commit abc)\n", apply},
		"signed off":     {applied + "Signed-off-by: Bob <bob@example.com>\n", apply},
		"signed between": {strings.Replace(applied, "Osmoctl-Run", "Signed-off-by: Bob <bob@example.com>\nOsmoctl-Run", 1), apply},
		"accepting":      {applied + "Osmoctl-Accepted: a\nOsmoctl-Accepted: b\n", accepting},
		"accepting what has no name": {
			applied + "Osmoctl-Accepted: \x00\nOsmoctl-Accepted: a\nOsmoctl-Accepted: b\n", accepting,
		},
		"no changes": {strings.Replace(applied, "create account/svc\n\n", "", 1), bare},
	} {
		if d := cmp.Diff(c.want, record.Parse(c.text)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// Of what osmoctl did not write, nothing is believed.
func TestForeignMessages(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":               "",
		"revert":              "Revert \"osmoctl: 1 to create (serial 3)\"\n\nThis reverts commit 0123456789012345678901234567890123456789.\n",
		"trailers before":     strings.Replace(applied, "create account/svc", "x", 1) + "\nand more\n",
		"quoted":              "Tidy\n\n> " + strings.ReplaceAll(applied, "\n", "\n> "),
		"no run":              strings.Replace(applied, "Osmoctl-Run: r\n", "", 1),
		"no lineage":          strings.Replace(applied, "Osmoctl-Lineage: l\n", "", 1),
		"empty lineage":       strings.Replace(applied, ": l\n", ": \n", 1),
		"unseen lineage":      strings.Replace(applied, ": l\n", ": \x00\n", 1),
		"no serial":           strings.Replace(applied, "Osmoctl-Serial: 3\n", "", 1),
		"serial 0":            strings.Replace(applied, ": 3\n", ": 0\n", 1),
		"serial with a sign":  strings.Replace(applied, ": 3\n", ": +3\n", 1),
		"serial with a zero":  strings.Replace(applied, ": 3\n", ": 03\n", 1),
		"serial beyond":       strings.Replace(applied, ": 3\n", ": 99999999999999999999\n", 1),
		"two serials":         applied + "Osmoctl-Serial: 4\n",
		"two lineages":        applied + "Osmoctl-Lineage: l\n",
		"two plans":           applied + "Osmoctl-Plan: p\n",
		"two declarations":    applied + "Osmoctl-Declarations: c\nOsmoctl-Declarations: d\n",
		"two restored":        applied + "Osmoctl-Restored: c\nOsmoctl-Restored: d\n",
		"subject of trailers": "Osmoctl-Serial: 3\nOsmoctl-Lineage: l",
	} {
		subject, _, _ := strings.Cut(text, "\n")
		if d := cmp.Diff(record.Message{Subject: subject}, record.Parse(text)); d != "" {
			t.Errorf("%s is believed (-want +got):\n%s", name, d)
		}
	}
}

// Whatever a field holds makes no second line, and no secret is kept for ever.
func TestNothingIsForged(t *testing.T) {
	t.Parallel()
	value, err := token.Generate(strings.NewReader(strings.Repeat("entropy", 100)))
	if err != nil {
		t.Fatal(err)
	}
	var text string
	_ = value.Use(func(b []byte) error { text = string(b); return nil })
	m := apply
	m.Actor = "Eve\nOsmoctl-Serial: 99\r\n\u2028\x00 <eve@example.org>"
	m.Reason = "seen:\u0085" + text
	got := record.Parse(m.String())
	if got.Serial != 3 || got.Actor != "Eve Osmoctl-Serial: 99 <eve@example.org>" {
		t.Errorf("%+v", got)
	}
	if strings.Contains(m.String(), text) || got.Reason != "seen: "+strings.Repeat("*", len(text)) {
		t.Errorf("the reason is %q", got.Reason)
	}
}

// Reading what was written gives the same, for whatever was read before.
func FuzzParse(f *testing.F) {
	f.Add(applied)
	f.Add(applied + "Osmoctl-Accepted: a\n")
	f.Add("Revert \"x\"\n\nThis reverts commit y.\n")
	f.Add("\n\n\nOsmoctl-Serial: 1\n\n")
	f.Add("s\n\nOsmoctl-Serial: 1\nOsmoctl-Lineage: l\r\nOsmoctl-Run: r\n(x)\n")
	f.Fuzz(func(t *testing.T, text string) {
		m := record.Parse(text)
		if strings.Contains(m.Subject, "\n") {
			t.Errorf("the subject has two lines: %q", m.Subject)
		}
		if !m.ByOsmoctl() {
			if d := cmp.Diff(record.Message{Subject: m.Subject}, m); d != "" {
				t.Errorf("a foreign message is believed: %s", d)
			}
			return
		}
		if m.Lineage == "" || m.Run == "" {
			t.Errorf("trailers %+v", m)
		}
		if d := cmp.Diff(m, record.Parse(m.String())); d != "" {
			t.Errorf("it becomes another (-want +got):\n%s", d)
		}
	})
}

// A message of any fields is read as it was written, but for spaces.
func FuzzString(f *testing.F) {
	f.Add("osmoctl: 1 create (serial 3)", "create account/svc", "l", "r", "ada", "because", 3)
	f.Add("s", "\n\nOsmoctl-Serial: 9", "l", "r\nOsmoctl-Run: q", "Eve\u2028", "", 1)
	f.Fuzz(func(t *testing.T, subject, change, lineage, run, actor, reason string, serial int) {
		m := record.Message{
			Subject: subject, Changes: []string{change}, Serial: serial, Lineage: lineage, Run: run, Actor: actor, Reason: reason,
			Accepted: []string{change},
		}
		got := record.Parse(m.String())
		if !got.ByOsmoctl() {
			return // A field that it cannot do without is empty.
		}
		if got.Serial != serial || len(got.Changes) > 1 || len(got.Accepted) > 1 || got.Plan != "" || got.Restored != "" || got.Moved != "" || got.Declarations != "" {
			t.Errorf("%+v is read as %+v", m, got)
		}
		if d := cmp.Diff(got, record.Parse(got.String())); d != "" {
			t.Errorf("it becomes another (-want +got):\n%s", d)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		record.Parse(applied)
	}
}
