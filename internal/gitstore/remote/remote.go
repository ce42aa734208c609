package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/wait"
)

// Options say how a remote may be reached.
type Options struct {
	// Environ is the environment as os.Environ gives it, which nil stands for.
	// The git on PATH is found through it and run in it.
	Environ []string
	// Say tells an interested person what is being done; nil means silence. It
	// is never given a credential.
	Say func(format string, args ...any)
}

// A Remote is a place that a clone exchanges commits with. It may be used by
// several goroutines. Commits are named by their full hashes in hexadecimal; "" is
// none.
type Remote struct {
	repo        *git.Repository
	name        string
	url, target address // fetched from, pushed to
	transport   transport
	say         func(string, ...any)
	patience    []time.Duration
}

// A transport talks to the server. Its errors are raw: [Remote] gives them
// their meaning.
type transport interface {
	// head names the default branch, "" if the server does not.
	head(ctx context.Context) (string, error)
	// tip returns where a branch is, "" if it is absent: at the place that
	// is pushed to, or at the one that is fetched from.
	tip(ctx context.Context, branch string, pushed bool) (string, error)
	// beside returns, of the branches that would be in the way of a new one, those
	// that the place that is pushed to has. It may return others as well.
	listBeside(ctx context.Context, branch string) ([]string, error)
	// fetch brings a branch's commits and moves its tracking reference. A
	// branch that is absent is an error.
	fetch(ctx context.Context, branch string) error
	// deepen brings the history that a shallow clone lacks; branch may be "".
	deepen(ctx context.Context, branch string) error
	// obtain brings objects by their names.
	obtain(ctx context.Context, objects []string) error
	// push asks the server to move the branch, if it is at old. Nil is the
	// server's yes, *refusal a no, *unsent says that it was not asked; after
	// any other error nothing is known.
	push(ctx context.Context, p proposal) error
}

// A proposal is a push: from old, or "" for nothing, to commit.
type proposal struct{ branch, commit, old string }

