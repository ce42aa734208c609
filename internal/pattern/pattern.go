// Package pattern has regular expressions that cost nothing until they are used. The
// program has dozens of them and most commands need none, so compiling them all when it
// starts would take longer than looking up a token does.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy is the expression, compiled when it is first asked for. Like
// [regexp.MustCompile] it panics on what is no expression, but only then: a test has to
// ask for each.
func Lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
