package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/manual"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

type manCmd struct {
	Command   []string `arg:"" optional:"" help:"The command that the page is about, such as token decrypt. Without it, osmoctl itself."`
	Directory string   `type:"path" predictor:"file" placeholder:"DIR" help:"Write the pages of all commands into this directory, which is made."`
}

// Help is the long description of the command.
func (manCmd) Help() string {
	return `The page is printed in roff, for a manual reader: osmoctl man token decrypt | man -l -. With --directory it goes where man looks for it: osmoctl man --directory ~/.local/share/man/man1.`
}

// Run prints a page, or writes all of them.
func (c *manCmd) Run(ctx context.Context, env *command.Env) error {
	parser, err := quietParser()
	if err != nil {
		return err
	}
	v := versionOf()
	day, _, _ := strings.Cut(v.Date, "T")
	pages := manual.Pages(parser.Model.Node, manual.Heading{Version: v.Version, Date: day})
	if c.Directory != "" {
		if len(c.Command) > 0 {
			return command.Usage(errors.New("--directory writes the pages of all commands, so it takes none"))
		}
		return writePages(c.Directory, pages)
	}
	wanted := strings.Join(c.Command, " ")
	names := make([]string, 0, len(pages))
	for _, p := range pages {
		if p.Command == wanted {
			_, err := io.WriteString(env.Stdout, p.Roff)
			return err
		}
		names = append(names, p.Command)
	}
	return command.Usage(diag.HintNear(fmt.Errorf("there is no command %q", wanted), wanted, names[1:], "osmoctl --help lists them"))
}

func writePages(dir string, pages []manual.Page) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, p.Name+".1"), []byte(p.Roff), 0o666); err != nil {
			return err
		}
	}
	return nil
}
