package history

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply"
)

const message = "osmoctl: 1 to create (serial 3)\n\ncreate account/svc\n\nOsmoctl-Serial: 3\nOsmoctl-Lineage: l\nOsmoctl-Plan: sha256:1\nOsmoctl-Run: r\nOsmoctl-Actor: ada\n"

func TestParseMessage(t *testing.T) {
	t.Parallel()
	whole := Message{
		Subject: "osmoctl: 1 to create (serial 3)", Body: "create account/svc", ByOsmoctl: true,
		Trailers: Trailers{Serial: 3, Lineage: "l", Plan: "sha256:1", Run: "r", Actor: "ada"},
	}
	picked, accepting, bare := whole, whole, whole
	accepting.Trailers.Accepted = []string{"a", "b"}
	bare.Body = ""
	for name, c := range map[string]struct {
		text string
		want Message
	}{
		"whole":         {message, whole},
		"no last line":  {strings.TrimSpace(message), whole},
		"cherry-picked": {message + "(cherry picked from commit abc)\n", picked},
		"signed off":    {message + "Signed-off-by: Bob <bob@example.com>\n", picked},
		"accepting":     {WithAccepted(message, []string{"a", "b"}), accepting},
		"no changes":    {strings.Replace(message, "create account/svc\n\n", "", 1), bare},
	} {
		if diff := cmp.Diff(c.want, ParseMessage(c.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestForeignMessages(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":               "",
		"revert":              "Revert \"osmoctl: 1 to create (serial 3)\"\n\nThis reverts commit 0123456789012345678901234567890123456789.\n",
		"trailers before":     strings.Replace(message, "create account/svc", "x", 1) + "\nand more\n",
		"quoted":              "Tidy\n\n> " + strings.ReplaceAll(message, "\n", "\n> "),
		"no run":              strings.Replace(message, "Osmoctl-Run: r\n", "", 1),
		"empty lineage":       strings.Replace(message, ": l\n", ": \n", 1),
		"no serial":           strings.Replace(message, "Osmoctl-Serial: 3\n", "", 1),
		"serial 0":            strings.Replace(message, ": 3\n", ": 0\n", 1),
		"serial with a sign":  strings.Replace(message, ": 3\n", ": +3\n", 1),
		"serial with a zero":  strings.Replace(message, ": 3\n", ": 03\n", 1),
		"serial beyond":       strings.Replace(message, ": 3\n", ": 99999999999999999999\n", 1),
		"two serials":         message + "Osmoctl-Serial: 4\n",
		"two lineages":        message + "Osmoctl-Lineage: l\n",
		"two plans":           message + "Osmoctl-Plan: p\n",
		"subject of trailers": "Osmoctl-Serial: 3\nOsmoctl-Lineage: l",
	} {
		if m := ParseMessage(text); m.ByOsmoctl {
			t.Errorf("%s is taken for osmoctl's: %+v", name, m)
		}
	}
}

// What is taken for osmoctl's says everything once, and reads the same when it
// is written again.
func FuzzParseMessage(f *testing.F) {
	f.Add(message)
	f.Add(WithAccepted(message, []string{"a"}))
	f.Add("Revert \"x\"\n\nThis reverts commit y.\n")
	f.Add("\n\n\nOsmoctl-Serial: 1\n\n")
	f.Add("s\n\nOsmoctl-Serial: 1\nOsmoctl-Lineage: l\r\nOsmoctl-Run: r\n(x)\n")
	f.Fuzz(func(t *testing.T, text string) {
		m := ParseMessage(text)
		if strings.Contains(m.Subject, "\n") {
			t.Errorf("the subject has two lines: %q", m.Subject)
		}
		if !m.ByOsmoctl {
			return
		}
		trailers := m.Trailers
		if trailers.Serial < 1 || trailers.Lineage == "" || trailers.Run == "" {
			t.Errorf("trailers %+v", trailers)
		}
		again := ParseMessage("s\n\n" + apply.TrailerSerial + ": " + strconv.Itoa(trailers.Serial) + "\n" + apply.TrailerLineage + ": " + trailers.Lineage + "\n" +
			apply.TrailerRun + ": " + trailers.Run + "\n")
		if again.Trailers.Serial != trailers.Serial || again.Trailers.Lineage != trailers.Lineage || again.Trailers.Run != trailers.Run {
			t.Errorf("%+v becomes %+v", trailers, again.Trailers)
		}
	})
}
