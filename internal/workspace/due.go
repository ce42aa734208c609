package workspace

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// ApplyDue carries out what dates ask for, of what is applied. It does not wait for
// what is declared: a night in which a deletion is blocked, or a manifest cannot be
// read, is no night without rotations. Such a plan is made of state alone, and
// applied on top of what is published, as a revocation is. Where state is to move,
// that waits for an apply of the declarations.
type ApplyDue struct {
	usual
	Terms
}

func (c *ApplyDue) findBase(ctx context.Context, l *ledger) (base, error) { return l.findLatest(ctx) }

func (c *ApplyDue) plan(ctx context.Context, l *ledger, b base) (*planned, error) {
	have, err := l.w.Snapshot(ctx, b.parent)
	if err != nil {
		return nil, err
	}
	opts := plan.Options{Commit: b.parent, Limits: l.w.outside.Limits, Targets: c.Targets}
	if c.Saved != nil {
		opts.Targets = c.Saved.Targets
	}
	if opts.Today, err = l.w.today(); err != nil {
		return nil, err
	}
	p := &planned{have: have, settings: have.Meta.Applied, facts: c.facts(l, nil, have)}
	if err := c.lookAtServer(ctx, l, b, p, nil, appliedProject(have)); err != nil {
		return nil, err
	}
	opts.Observed = p.observed
	if p.plan, err = l.w.buildDue(ctx, have, b.declarations, opts); err != nil {
		return nil, err
	}
	return p, nil
}

func (c *ApplyDue) review(ctx context.Context, l *ledger, b base, p *planned) error {
	if err := c.checkHistory(ctx, l, b, p); err != nil {
		return err
	}
	if err := guard.Hold(p.plan, p.facts); err != nil {
		return err
	}
	return l.w.checkSaved(c.Saved, p.plan)
}

func (c *ApplyDue) isGranted() bool { return c.Saved != nil }

func (c *ApplyDue) execute(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	if err := l.respect(ctx, b, p, &c.Terms, r); err != nil {
		return nil, err
	}
	run, err := c.prepare(l, b, p, r)
	if err != nil {
		return nil, err
	}
	// No declaration is applied, so the last ones stay recorded.
	if p.have.Exists() {
		if run.Declarations, err = l.sourceCommit(b); err != nil {
			return nil, err
		}
	}
	return run.Apply(ctx, p.plan, p.have)
}

// appliedProject is what state remembers of the project file that says who issues
// tokens.
func appliedProject(have *state.Snapshot) model.Project {
	return model.Project{Backend: have.Meta.Applied.Backend, Server: have.Meta.Applied.Server}
}

// buildDue plans what is due of a state. from is the commit from which osmoctl.yaml
// is looked for, back in time, where state has a key by its digest alone.
func (w *Workspace) buildDue(ctx context.Context, have *state.Snapshot, from string, opts plan.Options) (*plan.Plan, error) {
	keys, err := w.findAppliedKeys(ctx, have, from, opts.Today)
	if err != nil {
		return nil, err
	}
	made, problems := plan.Due(have, keys, opts)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return made, nil
}

// findAppliedKeys are the keys that state recorded, by their IDs. A digest names its key
// beyond doubt, so it does not matter who wrote the file that has it.
func (w *Workspace) findAppliedKeys(ctx context.Context, have *state.Snapshot, from string, day model.Date) (map[string]model.Recipient, error) {
	keys := map[string]model.Recipient{}
	recorded := plan.DueKeys(have, day)
	for _, name := range model.Names(have.Meta.Applied.Recipients) {
		recorded = append(recorded, have.Meta.Applied.Recipients[name]...)
	}
	names := have.Meta.Applied.KeyNames()
	for _, id := range recorded {
		if key, err := seal.ParseRecipient(id); err == nil {
			key.Name = names[id]
			keys[id] = key
		}
	}
	missing := func() bool {
		for _, id := range plan.DueKeys(have, day) {
			if _, known := keys[id]; !known {
				return true
			}
		}
		return false
	}
	if from == "" || !missing() {
		return keys, nil
	}
	_, err := walkCommits(ctx, w.repo, from, config.ProjectFile, func(c git.Commit) (more bool) {
		w.addKeysAt(c.Hash, keys)
		return missing()
	})
	if errors.Is(err, git.ErrMissingObject) {
		err = nil // What is still missing, the plan says.
	}
	return keys, err
}

// addKeysAt adds the keys that osmoctl.yaml has at a commit. One that cannot be read
// has none.
func (w *Workspace) addKeysAt(commit string, keys map[string]model.Recipient) {
	files, err := w.repo.FS(commit, config.ProjectFile)
	if err != nil {
		return
	}
	file, problems := config.LoadProject(files)
	if problems.HasErrors() {
		return
	}
	for _, list := range file.Recipients {
		for _, key := range list {
			if _, known := keys[key.ID()]; !known {
				keys[key.ID()] = key
			}
		}
	}
}
