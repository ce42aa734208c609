package workspace

import (
	"context"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The codes of notices about the history of state.
const (
	noticeUnchecked = "history_not_checked"
	noticePartly    = "history_partly_checked"
	noticeEnded     = "ended_value_live"
)

// believe reads the state at a place for a command that only reads: what ended
// in any commit before has ended, whatever the state at hand says of it, and where
// its history is in doubt, one line says so. The history is checked from what the
// clone remembers on, beside reading the state.
func (w *Workspace) believe(ctx context.Context, at place.Place, read func() (*state.Snapshot, error)) (*state.Snapshot, error) {
	checked := make(chan func() (*trust, error), 1)
	go func() {
		t, err := w.checkTrust(ctx, at.Commit, at.Branch, false)
		checked <- func() (*trust, error) { return t, err }
	}()
	snap, err := read()
	t, failed := (<-checked)()
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case failed != nil:
		// A reader is not kept from a value because git has lost an object.
		w.warnf("the history of this state could not be checked: %v", failed)
		return snap, nil
	}
	if doubt := t.describeDoubt(); doubt != "" {
		w.warnf("%s", doubt)
	}
	return snap.Remember(t.endings()), nil
}

// WarnDoubt says where the history of the state at a place is in doubt.
func (w *Workspace) WarnDoubt(ctx context.Context, at place.Place) {
	t, err := w.checkTrust(ctx, at.Commit, at.Branch, false)
	if err != nil {
		w.warnf("the history of this state could not be checked: %v", err)
		return
	}
	if doubt := t.describeDoubt(); doubt != "" {
		w.warnf("%s", doubt)
	}
}

// Doubts say, one line each, why the state at a place may not be what was applied. Gap says
// what of its history this clone lacks, and how to get it; "" is nothing.
func (w *Workspace) Doubts(ctx context.Context, at place.Place) (doubts []string, gap string, err error) {
	t, err := w.checkTrust(ctx, at.Commit, at.Branch, false)
	if err != nil {
		return nil, "", err
	}
	for _, f := range t.report.Open() {
		doubts = append(doubts, findingWords(f))
	}
	if n := t.describeGap(); n != nil {
		gap = n.Message + ": " + n.Hint
	}
	return doubts, gap, nil
}

// endings are what ended in the history and is not recorded so.
func (t *trust) endings() []state.Ending {
	out := make([]state.Ending, len(t.report.Ended))
	for i, e := range t.report.Ended {
		reason := e.Reason
		if e.Commit != "" {
			reason += fmt.Sprintf(" (recorded by commit %.12s, and no longer in this state)", e.Commit)
		}
		out[i] = state.Ending{Address: e.Address, Tombstone: e.Tombstone()}
		out[i].Reason = reason
	}
	return out
}

// describeDoubt says in one line why the state may not be what was applied; "" is no doubt.
func (t *trust) describeDoubt() string {
	open := t.report.Open()
	switch {
	case len(open) > 1:
		return fmt.Sprintf("the history of this state is in doubt: %s; and %d more; osmoctl state verify --history shows all", findingWords(open[0]), len(open)-1)
	case len(open) == 1:
		return fmt.Sprintf("the history of this state is in doubt: %s; osmoctl state verify --history shows it", findingWords(open[0]))
	}
	if n := t.describeGap(); n != nil {
		return n.Message + ": " + n.Hint
	}
	return ""
}

// describeGap says what of the history could not be checked, and how to get it; nil
// is nothing.
func (t *trust) describeGap() *plan.Notice {
	switch {
	case t.report.Cut:
		return &plan.Notice{
			Code:    noticeUnchecked,
			Message: "The history of state was not checked, since this clone is shallow: what was edited by hand, or taken back, is not seen",
			Hint:    t.w.historyCommand(),
		}
	case t.report.Unread:
		hint := "git fsck"
		if partial, err := t.w.repo.Partial(); partial && err == nil {
			hint = "osmoctl state fetch"
		}
		return &plan.Notice{
			Code:    noticePartly,
			Message: "Of the history of state only the messages of commits were checked, since contents of older states are missing in this clone",
			Hint:    hint,
		}
	}
	return nil
}

// historyCommand is what brings to a shallow clone as much of the history as is needed.
func (w *Workspace) historyCommand() string {
	if w.upstream() == "" {
		return w.historyHint()
	}
	return "osmoctl state fetch"
}

// historyHint is the command that brings the history to a shallow clone.
func (w *Workspace) historyHint() string {
	name := w.upstream()
	if name == "" {
		return "clone the repository again, without --depth"
	}
	return "git fetch --unshallow " + model.ShellWord(name) + ", or osmoctl state fetch, which brings only what is needed"
}

// notices are what a plan has to say of the history of the state that it was made
// from.
func (t *trust) notices(have *state.Snapshot) (list []plan.Notice) {
	if n := t.describeGap(); n != nil {
		list = append(list, *n)
	}
	return append(list, t.liveEnded(have)...)
}

// liveEnded are the generations that are live in a state and whose values ended
// before.
func (t *trust) liveEnded(have *state.Snapshot) []plan.Notice {
	if len(t.report.Ended) == 0 {
		return nil
	}
	ended := map[state.Handle]history.Ended{}
	for _, e := range t.report.Ended {
		ended[e.Handle()] = e
	}
	var list []plan.Notice
	for _, name := range have.AccountNames() {
		a := have.Accounts[name]
		for _, token := range model.Names(a.Tokens) {
			for i := range a.Tokens[token].Generations {
				g := &a.Tokens[token].Generations[i]
				if e, has := ended[g.Handle(model.TokenAddress(name, token))]; has {
					list = append(list, plan.Notice{
						Code: noticeEnded,
						Message: fmt.Sprintf("token/%s/%s@%d is live in this state, and its value was ended on %s (%q; commit %.12s): every command refuses it; osmoctl state restore %.12s takes back what forgot its end, and to revoke it records that again",
							name, token, g.Number, e.On, e.Reason, e.Commit, e.Commit),
						Hint: fmt.Sprintf("osmoctl token revoke %s/%s@%d --reason 'ended before'", name, token, g.Number),
					})
				}
			}
		}
	}
	return list
}
