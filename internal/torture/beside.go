package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// user works in a clone with git, all the time.
type user struct {
	dir       string
	committed []string // the subjects of commits that git has acknowledged
	refused   int      // times that git found something locked, as it would beside another git
	collected int      // runs of git gc
	stop      chan struct{}
	err       chan error
}

func newUser(dir string) *user {
	return &user{dir: dir, stop: make(chan struct{}), err: make(chan error, 1)}
}

// work edits, adds, commits and collects until it is told to stop.
func (u *user) work() {
	for n := 1; ; n++ {
		select {
		case <-u.stop:
			u.err <- nil
			return
		default:
		}
		if err := u.step(n); err != nil {
			u.err <- err
			return
		}
	}
}

func (u *user) step(n int) error {
	subject := fmt.Sprintf("User %d", n)
	if err := os.WriteFile(filepath.Join(u.dir, "notes", "edited.txt"), []byte(subject+"\n"), 0o666); err != nil {
		return err
	}
	if n%10 == 0 {
		u.collected++
		if err := u.git("gc", "-q", "--prune=now"); err != nil {
			return err
		}
	}
	if err := u.git("add", "notes/edited.txt"); err != nil {
		return err
	}
	refused := u.refused
	err := u.git("commit", "-q", "--allow-empty", "-m", subject)
	if err == nil && u.refused == refused {
		u.committed = append(u.committed, subject)
	}
	return err
}

// git runs a command that may be refused for a lock, and for nothing else.
func (u *user) git(args ...string) error {
	_, err := invariants.Git(u.dir, args...)
	if err == nil {
		return nil
	}
	for _, lock := range []string{"index.lock", "cannot lock ref", "HEAD.lock", "gc.pid"} {
		if strings.Contains(err.Error(), lock) {
			u.refused++
			return nil
		}
	}
	return err
}

// beside applies while a user works in the same clone.
func (l *lab) beside() error {
	template, err := l.newProject(l.accounts, 1)
	if err != nil {
		return err
	}
	defer template.remove()
	// The user goes on with the work, so it is no longer what it was.
	template.Work = nil
	if _, err := invariants.Git(template.Dir, "add", "-A"); err != nil {
		return err
	}
	if _, err := invariants.Git(template.Dir, "commit", "-q", "-m", "Take up the work"); err != nil {
		return err
	}
	u := newUser(template.Dir)
	go u.work()
	lost, err := template.applyBeside()
	close(u.stop)
	if err = errors.Join(err, <-u.err); err != nil {
		return fmt.Errorf("beside: %w", err)
	}
	if err := u.findLost(); err != nil {
		return fmt.Errorf("beside: %w", err)
	}
	if err := template.aftermath(); err != nil {
		return fmt.Errorf("beside: %w", err)
	}
	fmt.Fprintf(l.out, "%-8s %d applies, of which %d had to be repeated because the branch had moved; %d commits of the user's, %d refused for a lock, %d git gc: none lost, nothing broken\n",
		"beside", l.applies, lost, len(u.committed), u.refused, u.collected)
	return nil
}

// applyBeside applies one rotation after another, each until it is made.
func (p *project) applyBeside() (repeated int, err error) {
	for range p.lab.applies {
		for {
			r := p.apply()
			if r.Code == 0 {
				break
			}
			if r.Code != 4 {
				return repeated, fmt.Errorf("apply beside git ended with %d: %s", r.Code, r.Stderr)
			}
			repeated++
		}
		if err := p.noteHead(); err != nil {
			return repeated, err
		}
		p.day++
	}
	p.day--
	return repeated, nil
}

// findLost looks for every commit that git has acknowledged.
func (u *user) findLost() error {
	list, err := invariants.Git(u.dir, "log", "--format=%s")
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for line := range strings.Lines(list) {
		there[strings.TrimSpace(line)] = true
	}
	for _, subject := range u.committed {
		if !there[subject] {
			return fmt.Errorf("the user's commit %q is lost", subject)
		}
	}
	return nil
}
