// Package apply makes a plan true: it has tokens created, seals them, and hands
// commits of state to the store. It executes a plan and nothing else: it decides
// nothing that the plan does not say.
//
// # Order
//
// A run goes through these steps, and everything before the last leaves no
// trace:
//
//  1. refuse a plan that is blocked, or was made for another day or state;
//  2. try every distinct set of recipients, so that nothing is created that
//     cannot be sealed;
//  3. create and seal in memory; a value exists in the clear between these two
//     calls and until step 5;
//  4. edit the snapshot by the plan's changes;
//  5. search every file to be written, and the commit's message, for the
//     values of this run, in every usual encoding, and wipe the values;
//  6. commit. The commit is the transaction.
//
// [Run.Reseal] goes through the same steps for values that live: an [Opener]
// gives them back in the place of creating, and the edit changes recipients
// alone. [Run.Restore] handles no value and goes from 1 to 6.
//
// # Phases
//
// Where the backend has a server, steps 3 to 6 are repeated, as phases that each
// end in a commit. A server shows a value once, and chooses it; the name is ours.
// So a name is used by one request of one run, once, and what may exist is
// recorded before the server is asked:
//
//   - take away what an earlier run has left, and tokens of this lineage whose
//     number has ended or was burned, however late they have appeared;
//   - reserve: the names of all that is to be created;
//   - ensure roles, users and grants;
//   - create a batch of tokens, each with one request;
//   - publish: the ciphertexts, with what they replace; a number of which it is not
//     known what became is burned, and its successor reserved. The last publish
//     also ends what the plan ends;
//   - take away from the server what the state has let go of;
//   - confirm: what is gone.
//
// A commit that is not needed is not made. Reservations and what is to be taken
// away stand in [state.Underway]. A value that is not published is in no one's
// use, so losing one costs a number. At whichever call a run is interrupted, every token
// that is alive is either published, or can be found from state and is taken away by a
// later run; package backendtest tries it at every call.
//
// [Run.TakeOver] burns what another run has reserved. That may be done at any
// moment: the other run cannot publish any more.
//
// The package owns the interfaces it works through: a [Backend] makes values, a
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
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

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
	// Commit writes the changes as one commit, on top of what state was read from
	// or, after the first, of its own last one, and returns its id. Where state has
	// moved meanwhile it fails. An error is ErrNotCommitted if certainly nothing
	// was committed; otherwise the commit may be there.
	Commit(ctx context.Context, changes []state.Change, message string) (string, error)
}

// Reloader is a [Store] that can go on from a state which has moved.
type Reloader interface {
	// Reload reads the state as it is now, on top of which the next commit goes. It
	// fails where this run may not go on from there.
	Reload(ctx context.Context) (*state.Snapshot, error)
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
	// ErrNotCommitted is returned by a store that certainly has not committed, and
	// will not.
	ErrNotCommitted = errors.New("nothing was committed")
	// ErrStateMoved is [ErrNotCommitted] where another run has changed the state.
	ErrStateMoved = fmt.Errorf("%w: the state has moved", ErrNotCommitted)
	// ErrSelfLeak is returned where a file to be written holds a value of
	// this run. Nothing was written.
	ErrSelfLeak = errors.New("a file about to be written holds a token value; nothing was written")
	// ErrOtherValue is returned where what was opened is not the value that
	// was issued.
	ErrOtherValue = errors.New("the value is not the one that was issued: somebody made this file")
	// ErrRepeatedValue is returned where the backend gave a value that was
	// given out before: its source of randomness is broken.
	ErrRepeatedValue = errors.New("the issuer returned a value that was issued before; nothing was written")
)

