// Package applytest runs plans and applies in memory, for tests.
//
// A [World] is a project without a disk: declarations written in a few words
// ([Declare]), a [Store] that keeps the files of state, a [Backend] whose values
// follow from a seed, a [Sealer] that encrypts nothing, and a calendar that
// stands still until told to move. Every state a test starts from is made by
// applying declarations, as it would be in production; none is put together by
// hand.
//
//	w := applytest.New(t)
//	w.Apply(`
//	    role r1 pool:List@pool/*
//	    account svc r1
//	      token t in=90d every=60d overlap=7d
//	`)
//	w.Pass(60)
//	p := w.Plan(...)
package applytest

import (
	"context"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// FirstDay is the day on which every World begins.
const FirstDay = "2026-03-01"

// World is one project over time.
type World struct {
	tb      testing.TB
	Store   *Store
	Backend *Backend
	Sealer  *Sealer
	// Today is the day that plans are made for and applied on.
	Today model.Date
	// Actor is recorded as who asked for the changes.
	Actor string

	// decoded is the state after as many commits as known.
	decoded *state.Snapshot
	known   int
}

// New is a world in which nothing was applied yet.
func New(tb testing.TB) *World {
	tb.Helper()
	return &World{
		tb: tb, Store: &Store{}, Backend: &Backend{Seed: "seed"}, Sealer: &Sealer{},
		Today: Date(tb, FirstDay), Actor: "ada",
	}
}

// TB is the test that the world belongs to.
func (w *World) TB() testing.TB { return w.tb }

// Date reads YYYY-MM-DD.
func Date(tb testing.TB, s string) model.Date {
	tb.Helper()
	d, err := model.ParseDate(s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// Pass lets days go by.
func (w *World) Pass(days model.Days) { w.Today = w.Today.Add(days) }

// State is what was committed so far, as a later run decodes it. It must not be
// changed.
func (w *World) State() *state.Snapshot {
	w.tb.Helper()
	if commits := len(w.Store.Commits); w.decoded == nil || commits != w.known {
		s, problems := state.Decode(w.Store.Files())
		if err := problems.Err(); err != nil {
			w.tb.Fatalf("the committed state cannot be read: %v", err)
		}
		w.decoded, w.known = s, commits
	}
	return w.decoded
}

// Token is what state has of a token, or nil.
func (w *World) Token(account, name string) *state.Token {
	w.tb.Helper()
	a := w.State().Accounts[account]
	if a == nil {
		return nil
	}
	return a.Tokens[name]
}

// Plan plans declarations that must have no problems.
func (w *World) Plan(declarations string, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	return w.PlanFor(Declare(w.tb, declarations), opts...)
}

// Options are those of a plan, with what it is held against the guardrails by.
type Options struct {
	plan.Options
	guard.Facts
}

// PlanFor is Plan of declarations that were read already.
func (w *World) PlanFor(want *model.Declarations, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	o := w.options(want, opts)
	p, problems := plan.Build(want, w.State(), o.Options)
	if err := problems.Err(); err != nil {
		w.tb.Fatalf("plan on %s: %v", w.Today, err)
	}
	return w.Hold(p, o.Facts)
}

func (w *World) options(want *model.Declarations, opts []func(*Options)) Options {
	o := Options{plan.Options{Today: w.Today, Commit: "c0ffee"}, guard.Facts{Declared: want}}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// Hold holds a plan that was made of the world's state against the guardrails, and
// returns it.
func (w *World) Hold(p *plan.Plan, f guard.Facts) *plan.Plan {
	w.tb.Helper()
	f.Applied = w.State()
	if err := guard.Hold(p, f); err != nil {
		w.tb.Fatal(err)
	}
	return p
}

// Apply plans and applies declarations, which must succeed, and returns what
// was applied.
func (w *World) Apply(declarations string, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	return w.ApplyFor(Declare(w.tb, declarations), opts...)
}

// ApplyFor is Apply of declarations that were read already.
func (w *World) ApplyFor(want *model.Declarations, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	p := w.PlanFor(want, opts...)
	if _, err := w.Run(want).Apply(context.Background(), p, w.State()); err != nil {
		w.tb.Fatalf("apply on %s: %v\n%+v", w.Today, err, p.Blocked)
	}
	return p
}

// Run is a run over this world's store, issuer and sealer, at noon of today.
func (w *World) Run(want *model.Declarations) *apply.Run {
	return &apply.Run{
		Backend: w.Backend, Sealer: w.Sealer, Store: w.Store, Actor: w.Actor, ID: "run-1",
		Now: w.Today.Time().Add(12 * time.Hour), Lineage: "lineage-1", Settings: state.SettingsOf(want.Project), Approvals: want.Approvals,
	}
}

// Adopt commits a declared token as one that a server had before: recorded as
// declared, with a value that nobody knows. Its account was applied before.
func (w *World) Adopt(declarations, account, token string) {
	w.tb.Helper()
	want := Declare(w.tb, declarations).Accounts[account]
	declared, a, edit := want.Tokens[token], model.TokenAddress(account, token), w.State().Edit()
	t := edit.Token(account, token)
	t.DeletedOn, t.Spec, t.Honoured = 0, declared.TokenSpec, 1
	number := t.LastGeneration + 1
	edit.Adopt(a, state.Generation{
		Number: number, ServerName: model.ServerName(token, number), IssuedAt: w.Today.Time().Add(12 * time.Hour), IssuedBy: w.Actor,
		ExpiresAt: declared.Expiry.On(w.Today), Description: declared.Description, Roles: declared.RolesAtIssue(want),
	})
	next, changes := edit.Finish()
	message := record.Message{
		Subject: "osmoctl: 1 to adopt", Changes: []string{"adopt " + a.String()},
		Serial: next.Meta.Serial, Lineage: next.Meta.Lineage, Run: "run-1", Actor: w.Actor,
	}
	if _, err := w.Store.Commit(context.Background(), changes, message.String()); err != nil {
		w.tb.Fatal(err)
	}
}

// PlanReseal plans to seal again what lives, for declarations that must have no
// problems.
func (w *World) PlanReseal(declarations string, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	return w.PlanResealFor(Declare(w.tb, declarations), opts...)
}

// PlanResealFor is PlanReseal of declarations that were read already.
func (w *World) PlanResealFor(want *model.Declarations, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	o := w.options(want, opts)
	p, problems := plan.BuildReseal(want, w.State(), o.Options)
	if err := problems.Err(); err != nil {
		w.tb.Fatalf("plan to reseal on %s: %v", w.Today, err)
	}
	return w.Hold(p, o.Facts)
}

// Reseal seals again what lives, which must succeed, and returns the plan.
func (w *World) Reseal(declarations string, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	return w.ResealFor(Declare(w.tb, declarations), opts...)
}

// ResealFor is Reseal for declarations that were read already.
func (w *World) ResealFor(want *model.Declarations, opts ...func(*Options)) *plan.Plan {
	w.tb.Helper()
	p := w.PlanResealFor(want, opts...)
	if _, err := w.Run(want).Reseal(context.Background(), p, w.State(), &Opener{World: w}, false); err != nil {
		w.tb.Fatalf("reseal on %s: %v\n%+v", w.Today, err, p.Blocked)
	}
	return p
}
