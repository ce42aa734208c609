package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tally counts what the kills of a scenario met.
type tally struct {
	kills, survived int
	moved           int // the branch was at the new commit
	locks           int // a lock of git's was left
	journals        int // a journal was left: there was something to finish
	early           int // the run had ended before its kill
}

func (t tally) String() string {
	return fmt.Sprintf("%d before the commit point and %d after it; %d left a lock of git's, %d a journal; %d runs ended before their kill",
		t.kills-t.moved, t.moved, t.locks, t.journals, t.early)
}

// A victim is a way to get to a kill. It returns false where the run ended
// first.
type victim func(p *project) (killed bool, err error)

// torment makes copies of a project, has each killed, and checks what is left
// of it, until there were enough kills.
func (l *lab) torment(name string, template *project, kill victim) error {
	defer template.remove()
	var t tally
	var errs []error
	for t.kills < l.kills {
		p, err := template.copy()
		if err != nil {
			return err
		}
		err = l.round(p, kill, &t)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s, kill %d, %s: %w", name, t.kills, p.Dir, err))
			fmt.Fprintln(l.out, errs[len(errs)-1])
			continue
		}
		p.remove()
	}
	fmt.Fprintf(l.out, "%-8s kills survived: %d of %d (seed %d): %s\n", name, t.survived, t.kills, l.seed, t)
	return errors.Join(errs...)
}

// round is one kill and what comes after it.
func (l *lab) round(p *project, kill victim, t *tally) error {
	killed, err := kill(p)
	if err != nil {
		return err
	}
	if !killed {
		t.early++
		return nil
	}
	t.kills++
	if err := t.look(p); err != nil {
		return err
	}
	if err := p.wholeOrNot(); err != nil {
		return err
	}
	if err := p.aftermath(); err != nil {
		return err
	}
	t.survived++
	return nil
}

// look checks what git needs, and counts what was left.
func (t *tally) look(p *project) error {
	if err := p.CheckStanding(); err != nil {
		return fmt.Errorf("right after the kill: %w", err)
	}
	head, err := p.Head()
	if err != nil {
		return err
	}
	if head != p.Past[0] {
		t.moved++
	}
	p.Past = append(p.Past, head)
	left, err := p.Leftovers()
	if strings.Contains(strings.Join(left, " "), ".lock") {
		t.locks++
	}
	if slices.Contains(left, ".git/osmoctl/journal") {
		t.journals++
	}
	return err
}

