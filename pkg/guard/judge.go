package guard

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// judged is what the guardrails about access found, whatever of it is lifted.
type judged struct {
	administrators administrators
}

// judge asks what sets of roles come to, each set once on each server: how long that
// takes does not depend on how many accounts there are.
type judge struct {
	holdings *plan.Holdings
	servers  []plan.ServerRoles
	answers  map[question]bool
	// left is how many steps may still be taken; it falls below 0 where that was not
	// enough.
	left int
}

// question is one that was asked of a set of roles.
type question struct {
	server int
	after  bool
	roles  string
}

// spell names a set of roles, in the one order in which it is listed.
func spell(names []string) string { return strings.Join(names, "\n") + "\n" }

// judgeAccess finds out what the guardrails about access have to say of a plan; nil is
// that there are none. It reports false where that would take too long.
func judgeAccess(p *plan.Plan, f Facts) (*judged, bool) {
	if p.Holdings == nil {
		return nil, true
	}
	j := &judge{holdings: p.Holdings, servers: p.Holdings.Servers, answers: map[question]bool{}, left: f.Limits.OrDefault().AccessSteps}
	found := &judged{administrators: j.findAdministrators()}
	return found, j.left >= 0
}

// maxGrants bounds what one question may have written down, in bytes.
const maxGrants = 64 << 20

// ask answers a question once. Where there are no steps left the answer is no, which
// judgeAccess does not let pass for one.
func (j *judge) ask(q question, answer func(most access.Work) (bool, access.Work, bool)) bool {
	is, known := j.answers[q]
	if known || j.left < 0 {
		return is
	}
	is, used, ok := answer(access.Work{Steps: j.left, Bytes: maxGrants})
	if j.left -= used.Steps; !ok {
		j.left = -1
	}
	j.answers[q] = is
	return is
}
