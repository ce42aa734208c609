package plan

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// A plan is the product of what is declared: tokens by the roles that they
// inherit, accounts by what these roles allow, tokens by their readers. Each of
// these is bounded, and their product could still fill any memory. So whatever is
// put into a plan is counted by about what its JSON takes, and where that is more
// than the operator's limit nothing more is put in, and there is no plan. It is
// never cut: a plan that is shown is complete.

// CodeTooLarge is the code of a plan that is refused for its size.
const CodeTooLarge = "plan_too_large"

// room is what may still be put into a plan, in bytes. Those who plan parts of it at the same
// time share it: whether all of it fits depends on no order.
type room struct {
	left atomic.Int64
	// unlimited is set for plans that an operator makes in an emergency: to go back
	// to an earlier state, or to end leaked values. What they can hold is bounded by
	// state.
	unlimited bool
}

func newRoom(l model.Limits) *room {
	r := &room{}
	r.left.Store(int64(l.OrDefault().PlanMegabytes) << 20)
	return r
}

func newUnlimitedRoom() *room {
	r := &room{unlimited: true}
	r.left.Store(math.MaxInt)
	return r
}

// take reports whether there was room for n bytes more.
func (r *room) take(n int) bool {
	return r.unlimited || r.left.Add(-int64(min(n, math.MaxInt32))) >= 0
}

// rest is how much may still be put in; it is negative once that was too much.
func (r *room) rest() int { return int(r.left.Load()) }

func (r *room) full() bool { return r.rest() < 0 }

// What JSON puts around things, its indentation included.
const (
	itemFrame   = 16  // an item of a list
	fieldFrame  = 120 // a field that differs
	entryFrame  = 150 // an entry of a section
	changeFrame = 500 // a change
	objectFrame = 600 // what stands before or after it
)

func sizeOfAddress(a model.Address) int { return len(a.Account) + len(a.Name) + itemFrame }

func sizeOfAll(list []string) (n int) {
	for _, s := range list {
		n += len(s) + itemFrame
	}
	return n
}

func sizeOfReaders(list []Reader) (n int) {
	for _, r := range list {
		n += len(r.Name) + len(r.Key) + 4*itemFrame
	}
	return n
}

// size is about what an object takes as JSON.
func (o *Object) size() int {
	if o == nil {
		return itemFrame
	}
	n := objectFrame + len(o.Description) + sizeOfAll(o.ExternalRoles) + sizeOfAll(o.Roles) + sizeOfAll(o.KeptRoles) + sizeOfAll(o.Recipients) + sizeOfReaders(o.Readers)
	for _, p := range o.Policies {
		n += fieldFrame + sizeOfAll(p.Actions) + sizeOfAll(p.Resources)
	}
	for key, value := range o.Labels {
		n += len(key) + len(value) + itemFrame
	}
	return n
}

// size is about what a change takes. Its fields repeat what differs.
func (c *Change) size() int {
	objects := c.Before.size() + c.After.size()
	n := changeFrame + 2*objects
	for _, reason := range c.Reasons {
		n += len(reason) + itemFrame
	}
	if c.Resolved != nil {
		n += sizeOfAll(c.Resolved.Roles)
	}
	return n
}

// TooLarge is the problem of a plan that there is no room for within limits.
func TooLarge(l model.Limits) diag.List {
	limits := l.OrDefault()
	return diag.List{{
		Code:    CodeTooLarge,
		Summary: fmt.Sprintf("the plan would be larger than %d MiB as JSON, so it is not made: it is never shown in part", limits.PlanMegabytes),
		Hint: "list fewer roles, resources and recipients on many accounts and tokens; " +
			model.RaiseHint("plan_megabytes", 2*limits.PlanMegabytes),
	}}
}

// tooLarge is the problem of access that there was no room or no time to compare.
func (l comparers) tooLarge(limits model.Limits) diag.List {
	i := slices.IndexFunc(l, func(r *comparer) bool { return r.tooMuch })
	if i < 0 {
		return TooLarge(limits)
	}
	return TooMuchAccess(fmt.Sprintf("to say who gains and who loses what, %d different sets of roles would have to be compared", len(l[i].memo)), limits)
}

// TooMuchAccess is the problem of a plan for which more access would have to be compared
// than limits let.
func TooMuchAccess(what string, limits model.Limits) diag.List {
	steps := limits.OrDefault().AccessSteps
	return diag.List{{
		Code:    CodeTooLarge,
		Summary: fmt.Sprintf("%s, which takes more than the limit of %d steps", what, steps),
		Hint:    "let accounts share their roles, or name fewer resources in them; " + model.RaiseHint("access_steps", 2*steps),
	}}
}
