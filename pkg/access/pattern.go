package access

// MatchesAction reports whether a pattern of a policy covers an action; the empty action
// is that of the requests without one. Case counts.
func MatchesAction(pattern, action string) bool { return matchAction(pattern, action) }

// MatchesResource reports whether a pattern of a policy covers a resource, by OSMO's rules
// for the empty one and for such as "pool/*", which stands for one that cannot be told.
func MatchesResource(pattern, resource string) bool { return matchResource(pattern, resource) }

// ReadsOnly reports whether the grant shows something and changes nothing, wherever it is
// granted. A weight does not tell: a whole scope weighs more than to write into a part.
func (g Grant) ReadsOnly() bool {
	term, except := cutExceptions(g.Action)
	return matchingActions([]string{term})&^matchingActions(except)&^readingActions == 0
}
