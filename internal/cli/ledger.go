package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
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
	project *project
	git     model.Git
	// declared are the settings of the project file at HEAD.
	declared model.Git
	// at is where state was found.
	at place
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
	head gitstore.Head
	// undeclared says that no declarations are applied: where they move
	// meanwhile, the plan is made again on what is there then.
	undeclared bool
}

// errLostRace says that somebody else's apply came first, so that the plan has
// to be made again.
var errLostRace = errors.New("another apply came first")

// ledger opens the project's place in git: where the last apply has recorded it,
// and before the first where the project file at HEAD has it.
func (p *project) ledger(ctx context.Context, head gitstore.Head) (*ledger, error) {
	declared, broken := p.gitSettings(head.Commit)
	if broken != nil && !errors.As(broken, new(diag.List)) {
		return nil, broken
	}
	remote, err := p.published(ctx, head, declared)
	if err != nil {
		return nil, err
	}
	at, err := p.locate(ctx, remote.from, head.Branch, p.fetchedTip)
	if err != nil {
		return nil, err
	}
	if broken != nil {
		// Where state is, state says. What is wrong with the file is for whoever
		// applies it.
		if at.meta == nil {
			return nil, broken
		}
		declared = at.git
	}
	through := at.git
	if remote.branch != "" && at.git.Push == "" && at.git.StateBranch == "" && declared.StateBranch == "" {
		through = declared // The same branch, on the remote that it was found on.
	}
	l, err := p.ledgerBy(ctx, head, through)
	if err != nil {
		return nil, err
	}
	l.declared, l.at = declared, at
	if l.remote != nil && l.branch == remote.branch {
		l.fetched = remote.tip
	}
	return l, nil
}

