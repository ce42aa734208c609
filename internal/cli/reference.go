package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Reference is docs/cli.md: every command with its arguments and flags, taken
// from the grammar, so that it cannot say anything else than --help does.
func Reference() (string, error) {
	parser, err := quietParser()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("<!-- Made from the command line's grammar: go test ./internal/cli -run TestReference -update -->\n\n# Commands\n\n")
	writeDescription(&b)
	b.WriteString("\n## Everywhere\n\n")
	writeFlags(&b, parser.Model.Flags)
	for _, leaf := range parser.Model.Leaves(true) {
		writeCommand(&b, leaf)
	}
	return b.String(), nil
}

// writeDescription writes what --help says first, its exit codes as a table.
func writeDescription(b *strings.Builder) {
	about, codes, _ := strings.Cut(description, "Exit codes: ")
	codes, limits, _ := strings.Cut(codes, "\n\n")
	b.WriteString(about + "| exit code | |\n| --- | --- |\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(codes, "."), "; ") {
		code, meaning, _ := strings.Cut(line, " ")
		fmt.Fprintf(b, "| %s | %s |\n", code, meaning)
	}
	b.WriteString("\n" + limits + "\n")
}

func writeCommand(b *strings.Builder, n *kong.Node) {
	fmt.Fprintf(b, "\n## %s\n\n", n.Path())
	fmt.Fprintf(b, "    %s\n\n%s\n", n.Summary(), n.Help)
	if n.Detail != "" {
		fmt.Fprintf(b, "\n%s\n", n.Detail)
	}
	if len(n.Positional) > 0 {
		b.WriteString("\n| argument | |\n| --- | --- |\n")
		for _, a := range n.Positional {
			fmt.Fprintf(b, "| `%s` | %s |\n", a.Summary(), cell(a.Help))
		}
	}
	var flags []*kong.Flag
	for _, f := range n.Flags {
		if !f.Hidden {
			flags = append(flags, f)
		}
	}
	if len(flags) > 0 {
		b.WriteString("\n")
		writeFlags(b, flags)
	}
}

func writeFlags(b *strings.Builder, flags []*kong.Flag) {
	b.WriteString("| flag | |\n| --- | --- |\n")
	for _, f := range flags {
		if !f.Hidden {
			fmt.Fprintf(b, "| `%s` | %s |\n", f.String(), cell(f.Help))
		}
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
