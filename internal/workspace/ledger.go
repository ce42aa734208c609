package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// ledger is where a project keeps its state in git: which branch, on which
// remote, beside the declarations or apart from them.
//
//	push   state_branch   state is read from           a commit goes to
//	-      -              HEAD                          HEAD's branch
//	-      S              refs/heads/S                  refs/heads/S
//	R      -              R's branch, fetched           R's branch, then HEAD's if it is the same
//	R      S              R's S, fetched                R's S
//
// With a remote it moves first: the push is the commit point, and whatever
// follows locally can be finished by anybody later.
//
// The settings are those of the last apply: see [place]. Where the project file
// at HEAD has others, state moves by an apply that is allowed to: see move.go.
type ledger struct {
	w   *Workspace
	git model.Git
	// declared are the settings of the project file at HEAD.
	declared model.Git
	// at is where state was found.
	at place.Place
	// fetched is the tip of the branch as the ledger was opened: the first
	// attempt need not ask for it again.
	fetched string
	// remote is nil where nothing is pushed.
	remote *remote.Remote
	// branch is the short name of the branch that declarations come from.
	branch string
}

// base is what one attempt of an apply builds on.
type base struct {
	// declarations is the commit they are read from.
	declarations string
	// parent is the commit that state is read from and the new one is built
	// on; "" where a state branch has none yet.
	parent string
	// head is HEAD as it was found.
	head git.Head
	// undeclared says that no declarations are applied: where they move
	// meanwhile, the plan is made again on what is there then.
	undeclared bool
}

// openLedger opens the project's place in git: where the last apply has recorded it,
// and before the first where the project file at HEAD has it.
func (w *Workspace) openLedger(ctx context.Context, head git.Head) (*ledger, error) {
	declared, broken := w.places.SettingsAt(head.Commit)
	if broken != nil && !errors.As(broken, new(diag.List)) {
		return nil, broken
	}
	remote, err := w.lookAtRemote(ctx, head, declared)
	if err != nil {
		return nil, err
	}
	at, err := w.places.Locate(ctx, remote.from, head.Branch, w.places.FetchedTip)
	if err != nil {
		return nil, err
	}
	if broken != nil {
		// Where state is, state says. What is wrong with the file is for whoever
		// applies it.
		if at.Meta == nil {
			return nil, broken
		}
		declared = at.Git
	}
	through := at.Git
	if remote.branch != "" && at.Git.Push == "" && at.Git.StateBranch == "" && declared.StateBranch == "" {
		through = declared // The same branch, on the remote that it was found on.
	}
	l, err := w.openLedgerBy(ctx, head, through)
	if err != nil {
		return nil, err
	}
	l.declared, l.at = declared, at
	if l.remote != nil && l.branch == remote.branch {
		l.fetched = remote.tip
	}
	return l, nil
}

// openLedgerBy opens the place that settings name.
func (w *Workspace) openLedgerBy(ctx context.Context, head git.Head, git model.Git) (*ledger, error) {
	l := &ledger{w: w, git: git, declared: git, branch: git.Branch}
	var err error
	if git.Push != "" {
		w.say("fetching from " + git.Push)
		if l.remote, err = w.openRemote(git.Push); err != nil {
			return nil, err
		}
		if err := l.checkClock(); err != nil {
			return nil, err
		}
		if l.branch == "" {
			if l.branch, err = l.remote.DefaultBranch(ctx); err != nil {
				return nil, err
			}
		}
	}
	if l.branch == "" {
		l.branch = strings.TrimPrefix(head.Branch, place.HeadsPrefix)
	}
	return l, nil
}

// remoteTip is what is known of the branch on a remote that HEAD follows.
type remoteTip struct {
	// branch is its short name, "" where nothing is pushed, and tip its newest
	// commit.
	branch, tip string
	// from is the commit that the place of state is looked for from: the tip,
	// where applies of others may have recorded more than this clone has, or
	// HEAD where it is not part of that.
	from string
}

