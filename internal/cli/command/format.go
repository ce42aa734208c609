package command

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
)

// TextOrJSON is the -t of most reading commands.
type TextOrJSON struct {
	Format view.Format `short:"t" name:"format-type" enum:"text,json" default:"text" help:"Output format: ${enum}."`
}

// OutputFormat is that of the command's result, and of its errors.
func (f TextOrJSON) OutputFormat() view.Format { return f.Format }

// formatIn finds the output format in a command line that could not be parsed.
func formatIn(args []string) view.Format {
	line := " " + strings.Join(args, " ") + " "
	for _, flag := range []string{" -t json ", " -tjson ", " -t=json ", " --format-type json ", " --format-type=json "} {
		if strings.Contains(line, flag) {
			return view.JSON
		}
	}
	return view.Text
}
