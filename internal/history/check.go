package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Options say how much to check.
type Options struct {
	// Seen is what the clone remembers of the branch; nil is nothing. Commits
	// that it vouches for are not looked at again, unless Full is set.
	Seen *Seen
	// Sound are what the clone remembers of other branches. Where it remembers
	// nothing of this one, their commits need not be looked at again either.
	Sound []Seen
	// Full checks from the first commit on, and the digest of each.
	Full bool
}

// Finding is a commit that breaks rules.
type Finding struct {
	Commit  string
	Author  string
	When    time.Time
	Subject string
	// Problems are the rules that it breaks, at least one.
	Problems []Problem
	// Effects say what it did to accounts, tokens and roles, one line each.
	Effects []string
	// AcceptedBy is the apply that accepted it, UndoneBy the commit that
	// brought back the state before. With either it is settled.
	AcceptedBy, UndoneBy string
}

// Settled reports whether nothing is left to do about the finding.
func (f *Finding) Settled() bool { return f.AcceptedBy != "" || f.UndoneBy != "" }

// Has reports whether the finding breaks the rule of a code.
func (f *Finding) Has(code string) bool {
	return slices.ContainsFunc(f.Problems, func(p Problem) bool { return p.Code == code })
}

// Hint says what to do about the finding; "" where it is settled.
func (f *Finding) Hint() string {
	switch short := f.Commit[:min(len(f.Commit), 12)]; {
	case f.Settled():
		return ""
	case f.Has(CodeCut):
		return "git fetch --unshallow brings the older history here"
	case f.Has(CodeUnread):
		return "osmoctl state fetch brings to a partial clone what it lacks, and git fsck shows what else is missing"
	case short == "":
		return "git reflog shows where the branch was: bring it back there, or osmoctl state restore COMMIT the state of a commit"
	case !f.Has(CodeForeign) && f.Has(CodeRollback):
		return "osmoctl state restore COMMIT brings back the state of a commit, git reflog shows where the branch was, and osmoctl apply --accept-state " + short + " accepts what is now"
	default:
		return "git show " + short + " shows it, osmoctl state restore COMMIT brings back the state of a commit before it, git revert " + short + " undoes it where nothing was applied since, and osmoctl apply --accept-state " + short + " accepts it"
	}
}

// Report is what a check found.
type Report struct {
	// Commit is where it began, and Meta its state; nil where there is none.
	Commit string
	Meta   *state.Meta
	// Checked counts the commits that were held against the rules.
	Checked int
	// Cut says that the clone is shallow, so that nothing is known of what
	// came before the checked ones.
	Cut bool
	// Unread says that contents are missing in a partial clone: of each commit
	// only the message was checked, and not what it did.
	Unread bool
	// Ended are values that ended somewhere in the history, or in a state that
	// the clone has seen and that was taken back, and that the state at Commit
	// does not record as ended. They are sorted by address.
	Ended []Ended
	// Findings are sorted, the newest first.
	Findings []Finding
	// Accepted are the commits that applies have accepted so far.
	Accepted []string
}

// Open returns the findings that are not settled, nor among the accepted ones
// given, by their full hashes.
func (r *Report) Open(accepted ...string) []Finding {
	var open []Finding
	for _, f := range r.Findings {
		if !f.Settled() && !slices.Contains(accepted, f.Commit) {
			open = append(open, f)
		}
	}
	return open
}

// Whole says that nothing of the history was left unchecked.
func (r *Report) Whole() bool { return !r.Cut && !r.Unread }

// Stateless says that there is no state, that there never was any, as far as the whole
// history and this clone tell, and that nothing is wrong with that.
func (r *Report) Stateless() bool { return r.Meta == nil && len(r.Findings) == 0 && r.Whole() }

// Seen is what a clone may remember of a branch after this report, or nil where
// there is nothing to remember: no state, or open findings. Without a branch it
// is a memory of the commit alone, which is of use only if it is whole.
func (r *Report) Seen(project, branch string) *Seen {
	if r.Meta == nil || len(r.Open()) > 0 || branch == "" && !r.Whole() {
		return nil
	}
	return &Seen{
		Project: project, Branch: branch, Commit: r.Commit, Whole: r.Whole(), Accepted: r.Accepted, Ended: r.Ended,
		Lineage: r.Meta.Lineage, Serial: r.Meta.Serial, Digest: r.Meta.Digest.String(),
	}
}

