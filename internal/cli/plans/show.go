package plans

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// ShowCmd shows a plan's file.
type ShowCmd struct {
	textJSONMarkdown
	File    string `arg:"" placeholder:"FILE|-" help:"A plan that plan --out wrote, by whomever; - reads stdin."`
	Digest  bool   `short:"q" help:"Print only the digest, computed from the file's content."`
	Project string `placeholder:"FOLDER" help:"The project's folder in its repository, for the heading and the first line in Markdown. Default: the top."`
}

// Help is the long description of the command.
func (ShowCmd) Help() string {
	return `It needs no project, no repository, no key and no network, and trusts nothing of the file, which may come out of anybody's pull request: what is not as plan --out writes it, down to the byte, is refused, and so is a digest that is not that of the content. The changes, readers and settings that the digest stands for come first. Everything else, risks and access among it, is the word of whoever wrote the file, and says so.`
}

// Run shows the plan.
func (c *ShowCmd) Run(ctx context.Context, env *command.Env) error {
	folder := path.Clean(c.Project)
	if folder == "." {
		folder = ""
	}
	// It is the comment that a plan of this project would stand in.
	env.Comment = view.Comment{Report: "plan", Project: folder}
	if err := c.bound(env); err != nil {
		return err
	}
	if path.IsAbs(folder) || folder == ".." || strings.HasPrefix(folder, "../") {
		return command.Usagef("--project takes a folder as seen from the top of the repository, such as clusters/prod")
	}
	if c.Digest && c.Format != view.Text {
		return command.Usagef("--digest prints one line of text: leave out -t %s", c.Format)
	}
	data, name, err := c.read(env)
	if err != nil {
		return err
	}
	p, err := plan.Read(data, name, env.Limits, plans.WriteJSON)
	if err != nil {
		return err
	}
	if c.Digest {
		_, err := fmt.Fprintln(env.Stdout, p.Digest)
		return err
	}
	return plans.ShowSaved(env.View(), p, c.Format)
}

// read reads the file within its bound.
func (c *ShowCmd) read(env *command.Env) (data []byte, name string, err error) {
	from, name := env.Stdin, "stdin"
	if c.File != "-" {
		name = c.File
		f, err := os.Open(env.Abs(c.File))
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				err = diag.Hinted(fmt.Errorf("there is no file %s", name), "where no plan could be made no file is written: the output of that run says why")
			}
			return nil, name, err
		}
		defer f.Close()
		from = f
	}
	limit := env.Limits.OrDefault().PlanFileMegabytes
	data, err = io.ReadAll(io.LimitReader(from, int64(limit)<<20+1))
	switch {
	case err != nil:
		return nil, name, fmt.Errorf("read %s: %w", name, err)
	case len(data) > limit<<20:
		return nil, name, diag.Hinted(fmt.Errorf("%s is larger than %d MiB, the limit plan_file_megabytes", name, limit), model.RaiseHint("plan_file_megabytes", 2*limit))
	}
	return data, name, nil
}
