package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// trust is what the history of state says about the state at a commit.
type trust struct {
	w *Workspace
	// branch is what the clone remembers the state under; "" remembers
	// nothing, as on a detached HEAD.
	branch string
	report *history.Report
	// accepted are the commits that this run accepts.
	accepted []string
}

// checkTrust checks the history of state that is new since this clone last looked,
// or all of it, and remembers it if it is sound. branch is the full name of the
// branch that the commit was read from.
func (w *Workspace) checkTrust(ctx context.Context, commit, branch string, full bool) (*trust, error) {
	t, opts, err := w.lookAtTrust(ctx, commit, branch, full)
	if err != nil {
		return nil, err
	}
	t.remember(opts)
	return t, nil
}

// lookAtTrust is [Workspace.checkTrust] that remembers nothing. It returns what was
// known before.
func (w *Workspace) lookAtTrust(ctx context.Context, commit, branch string, full bool) (*trust, history.Options, error) {
	branch, err := w.branchAt(commit, branch)
	if err != nil {
		return nil, history.Options{}, err
	}
	t := &trust{w: w, branch: branch}
	opts, err := w.loadRemembered(commit, branch)
	if err != nil {
		return nil, opts, err
	}
	opts.Full = full
	if t.report, err = history.Check(ctx, w.repo, commit, opts); err != nil {
		return nil, opts, fmt.Errorf("check the history of state: %w", err)
	}
	return t, opts, nil
}

// CheckHistory checks all of the history of the state at a place.
func (w *Workspace) CheckHistory(ctx context.Context, at place.Place) (*history.Report, error) {
	t, err := w.checkTrust(ctx, at.Commit, at.Branch, true)
	if err != nil {
		return nil, err
	}
	return t.report, nil
}

// loadRemembered is what the clone knows of a branch whose newest commit this is, and
// of others.
func (w *Workspace) loadRemembered(commit, branch string) (opts history.Options, err error) {
	if branch, err = w.branchAt(commit, branch); err != nil {
		return opts, err
	}
	if branch != "" {
		if opts.Seen, err = history.LoadSeen(w.repo.CommonDir(), w.repo.Prefix(), branch); err != nil {
			return opts, err
		}
	}
	opts.Sound, err = history.LoadSound(w.repo.CommonDir(), w.repo.Prefix())
	return opts, err
}

// branchAt is the branch if the commit is where it points, else "": what was
// read from elsewhere, as by --state-ref, must not be remembered as the branch's,
// or the branch itself would look as if it had gone back.
func (w *Workspace) branchAt(commit, branch string) (string, error) {
	if branch == "" {
		return "", nil
	}
	at, err := w.repo.Ref(branch)
	if err != nil || at != commit {
		return "", err
	}
	return branch, nil
}

// remember notes a sound state where that is news: not where less of its history
// was there than once before. A clone that cannot be written to is no reason to
// fail: it only has to look again.
func (t *trust) remember(opts history.Options) {
	now := t.report.Seen(t.w.repo.Prefix(), t.branch)
	if now == nil {
		return
	}
	known := slices.ContainsFunc(opts.Sound, func(s history.Seen) bool { return s.Branch == now.Branch && s.Commit == now.Commit })
	before := opts.Seen
	if known || before != nil && (before.Commit == now.Commit && before.Whole == now.Whole || before.Whole && !now.Whole) {
		return
	}
	_ = history.SaveSeen(t.w.repo.CommonDir(), *now)
}

// accept takes the commits whose findings the user accepts, as revisions. One
// that names no finding is a mistake.
func (t *trust) accept(revisions []string) error {
	for _, rev := range revisions {
		commit, err := t.w.repo.Resolve(rev)
		if err != nil {
			return &ArgumentError{fmt.Errorf("--accept-state: %w", err)}
		}
		if !slices.ContainsFunc(t.report.Open(), func(f history.Finding) bool { return f.Commit == commit }) {
			return &ArgumentError{fmt.Errorf("--accept-state %s: nothing is found to be wrong with that commit", rev)}
		}
		t.accepted = append(t.accepted, commit)
	}
	return nil
}

// listBlocked are the entries of a plan for what is neither settled nor accepted.
func (t *trust) listBlocked() []plan.Blocked {
	var out []plan.Blocked
	for _, f := range t.report.Open(t.accepted...) {
		blocked := plan.Blocked{Guardrail: f.Problems[0].Code, Detail: findingWords(f)}
		if f.Commit != "" {
			blocked.Flag = "--accept-state " + f.Commit
		}
		out = append(out, blocked)
	}
	return out
}

// findingWords is a finding in one line.
func findingWords(f history.Finding) string {
	var messages []string
	for _, p := range f.Problems {
		messages = append(messages, p.Message)
	}
	head := "the state branch"
	if f.Commit != "" {
		head = fmt.Sprintf("commit %.12s", f.Commit)
	}
	if f.Author != "" {
		head += fmt.Sprintf(" of %q on %s", f.Author, f.When.Format("2006-01-02"))
	}
	words := head + ": " + strings.Join(firstOf(messages), "; ")
	if len(f.Effects) > 0 {
		words += " (" + strings.Join(firstOf(f.Effects), "; ") + ")"
	}
	return words
}

// firstOf keeps a line readable: the first few, and how many are left.
func firstOf(list []string) []string {
	const most = 4
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

// lookForEdits finds the files of state that were changed by hand in the work tree
// or the index, while other things are done; the returned function names them.
// They are never believed and never overwritten. Not to know them is no reason to
// fail.
func (w *Workspace) lookForEdits(ctx context.Context) (warn func()) {
	found := make(chan []string, 1)
	go func() {
		var changed []string
		if head, err := w.repo.Head(); err == nil && head.Commit != "" {
			changed, _ = worktree.ListChanged(ctx, w.repo, head.Commit, state.Dir)
		}
		found <- changed
	}()
	return func() {
		changed := <-found
		if len(changed) == 0 {
			return
		}
		const most = 3
		names := strings.Join(changed[:min(most, len(changed))], ", ")
		if more := len(changed) - most; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		w.warnf("%s differs from HEAD, which alone counts: git checkout HEAD -- %s brings the applied state back", names, state.Dir)
	}
}
