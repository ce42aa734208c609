package doctor

import (
	"time"

	"github.com/osmoctl/osmoctl/internal/report"
)

// tolerance is how far clocks may be apart.
const tolerance = 5 * time.Minute

// checkClock holds the clock against what commits and state say: time does not go back.
func (p *patient) checkClock() []report.Check {
	const area = "clock"
	now, err := p.env.ReadClock()
	if err != nil {
		return []report.Check{fault(area, "clock", err)}
	}
	var list []report.Check
	if p.env.Getenv("OSMOCTL_NOW") != "" {
		list = append(list, check(area, "set", report.CheckWarning, "unset OSMOCTL_NOW", "the clock is set to %s by OSMOCTL_NOW", now.Format(time.RFC3339)))
	}
	head, err := p.w.Repository().Head()
	if err != nil {
		return append(list, fault(area, "clock", err))
	}
	for _, id := range []string{head.Commit, p.at.Commit} {
		commit, err := p.w.Repository().Commit(id)
		if err == nil && id != "" && commit.Committer.When.After(now.Add(tolerance)) {
			return append(list, check(area, "clock", report.CheckWarning, "set the clock, on this machine or on the one that made the commit",
				"the clock says %s, and commit %.12s is of %s", now.Format(time.RFC3339), id, commit.Committer.When.UTC().Format(time.RFC3339)))
		}
	}
	if at := p.lastIssue(); at.After(now.Add(tolerance)) {
		return append(list, check(area, "clock", report.CheckWarning, "set the clock, on this machine or on the one that issued it",
			"the clock says %s, and state has a value that was issued at %s", now.Format(time.RFC3339), at.UTC().Format(time.RFC3339)))
	}
	return append(list, fine(area, "clock", "the clock is not behind the newest commits and values"))
}

// lastIssue is when the newest live value was issued.
func (p *patient) lastIssue() (last time.Time) {
	if p.snap == nil {
		return last
	}
	for _, a := range p.snap.Accounts {
		for _, t := range a.Tokens {
			for i := range t.Generations {
				if at := t.Generations[i].IssuedAt; at.After(last) {
					last = at
				}
			}
		}
	}
	return last
}