// lookAtRemote looks at the remote. Which one it is is taken from the settings that
// were applied. The project file alone is believed only as to a branch that
// commits of others cannot be prepared on: the one that HEAD is on, or the
// remote's default.
func (w *Workspace) lookAtRemote(ctx context.Context, head git.Head, declared model.Git) (remoteTip, error) {
	git, none := declared, remoteTip{from: head.Commit}
	recorded, _, err := w.places.MetaAt(ctx, head.Commit)
	if err != nil {
		return none, err
	}
	applied := recorded != nil && recorded.Applied.Git.Push != ""
	if applied {
		git = recorded.Applied.Git
	}
	if git.Push == "" || head.Commit == "" {
		return none, nil
	}
	l, err := w.openLedgerBy(ctx, head, git)
	if err != nil {
		return none, err
	}
	if !applied && head.Branch != place.HeadsPrefix+l.branch {
		standard, err := l.remote.DefaultBranch(ctx)
		if err != nil || standard != l.branch {
			return none, nil
		}
	}
	tip, err := l.remote.Fetch(ctx, l.branch)
	if err != nil || tip == "" {
		return none, err
	}
	found := remoteTip{branch: l.branch, tip: tip, from: tip}
	if in, err := w.repo.IsAncestor(head.Commit, tip); err != nil || !in {
		found.from = head.Commit // An attempt says what is wrong with that.
	}
	return found, nil
}

func (w *Workspace) openRemote(name string) (*remote.Remote, error) {
	return remote.Open(w.repo, name, remote.Options{Environ: w.outside.Environ, Say: w.detailf})
}

// checkRoom refuses, before anything is planned or issued, what would stand in the
// way of the commit in the end: branches where the new one would be, an index that
// cannot follow, and a configuration that does not tell whether to sign.
func (l *ledger) checkRoom(ctx context.Context) error {
	store := l.w.store
	head, err := l.w.repo.Head()
	if err != nil {
		return err
	}
	for _, git := range []model.Git{l.git, l.declared} {
		moved := place.HeadsPrefix + firstGiven(git.Branch, l.branch)
		switch {
		case git.StateBranch != "":
			err = l.w.checkNewBranch(ctx, git)
		case git.Push == "" || moved == head.Branch:
			err = store.CheckIndex()
		}
		if err != nil {
			return err
		}
	}
	return store.CheckDoubt()
}

// checkNewBranch makes sure that a state branch can be made where it is to be.
func (w *Workspace) checkNewBranch(ctx context.Context, git model.Git) error {
	if git.Push == "" {
		return w.repo.CheckNewBranch(place.HeadsPrefix + git.StateBranch)
	}
	known, err := w.repo.Ref(place.StateRef(git))
	if err != nil || known != "" {
		return err
	}
	r, err := w.openRemote(git.Push)
	if err != nil {
		return err
	}
	return r.CheckNew(ctx, git.StateBranch)
}

// findDeclared finds what the next attempt builds on, fetched where there is a remote.
// Where another apply has moved state meanwhile, the ledger goes after it.
func (l *ledger) findDeclared(ctx context.Context) (base, error) {
	b, err := l.findDeclaredHere(ctx)
	var moved *placeMovedError
	if !errors.As(err, &moved) {
		return b, err
	}
	if err := l.reopen(ctx); err != nil {
		return b, err
	}
	return l.findDeclaredHere(ctx)
}

// reopen goes after state that has moved.
func (l *ledger) reopen(ctx context.Context) error {
	head, err := l.w.repo.Head()
	if err != nil {
		return err
	}
	again, err := l.w.openLedger(ctx, head)
	if err != nil {
		return err
	}
	*l = *again
	return nil
}

func (l *ledger) findDeclaredHere(ctx context.Context) (base, error) {
	head, err := l.w.repo.Head()
	if err != nil {
		return base{}, err
	}
	if err := l.checkHead(head); err != nil {
		return base{}, err
	}
	if err := l.w.checkCommitted(head.Commit); err != nil {
		return base{}, err
	}
	b, err := l.findBase(ctx)
	if err == nil && l.git.StateBranch != "" {
		err = l.checkDescent(b)
	}
	return b, err
}

// placeMovedError says that an apply has recorded other settings since the place
// of state was found.
type placeMovedError struct{ to model.Git }

func (e *placeMovedError) Error() string {
	return fmt.Sprintf("the state has moved to %s meanwhile: git pull, and plan again", e.to.Place())
}

// checkPlace refuses to go on where state is no longer.
func (l *ledger) checkPlace(ctx context.Context, b base) error {
	meta, _, err := l.w.places.MetaAt(ctx, b.parent)
	if err != nil || meta == nil || l.at.Meta == nil || meta.Applied.Git == l.at.Meta.Applied.Git {
		return err
	}
	return stale(&placeMovedError{meta.Applied.Git})
}