// Check follows the history of state back from a commit. The error is about
// reading; what is wrong with the history is in the report.
func Check(ctx context.Context, store Store, commit string, opts Options) (*Report, error) {
	c := &checker{store: store, opts: opts, report: &Report{Commit: commit}, apart: endings{}}
	if s := c.findVouching()[commit]; s != nil {
		return reportUnchanged(ctx, store, commit, s)
	}
	if commit == "" {
		c.compareSeen(ctx)
		return c.report, nil
	}
	w, err := c.walk(ctx, commit)
	if err != nil {
		return nil, err
	}
	l, err := c.read(ctx, w)
	if err != nil {
		return nil, err
	}
	c.compareSeen(ctx)
	if err := c.findForgotten(ctx, l); err != nil && !errors.Is(err, git.ErrMissingObject) {
		return nil, err
	}
	slices.Reverse(c.report.Findings)
	if !c.report.Whole() && opts.Full {
		c.report.Findings = append(c.report.Findings, c.cannotProve())
	}
	return c.report, nil
}

// cannotProve returns the finding of a full check that could not be one.
func (c *checker) cannotProve() Finding {
	p := Problem{CodeCut, "this clone is shallow: what made the state at this commit cannot be checked"}
	if !c.report.Cut {
		p = Problem{CodeUnread, "contents of older states are missing in this clone: what the commits did cannot be checked"}
	}
	return findingOf(link{place: c.end}, []Problem{p})
}

// reportUnchanged returns the report on a commit that was found sound before.
func reportUnchanged(ctx context.Context, store Store, commit string, s *Seen) (*Report, error) {
	l := newLoader(store)
	err := l.begin(ctx, commit)
	return &Report{Commit: commit, Meta: l.meta, Accepted: s.Accepted, Ended: s.Ended}, err
}

type checker struct {
	store  Store
	opts   Options
	report *Report

	// links are oldest first; sides are merges that dropped state.
	links, sides []link
	end          place
	// base is what the clone remembers of the place where the links end; nil
	// where they go back to the first, or the clone does not.
	base *Seen
	// accepted says by which commit a commit was accepted.
	accepted map[string]string
	memory   *memory
	steps    []*step
	// sound is the last place that nothing was wrong with, doubtful are the
	// findings since, and saved is what was known then.
	sound    place
	doubtful []doubt
	// restores are the restores that nothing is wrong with.
	restores []place
	saved    *memory
	// apart are values that ended beside the links: on other parents of
	// merges, and in what was taken back.
	apart endings
}

type doubt struct {
	step    *step
	finding int
}

// findVouching finds the memories that a walk may end at, by their commits. Those of
// other branches do not count where this one has its own: what it has seen must
// be met.
func (c *checker) findVouching() map[string]*Seen {
	known := map[string]*Seen{}
	if s := c.opts.Seen; s != nil && s.Whole && !c.opts.Full {
		known[s.Commit] = s
	}
	if c.opts.Seen == nil && !c.opts.Full {
		for i := range c.opts.Sound {
			if s := &c.opts.Sound[i]; s.Whole {
				known[s.Commit] = s
			}
		}
	}
	return known
}

func (c *checker) walk(ctx context.Context, commit string) (*walk, error) {
	w := &walk{store: c.store, until: c.findVouching(), line: map[string]bool{}, states: map[string]bool{}}
	var err error
	if w.shallow, err = c.store.Shallow(); err != nil {
		return nil, err
	}
	if err := w.from(ctx, commit); err != nil {
		return nil, err
	}
	slices.Reverse(w.links)
	c.links, c.end, c.report.Cut = w.links, w.end, w.cut
	if c.base = w.until[c.end.Hash]; c.base != nil {
		c.report.Accepted = slices.Clone(c.base.Accepted)
	}
	if !w.cut {
		c.sides = w.merges
	}
	for _, k := range w.strange {
		if !c.isJudged(k.Hash) {
			c.sides = append(c.sides, k)
		}
	}
	c.collectAccepted()
	return w, nil
}

