package plan

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// part is what planning one object brings to a plan.
type part struct {
	changes  []Change
	implied  []Implied
	cases    []accessCase
	readers  []Readers
	waiting  []Waiting
	warnings []Warning
	upcoming []Upcoming
	helm     []HelmWait
	problems diag.List
}

func (p *part) change(c Change) {
	if c.Reasons == nil {
		c.Reasons = []string{}
	}
	if c.Origin != nil {
		origin := *c.Origin // A part of the declaration would hold all of it.
		c.Origin = &origin
	}
	c.Fields = fieldsOf(c.Before, c.After)
	p.changes = append(p.changes, c)
}

func (p *part) imply(a, cause model.Address, format string, args ...any) {
	p.implied = append(p.implied, Implied{Address: a, Effect: fmt.Sprintf(format, args...), Cause: cause})
}

func (p *part) warn(code string, a model.Address, format string, args ...any) {
	p.warnings = append(p.warnings, Warning{Code: code, Address: &a, Message: fmt.Sprintf(format, args...)})
}

func (p *part) fail(code string, at diag.Position, hint, format string, args ...any) {
	p.problems.Add(diag.Diagnostic{Code: code, Pos: at, Hint: hint, Summary: fmt.Sprintf(format, args...)})
}

// read notes who reads a token otherwise than before, if anybody does.
func (p *part) read(r Readers) {
	if len(r.Gained)+len(r.Lost) > 0 {
		p.readers = append(p.readers, r)
	}
}

// expect notes what a day brings, if a plan of today looks so far ahead.
func (p *part) expect(today model.Date, u ...Upcoming) {
	for _, u := range u {
		if u.Date > today && u.Date <= today.Add(UpcomingDays) {
			p.upcoming = append(p.upcoming, u)
		}
	}
}

func (p *part) join(o part) {
	p.changes = append(p.changes, o.changes...)
	p.implied = append(p.implied, o.implied...)
	p.cases = append(p.cases, o.cases...)
	p.readers = append(p.readers, o.readers...)
	p.waiting = append(p.waiting, o.waiting...)
	p.warnings = append(p.warnings, o.warnings...)
	p.upcoming = append(p.upcoming, o.upcoming...)
	p.helm = append(p.helm, o.helm...)
	p.problems = append(p.problems, o.problems...)
}

// draft collects the parts of a plan while there is room for them.
type draft struct {
	part
	room *room
}

func newDraft(l model.Limits) *draft { return &draft{room: newRoom(l)} }

// join takes in a part as a whole, and counts what it takes. It reports false once
// the plan is too large: then nothing more is worth planning.
func (d *draft) join(p part) bool {
	n := 0
	for i := range p.changes {
		n += p.changes[i].size()
	}
	for i := range p.implied {
		n += entryFrame + sizeOfAddress(p.implied[i].Address) + len(p.implied[i].Effect) + sizeOfAddress(p.implied[i].Cause)
	}
	for i := range p.readers {
		n += entryFrame + sizeOfReaders(p.readers[i].Gained) + sizeOfReaders(p.readers[i].Lost)
	}
	for i := range p.waiting {
		n += entryFrame + sizeOfReaders(p.waiting[i].Gained)
	}
	for i := range p.warnings {
		n += entryFrame + sizeOfAddress(*p.warnings[i].Address) + len(p.warnings[i].Message)
	}
	for i := range p.helm {
		n += 2*entryFrame + sizeOfAddress(p.helm[i].Address) + len(p.helm[i].Detail)
	}
	n += len(p.upcoming) * entryFrame
	if n > 0 && !d.room.take(n) {
		d.problems = append(d.problems, p.problems...)
		return false
	}
	d.part.join(p)
	return !d.room.full()
}
