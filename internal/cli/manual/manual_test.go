package manual_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/manual"
)

// hostile has in its texts what roff takes for something else.
type hostile struct {
	Quiet bool `short:"q" help:".TH is no request here, nor is\n.so /etc/passwd on a line of its own."`
	Read  struct {
		File []string `arg:"" help:"A path such as C:\\new\\file, or 'one' in \"quotes\"."`
		As   string   `default:"a-b" help:"In ^carets~ and grave accents: \x60x\x60."`
	} `cmd:"" help:"'Read' a read-only file\n'sp 4\nwith --force, once."`
	Gone struct{} `cmd:"" hidden:"" help:"No page."`
}

func (hostile) Help() string {
	return "First.\n\n    .ls -l 'a b' | \\\n      cat\n\nLast.\n\nExit codes: 0 done; 1 error."
}

func pages(t *testing.T) map[string]string {
	t.Helper()
	var g hostile
	parser, err := kong.New(&g, kong.Name("osmoctl"), kong.Description("Of the parts.\n\n"+g.Help()))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, p := range manual.Pages(parser.Model.Node, manual.Heading{Version: "v1.0.0", Date: "2026-03-01"}) {
		all[p.Name] = p.Roff
	}
	return all
}

// Only our own macros begin a line, and no backslash, hyphen or quote of a text is left.
func TestEscapes(t *testing.T) {
	t.Parallel()
	all := pages(t)
	if len(all) != 2 {
		t.Fatalf("got %d pages, want those of osmoctl and osmoctl-read", len(all))
	}
	for name, text := range all {
		for line := range strings.Lines(text) {
			macro, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			switch {
			case strings.HasPrefix(line, "'"):
				t.Errorf("%s: a text begins a request: %q", name, line)
			case strings.HasPrefix(line, ".") && !strings.Contains(` .\" .TH .SH .TP .PP .BR .EX .EE .ad .nh `, " "+macro+" "):
				t.Errorf("%s: a text begins a request: %q", name, line)
			}
		}
	}
	for _, want := range []string{
		`C:\enew\efile, or \(aqone\(aq in \(dqquotes\(dq`, `\(hacarets\(ti`, `\(gax\(ga`,
		`\fB\-\-as\fR=\fI\(dqa\-b\(dq\fR`, "\\(aqsp 4\n", `\-\-force`, `.BR osmoctl (1)`,
	} {
		if !strings.Contains(all["osmoctl-read"], want) {
			t.Errorf("osmoctl-read lacks %q:\n%s", want, all["osmoctl-read"])
		}
	}
	for _, want := range []string{
		"\\&.so /etc/passwd", ".EX\n    .ls \\-l \\(aqa b\\(aq | \\e\n      cat\n.EE\n",
		".SH EXIT STATUS\n.TP\n\\fB0\\fR\ndone\n.TP\n\\fB1\\fR\nerror\n", `.TH "OSMOCTL" 1 "2026\-03\-01" "osmoctl v1.0.0"`,
	} {
		if !strings.Contains(all["osmoctl"], want) {
			t.Errorf("osmoctl lacks %q:\n%s", want, all["osmoctl"])
		}
	}
}

// What roff shows is what the grammar says, sign by sign.
func TestRenders(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip("there is no man program")
	}
	dir := t.TempDir()
	for name, text := range pages(t) {
		if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shown := render(t, filepath.Join(dir, "osmoctl.1")) + render(t, filepath.Join(dir, "osmoctl-read.1"))
	for _, want := range []string{
		".TH is no request here", ".so /etc/passwd on a line", `C:\new\file, or 'one' in "quotes"`, "^carets~", "`x`",
		`--as="a-b"`, "'sp 4 with --force, once", ".ls -l 'a b' | \\\n", "read-only",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown:\n%s", want, shown)
		}
	}
}

// render is what man shows of a page on a terminal with 80 columns, where it warns of nothing.
func render(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.Command("man", "--warnings", "-l", "--", path)
	cmd.Env = append(os.Environ(), "MANWIDTH=80", "MANPAGER=cat", "MAN_KEEP_FORMATTING=", "LC_ALL=C.UTF-8", "GROFF_NO_SGR=1", "GROFF_SGR=")
	var out, warnings strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &warnings
	if err := cmd.Run(); err != nil || warnings.Len() > 0 {
		t.Errorf("%s: %v, and man warns:\n%s", path, err, warnings.String())
	}
	for line := range strings.Lines(out.String()) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("%s: a line is wider than 80 columns: %s", path, line)
		}
	}
	return out.String()
}
