package config

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// MaxResource bounds one resource of a policy, in bytes. OSMO's own are names of
// pools, backends, users and sections of its configuration.
const MaxResource = 1024

// within reports a list or map that holds more than a limit allows, before
// anything of it is read. what and of go before the number, as in "the account x
// has"; of is the name of what has it, where that has one.
func (m *manifest) within(n *node, limit int, name, what, of, things string) bool {
	if n == nil {
		return true
	}
	have := len(n.items)
	if n.kind == mapNode {
		have /= 2
	}
	if have <= limit {
		return true
	}
	m.broken = true
	if of != "" {
		what += " " + quote(of) + " has"
	}
	m.fail(n, codeTooMany, model.RaiseHint(name, have), "%s %d %s, and the limit is %d", what, have, things, limit)
	return false
}

// bound returns what stands at n, or something unusable where that is too much.
func (m *manifest) bound(n *node, limit int, name, what, of, things string) *node {
	if m.within(n, limit, name, what, of, things) {
		return n
	}
	return &unusable
}

// checkTotals reports what is more over all manifests than a limit allows.
// Nothing is read from there on.
func (m *merger) checkTotals(f *manifest) {
	for _, total := range []struct {
		have, limit  int
		name, things string
	}{
		{len(m.roles), m.limits.Roles, "roles", "roles"},
		{len(m.accounts), m.limits.Accounts, "accounts", "service accounts"},
		{m.tokens, m.limits.Tokens, "tokens", "tokens"},
	} {
		if total.have <= total.limit {
			continue
		}
		m.stopped, m.incomplete = true, true
		m.problems.add(diag.Diagnostic{
			Code: codeTooMany, Summary: fmt.Sprintf("up to this file the project has %d %s, and the limit is %d", total.have, total.things, total.limit),
			Pos: diag.Position{File: f.file}, Hint: model.RaiseHint(total.name, 2*total.limit),
		})
	}
}
