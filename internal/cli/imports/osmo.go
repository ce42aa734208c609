package imports

import (
	"errors"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// OSMOCmd is osmoctl import osmo, but for the server that it asks: whoever has one
// observes it and calls Write.
type OSMOCmd struct {
	IDPrefix []string `name:"id-prefix" short:"p" placeholder:"PREFIX" help:"Users whose id begins so are service accounts. Repeatable, or with commas."`
	Roles    []string `name:"roles" short:"r" placeholder:"ROLE" help:"Users that hold any of these roles are service accounts. Repeatable, or with commas. With --id-prefix, those that fit both."`
}

// Help is the long description of the command.
func (OSMOCmd) Help() string {
	return `A server does not tell service accounts from people, so --id-prefix or --roles has to, lest a person's account be declared. The manifest has all roles of the server but the built-in ones that say what OSMO says, and the chosen users with their tokens, as far as the project does not declare them already. It goes to stdout: osmoctl import osmo --id-prefix svc- > manifests/imported.yaml. Nothing on the server changes by it, and the plan that adopts it is empty but for adoptions. What a declaration cannot say exactly is left out, with what depends on it, and a comment says why; what is left out stays as it is. No value of a token can be read back, so it is unknown until the token is rotated.`
}

// Select says which users the flags choose. Flags that choose nobody are a usage error.
func (c *OSMOCmd) Select() (importer.Select, error) {
	if len(c.IDPrefix) == 0 && len(c.Roles) == 0 {
		return importer.Select{}, command.Usage(diag.Hinted(errors.New("nothing says which users are service accounts, and people are users too"),
			"osmoctl import osmo --id-prefix svc-, or --roles ROLE"))
	}
	for _, prefix := range c.IDPrefix {
		if prefix == "" {
			return importer.Select{}, command.Usage(diag.Hinted(errors.New("an empty --id-prefix takes every user, and people are users too"), "give it the letters that ids of service accounts begin with"))
		}
	}
	return importer.Select{IDPrefixes: c.IDPrefix, Roles: c.Roles}, nil
}

// Write writes a manifest of what was observed, to stand beside what the project declares
// already.
func (c *OSMOCmd) Write(env *command.Env, project *model.Declarations, seen model.Observed) error {
	chosen, err := c.Select()
	if err != nil {
		return err
	}
	day, err := env.Today()
	if err != nil {
		return err
	}
	m, _, err := importer.FromServer(seen, chosen, importer.Options{
		Today: day, MaxLifetime: project.Project.Guardrails.MaxTokenLifetime, Limits: env.Limits, Declared: project,
	})
	if err != nil {
		return err
	}
	if len(m.Accounts) == 0 {
		env.Warnf("no user of the server was chosen that is not declared already")
	}
	if len(project.Project.Defaults.Recipients) == 0 {
		env.Warnf("defaults.recipients of osmoctl.yaml names nobody, and tokens are declared without recipients: name those who are to read them, or validate refuses the manifest")
	}
	return write(env, m)
}