// Run has what applying needs beside a plan.
type Run struct {
	Backend Backend
	Sealer  Sealer
	Store   Store
	// Observed is what the plan was made from, where there is a server.
	Observed model.Observed
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
	// Approvals are those declared: of them, what lifted a guardrail is recorded as
	// used.
	Approvals []model.Approval
	// Settings are recorded unless the plan was restricted to targets.
	Settings state.Settings
	// Phase, if set, is told what is being done, and how many of how many are; both are
	// 0 where nothing is counted. It may be called from several goroutines.
	Phase func(doing string, done, total int)
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
	// Ended is what the server has confirmed to be without, of what state has let go
	// of, sorted. Some of it may be from earlier runs: a create that came late.
	Ended []model.Address
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
// where the message has something to record: what was moved or accepted.
//
// Without a server nothing was committed where an error is returned, unless the
// store says otherwise. With one it is a [*PartialError] where some of the plan was
// done, and a [*ReservedError] where another run has to be waited for or taken over
// from; after any other error planning again yields what is left.
func (r *Run) Apply(ctx context.Context, p *plan.Plan, have *state.Snapshot) (*Result, error) {
	switch err := r.checkFresh(p, have); {
	case err != nil:
		return nil, err
	case p.Resealing:
		return nil, ErrReseal
	case !p.Pending() && r.Moved == "" && len(r.Accepted) == 0 && len(r.leftovers(have)) == 0 && !r.hasUnwanted(p, have):
		return &Result{Serial: have.Meta.Serial}, nil
	}
	sealed := &sealedSet{order: newGenerations(p)}
	defer sealed.wipe()
	if err := r.checkRecipients(ctx, sealed.order); err != nil {
		return nil, err
	}
	if r.Backend.Server() {
		return r.applyInPhases(ctx, p, have, sealed.order)
	}
	if err := r.createAll(ctx, sealed.order, r.lineage(have)); err != nil {
		return nil, err
	}
	if err := checkNew(sealed.order, have); err != nil {
		return nil, err
	}
	edit := r.spend(r.edit(r.begin(have), p, sealed, true), p)
	serial, commit, err := r.commitLast(ctx, edit, sealed, p)
	if err != nil {
		return nil, err
	}
	return &Result{Commit: commit, Serial: serial, Issued: sealed.results()}, nil
}

func (r *Run) say(doing string, done, total int) {
	if r.Phase != nil {
		r.Phase(doing, done, total)
	}
}

// commit commits an edit, on top of whose state the run goes on.
func (r *Run) commit(ctx context.Context, edit *state.Edit, sealed *sealedSet, about func(*state.Snapshot) record.Message) (next *state.Snapshot, commit string, err error) {
	next, changes, message, err := r.finish(ctx, edit, sealed, about)
	if err != nil {
		return nil, "", err
	}
	commit, err = r.Store.Commit(ctx, changes, message)
	return next, commit, err
}

// commitLast commits the edit that ends a run. The state that is to be takes as much
// memory as all that is written, and is let go of before the commit.
func (r *Run) commitLast(ctx context.Context, edit *state.Edit, sealed *sealedSet, p *plan.Plan) (serial int, commit string, err error) {
	next, changes, message, err := r.finish(ctx, edit, sealed, func(next *state.Snapshot) record.Message { return r.message(p, next) })
	if err != nil {
		return 0, "", err
	}
	serial = next.Meta.Serial
	commit, err = r.Store.Commit(ctx, changes, message)
	return serial, commit, err
}

// finish searches what an edit writes, and the message about it, for the values in
// sealed, and wipes those.
func (r *Run) finish(ctx context.Context, edit *state.Edit, sealed *sealedSet, about func(*state.Snapshot) record.Message) (next *state.Snapshot, changes []state.Change, message string, err error) {
	r.say("committing", 0, 0)
	next, changes = edit.Finish()
	message = about(next).String()
	if err := sealed.search(changes, message); err != nil {
		return nil, nil, "", err
	}
	sealed.wipe()
	return next, changes, message, ctx.Err()
}

// lineage is that of the state which the run works on.
func (r *Run) lineage(have *state.Snapshot) string {
	if have.Exists() {
		return have.Meta.Lineage
	}
	return r.Lineage
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
