package config

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

func TestAnnotate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 200) + " word " + strings.Repeat("z", 200)
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	token := "osmo_" + strings.Repeat("x", 38)
	text := strings.Join([]string{
		"a: b # c",                              // 1
		"\tkey: 'quoted ''text' # é",            // 2
		`"a\"b": [x,y]`,                         // 3
		long,                                    // 4
		"k: " + privateKey + " tail",            // 5
		"t: " + token + " " + jwt,               // 6
		"-----BEGIN OPENSSH PRIVATE KEY---",     // 7
		"  -----BEGIN OPENSSH PRIVATE KEY-----", // 8
		"  c2VjcmV0",                            // 9
		"  -----END OPENSSH PRIVATE KEY-----",   // 10
		"z: \xff!\r",                            // 11
	}, "\n")
	stars := func(n int) string { return strings.Repeat("*", n) }
	tests := []struct {
		name         string
		line, column int
		width        int
		source       string
		want         int
	}{
		{"word", 1, 4, 0, "a: b # c", 1},
		{"given width", 1, 1, 4, "a: b # c", 4},
		{"width beyond the line", 1, 4, 99, "a: b # c", 5},
		{"key", 2, 2, 0, "\tkey: 'quoted ''text' # é", 3},
		{"quoted", 2, 7, 0, "\tkey: 'quoted ''text' # é", 9},
		{"quoted with an escape", 3, 1, 0, `"a\"b": [x,y]`, 6},
		{"item", 3, 10, 0, `"a\"b": [x,y]`, 1},
		{"end of a line", 1, 9, 0, "a: b # c", 1},
		{"long line", 4, 1, 0, strings.Repeat("ä", 160), 160},
		{"far in a long line", 4, 202, 0, "…" + strings.Repeat("ä", 38) + " word " + strings.Repeat("z", 115), 4},
		{"identity", 5, 4, 0, "k: " + stars(len(privateKey)) + " tail", len(privateKey)},
		{"token and JWT", 6, 1, 0, "t: " + stars(43) + " " + stars(len(jwt)), 1},
		{"PEM", 8, 3, 0, "  " + stars(35), 35},
		{"within PEM", 9, 3, 0, stars(10), 8},
		{"after PEM", 11, 1, 0, "z: \uFFFD!", 1},
		{"beyond the line", 1, 10, 0, "", 0},
		{"beyond the file", 12, 1, 0, "", 0},
		{"no line", 0, 0, 0, "", 0},
	}
	fsys := fstest.MapFS{"x.yaml": {Data: []byte(text)}}
	for _, tt := range tests {
		list := diag.List{{Pos: diag.Position{File: "x.yaml", Line: tt.line, Column: tt.column}, Width: tt.width}}
		Annotate(fsys, list)
		if got := list[0]; got.Source != tt.source || got.Width != tt.want {
			t.Errorf("%s: got %q, width %d; want %q, width %d", tt.name, got.Source, got.Width, tt.source, tt.want)
		}
	}
}

// TestAnnotateLeaves holds that what has a source line, or a file that cannot
// be read, stays as it is.
func TestAnnotateLeaves(t *testing.T) {
	t.Parallel()
	list := diag.List{
		{Pos: diag.Position{File: "x.yaml", Line: 1, Column: 1}, Source: "mine", Width: 2},
		{Pos: diag.Position{File: "none.yaml", Line: 1, Column: 1}},
		{Pos: diag.Position{File: "../x.yaml", Line: 1, Column: 1}},
		{Pos: diag.Position{File: "x.yaml", Line: 1, Column: -1}},
	}
	Annotate(fstest.MapFS{"x.yaml": {Data: []byte("text")}}, list)
	for _, d := range list {
		if d.Source != "" && d.Source != "mine" {
			t.Errorf("%v became %q", d.Pos, d.Source)
		}
	}
}

// TestCaret shows one problem as a reader meets it.
func TestCaret(t *testing.T) {
	t.Parallel()
	_, list := Load(testProject(projectYAML, account("description: ümlaut", "rols: [deployer]")), Options{})
	if len(list) != 1 {
		t.Fatalf("got %q", briefs(list))
	}
	d := list[0]
	if d.Error() != `manifests/a.yaml:4:5: a service account has no key "rols"` || d.Source != "    rols: [deployer]" || d.Width != 4 {
		t.Errorf("got %q, source %q, width %d", d.Error(), d.Source, d.Width)
	}
}
