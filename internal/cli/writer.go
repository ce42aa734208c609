package cli

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// writer is what the commands share that commit state: who does it, how long to
// wait for others, and whether to ask.
type writer struct {
	AutoApprove bool          `help:"Go on without asking."`
	Actor       string        `placeholder:"NAME" help:"Whom to record as the one who made the changes."`
	LockTimeout time.Duration `default:"30s" help:"How long to wait for another osmoctl that is at work in this clone."`

	// answered is the digest of the plan that was said yes to. After a lost
	// race the same plan is not asked about again.
	answered string
}

// checkAsked refuses to begin what nobody could say yes to.
func (w *writer) checkAsked(env *Env) error {
	if !w.AutoApprove && !env.StdinTerminal {
		return usagef("there is nobody to ask here: give --auto-approve")
	}
	return nil
}

// locked runs f on the ledger, under the lock and with nothing interrupted left
// behind.
func (w *writer) locked(env *Env, f func(*ledger) error) error {
	hardenProcess()
	dir, err := env.findProject()
	if err != nil {
		return err
	}
	p, err := env.openProjectAt(dir, w.LockTimeout)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.checkNearest(); err != nil {
		return err
	}
	lock, err := w.lock(env, p)
	if err != nil {
		return p.leftAs(err)
	}
	defer func() { _ = lock.Unlock() }()
	if err := p.recover(env); err != nil {
		return err
	}
	l, err := p.ledgerAtHead(env.Context)
	if err == nil {
		err = l.checkRoom(env.Context)
	}
	if err != nil {
		return err
	}
	return p.leftAs(f(l))
}

// leftAs adds to an interrupt what is known of what it left behind.
func (p *project) leftAs(err error) error {
	switch {
	case err == nil || exitCode(err) != exitInterrupted || errors.Is(err, errUnchanged):
		return err
	case p.writing:
		return errHalfway
	}
	return errUnchanged
}

// lock waits for other runs in this clone, and says so where it takes long
// enough to wonder.
func (w *writer) lock(env *Env, p *project) (*gitstore.Lock, error) {
	said := make(chan struct{})
	notice := time.AfterFunc(300*time.Millisecond, func() {
		defer close(said)
		env.infof("Waiting up to %s for another osmoctl that is at work here.", w.LockTimeout)
	})
	lock, err := p.store.Lock(env.Context, env.holder())
	if !notice.Stop() {
		<-said // Nobody else writes to stderr meanwhile.
	}
	return lock, err
}

// maxAttempts bounds how often a plan is made again because another apply came
// first. Each time one of the others has succeeded, so that many runners at once
// all come to an end; the bound is for a branch that never rests.
const maxAttempts = 200

// untilWon makes attempts until one does not lose the race against another
// apply.
func (w *writer) untilWon(env *Env, attempt func() error) error {
	for try := 1; ; try++ {
		err := attempt()
		if !errors.Is(err, errLostRace) {
			return err
		}
		if try == maxAttempts {
			return stale(fmt.Errorf("other applies came first %d times in a row; nothing of this one was applied", try))
		}
		env.verbosef("what the plan was made from has moved: planning again (%d)", try)
		if err := pause(env.Context, try); err != nil {
			return err
		}
	}
}

// approved shows the plan where it has to be decided by, and settles whether to
// go on. granted says that nobody has to be asked.
func (w *writer) approved(env *Env, made *plan.Plan, granted bool, f view.Format) (stop bool, err error) {
	ask := !granted && !w.AutoApprove && made.Pending() && made.Digest != w.answered
	if ask || len(made.Blocked) > 0 {
		v := env.view()
		if f != view.Text || !ask {
			// Results alone belong on stdout; this is to decide by.
			v.Out, v.Color, v.Width = v.Err, v.ErrColor, v.ErrWidth
		}
		if err := v.Plan(made, view.Text); err != nil {
			return true, err
		}
	}
	if len(made.Blocked) > 0 {
		return true, diag.Hinted(apply.ErrBlocked, "every entry under Blocked names the flag that lifts it, where there is one")
	}
	if !ask {
		return false, nil
	}
	return w.asked(env, made)
}

func (w *writer) asked(env *Env, made *plan.Plan) (stop bool, err error) {
	env.infof("")
	env.view().Headline(made)
	fmt.Fprint(env.Stderr, "Apply this plan? Only \"yes\" is taken: ")
	answer, _ := untilInterrupted(env.Context, func() (string, error) { // What ends without a line is an answer too.
		return bufio.NewReader(env.Stdin).ReadString('\n')
	})
	if env.Context.Err() != nil {
		return true, errUnchanged
	}
	if strings.TrimSpace(answer) != "yes" {
		return true, errors.New("not applied")
	}
	w.answered = made.Digest
	return false, nil
}

// run prepares what commits on top of b. What it issues, seals and records is
// the caller's to add.
func (w *writer) run(env *Env, l *ledger, b base, t *trust) (*apply.Run, error) {
	now, err := env.now()
	if err != nil {
		return nil, err
	}
	who := env.actor(w.Actor, l.project.store)
	if who.err != nil {
		return nil, who.err
	}
	return &apply.Run{
		Store: &commitStore{ledger: l, base: b, author: who.signature},
		Actor: who.name, ID: randomID(8), Now: now, Declarations: l.recorded(b), Accepted: t.accepted,
	}, nil
}

// progress tells a person how far work on many tokens has come.
func (w *writer) progress(env *Env, run *apply.Run, tokens int, doing string) (finish func()) {
	if !env.StderrTerminal || tokens <= 100 {
		return func() {}
	}
	run.Progress, finish = env.view().Progress(tokens, doing, "committing")
	return finish
}