// collectAccepted notes which commits applies accepted: always earlier ones,
// since no commit can name one that is built on it.
func (c *checker) collectAccepted() {
	c.accepted = map[string]string{}
	for _, k := range c.links {
		for _, hash := range record.Parse(k.Message).Accepted {
			c.accepted[hash] = k.Hash
			c.report.Accepted = append(c.report.Accepted, hash)
		}
	}
	slices.Sort(c.report.Accepted)
	c.report.Accepted = slices.Compact(c.report.Accepted)
}

// read holds the commits that the walk has met against the rules: all of them, or
// their messages alone where a partial clone has no more.
func (c *checker) read(ctx context.Context, w *walk) (*loader, error) {
	l := newLoader(c.store)
	var err error
	if len(w.unread) > 0 {
		err = git.ErrMissingObject
	}
	if err == nil {
		err = c.lookAside(ctx, w)
	}
	if err == nil {
		err = c.judge(ctx, l)
	}
	if errors.Is(err, git.ErrMissingObject) {
		l, err = newLoader(c.store), nil
		c.judgeMessages(ctx, l)
	}
	c.report.Checked = len(c.links) + len(c.sides)
	return l, err
}

// judgeMessages checks no more than who made each commit.
func (c *checker) judgeMessages(ctx context.Context, l *loader) {
	c.report.Unread, c.report.Findings, c.sides, c.steps = true, nil, nil, nil
	c.memory, c.sound, c.doubtful, c.saved = newMemory(), c.end, nil, newMemory()
	serial := 0
	for _, k := range c.links {
		s := &step{commit: k.Hash, message: record.Parse(k.Message)}
		problems := (&judgement{step: s}).checkMessage(serial)
		serial = max(serial, s.message.Serial)
		switch {
		case len(c.doubtful) > 0 && (k.state == c.sound.state || s.restores()):
			c.undo(k.Hash)
			c.sound = k.place
		case len(problems) > 0:
			c.find(k, s, problems)
		default:
			c.accept(k, s)
		}
	}
	// Without meta.json there is nothing to compare with what was seen.
	_ = l.begin(ctx, c.report.Commit)
	c.report.Meta = l.meta
}

// judge goes forward through the links.
func (c *checker) judge(ctx context.Context, l *loader) error {
	c.memory, c.sound = newMemory(), c.end
	if err := c.begin(ctx, l); err != nil {
		return err
	}
	for _, k := range c.links {
		s, err := l.step(ctx, k)
		if err != nil {
			return err
		}
		c.steps = append(c.steps, s)
		if len(c.doubtful) > 0 && k.state == c.sound.state {
			c.undo(k.Hash)
			continue
		}
		if s, err = c.groundOf(ctx, k, s); err != nil {
			return err
		}
		problems := judge(s, c.memory)
		if len(problems) > 0 {
			c.find(k, s, problems)
		} else {
			c.accept(k, s)
		}
	}
	c.report.Meta = l.meta
	return c.judgeSides(ctx)
}

// begin takes in the state that the oldest link stands on.
func (c *checker) begin(ctx context.Context, l *loader) error {
	if c.opts.Full {
		l.digest = &digest{}
	}
	if c.end.Hash == "" {
		return nil
	}
	if !c.opts.Full {
		return l.begin(ctx, c.end.Hash)
	}
	s, err := l.step(ctx, link{place: c.end})
	if err == nil {
		c.memory.learnAll(s)
	}
	return err
}

// find adds a finding.
func (c *checker) find(k link, s *step, problems []Problem) {
	f := findingOf(k, problems)
	f.Effects, f.AcceptedBy = effects(s), c.accepted[k.Hash]
	c.report.Findings = append(c.report.Findings, f)
	if f.Settled() {
		c.memory.rebase(s)
		c.accept(k, s)
		return
	}
	if len(c.doubtful) == 0 {
		c.saved = c.memory.clone()
	}
	c.doubtful = append(c.doubtful, doubt{s, len(c.report.Findings) - 1})
}

func findingOf(k link, problems []Problem) Finding {
	return Finding{
		Commit: k.Hash, Author: k.Author.Name, When: k.Committer.When.UTC(),
		Subject: record.Parse(k.Message).Subject, Problems: problems,
	}
}

