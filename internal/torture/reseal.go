package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// reseal kills a run that seals every token to one key more.
func (l *lab) reseal() error {
	template, err := l.applyProject(l.accounts, 1)
	if err != nil {
		return err
	}
	template.day = 0 // nothing is due
	if err := template.join(); err != nil {
		return err
	}
	if template.Work, err = invariants.Begin(template.Dir); err != nil {
		return err
	}
	kill, err := l.anywhere(template)
	if err != nil {
		return err
	}
	return l.torment("reseal", template, kill)
}

// join declares another key. From then on the project is one to reseal.
func (p *project) join() error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	p.joins = identity.Recipient().String()
	p.does = []string{"secrets", "reseal", "--auto-approve", "-i", p.Identity}
	path := filepath.Join(p.Dir, "osmoctl.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(text), ", ops: [key-000]", ", joins: "+p.joins+", ops: [key-000, joins]", 1)
	if err := os.WriteFile(path, []byte(changed), 0o666); err != nil {
		return err
	}
	_, err = invariants.Git(p.Dir, "commit", "-q", "-a", "-m", "Somebody joins")
	return err
}

// wholeOrNot demands that a killed reseal has sealed every value to the key that
// joins, or none: what the branch leads to is all old or all new.
func (p *project) wholeOrNot() error {
	if p.joins == "" {
		return nil
	}
	head, err := p.Head()
	if err != nil {
		return err
	}
	with, err := p.records(p.joins)
	if err != nil {
		return err
	}
	all, err := p.records(p.lab.public)
	if err != nil {
		return err
	}
	want := 0
	if head != p.Past[0] {
		want = all
	}
	if with != want || all == 0 {
		return fmt.Errorf("%d of %d values are sealed to the key that joins, want %d", with, all, want)
	}
	return nil
}

// records counts the generations at HEAD that name a key as their recipient.
func (p *project) records(key string) (n int, err error) {
	out, err := invariants.Git(p.Dir, "grep", "-h", "-e", `^ *"recipients": \[.*`+key, "HEAD", "--", "state/accounts")
	if err != nil && strings.Contains(err.Error(), "exit status 1") {
		err = nil // it found nothing
	}
	return strings.Count(out, key), err
}
