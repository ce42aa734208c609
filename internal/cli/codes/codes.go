// Package codes is the command about codes: osmoctl explain.
package codes

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/docs"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/codes"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Cmd is osmoctl explain.
type Cmd struct {
	command.TextOrJSON
	Code string `predictor:"code" arg:"" optional:"" help:"The code, as it stands in brackets or in JSON. Without it, all are listed."`
}

// Help is the long description of the command.
func (Cmd) Help() string {
	return `Errors of declarations, warnings and notices of plans, guardrails, risks, findings of lint and of state: each has a code, which stays the same whatever the words. What is said here also stands in docs/codes.md.`
}

// Run explains a code, or lists all.
func (c *Cmd) Run(env *command.Env) error {
	if c.Code == "" {
		return codes.ShowList(env.View(), report.CodesOf(docs.Codes()), c.Format)
	}
	name := strings.ToLower(strings.Trim(c.Code, "[]"))
	entries := docs.Named(name)
	if len(entries) == 0 {
		return command.Usage(diag.HintNear(fmt.Errorf("there is no code %q", name), name, docs.Names(), "osmoctl explain lists them"))
	}
	return codes.Show(env.View(), report.CodesOf(entries), c.Format)
}
