package command

import (
	"github.com/osmoctl/osmoctl/internal/cli/pager"
)

// Page sends the result through a pager, where a person sits at a terminal that a pager
// can use, until end is called, which waits for the person. Meanwhile Ctrl-C is the
// pager's: it ends a search there, and nothing here.
//
// It is for commands whose result holds no value of a token.
func (e *Env) Page() (end func()) {
	if e.NoPager || e.Terminal == nil || e.InCI() || e.Getenv("TERM") == "dumb" {
		return func() {}
	}
	line, err := pager.Find(e.Environ)
	if err != nil {
		e.Warnf("%v: the result is shown without a pager", err)
	}
	if line == nil {
		return func() {}
	}
	before := e.Stdout
	p := &pager.Pager{
		Command: line, Environ: e.Environ, Terminal: e.Terminal, Instead: before,
		Started:  func() { e.paging.Store(true) },
		Complain: func(err error) { e.Warnf("the pager cannot be started: %v", err) },
	}
	e.Stdout = p
	return func() {
		p.Close()
		e.paging.Store(false)
		e.Stdout = before
	}
}
