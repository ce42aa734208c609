package plan

// Part is the plan of some of its changes, with nothing but them counted: what
// one of several commits makes true.
func (p *Plan) Part(changes []Change) *Plan {
	part := *p
	part.Changes, part.Summary = changes, summarise(changes)
	return &part
}
