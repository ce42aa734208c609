// Package apply makes a plan true: it issues tokens, seals them, and hands one
// commit of state to the store. It executes a plan and nothing else: it decides
// nothing that the plan does not say.
//
// # Order
//
// A run goes through these steps, and everything before the last leaves no
// trace:
//
//  1. refuse a plan that is blocked, or was made for another day or state;
//  2. try every distinct set of recipients, so that nothing is issued that
//     cannot be sealed;
//  3. issue and seal in memory; a value exists in the clear between these two
//     calls and until step 5;
//  4. edit the snapshot by the plan's changes;
//  5. search every file to be written, and the commit's message, for the
//     values of this run, in every usual encoding, and wipe the values;
//  6. commit. The commit is the transaction.
//
// [Run.Reseal] goes through the same steps for values that live: an [Opener]
// gives them back in the place of issuing, and the edit changes recipients
// alone. [Run.Restore] handles no value and goes from 1 to 6.
//
// The package owns the interfaces it works through: an [Issuer] makes values, a
// [Sealer] encrypts them, an [Opener] opens them, a [Store] commits. None of
// them knows a plan.
package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Issuer makes the value of one generation. It is called from several
// goroutines at once.
type Issuer interface {
	Issue(ctx context.Context, generation model.Address) (secret.Value, error)
}

// Sealer encrypts values to recipients. It is called from several goroutines at
// once.
type Sealer interface {
	// Check tries a set of recipients without a value.
	Check(ctx context.Context, to []model.Recipient) error
	// Seal returns the ciphertext of v, bound to its place.
	Seal(ctx context.Context, b seal.Binding, to []model.Recipient, v secret.Value) ([]byte, error)
}

// Store makes changes of state durable, all or none.
type Store interface {
	// Commit writes the changes as one commit and returns its id.
	Commit(ctx context.Context, changes []state.Change, message string) (string, error)
}

// Errors that callers tell apart.
var (
	// ErrBlocked is returned for a plan that a guardrail forbids.
	ErrBlocked = errors.New("the plan is blocked by a guardrail")
	// ErrReseal is returned where a plan to reseal is to be applied.
	ErrReseal = errors.New("a plan to reseal cannot be applied: it takes an identity, and osmoctl secrets reseal")
	// ErrUnguarded is returned for a plan that was not held against the
	// guardrails.
	ErrUnguarded = errors.New("the plan was not held against the guardrails")
	// ErrAsOf is returned for a plan made for a day chosen by hand.
	ErrAsOf = errors.New("a plan made with --as-of cannot be applied")
	// ErrStale is returned for a plan that was made against another state,
	// or for another day.
	ErrStale = errors.New("the plan is stale")
	// ErrSelfLeak is returned where a file to be written holds a value of
	// this run. Nothing was written.
	ErrSelfLeak = errors.New("a file about to be written holds a token value; nothing was written")
	// ErrOtherValue is returned where what was opened is not the value that
	// was issued.
	ErrOtherValue = errors.New("the value is not the one that was issued: somebody made this file")
	// ErrRepeatedValue is returned where the issuer gave a value that was
	// given out before: its source of randomness is broken.
	ErrRepeatedValue = errors.New("the issuer returned a value that was issued before; nothing was written")
)

// Run has what applying needs beside a plan.
type Run struct {
	Issuer Issuer
	Sealer Sealer
	Store  Store
	// Actor is who the changes are made for, as recorded in state.
	Actor string
	// ID names the run in the commit's message.
	ID string
	// Now is the time recorded; its UTC day must be the plan's.
	Now time.Time
	// Lineage names the state at its first commit.
	Lineage string
	// Declarations is the commit that they were read from, where the commit
	// that is made does not follow from it; else empty.
	Declarations string
	// Moved is the commit that state is moved from where this commit is the
	// first at another place; else empty.
	Moved string
	// Accepted are the commits whose findings this run accepts.
	Accepted []string
	// Settings are recorded unless the plan was restricted to targets.
	Settings state.Settings
	// Progress, if set, is told how many tokens of all are sealed. It may be
	// called from several goroutines.
	Progress func(done, total int)
}

// Result says what an apply did.
type Result struct {
	// Commit is empty where there was nothing to do.
	Commit string
	Serial int
	Issued []Issued
	// Resealed are the generations that were sealed again, and Left those that
	// no identity opened.
	Resealed, Left []model.Address
}

// Issued is one new generation.
type Issued struct {
	Address model.Address
	// Path of the ciphertext, relative to the project directory.
	Path      string
	ExpiresAt model.Date
	// Value is the SHA-256 of the value.
	Value state.Sum
}

// Apply executes p on top of have. A plan that changes nothing is committed only
// where the message has something to record: what was moved or accepted. On an
// error nothing was committed, unless the store says otherwise.
func (r *Run) Apply(ctx context.Context, p *plan.Plan, have *state.Snapshot) (*Result, error) {
	switch err := r.checkFresh(p, have); {
	case err != nil:
		return nil, err
	case p.Resealing:
		return nil, ErrReseal
	case !p.Pending() && r.Moved == "" && len(r.Accepted) == 0:
		return &Result{Serial: have.Meta.Serial}, nil
	}
	sealed, err := r.issueAll(ctx, p, have)
	defer sealed.wipe()
	if err != nil {
		return nil, err
	}
	result, err := r.commit(ctx, p, r.edit(p, have, sealed), sealed)
	if err != nil {
		return nil, err
	}
	result.Issued = sealed.issued()
	return result, nil
}

// commit searches what an edit writes, and the message about p, for the values of
// the run, wipes those, and commits.
func (r *Run) commit(ctx context.Context, p *plan.Plan, edit *state.Edit, sealed *sealedSet) (*Result, error) {
	next, changes := edit.Finish()
	message := r.message(p, next).String()
	if err := sealed.search(changes, message); err != nil {
		return nil, err
	}
	sealed.wipe()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	commit, err := r.Store.Commit(ctx, changes, message)
	if err != nil {
		return nil, err
	}
	return &Result{Commit: commit, Serial: next.Meta.Serial}, nil
}

// checkFresh refuses a plan that may not be executed, or not any more.
func (r *Run) checkFresh(p *plan.Plan, have *state.Snapshot) error {
	switch {
	case p.Blocked == nil:
		return ErrUnguarded
	case len(p.Blocked) > 0:
		return ErrBlocked
	case p.AsOf:
		return ErrAsOf
	case model.DateOf(r.Now) != p.Date:
		return fmt.Errorf("%w: it is of %s and the UTC day is now %s: plan again", ErrStale, p.Date, model.DateOf(r.Now))
	case p.Base.Lineage != have.Meta.Lineage:
		return fmt.Errorf("%w: it was made for a state of another lineage: plan again", ErrStale)
	case p.Base.Serial != have.Meta.Serial:
		return fmt.Errorf("%w: it was made at serial %d and state is at %d: plan again", ErrStale, p.Base.Serial, have.Meta.Serial)
	}
	return nil
}
