package scan_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

// Forms that mail, Markdown, LaTeX and shells write an underscore in, and UTF-16
// beside bytes that are none.
func TestFormsOfText(t *testing.T) {
	t.Parallel()
	v := newToken(source(50))
	rest := strings.TrimPrefix(v, "osmo_")
	big := "\x00" + strings.Join(strings.Split(v, ""), "\x00")
	for name, text := range map[string]string{
		"markdown":                             `osmo\_` + rest,
		"markdown in json":                     `"osmo\\_` + rest + `"`,
		"octal":                                `osmo\137` + rest,
		"quoted":                               "osmo=5F" + rest,
		"quoted, lower":                        "osmo=5f" + rest,
		"quoted, soft break":                   "osmo=5F" + rest[:10] + "=\r\n" + rest[10:],
		"quoted, a soft break before the mark": "osmo=\n=5F" + rest,
		"quoted, a soft break in the name":     "os=\r\nmo=5F" + rest,
		"a soft break in the name":             "os=\r\nmo_" + rest,
		"a soft break before the underscore":   "osmo=\n_" + rest,
		"quoted, soft breaks everywhere":       "osmo=5F" + rest[:1] + "=\n" + rest[1:2] + "=\r\n" + rest[2:],
		"a soft break, in base64":              base64.StdEncoding.EncodeToString([]byte("token: osm=\r\no_" + rest)),
		"quoted, all of it":                    each(v, "=%02X"),
		"octal, all of it":                     each(v, `\%03o`),
		"percent, all of it":                   each(v, "%%%02x"),
		"hex, all of it":                       each(v, `\x%02x`),
		"decimal, all of it":                   each(v, "&#%d;"),
		"percent thrice":                       "osmo%25255F" + rest,
		"percent, of scripts":                  "osmo%u005F" + rest,
		"hex in json":                          `osmo\\x5f` + rest,
		"octal in json":                        `osmo\\137` + rest,
		"hex in braces":                        `osmo\x{5f}` + rest,
		"unicode in braces":                    `osmo\u{5f}` + rest,
		"unicode, eight digits":                `osmo\U0000005f` + rest,
		"latex":                                `osmo\textunderscore ` + rest,
		"latex, braces":                        `osmo\textunderscore{}` + rest,
		"latex, an empty group":                `osmo\_{}` + rest,
		"entity":                               "osmo&lowbar;" + rest,
		"entity, its other name":               "osmo&UnderBar;" + rest,
		"entity with zeros":                    "osmo&#0095;" + rest,
		"entity with zeros, hex":               "osmo&#x005F;" + rest,
		"entity, a large x":                    "osmo&#X5f;" + rest,
		"entity without its end":               "osmo&#95" + rest,
		"entity, escaped":                      "osmo&amp;#95;" + rest,
		"entity, escaped, by name":             "osmo&amp;lowbar;" + rest,
		"entity, escaped twice":                "osmo&amp;amp;#95;" + rest,
		"soft break":                           v[:20] + "=\n" + v[20:],
		"big, then text":                       big + "text",
		"big, then a rune":                     big + "\x20\xac",
		"big at the end":                       "text" + big,
		"big, odd":                             "odd" + big + "\x01",
		"big in a long file":                   strings.Repeat("some text ", 1000) + big + strings.Repeat("\xff\xfe", 100),
		"little, then a rune":                  strings.Join(strings.Split(v, ""), "\x00") + "\x00\xac\x20",
	} {
		finds := scan.New(scan.Options{}).Bytes([]byte("before " + text + " after"))
		if len(finds) == 0 || finds[0].Sum != sha256.Sum256([]byte(v)) {
			t.Errorf("%s: %v", name, finds)
		}
	}
}
