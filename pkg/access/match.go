package access

import (
	"errors"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// CheckAction applies the rule of OSMO's API for an action in a policy,
// ^(\*|[a-z]+):(\*|[A-Z][a-zA-Z]*)$. That the action exists is not part of it;
// see [Rules.Knows]. The error does not repeat the pattern.
func CheckAction(pattern string) error {
	service, verb, found := strings.Cut(pattern, ":")
	switch {
	case pattern == "*":
		return errors.New(`OSMO's API refuses a bare "*" as an action: name those that are meant, such as "workflow:Read"; "*:*" is all of them`)
	case !found:
		return errors.New(`an action is written service:Verb, such as "workflow:Read", "workflow:*" or "*:Read"`)
	case service != "*" && !consistsOf(service, isLower):
		return errors.New(`an action's service, before the colon, is lower-case letters or "*"`)
	case verb != "*" && (!consistsOf(verb, isLetter) || isLower(verb[0])):
		return errors.New(`an action's verb, after the colon, is a capital and further letters, or "*"`)
	}
	return nil
}

func consistsOf(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return s != ""
}

func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isLetter(c byte) bool { return isLower(c | 0x20) }

// SuggestAction is the closest action that the server knows to a pattern that
// matches none ([Rules.Knows]), or "" where none is close. A wildcard is suggested
// only for a wildcard of the same kind: whoever mistypes one action is not led to
// granting all of them.
func (r *Rules) SuggestAction(pattern string) (near string) {
	service, verb, _ := strings.Cut(pattern, ":")
	asWide := func(candidate string) bool {
		s, v, _ := strings.Cut(candidate, ":")
		return (s == "*") == (service == "*") && (v == "*") == (verb == "*")
	}
	var fit []string
	for _, candidate := range r.suggestions {
		if asWide(candidate) {
			fit = append(fit, candidate)
		}
	}
	return diag.Nearest(pattern, fit)
}

// listSuggestions is every action, then the wildcard of every service and verb.
func (r *Rules) listSuggestions() []string {
	var names, wild []string
	seen := map[string]bool{}
	for _, a := range r.Actions() {
		names = append(names, a.Name)
		service, verb, _ := strings.Cut(a.Name, ":")
		for _, w := range []string{service + ":*", "*:" + verb} {
			if !seen[w] {
				seen[w] = true
				wild = append(wild, w)
			}
		}
	}
	return append(names, wild...)
}

// matchAction reports whether a pattern of a policy covers an action, which is
// empty for a request that no action covers. Case counts. An empty pattern is
// what an entry of OSMO's older form reads as; it covers nothing.
func matchAction(pattern, action string) bool {
	switch {
	case pattern == "":
		return false
	case pattern == action, pattern == "*", pattern == "*:*":
		return true
	case strings.HasSuffix(pattern, ":*"):
		return strings.HasPrefix(action, pattern[:len(pattern)-1])
	case strings.HasPrefix(pattern, "*:"):
		return strings.HasSuffix(action, pattern[1:])
	}
	return false
}

// matchResource reports whether a pattern of a policy covers a resource. A
// pattern that ends in "*" covers whatever begins with the rest, and any pattern
// covers the empty resource. The resource "pool/*", which stands for a pool that
// OSMO cannot tell, is covered by every exact pattern below pool/ as well, but
// by no "pool/team*".
func matchResource(pattern, resource string) bool {
	if resource == "" || pattern == resource {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(resource, prefix)
	}
	if strings.HasSuffix(resource, "/*") {
		return strings.HasPrefix(pattern, resource[:len(resource)-1])
	}
	return false
}
