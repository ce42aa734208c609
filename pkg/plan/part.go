package plan

import "github.com/osmoctl/osmoctl/pkg/model"

// Forget lets go of what only the decision about a plan asks for: who may do what, who
// reads what, what dates bring, and which fields of accounts and tokens differ. The plan
// of an estate is large, and is held while it is carried out. Plans that nobody was asked
// about are told with all of that when they are carried out, and keep it.
func (p *Plan) Forget() {
	if p.Revoked != nil || p.DueOnly {
		return
	}
	p.Access, p.Readers, p.Implied, p.Upcoming, p.Holdings = nil, nil, nil, nil, nil
	for i := range p.Changes {
		if p.Changes[i].Address.Kind != model.KindRole {
			p.Changes[i].Fields = []Field{}
		}
	}
	neverNil(p)
}

// Part is the plan of some of its changes, with nothing but them counted: what
// one of several commits makes true.
func (p *Plan) Part(changes []Change) *Plan {
	part := *p
	part.Changes, part.Summary = changes, summarise(changes)
	return &part
}