// findBase tells where the next commit of state goes, whatever the state there is like.
func (l *ledger) findBase(ctx context.Context) (base, error) {
	head, err := l.w.repo.Head()
	if err != nil {
		return base{}, err
	}
	b := base{declarations: head.Commit, parent: head.Commit, head: head}
	if err := l.checkHead(head); err != nil {
		return b, err
	}
	if l.remote != nil {
		tip, err := l.fetchDeclarations(ctx, head)
		if err != nil {
			return b, err
		}
		if l.git.StateBranch == "" {
			b.declarations, b.parent = tip, tip
		}
	}
	if l.git.StateBranch != "" {
		if b.parent, err = l.stateTip(ctx); err != nil {
			return b, err
		}
	}
	return b, l.checkPlace(ctx, b)
}

// findLatest tells where the next commit of state goes that applies no declarations: on
// top of what is published, whatever HEAD has beside it. Its own commits are not
// published with it, and a clone that cannot follow says so.
func (l *ledger) findLatest(ctx context.Context) (base, error) {
	if l.remote == nil {
		b, err := l.findBase(ctx)
		b.undeclared = true
		return b, err
	}
	head, err := l.w.repo.Head()
	if err != nil {
		return base{}, err
	}
	tip, err := l.remote.Fetch(ctx, l.branch)
	if err == nil && tip == "" {
		err = diag.Hinted(fmt.Errorf("%s/%s does not exist on the remote yet, so nothing was applied", l.git.Push, l.branch), "osmoctl apply")
	}
	b := base{declarations: tip, parent: tip, head: head, undeclared: true}
	if err == nil && l.git.StateBranch != "" {
		b.parent, err = l.stateTip(ctx)
	}
	if err == nil {
		err = l.checkPlace(ctx, b)
	}
	return b, err
}

// checkHead refuses a HEAD that no commit can be built on.
func (l *ledger) checkHead(head git.Head) error {
	short := strings.TrimPrefix(head.Branch, place.HeadsPrefix)
	switch {
	case head.Commit == "":
		return diag.Hinted(errors.New("nothing is committed yet, and apply reads declarations from a commit"), "git add . && git commit")
	case l.remote == nil && l.git.StateBranch == "" && head.Branch == "":
		return diag.Hinted(errors.New("HEAD is detached, so there is no branch to commit the state to"), "git switch BRANCH")
	case l.remote == nil && l.git.Branch != "" && l.git.Branch != short:
		return diag.Hinted(fmt.Errorf("osmoctl.yaml says that apply writes branch %s, and HEAD is on %s", l.git.Branch, firstGiven(short, "none")), "git switch "+model.ShellWord(l.git.Branch))
	}
	return nil
}

// fetchDeclarations brings the remote's branch here and holds HEAD against it:
// every commit of HEAD must be there, and the declarations there must be those
// here. Then nothing is published that was not, and nothing old is applied.
func (l *ledger) fetchDeclarations(ctx context.Context, head git.Head) (string, error) {
	tip := l.fetched
	l.fetched = ""
	if tip == "" {
		var err error
		if tip, err = l.remote.Fetch(ctx, l.branch); err != nil {
			return "", err
		}
	}
	name := l.git.Push + "/" + l.branch
	if tip == "" {
		return "", diag.Hinted(fmt.Errorf("%s does not exist on the remote yet", name), "push your branch first: git push -u "+model.ShellWord(l.git.Push)+" "+model.ShellWord(l.branch))
	}
	published, err := l.w.repo.IsAncestor(head.Commit, tip)
	if err != nil {
		return "", err
	}
	if !published {
		return "", stale(diag.Hinted(fmt.Errorf("HEAD has commits that %s has not, and apply would publish them together with the state", name),
			"have them merged first, then git pull"))
	}
	same, err := l.w.repo.Same(head.Commit, tip, config.Paths()...)
	if err != nil {
		return "", err
	}
	if !same {
		return "", declarationsMoved(name)
	}
	return tip, l.follow(ctx, tip)
}

func declarationsMoved(name string) error {
	return stale(diag.Hinted(fmt.Errorf("the declarations on %s are no longer those at HEAD", name),
		"git pull, and plan again; a job for an older commit has nothing left to do"))
}

