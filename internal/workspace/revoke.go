package workspace

import (
	"context"
	"errors"
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Revoke ends generations now, whatever their dates say, and applies nothing else.
type Revoke struct {
	usual
	What plan.Revoked
}

func (c *Revoke) findBase(ctx context.Context, l *ledger) (base, error) { return l.findLatest(ctx) }

func (c *Revoke) plan(ctx context.Context, l *ledger, b base) (*planned, error) {
	have, err := l.w.Snapshot(ctx, b.parent)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkNames(c.What, have), checkReason(c.What.Reason, have)); err != nil {
		return nil, err
	}
	day, err := l.w.today()
	if err != nil {
		return nil, err
	}
	want, err := l.w.readReadable(b.declarations)
	if err != nil {
		return nil, err
	}
	made, problems := plan.RevokeNow(want, have, c.What, plan.Options{Today: day, Commit: b.parent})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	// A revocation applies no declaration, so the last ones stay recorded. It looks at
	// nothing: what ends is asked for by name.
	p := &planned{plan: made, have: have, settings: have.Meta.Applied, facts: guard.Facts{Applied: have}}
	p.backend, err = l.w.openBackend(appliedProject(have))
	return p, err
}

// checkReason refuses a reason that quotes what has leaked: it is kept for ever.
func checkReason(reason string, have *state.Snapshot) error {
	values := have.Values()
	if len(scan.New(scan.Options{Issued: func(sum scan.Sum) bool { return values[sum] }}).Bytes([]byte(reason)))+len(secret.Shapes(reason)) > 0 {
		return &ArgumentError{diag.Hinted(errors.New("the reason holds a token or another secret, and it would be recorded for ever"), "say where the token was found, not which it is")}
	}
	return nil
}

// checkNames finds mistyped names, and says what comes near.
func checkNames(what plan.Revoked, have *state.Snapshot) error {
	for _, a := range what.Addresses {
		account := have.Accounts[a.Account]
		if account == nil {
			return state.NotFound("service account", a.Account, model.Names(have.Accounts))
		}
		if account.Tokens[a.Name] == nil {
			return state.NotFound("token", a.Account+"/"+a.Name, account.LiveTokens())
		}
	}
	return nil
}

// readReadable reads the declarations of a commit, which say what comes after; nil
// where they have problems, since a leak does not wait until somebody has mended
// them.
func (w *Workspace) readReadable(commit string) (*model.Declarations, error) {
	files, err := w.openCommitted(commit)
	if err != nil {
		return nil, err
	}
	want, problems, err := w.outside.Load(files)
	if err != nil {
		return nil, err
	}
	if n := len(problems.Errors()); n > 0 {
		words := "1 problem"
		if n > 1 {
			words = fmt.Sprintf("%d problems", n)
		}
		w.warnf("the declarations have %s, so it cannot be told what the next apply issues: osmoctl validate shows them", words)
		return nil, nil
	}
	return want, nil
}

func (c *Revoke) review(ctx context.Context, l *ledger, b base, p *planned) error {
	return liftByApply(ctx, l, b, p)
}

// liftByApply holds a plan against the guardrails, and against what is wrong with
// the history of state, with the command of the flag that lifts it: only apply has
// one.
func liftByApply(ctx context.Context, l *ledger, b base, p *planned) (err error) {
	if p.trust, err = l.checkTrust(ctx, b); err != nil {
		return err
	}
	for _, blocked := range p.trust.listBlocked() {
		if blocked.Flag != "" {
			blocked.Flag = "osmoctl apply " + blocked.Flag
		}
		p.facts.Found = append(p.facts.Found, blocked)
	}
	return guard.Hold(p.plan, p.facts)
}

func (c *Revoke) execute(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	run, err := l.prepare(b, p, r)
	if err != nil {
		return nil, err
	}
	if run.Declarations, err = l.sourceCommit(b); err != nil {
		return nil, err
	}
	return run.Apply(ctx, p.plan, p.have)
}