// ledgerBy opens the place that settings name.
func (p *project) ledgerBy(ctx context.Context, head gitstore.Head, git model.Git) (*ledger, error) {
	l := &ledger{project: p, git: git, declared: git, branch: git.Branch}
	var err error
	if git.Push != "" {
		if l.remote, err = p.openRemote(git.Push); err != nil {
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
		l.branch = strings.TrimPrefix(head.Branch, headsPrefix)
	}
	return l, nil
}

// published is what is known of the branch on a remote that HEAD follows.
type published struct {
	// branch is its short name, "" where nothing is pushed, and tip its newest
	// commit.
	branch, tip string
	// from is the commit that the place of state is looked for from: the tip,
	// where applies of others may have recorded more than this clone has, or
	// HEAD where it is not part of that.
	from string
}

// published looks at the remote. Which one it is is taken from the settings that
// were applied. The project file alone is believed only as to a branch that
// commits of others cannot be prepared on: the one that HEAD is on, or the
// remote's default.
func (p *project) published(ctx context.Context, head gitstore.Head, declared model.Git) (published, error) {
	git, none := declared, published{from: head.Commit}
	recorded, _, err := p.metaAt(head.Commit)
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
	l, err := p.ledgerBy(ctx, head, git)
	if err != nil {
		return none, err
	}
	if !applied && head.Branch != headsPrefix+l.branch {
		standard, err := l.remote.DefaultBranch(ctx)
		if err != nil || standard != l.branch {
			return none, nil
		}
	}
	tip, err := l.remote.Fetch(ctx, l.branch)
	if err != nil || tip == "" {
		return none, err
	}
	found := published{branch: l.branch, tip: tip, from: tip}
	if in, err := p.store.IsAncestor(head.Commit, tip); err != nil || !in {
		found.from = head.Commit // An attempt says what is wrong with that.
	}
	return found, nil
}

// ledgerAtHead opens the ledger that the next commit of state goes to.
func (p *project) ledgerAtHead(ctx context.Context) (*ledger, error) {
	head, err := p.head()
	if err != nil {
		return nil, err
	}
	return p.ledger(ctx, head)
}

const headsPrefix = "refs/heads/"

// gitSettings reads nothing but the project file: state is to be found also
// where a manifest is broken, or where there is no project file yet.
func (p *project) gitSettings(commit string) (model.Git, error) {
	if commit == "" {
		return model.Git{}, nil
	}
	files, err := p.store.FS(commit, config.ProjectFile)
	if err != nil {
		return model.Git{}, err
	}
	return settingsIn(files)
}

func settingsIn(files fs.FS) (model.Git, error) {
	if _, err := fs.Stat(files, config.ProjectFile); errors.Is(err, fs.ErrNotExist) {
		return model.Git{}, nil
	}
	file, problems := config.LoadProject(files)
	if err := problems.Err(); err != nil {
		return model.Git{}, err
	}
	return file.Git, nil
}

func (p *project) openRemote(name string) (*remote.Remote, error) {
	return remote.Open(name, remote.Options{
		GitDir: p.store.GitDir(), CommonDir: p.store.CommonDir(), Root: p.store.Root(), Given: p.store.GivenGitDir(),
		Environ: p.env.Environ, Say: p.env.verbosef,
	})
}

// checkRoom refuses, before anything is planned or issued, what would stand in the
// way of the commit in the end: branches where the new one would be, an index that
// cannot follow, and a configuration that does not tell whether to sign.
func (l *ledger) checkRoom(ctx context.Context) error {
	store := l.project.store
	head, err := l.project.head()
	if err != nil {
		return err
	}
	for _, git := range []model.Git{l.git, l.declared} {
		moved := headsPrefix + or(git.Branch, l.branch)
		switch {
		case git.StateBranch != "":
			err = l.project.checkNewBranch(ctx, git)
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
func (p *project) checkNewBranch(ctx context.Context, git model.Git) error {
	if git.Push == "" {
		return p.store.CheckNewBranch(headsPrefix + git.StateBranch)
	}
	known, err := p.store.Ref(stateRef(git))
	if err != nil || known != "" {
		return err
	}
	r, err := p.openRemote(git.Push)
	if err != nil {
		return err
	}
	return r.CheckNew(ctx, git.StateBranch)
}

// begin finds what the next attempt builds on, fetched where there is a remote.
// Where another apply has moved state meanwhile, the ledger goes after it.
func (l *ledger) begin(ctx context.Context) (base, error) {
	b, err := l.beginHere(ctx)
	var moved *placeMovedError
	if !errors.As(err, &moved) {
		return b, err
	}
	head, err := l.project.head()
	if err != nil {
		return b, err
	}
	again, err := l.project.ledger(ctx, head)
	if err != nil {
		return b, err
	}
	*l = *again
	return l.beginHere(ctx)
}

func (l *ledger) beginHere(ctx context.Context) (base, error) {
	head, err := l.project.head()
	if err != nil {
		return base{}, err
	}
	if err := l.checkHead(head); err != nil {
		return base{}, err
	}
	if err := l.project.checkCommitted(head.Commit); err != nil {
		return base{}, err
	}
	b, err := l.found(ctx)
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
func (l *ledger) checkPlace(b base) error {
	meta, _, err := l.project.metaAt(b.parent)
	if err != nil || meta == nil || l.at.meta == nil || meta.Applied.Git == l.at.meta.Applied.Git {
		return err
	}
	return stale(&placeMovedError{meta.Applied.Git})
}

// found is where the next commit of state goes, whatever the state there is like.
func (l *ledger) found(ctx context.Context) (base, error) {
	head, err := l.project.head()
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
	return b, l.checkPlace(b)
}

// latest is where the next commit of state goes that applies no declarations: on
// top of what is published, whatever HEAD has beside it. Its own commits are not
// published with it, and a clone that cannot follow says so.
func (l *ledger) latest(ctx context.Context) (base, error) {
	if l.remote == nil {
		b, err := l.found(ctx)
		b.undeclared = true
		return b, err
	}
	head, err := l.project.head()
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
		err = l.checkPlace(b)
	}
	return b, err
}

// checkHead refuses a HEAD that no commit can be built on.
func (l *ledger) checkHead(head gitstore.Head) error {
	short := strings.TrimPrefix(head.Branch, headsPrefix)
	switch {
	case head.Commit == "":
		return diag.Hinted(errors.New("nothing is committed yet, and apply reads declarations from a commit"), "git add . && git commit")
	case l.remote == nil && l.git.StateBranch == "" && head.Branch == "":
		return diag.Hinted(errors.New("HEAD is detached, so there is no branch to commit the state to"), "git switch BRANCH")
	case l.remote == nil && l.git.Branch != "" && l.git.Branch != short:
		return diag.Hinted(fmt.Errorf("osmoctl.yaml says that apply writes branch %s, and HEAD is on %s", l.git.Branch, or(short, "none")), "git switch "+model.ShellWord(l.git.Branch))
	}
	return nil
}

// fetchDeclarations brings the remote's branch here and holds HEAD against it:
// every commit of HEAD must be there, and the declarations there must be those
// here. Then nothing is published that was not, and nothing old is applied.
func (l *ledger) fetchDeclarations(ctx context.Context, head gitstore.Head) (string, error) {
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
	published, err := l.project.store.IsAncestor(head.Commit, tip)
	if err != nil {
		return "", err
	}
	if !published {
		return "", stale(diag.Hinted(fmt.Errorf("HEAD has commits that %s has not, and apply would publish them together with the state", name),
			"have them merged first, then git pull"))
	}
	same, err := l.project.store.Same(head.Commit, tip, config.ProjectFile, config.ManifestDir)
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
	head, err := l.project.head()
	if err != nil || head.Branch != headsPrefix+l.branch || head.Commit == tip {
		return err
	}
	who := l.project.env.actor("", l.project.store)
	if who.err != nil {
		return who.err
	}
	done, err := l.project.store.FastForward(ctx, head.Branch, tip, state.Dir, who.signature)
	switch {
	case errors.Is(err, gitstore.ErrOtherFiles):
		l.project.env.infof("The remote's %s also has commits of others: git pull brings them here.", l.branch)
		return nil
	case err != nil:
		return err
	}
	l.project.env.warnLeft(done)
	return nil
}

// checkClock refuses a made-up day where others would have to live with it.
func (l *ledger) checkClock() error {
	if l.project.env.Getenv("OSMOCTL_NOW") != "" && l.remote != nil && !l.remote.Local() {
		return errors.New("OSMOCTL_NOW is for tests: nothing is applied with it where the remote is not a local path")
	}
	return nil
}

// recorded is the declarations' commit where the new commit has to name it,
// because it does not have it as its parent.
func (l *ledger) recorded(b base) string {
	if l.git.StateBranch == "" {
		return ""
	}
	return b.declarations
}

// lastApply is the newest commit of state, with its message.
func (l *ledger) lastApply(b base) (commit string, m record.Message, err error) {
	found := errors.New("found")
	err = l.project.store.History(context.Background(), b.parent, state.Dir, func(c gitstore.Commit) error {
		commit = c.Hash
		m = record.Parse(c.Message)
		return found
	})
	if errors.Is(err, found) || errors.Is(err, gitstore.ErrShallow) {
		err = nil
	}
	return commit, m, err
}

// watched is the full name of the branch that the clone remembers state under.
func (l *ledger) watched() string {
	if l.remote != nil {
		return tracking(l.git.Push, l.target())
	}
	return headsPrefix + l.target()
}

// stateTip is the newest commit of the state branch, "" where there is none.
func (l *ledger) stateTip(ctx context.Context) (string, error) {
	if l.remote != nil {
		return l.remote.Fetch(ctx, l.git.StateBranch)
	}
	return l.project.store.Ref(headsPrefix + l.git.StateBranch)
}

// checkDescent refuses to apply declarations that are not made on top of those
// that state was last made from: it would take back what others applied.
func (l *ledger) checkDescent(b base) error {
	if b.parent == "" {
		return nil
	}
	from, err := l.madeFrom(b)
	if err != nil {
		return err
	}
	descends, err := l.project.store.IsAncestor(from, b.declarations)
	if errors.Is(err, gitstore.ErrMissingObject) {
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

// madeFrom is the commit of the declarations that state was last made from, where
// it has a branch of its own, and "" elsewhere.
func (l *ledger) madeFrom(b base) (string, error) {
	if l.git.StateBranch == "" {
		return "", nil
	}
	commit, err := l.project.store.Commit(b.parent)
	if err != nil {
		return "", err
	}
	from := record.Parse(commit.Message).Declarations
	if from == "" {
		err = fmt.Errorf("commit %.12s of %s does not say which declarations it was made from: apply did not make it", b.parent, l.git.StateBranch)
	}
	return from, err
}

// tracking is what the clone remembers of a remote's branch under.
func tracking(remote, branch string) string { return "refs/remotes/" + remote + "/" + branch }

// target is the short name of the branch that commits go to.
func (l *ledger) target() string {
	if l.git.StateBranch != "" {
		return l.git.StateBranch
	}
	return l.branch
}

// commitStore is the [apply.Store] over the ledger.
type commitStore struct {
	ledger *ledger
	base   base
	author gitstore.Signature
}

// How often one sealed commit is put on another parent because the branch moved
// meanwhile: on a remote by other people's pushes, in a clone by its one user.
const (
	maxReparents = 30
	maxRebuilds  = 5
)

// Commit writes the objects, flushes them, pushes where there is a remote, and
// moves the local branch. errLostRace says that the plan was made for a state
// that is gone; nothing of this apply is visible then.
func (s *commitStore) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	request := gitstore.Request{Parent: s.base.parent, Message: message, Author: s.author, Committer: s.author}
	for _, c := range changes {
		request.Changes = append(request.Changes, gitstore.Change{Path: state.Dir + "/" + c.Path, Data: c.Data, Delete: c.Delete})
	}
	put, most := s.push, maxReparents
	if s.ledger.remote == nil {
		put, most = s.local, maxRebuilds
	}
	for try := 1; ; try++ {
		commit, err := put(ctx, request)
		if !isMoved(err) {
			return commit, err
		}
		if try == most {
			return "", stale(diag.Hinted(fmt.Errorf("%s moved %d times while this commit was being made; nothing was applied", s.ledger.target(), try), "apply again"))
		}
		if request.Parent, err = s.reparent(ctx); err != nil {
			return "", err
		}
		s.ledger.project.env.verbosef("%s has moved, but nothing of this project: putting the commit on top of %.12s", s.ledger.target(), request.Parent)
		if err := pause(ctx, try); err != nil {
			return "", err
		}
	}
}

// isMoved tells that a branch was not where the commit was to go on top.
func isMoved(err error) bool {
	var moved *remote.MovedError
	return errors.As(err, &moved) || errors.Is(err, gitstore.ErrMoved)
}

// local commits where nothing is pushed.
func (s *commitStore) local(ctx context.Context, request gitstore.Request) (string, error) {
	request.Branch = s.localBranch()
	return s.ledger.project.commit(ctx, s.ledger.project.env, request, s.ledger.git.StateBranch != "")
}

func (s *commitStore) localBranch() string {
	if s.ledger.git.StateBranch != "" {
		return headsPrefix + s.ledger.git.StateBranch
	}
	return s.base.head.Branch
}

// tip is where the branch is that commits go to.
func (s *commitStore) tip(ctx context.Context) (string, error) {
	if s.ledger.remote != nil {
		return s.ledger.remote.Fetch(ctx, s.ledger.target())
	}
	return s.ledger.project.store.Ref(s.localBranch())
}

// push writes the commit, pushes it by hash, and lets the local branch follow.
func (s *commitStore) push(ctx context.Context, request gitstore.Request) (string, error) {
	store := s.ledger.project.store
	head, err := store.Head()
	if err != nil {
		return "", err
	}
	// Where the local branch is the one that was fetched, it moves by the
	// usual way, which checks before the push that it can.
	direct := s.ledger.git.StateBranch == "" && head.Branch == headsPrefix+s.ledger.branch && head.Commit == request.Parent
	if direct {
		request.Branch = head.Branch
	}
	pending, err := s.ledger.project.write(ctx, request)
	if err != nil {
		return "", err
	}
	if err := s.ledger.remote.Push(ctx, pending.Commit, s.ledger.target(), request.Parent); err != nil {
		return "", errors.Join(err, store.Discard(pending))
	}
	// From here on the commit stands, whatever happens locally.
	s.ledger.noteBranch(pending.Commit, request.Changes)
	if direct {
		done, err := store.Publish(context.WithoutCancel(ctx), pending)
		s.afterPush(done, err)
		return pending.Commit, nil
	}
	if err := store.Discard(pending); err != nil {
		s.afterPush(gitstore.Result{}, err)
	}
	if s.ledger.git.StateBranch == "" {
		if err := s.ledger.follow(context.WithoutCancel(ctx), pending.Commit); err != nil {
			s.afterPush(gitstore.Result{}, err)
		}
	}
	return pending.Commit, nil
}

// afterPush reports what of the local side could not follow. It is no failure:
// the remote has the commit, and git pull or the next apply brings it here.
func (s *commitStore) afterPush(done gitstore.Result, err error) {
	if err != nil {
		s.ledger.project.env.warnf("the commit is on the remote, but this clone could not follow: %v; git pull brings it here", err)
		return
	}
	s.ledger.project.env.warnLeft(done)
}

// reparent looks at what moved. If it was only other projects or other files,
// the sealed commit goes on top of it; if it was this project's state, the plan
// has to be made again; if it was its declarations, it is stale.
func (s *commitStore) reparent(ctx context.Context) (string, error) {
	store := s.ledger.project.store
	tip, err := s.tip(ctx)
	if err != nil {
		return "", err
	}
	if err := s.checkDeclarations(tip); err != nil {
		return "", err
	}
	same, err := store.Same(s.base.parent, tip, state.Dir)
	if err == nil && !same {
		err = errLostRace
	}
	if err != nil {
		return "", err
	}
	return tip, s.checkNotRewound(tip)
}

// checkDeclarations demands that the branch still has the declarations that the
// plan was made from. A branch for state alone has none.
func (s *commitStore) checkDeclarations(tip string) error {
	if s.ledger.git.StateBranch != "" {
		return nil
	}
	same, err := s.ledger.project.store.Same(s.base.declarations, tip, config.ProjectFile, config.ManifestDir)
	switch {
	case err != nil || same:
		return err
	case s.base.undeclared:
		return errLostRace
	case s.ledger.remote == nil:
		return stale(diag.Hinted(fmt.Errorf("the declarations on %s were changed while apply was at work; nothing was applied", s.ledger.branch), "plan again"))
	}
	return declarationsMoved(s.ledger.git.Push + "/" + s.ledger.branch)
}

// checkNotRewound refuses a remote branch that lost commits. In a clone its user
// may amend a commit: then the plan is made again, on the new one.
func (s *commitStore) checkNotRewound(tip string) error {
	if s.base.parent == "" {
		return nil
	}
	descends, err := s.ledger.project.store.IsAncestor(s.base.parent, tip)
	switch {
	case err != nil || descends:
		return err
	case s.ledger.remote == nil:
		return errLostRace
	}
	return stale(diag.Hinted(fmt.Errorf("the remote's %s was rewound: it no longer contains commit %.12s", s.ledger.target(), s.base.parent),
		"find out who rewound it, git pull, and plan again"))
}

// firstPause is the longest wait after a race that was lost for the first time.
const firstPause = 500 * time.Millisecond

// pause waits before another try, at random so that many runners do not meet
// again, and the shorter the more often it was lost: who tries again at once
// meets a branch that has just moved, and wins before those who have just come.
// With waits that grow, one of 16 runners lost 50 times in a row.
func pause(ctx context.Context, try int) error {
	drawn, err := rand.Int(rand.Reader, big.NewInt(int64(firstPause)/int64(try)))
	if err != nil {
		return err
	}
	wait := time.Duration(drawn.Int64())
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}
