package access

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// sheet collects granted access and writes it down in as few grants as are
// readable.
type sheet struct {
	rules  *Rules
	global actionSet
	rows   []row
	// throughout has the actions of areas in which all that is granted is granted
	// everywhere, patchy is set where another area has something granted.
	throughout actionSet
	patchy     bool
	// webServer is set where workflow:PortForward is granted on some pool.
	webServer bool
	meter     *meter
}

// row is the actions of an area that are granted on one resource, which is
// already spelled.
type row struct {
	area     *area
	resource string
	actions  actionSet
}

func (s *sheet) add(f field, granted answers) {
	if granted.none() {
		return
	}
	rows := f.rows(granted, s.meter)
	if len(rows) == 1 && rows[0].resource == f.area.root+"*" {
		s.throughout |= rows[0].actions
	} else {
		s.patchy = true
	}
	for _, r := range rows {
		s.webServer = s.webServer || r.actions&webServer != 0
	}
	s.rows = append(s.rows, rows...)
}

// grants writes the sheet, sorted.
func (s *sheet) grants() []Grant {
	if g, ok := s.everything(); ok {
		s.meter.spend(len(g.Action) + len(g.Resource) + grantFrame)
		return []Grant{g}
	}
	out := []Grant{}
	for _, r := range append(s.rows, s.globalRow()) {
		for _, term := range r.area.terms(r.actions) {
			if !s.meter.spend(len(term) + len(r.resource) + grantFrame) {
				return nil
			}
			out = append(out, Grant{term, r.resource})
		}
	}
	if s.global&unregistered != 0 {
		out = append(out, Grant{"*", Unregistered})
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Action, b.Action))
	})
	return out
}

// grantFrame is about what JSON puts around a grant.
const grantFrame = 80

// globalRow is what is granted without a resource. A grant of
// workflow:PortForward on a pool carries along the web server that OSMO asks
// about without one, so that stands for itself only where it is alone.
func (s *sheet) globalRow() row {
	actions := s.global &^ unregistered
	if s.webServer {
		actions &^= webServer
	}
	return row{&s.rules.global, "", actions}
}

// everything sums up access to all resources and to the requests without an action,
// possibly without a minority of the actions. One that is excepted is granted
// nowhere, since its name would except it everywhere: auth:Token also on other
// users' tokens, workflow:PortForward also at the web server.
func (s *sheet) everything() (Grant, bool) {
	twofold := ownTokens | webServer
	if s.patchy || s.global&unregistered == 0 || (s.global^s.throughout)&twofold != 0 {
		return Grant{}, false
	}
	missing := s.rules.known &^ (s.global | s.throughout)
	if 2*missing.size() >= s.rules.known.size() {
		return Grant{}, false
	}
	var except []string
	for _, service := range s.rules.global.services {
		except = append(except, service.names(service.actions&missing)...)
	}
	return Grant{spellExcept("*:*", except), Everything}, len(except) <= maxListed
}

// terms writes a set of the area's actions as patterns, by service: "*:*" without
// resources would look like an administrator's.
func (a *area) terms(set actionSet) []string {
	var out []string
	for _, s := range a.services {
		in := set & s.actions
		without := s.names(s.actions &^ in)
		if names := s.names(in); len(without) > 0 && 1+len(without) < len(names) {
			out = append(out, spellExcept(s.name+":*", without))
		} else {
			out = append(out, names...)
		}
	}
	return out
}

// names lists a set of the service's actions, or its wildcard for several that
// are all of them.
func (s service) names(set actionSet) []string {
	if set == s.actions && set.size() > 1 {
		return []string{s.name + ":*"}
	}
	var out []string
	for ; set != 0; set &= set - 1 {
		out = append(out, registry[bits.TrailingZeros64(uint64(set))].Name)
	}
	return out
}

func spellExcept(what string, except []string) string {
	if len(except) == 0 {
		return what
	}
	return what + " except " + strings.Join(except, ", ")
}

// plainBytes are the bytes that a name is shown with as they are, beside letters
// and digits.
const plainBytes = "-_.~@:/+="

// spell writes point i as a pattern. Whatever could be taken for part of the
// notation is percent-encoded in its name, so that no name reads as another
// grant.
func (f field) spell(i int) string {
	p := f.points[i]
	var b strings.Builder
	for _, c := range []byte(p.text) {
		if isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte(plainBytes, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if p.wide {
		b.WriteByte('*')
	}
	return b.String()
}