// accept makes a step the ground that further ones stand on, together with
// those in doubt that it was made upon.
func (c *checker) accept(k link, s *step) {
	for _, d := range c.doubtful {
		c.memory.learnAll(d.step)
	}
	c.memory.learnAll(s)
	c.sound, c.doubtful, c.saved = k.place, nil, nil
	if s.restores() {
		c.restores = append(c.restores, k.place)
	}
}

// groundOf returns the step to judge a link by. A restore after findings stands
// on the last sound state, and not on what it repairs: held against that without
// a problem, it settles them.
func (c *checker) groundOf(ctx context.Context, k link, s *step) (*step, error) {
	if len(c.doubtful) == 0 || !s.restores() {
		return s, nil
	}
	k.before = c.sound
	again, err := newLoader(c.store).step(ctx, k)
	if err != nil {
		return nil, err
	}
	again.digest = s.digest
	if len(judge(again, c.saved.clone())) > 0 {
		return s, nil
	}
	c.undo(k.Hash)
	return again, nil
}

// undo settles the findings since the last sound state, which is back. What
// osmoctl ended meanwhile stays ended: a value that somebody revoked is not valid
// again because the commit was a bad one for another reason.
func (c *checker) undo(by string) {
	for _, d := range c.doubtful {
		c.report.Findings[d.finding].UndoneBy = by
		if !d.step.message.ByOsmoctl() {
			continue
		}
		for _, a := range d.step.accounts {
			c.apart.learn(a.after, d.step.commit)
		}
	}
	c.memory, c.doubtful, c.saved = c.saved, nil, nil
}

// judgeSides holds merges that dropped applies against their first parents.
func (c *checker) judgeSides(ctx context.Context) error {
	for _, k := range c.sides {
		s, err := newLoader(c.store).step(ctx, k)
		if err != nil {
			return err
		}
		f := findingOf(k, []Problem{{CodeRollback, describeDrop(k)}})
		f.Problems = append(f.Problems, judge(s, newMemory())...)
		f.Effects, f.AcceptedBy = effects(s), c.accepted[k.Hash]
		if f.UndoneBy, err = c.findPickUp(ctx, k); err != nil {
			return err
		}
		c.report.Findings = append(c.report.Findings, f)
	}
	return nil
}

// describeDrop says what a merge left behind.
func describeDrop(k link) string {
	if len(k.Parents) > 0 && k.before.Hash == k.Parents[0] {
		return "the merge took the state of another parent, and dropped what was applied on its first"
	}
	return fmt.Sprintf("the merge left behind what was applied on another of its parents, last by commit %.12s", k.before.Hash)
}

// findPickUp returns the restore that also stands on what a merge dropped, or "".
func (c *checker) findPickUp(ctx context.Context, k link) (string, error) {
	for _, r := range c.restores {
		s, err := newLoader(c.store).step(ctx, link{r, k.before})
		if err != nil {
			return "", err
		}
		if len(judge(s, newMemory())) == 0 {
			return r.Hash, nil
		}
	}
	return "", nil
}

// compareSeen compares with what the clone has seen of the branch. An apply that
// accepted something since has settled what went before.
func (c *checker) compareSeen(ctx context.Context) {
	s := c.opts.Seen
	if s == nil || c.report.Cut && c.report.Meta != nil && c.report.Meta.Serial > s.Serial {
		return
	}
	message := s.rollback(c.report.Meta, c.steps)
	if message == "" {
		return
	}
	if c.report.Meta == nil || c.report.Meta.Lineage == s.Lineage {
		// What ended in the state that was taken back has ended, if its commit is
		// still there.
		_ = c.learnApart(ctx, c.report.Commit, s.Commit)
	}
	known := slices.ContainsFunc(c.report.Findings, func(f Finding) bool { return !f.Settled() && f.Has(CodeRollback) })
	acceptedSince := slices.ContainsFunc(c.report.Accepted, func(hash string) bool { return !slices.Contains(s.Accepted, hash) })
	if known || acceptedSince {
		return
	}
	f := Finding{Commit: c.report.Commit}
	if len(c.links) > 0 {
		f = findingOf(c.links[len(c.links)-1], nil)
	}
	f.Problems = []Problem{{CodeRollback, message}}
	c.report.Findings = append(c.report.Findings, f)
}