// follow brings the local branch to the remote's tip where only state moved: an
// apply elsewhere, or one here that was killed after its push.
func (l *ledger) follow(ctx context.Context, tip string) error {
	head, err := l.w.repo.Head()
	if err != nil || head.Branch != place.HeadsPrefix+l.branch || head.Commit == tip {
		return err
	}
	who, err := l.w.findActor("")
	if err != nil {
		return err
	}
	done, err := l.w.store.FastForward(ctx, head.Branch, tip, state.Dir, who.signature)
	switch {
	case errors.Is(err, gitstore.ErrOtherFiles):
		l.w.notef("The remote's %s also has commits of others: git pull brings them here.", l.branch)
		return nil
	case err != nil:
		return err
	}
	l.w.warnLeft(done)
	return nil
}

// checkClock refuses a made-up day where others would have to live with it.
func (l *ledger) checkClock() error {
	if l.w.getenv("OSMOCTL_NOW") != "" && l.remote != nil && !l.remote.Local() {
		return errors.New("OSMOCTL_NOW is for tests: nothing is applied with it where the remote is not a local path")
	}
	return nil
}

// declarationsToRecord is the declarations' commit where the new commit has to name it,
// because it does not have it as its parent.
func (l *ledger) declarationsToRecord(b base) string {
	if l.git.StateBranch == "" {
		return ""
	}
	return b.declarations
}

// lastApply is the newest commit of state, with its message: of several that one run
// made, the newest that names a plan.
func (l *ledger) lastApply(ctx context.Context, b base) (commit string, m record.Message, err error) {
	err = l.walkCommits(ctx, b, func(c git.Commit, last record.Message) (found bool) {
		if m.Run != "" && last.Run != m.Run {
			return true
		}
		// A run on a server ends with commits that name no plan.
		commit, m = c.Hash, last
		return m.Plan != "" || m.Run == ""
	})
	return commit, m, err
}

// walkCommits goes through the commits of state, newest first, until what is looked for
// is found, or as far as the clone has them.
func (l *ledger) walkCommits(ctx context.Context, b base, look func(git.Commit, record.Message) (found bool)) error {
	_, err := walkCommits(ctx, l.w.repo, b.parent, state.Dir, func(c git.Commit) (more bool) { return !look(c, record.Parse(c.Message)) })
	return err
}

// watchedRef is the full name of the branch that the clone remembers state under.
func (l *ledger) watchedRef() string {
	if l.remote != nil {
		return place.TrackingRef(l.git.Push, l.target())
	}
	return place.HeadsPrefix + l.target()
}

// stateTip is the newest commit of the state branch, "" where there is none.
func (l *ledger) stateTip(ctx context.Context) (string, error) {
	if l.remote != nil {
		return l.remote.Fetch(ctx, l.git.StateBranch)
	}
	return l.w.repo.Ref(place.HeadsPrefix + l.git.StateBranch)
}

// checkDescent refuses to apply declarations that are not made on top of those
// that state was last made from: it would take back what others applied.
func (l *ledger) checkDescent(b base) error {
	if b.parent == "" {
		return nil
	}
	from, err := l.sourceCommit(b)
	if err != nil {
		return err
	}
	descends, err := l.w.repo.IsAncestor(from, b.declarations)
	if errors.Is(err, git.ErrMissingObject) {
		descends, err = false, nil
	}
	if err != nil {
		return err
	}
	if !descends {
		return stale(diag.Hinted(fmt.Errorf("the state was last made from commit %.12s, and HEAD does not descend from it", from), "git pull, and plan again"))
	}
	return nil
}

// sourceCommit is the commit of the declarations that state was last made from, where
// it has a branch of its own, and "" elsewhere.
func (l *ledger) sourceCommit(b base) (string, error) {
	if l.git.StateBranch == "" {
		return "", nil
	}
	commit, err := l.w.repo.Commit(b.parent)
	if err != nil {
		return "", err
	}
	from := record.Parse(commit.Message).Declarations
	if from == "" {
		err = fmt.Errorf("commit %.12s of %s does not say which declarations it was made from: apply did not make it", b.parent, l.git.StateBranch)
	}
	return from, err
}

// target is the short name of the branch that commits go to.
func (l *ledger) target() string {
	if l.git.StateBranch != "" {
		return l.git.StateBranch
	}
	return l.branch
}
