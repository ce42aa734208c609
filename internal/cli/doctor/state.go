package doctor

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// checkState reads the newest state that the clone knows, and checks it as state verify
// does, with the part of its history that is new to this clone.
func (p *patient) checkState(ctx context.Context) []report.Check {
	const area = "state"
	at, err := p.w.Newest(ctx)
	if err != nil {
		return []report.Check{fault(area, "place", err)}
	}
	p.at = at
	var list []report.Check
	for _, text := range p.warned {
		list = append(list, check(area, "place", report.CheckWarning, "", "%s", text))
	}
	if at.Commit == "" {
		return append(list, skip(area, "integrity", "nothing was applied yet"))
	}
	files, err := p.w.StateFiles(ctx, at.Commit, nil)
	if err != nil {
		return append(list, fault(area, "integrity", err))
	}
	if len(files) == 0 {
		return append(list, skip(area, "integrity", "nothing was applied yet"))
	}
	found := report.VerificationOf(files)
	if n := len(found.Problems.Errors()); n > 0 {
		return append(list, check(area, "integrity", report.CheckProblem, "osmoctl state verify", "the state at hand has %s", model.Plural(n, "error", "errors")))
	}
	list = append(list, fine(area, "integrity", "state is sound at serial %d, with %s", found.Serial, model.Plural(found.Ciphertexts, "sealed value", "sealed values")))
	doubt, err := p.w.Doubt(ctx, at)
	switch {
	case err != nil:
		list = append(list, fault(area, "history", err))
	case doubt != "":
		list = append(list, warning(area, "history", errors.New(doubt)))
	default:
		list = append(list, fine(area, "history", "its history is that of osmoctl, as far as this clone has to look"))
	}
	if p.snap, err = p.w.Snapshot(ctx, at.Commit); err != nil {
		return append(list, fault(area, "integrity", err))
	}
	return append(list, p.checkOverdue())
}

// checkOverdue tells whether the nightly run does its work.
func (p *patient) checkOverdue() report.Check {
	now, err := p.env.ReadClock()
	if err != nil {
		return fault("state", "due", err)
	}
	due := report.ExpiringOf(p.snap, "", now, 0)
	late := 0
	for _, u := range due.List {
		if due.Overdue(u) {
			late++
		}
	}
	if late > 0 {
		return check("state", "due", report.CheckWarning, "osmoctl apply --due-only; a job does it every night", "%s overdue", model.Plural(late, "rotation, revocation or expiry is", "rotations, revocations or expiries are"))
	}
	return fine("state", "due", "nothing is overdue")
}
