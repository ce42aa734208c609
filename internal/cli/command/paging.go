package command

import (
	"math"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli/pager"
	"github.com/osmoctl/osmoctl/internal/workspace"
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
		Starting: func() { e.paging.Store(math.MaxInt64) },
		Complain: func(err error) {
			e.paging.Store(0)
			e.Warnf("the pager cannot be started: %v", err)
		},
	}
	e.Stdout = p
	return func() {
		p.Close()
		if e.paging.Load() > 0 {
			// The Ctrl-C that has ended the pager may reach us only now. The command has
			// done what it was to do, and was not interrupted.
			e.paging.Store(time.Now().Add(workspace.AfterCtrlC).UnixNano())
		}
		e.Stdout = before
	}
}
