// Package access is the commands about access: who can do what, and why. They need no
// key and open no connection.
package access

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Cmd is osmoctl access.
type Cmd struct {
	Can  canCmd  `cmd:"" help:"Say whether a subject can do something, why, and what would change it. Exit code 7 is no."`
	Who  whoCmd  `cmd:"" help:"List who can do something, or who is an administrator and by which steps."`
	Show showCmd `cmd:"" help:"Show all that a subject can do, the heaviest first, or all subjects by services and pools."`
	Diff diffCmd `cmd:"" help:"Say what subjects gain and lose between two revisions, each with a request that proves it."`
	Lint lintCmd `cmd:"" help:"Find what declarations say otherwise than one reads. Exit code 6 is a finding."`
	Test testCmd `cmd:"" help:"Hold a table of expected answers against the declarations. Exit code 6 is a wrong answer."`
}

// ExitNo is the exit code of the answer no.
const ExitNo = 7

// The words for what is looked at, beside revisions.
const (
	atWork  = "work"
	atState = "state"
)

// moment is what the questions are about.
type moment struct {
	At   string     `default:"work" placeholder:"work|state|REV|state@REV|FILE" help:"What is looked at: the declarations in the work tree, what was applied, the declarations of a revision, what was applied at one, or a single manifest, FILE.yaml. Default: ${default}."`
	AsOf model.Date `placeholder:"DATE" help:"The UTC day on which is asked: a value that has expired by then can do nothing. It matters to what was applied. Default: today."`
}

// open is the moment.
func (c moment) open(ctx context.Context, env *command.Env) (*inquiry.Moment, error) {
	book, server, err := c.read(ctx, env)
	if err != nil {
		return nil, err
	}
	return inquiry.At(book, server), nil
}

// openForAll is the moment for a question about all subjects.
func (c moment) openForAll(ctx context.Context, env *command.Env) (*inquiry.Moment, error) {
	m, err := c.open(ctx, env)
	if err != nil {
		return nil, err
	}
	return m, m.CheckWork(env.Limits.OrDefault().AccessSteps)
}

// read is who holds what at the moment, and the server that the project is for.

func (c moment) read(ctx context.Context, env *command.Env) (book rights.Book, server model.Server, err error) {
	day := c.AsOf
	if day == 0 {
		if day, err = env.Today(); err != nil {
			return book, server, err
		}
	}
	applied := func(snap *state.Snapshot) {
		book, server = rights.Applied(snap, day), snap.Meta.Applied.Server
	}
	declared := func(want *model.Declarations) {
		book, server = rights.Declared(want), want.Project.Server
	}
	revision, ofState := strings.CutPrefix(c.At, atState+"@")
	switch {
	case c.At == atWork:
		want, err := env.Declared(ctx)
		if err == nil {
			err = withRecorded(want, func(known func(*state.Snapshot)) error {
				return env.WithState(ctx, func(_ *workspace.Workspace, snap *state.Snapshot) error {
					known(snap)
					return nil
				})
			}, declared)
		}
		return book, server, err
	case c.At == atState:
		err = env.WithState(ctx, func(_ *workspace.Workspace, snap *state.Snapshot) error {
			applied(snap)
			return nil
		})
		return book, server, err
	}
	if strings.HasSuffix(c.At, ".yaml") || strings.HasSuffix(c.At, ".yml") {
		want, err := readFile(env, c.At, day)
		if err == nil {
			err = withRecorded(want, nil, declared)
		}
		return book, server, err
	}
	w, err := env.Open(ctx)
	if err != nil {
		return book, server, err
	}
	defer w.Close()
	if ofState {
		snap, err := w.StateAt(ctx, revision)
		if err == nil {
			applied(snap)
		}
		return book, server, err
	}
	want, err := w.DeclaredAt(revision)
	if err == nil {
		err = withRecorded(want, func(known func(*state.Snapshot)) error {
			snap, err := w.StateAt(ctx, revision)
			if err == nil {
				known(snap)
			}
			return err
		}, declared)
	}
	return book, server, err
}

// withRecorded passes declarations on with what a state recorded of the roles that live
// on the server. State is read only where there are such roles. An answer that leaves one
// out could be wrong either way, so there is none.
func withRecorded(want *model.Declarations, read func(known func(*state.Snapshot)) error, use func(*model.Declarations)) error {
	if len(rights.Declared(want).Unknown()) > 0 && read != nil {
		if err := read(func(snap *state.Snapshot) { want = rights.WithRecorded(want, snap) }); err != nil {
			return err
		}
	}
	if unknown := rights.Declared(want).Unknown(); len(unknown) > 0 {
		return diag.Hinted(fmt.Errorf("it is not known what %s allows, which lives on the server: no apply has recorded it", model.RoleAddress(unknown[0])),
			"osmoctl apply looks at the server and records it; --at state asks about what was applied")
	}
	use(want)
	return nil
}

// readFile reads one manifest, which need not belong to a project.
func readFile(env *command.Env, name string, day model.Date) (*model.Declarations, error) {
	path := env.Abs(name)
	want, problems := config.LoadManifest(os.DirFS(filepath.Dir(path)), filepath.Base(path), config.Options{Today: day, Limits: env.Limits})
	return want, problems.Err()
}

// subject is who a question is about.
type subject struct {
	Subject string   `predictor:"address" arg:"" optional:"" placeholder:"SUBJECT" help:"An account, token, generation or role by its address, or everybody."`
	Roles   []string `predictor:"role" placeholder:"ROLE,..." help:"Instead of a subject: whoever holds these roles."`
}

// find is the subject that the arguments name.
func (c subject) find(m *inquiry.Moment, at string) (inquiry.Subject, error) {
	if len(c.Roles) > 0 {
		return m.Holding(argument.RoleNames(c.Roles))
	}
	if at == atWork {
		if a, err := model.ReadAddress(c.Subject); err == nil && a.Generation > 0 {
			return inquiry.Subject{}, command.Usagef("%s is a generation, which only state knows: add --at state", a)
		}
	}
	return m.Find(c.Subject)
}