// Open finds a remote of a clone by its name in git's configuration. It connects to
// nothing, and that there is no git comes to light when one is needed: see [ErrNoGit].
func Open(repo *git.Repository, name string, o Options) (*Remote, error) {
	if err := checkRemoteName(name); err != nil {
		return nil, err
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	config, err := repo.ReadSettings()
	if err != nil {
		return nil, err
	}
	r := &Remote{repo: repo, name: name, say: o.Say, patience: patience}
	conf := settings{config}
	if r.url, r.target, err = conf.addresses(name); err != nil {
		return nil, err
	}
	r.url, r.target = r.url.resolve(repo.Root()), r.target.resolve(repo.Root())
	env := environment(o.Environ)
	p := &program{
		remote: r, path: findProgram("git", env, repo.Root()), env: env.forGit(repo.Root()),
		clean: newCleaner(slices.Concat(conf.secrets(), r.url.secrets(), r.target.secrets())),
	}
	if p.path != "" {
		r.say("%s: using %s", name, p.path)
	}
	r.transport = p
	return r, nil
}

// URL is the address that is fetched from, for messages: without credentials.
func (r *Remote) URL() string { return r.url.String() }

// Local tells whether the remote is a path on this machine, for fetching and
// for pushing.
func (r *Remote) Local() bool { return r.url.local() && r.target.local() }

// DefaultBranch returns the short name of the remote's default branch, as the
// clone remembers it or else as the server says.
func (r *Remote) DefaultBranch(ctx context.Context) (string, error) {
	head, err := r.repo.Symbolic(trackingRef(r.name, "HEAD"))
	if err != nil {
		return "", err
	}
	branch, ok := strings.CutPrefix(head, trackingRef(r.name, ""))
	if !ok {
		if branch, err = r.transport.head(ctx); err != nil {
			return "", r.classify(r.url, err)
		}
	}
	if branch == "" {
		return "", fmt.Errorf("%s names no default branch; name one under git.branch in osmoctl.yaml", r.name)
	}
	return branch, checkBranch(branch)
}

// Tip returns the commit that a branch on the remote points at now, "" if there
// is no such branch.
func (r *Remote) Tip(ctx context.Context, branch string) (string, error) {
	if err := checkBranch(branch); err != nil {
		return "", err
	}
	tip, err := r.transport.tip(ctx, branch, false)
	if err != nil {
		return "", r.classify(r.url, err)
	}
	return tip, nil
}

// Fetch brings a branch's commits, moves the tracking reference to its tip, and
// returns that; "" if there is no such branch, which leaves the reference
// alone. A shallow clone stays cut where it is.
func (r *Remote) Fetch(ctx context.Context, branch string) (string, error) {
	if err := checkBranch(branch); err != nil {
		return "", err
	}
	tip, err := r.fetch(ctx, branch)
	if err != nil {
		return "", r.classify(r.url, err)
	}
	return tip, nil
}

// maxFetches is how often a branch is fetched that the remote has, and that does not
// arrive.
const maxFetches = 3

// fetch looks at the remote after an error only. That tells an absent branch
// from a broken connection, and forgives another fetch, by an editor perhaps,
// that held the lock of the tracking reference meanwhile. Where the remote answers, it
// is tried again: a "git gc --prune=now" beside it takes what is just being written.
func (r *Remote) fetch(ctx context.Context, branch string) (string, error) {
	for try := 1; ; try++ {
		fetchErr := r.transport.fetch(ctx, branch)
		have, err := r.repo.Ref(trackingRef(r.name, branch))
		if fetchErr == nil {
			return have, err
		}
		if err := r.checkTracking(branch); err != nil {
			return "", err
		}
		tip, err := r.transport.tip(ctx, branch, false)
		if err == nil && (tip == "" || tip == have) {
			return tip, nil
		}
		if err != nil {
			return "", fetchErr
		}
		if left := r.findLeftLock(branch); left != nil {
			return "", left
		}
		if try == maxFetches || wait.For(ctx, r.patience[min(try, len(r.patience)-1)]) != nil {
			return "", fetchErr
		}
		r.say("%s: the fetch ended with an error, and the branch is there: trying again", r.name)
	}
}

// CheckNew refuses a branch that the remote has not and cannot get, since git keeps
// another one where it would be: of osmoctl and osmoctl/state there is only one.
func (r *Remote) CheckNew(ctx context.Context, branch string) error {
	if err := checkBranch(branch); err != nil {
		return err
	}
	there, err := r.transport.listBeside(ctx, branch)
	if err != nil {
		return r.classify(r.target, err)
	}
	for _, other := range there {
		if excludes(other, branch) {
			return fmt.Errorf("the branch %s cannot be made on %s while there is a branch %s, since git keeps one where the other would be; "+
				"rename or delete that one there, or choose another name under git.state_branch", branch, r.name, other)
		}
	}
	return r.checkTracking(branch)
}

// excludes tells whether one of two branches would be a folder of the other.
func excludes(a, b string) bool {
	return strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// Push moves a branch on the remote from the commit old, or from not existing
// where old is "", to a commit of the clone that follows it; no reference needs
// to point at that. Nil means that the remote has the commit. Otherwise the
// error is a *[MovedError], *[RefusedError], *[UnreachableError] or
// *[UnknownError], or says that the call made no sense.
func (r *Remote) Push(ctx context.Context, commit, branch, old string) error {
	p, err := r.propose(commit, branch, old)
	if err != nil {
		return err
	}
	err = errNothing
	if p.commit != p.old {
		err = r.transport.push(ctx, p)
	}
	if notSent, ok := errors.AsType[*unsent](err); ok {
		return r.classify(r.target, notSent.error)
	}
	if err != nil {
		r.say("%s: the push ended with an error, looking what became of it", r.name)
		return r.settle(ctx, p, err)
	}
	r.remember(p)
	return nil
}

// remember moves the tracking reference. That is only a memory, which the next
// fetch refreshes, so the push has not failed if this does.
func (r *Remote) remember(p proposal) {
	if err := r.track(p.branch, p.commit); err != nil {
		r.say("%s: %v", r.name, err)
	}
}

// errNothing stands for the push of what is expected to be there already.
var errNothing = errors.New("there was nothing to push")

// propose checks what is to be pushed. A lease lets a branch be rewound from
// the expected commit, so that it follows must be seen to here.
func (r *Remote) propose(commit, branch, old string) (proposal, error) {
	if err := checkBranch(branch); err != nil {
		return proposal{}, err
	}
	if err := checkHash(commit); err != nil {
		return proposal{}, err
	}
	if _, err := r.repo.Commit(commit); err != nil {
		return proposal{}, err
	}
	if old != "" {
		follows, err := r.contains(commit, old)
		if err == nil && !follows {
			err = fmt.Errorf("commit %s does not follow %s: pushing it to %s would take commits away", commit, old, branch)
		}
		if err != nil {
			return proposal{}, err
		}
	}
	return proposal{branch, commit, old}, nil
}

// contains tells whether a commit is, or follows, another one, as far as the clone
// knows.
func (r *Remote) contains(commit, other string) (bool, error) {
	is, err := r.repo.IsAncestor(other, commit)
	if errors.Is(err, git.ErrShallow) {
		return false, nil
	}
	return is, err
}

// lookLimit bounds looking at the remote after a push, which is done even if
// the caller has given up: not knowing is worse than waiting.
const lookLimit = 30 * time.Second

// patience is how long to wait before each look at a branch that has not moved.
// A server that says no to one of two pushes may not have finished the other.
var patience = []time.Duration{0, 50 * time.Millisecond, 250 * time.Millisecond}

// settle finds out what became of a push that ended in an error.
func (r *Remote) settle(ctx context.Context, p proposal, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
	defer cancel()
	for _, before := range r.patience {
		_ = wait.For(ctx, before) // Looking says that it was interrupted.
		tip, err := r.transport.tip(ctx, p.branch, true)
		switch {
		case err != nil:
			return r.unknownOutcome(p, cause, err)
		case tip == p.commit:
			r.remember(p)
			return nil
		case tip != p.old:
			return r.settleMoved(ctx, p, tip, cause)
		}
	}
	if no, ok := errors.AsType[*refusal](cause); ok {
		return &RefusedError{Remote: r.name, Branch: p.branch, URL: r.target.String(), Words: no.words}
	}
	return r.unreachable(r.target, cause)
}

// settleMoved tells a commit that others have built on already from a lost
// race.
func (r *Remote) settleMoved(ctx context.Context, p proposal, tip string, cause error) error {
	if tip != "" {
		var err error
		if tip, err = r.fetch(ctx, p.branch); err != nil {
			return r.unknownOutcome(p, cause, err)
		}
	}
	if tip != "" {
		contained, err := r.contains(tip, p.commit)
		if err != nil {
			return r.unknownOutcome(p, cause, err)
		}
		if contained {
			return nil
		}
	}
	return &MovedError{Remote: r.name, Branch: p.branch, Tip: tip}
}

func (r *Remote) unknownOutcome(p proposal, push, look error) error {
	return &UnknownError{Remote: r.name, Branch: p.branch, Commit: p.commit, Push: push, Look: look}
}

// classify gives a transport's trouble its type. Errors of this side, a damaged
// clone or a full disk, stay what they are.
func (r *Remote) classify(a address, err error) error {
	if _, ok := errors.AsType[*failure](err); !ok {
		return err
	}
	return r.unreachable(a, err)
}

func (r *Remote) unreachable(a address, cause error) error {
	words := cause.Error()
	if f, ok := errors.AsType[*failure](cause); ok {
		words = f.words
	}
	return &UnreachableError{Remote: r.name, URL: a.String(), Words: words, cause: cause}
}

// inside tells whether a path, whose links are resolved, is root or below it.
func inside(path, root string) bool {
	below, err := filepath.Rel(root, path)
	return err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator))
}