// killAfter starts an apply and kills it. Delay is what to wait for after the
// start.
func (p *project) killAfter(delay func(done <-chan struct{})) (killed bool, err error) {
	cmd := p.command(p.does...)
	if err := cmd.Start(); err != nil {
		return false, err
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	delay(done)
	_ = cmd.Process.Kill()
	<-done
	// Without a code the process has not ended by itself.
	return cmd.ProcessState.ExitCode() < 0, nil
}

// wait pauses, or returns early when the run has ended.
func wait(d time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
}

// until waits for a file to appear in the project.
func (p *project) until(name string, done <-chan struct{}) {
	path := filepath.Join(p.Dir, filepath.FromSlash(name))
	for {
		if _, err := os.Lstat(path); err == nil {
			return
		}
		select {
		case <-done:
			return
		case <-time.After(50 * time.Microsecond):
		}
	}
}

// moment draws one, evenly up to a limit.
func (l *lab) moment(limit time.Duration) time.Duration {
	return time.Duration(l.random.Int64N(int64(limit)))
}

// span measures how long something takes in copies of a project: the median of
// three.
func (p *project) span(measure func(*project) (time.Duration, error)) (time.Duration, error) {
	var spans []time.Duration
	for range 3 {
		c, err := p.copy()
		if err != nil {
			return 0, err
		}
		took, err := measure(c)
		if err != nil {
			return 0, err
		}
		spans = append(spans, took)
		c.remove()
	}
	slices.Sort(spans)
	return spans[1], nil
}

// timeRun is the time that an undisturbed apply takes.
func timeRun(p *project) (time.Duration, error) {
	start := time.Now()
	if r := p.run("", p.does...); r.Code != 0 {
		return 0, fmt.Errorf("%s: %s", p.does[0], r.Stderr)
	}
	return time.Since(start), nil
}

// anywhere kills at any moment of a run.
func (l *lab) anywhere(template *project) (victim, error) {
	limit, err := template.span(timeRun)
	if err != nil {
		return nil, err
	}
	return func(p *project) (bool, error) {
		return p.killAfter(func(done <-chan struct{}) { wait(l.moment(limit), done) })
	}, nil
}

const journal = ".git/osmoctl/journal"

// timePublish is the time from the journal, which is written right before the
// branch moves, to the end.
func timePublish(p *project) (time.Duration, error) {
	var start time.Time
	_, err := p.killAfter(func(done <-chan struct{}) {
		p.until(journal, done)
		start = time.Now()
		<-done
	})
	return time.Since(start), err
}

// whilePublishing kills when the branch is about to move, or has.
func (l *lab) whilePublishing(template *project) (victim, error) {
	limit, err := template.span(timePublish)
	if err != nil {
		return nil, err
	}
	return func(p *project) (bool, error) {
		return p.killAfter(func(done <-chan struct{}) {
			p.until(journal, done)
			wait(l.moment(limit), done)
		})
	}, nil
}

// first kills the first apply.
func (l *lab) first() error { return l.scenario("first", l.accounts, 0, l.anywhere) }

// rotate kills an apply that replaces every value and revokes every one that
// was replaced before.
func (l *lab) rotate() error { return l.scenario("rotate", l.accounts, 2, l.anywhere) }

// publish kills that apply while others could see something of it.
func (l *lab) publish() error { return l.scenario("publish", l.accounts, 2, l.whilePublishing) }

// one kills the smallest apply there is.
func (l *lab) one() error {
	small := *l
	small.accounts = 1
	return small.scenario("one", 1, 2, small.anywhere)
}

// recover kills the run that repairs what a kill has left.
func (l *lab) recover() error { return l.scenario("recover", l.accounts, 2, l.whileRecovering) }

func (l *lab) scenario(name string, accounts, days int, how func(*project) (victim, error)) error {
	template, err := l.newProject(accounts, days)
	if err != nil {
		return err
	}
	kill, err := how(template)
	if err != nil {
		return err
	}
	return l.torment(name, template, kill)
}

// whileRecovering kills twice. A first kill that left nothing to finish does
// not count.
func (l *lab) whileRecovering(template *project) (victim, error) {
	hurt, err := l.hurt(template)
	if err != nil {
		return nil, err
	}
	limit, err := template.span(func(p *project) (time.Duration, error) { return p.timeRepair(hurt) })
	if err != nil {
		return nil, err
	}
	return func(p *project) (bool, error) {
		if hit, err := hurt(p); !hit || err != nil {
			return false, err
		}
		if err := p.noteHead(); err != nil {
			return false, err
		}
		return p.killAfter(func(done <-chan struct{}) { wait(l.moment(limit), done) })
	}, nil
}

// hurt kills so that there is something to finish.
func (l *lab) hurt(template *project) (victim, error) {
	kill, err := l.whilePublishing(template)
	if err != nil {
		return nil, err
	}
	return func(p *project) (bool, error) {
		killed, err := kill(p)
		left, listErr := p.Leftovers()
		return killed && slices.Contains(left, journal), errors.Join(err, listErr)
	}, nil
}

// timeRepair is the time that an apply takes which has something to finish.
func (p *project) timeRepair(hurt victim) (time.Duration, error) {
	for {
		hit, err := hurt(p)
		if err != nil {
			return 0, err
		}
		if hit {
			return timeRun(p)
		}
		p.day++ // try again with the next rotation
	}
}

// noteHead adds what the branch is at to what must never be lost.
func (p *project) noteHead() error {
	head, err := p.Head()
	p.Past = append(p.Past, head)
	return err
}
