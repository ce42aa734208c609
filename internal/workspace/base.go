package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// requested is what the declarations at hand are compared with: where they left the
// branch that they are to be merged into. A pull request must not choose that.
// It is the merge base and not the branch's tip, since a branch that lacks the
// applies of last night has taken nothing back.
type requested struct {
	// commit is the merge base, "" where no branch is asked for, and HEAD
	// where it cannot be known.
	commit string
	// name says in words what the base is, and tip is its newest commit.
	name, tip string
	// unknown is why the base cannot be known, and hint what brings it here.
	unknown, hint string
	// itself says that commit is one of a state branch, named by hand.
	itself bool
}

// request finds what is to be merged into what: by --state-ref, else by the
// variables of a pull request's pipeline.
func (w *Workspace) request(stateRef string, head git.Head) (requested, error) {
	if stateRef != "" {
		find := w.store.ResolveBranch
		if strings.HasPrefix(stateRef, "HEAD") {
			find = w.store.Resolve
		}
		tip, err := find(stateRef)
		if err != nil {
			return requested{}, diag.Hinted(err, "fetch it first: git fetch origin")
		}
		return w.leftAt(head.Commit, tip, stateRef)
	}
	event := w.pullRequest(head)
	if event == nil {
		return requested{}, nil
	}
	if event.merged != "" {
		return requested{commit: event.merged, tip: event.merged, name: event.name}, nil
	}
	return w.newestBase(head, event)
}

// newestBase is where HEAD left its base by everything that the event says. What a
// clone keeps of a branch may be old, so a commit that the event names must be part
// of it.
func (w *Workspace) newestBase(head git.Head, event *pullRequest) (requested, error) {
	unknown := requested{
		commit: head.Commit, name: event.name, hint: event.fetch,
		unknown: fmt.Sprintf("this is a pull request into %s, which is not in this clone", event.name),
	}
	var found []requested
	for _, candidate := range event.candidates {
		tip, err := w.resolveBase(candidate)
		if err != nil {
			return requested{}, err
		}
		if tip == "" {
			if !strings.HasPrefix(candidate, "refs/") {
				unknown.unknown = fmt.Sprintf("this is a pull request into %s at commit %.12s, which is not in this clone", event.name, candidate)
				return unknown, nil
			}
			continue
		}
		at, err := w.leftAt(head.Commit, tip, event.name)
		if err != nil || at.unknown != "" {
			return at, err
		}
		found = append(found, at)
	}
	if len(found) == 0 {
		return unknown, nil
	}
	newest := found[0]
	for _, other := range found[1:] {
		behind, err := w.store.IsAncestor(newest.commit, other.commit)
		if err != nil && !errors.Is(err, git.ErrShallow) {
			return requested{}, err
		}
		if behind {
			newest = other
		}
	}
	return newest, nil
}

// resolveBase finds a reference by its full name, or a commit that the clone has.
func (w *Workspace) resolveBase(name string) (string, error) {
	if strings.HasPrefix(name, "refs/") {
		return w.store.Ref(name)
	}
	commit, err := w.store.Commit(name)
	if errors.Is(err, git.ErrMissingObject) {
		return "", nil
	}
	return commit.Hash, err
}

// leftAt is where head left the branch whose tip is given.
func (w *Workspace) leftAt(head, tip, name string) (requested, error) {
	r := requested{name: name, commit: tip, tip: tip, hint: "git fetch --unshallow --filter=blob:none"}
	declared, err := w.store.ID(tip, config.ProjectFile)
	if err != nil {
		return r, err
	}
	applied, err := w.store.ID(tip, state.Dir)
	if err != nil || declared == "" && applied != "" {
		r.itself = true
		return r, err
	}
	bases, err := w.store.MergeBases(tip, head)
	switch {
	case errors.Is(err, git.ErrShallow):
		r.unknown = fmt.Sprintf("this clone is shallow, so it cannot be told where HEAD left %s", name)
	case err != nil:
		return r, err
	case len(bases) == 0:
		r.unknown = fmt.Sprintf("HEAD and %s have no commit in common", name)
		r.hint = "make the change on a branch of " + name
	case len(bases) > 1:
		r.unknown = fmt.Sprintf("HEAD and %s were merged into one another, so that it left at %d commits", name, len(bases))
		r.hint = "rebase onto " + name + ", or merge it"
	default:
		r.commit = bases[0]
	}
	return r, nil
}

// blocked is the entry of a plan whose base cannot be known.
func (r requested) blocked() []plan.Blocked {
	if r.unknown == "" {
		return nil
	}
	return []plan.Blocked{{
		Guardrail: railBaseUnknown,
		Detail:    r.unknown + ", and what a branch says of itself is no base to compare it with: " + r.hint,
	}}
}

// pullRequest is what the environment of a pipeline says of the pull request that
// it runs for.
type pullRequest struct {
	// name is that of the branch that it is to be merged into.
	name string
	// candidates are full names of references, or commits, the best first.
	candidates []string
	// fetch brings what is missing.
	fetch string
	// merged is the base that a merge of GitHub's own was made on; "" elsewhere.
	merged string
}

// pullRequest reads the variables of GitHub's and GitLab's pipelines; nil is no
// pull request.
func (w *Workspace) pullRequest(head git.Head) *pullRequest {
	get := w.outside.Getenv
	switch {
	case get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") != "" || get("CI_PIPELINE_SOURCE") == "merge_request_event":
		r := w.into(get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
		r.add(get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
		return r
	case strings.HasPrefix(get("GITHUB_EVENT_NAME"), "pull_request"), get("GITHUB_EVENT_NAME") == "merge_group":
		event := readEvent(get("GITHUB_EVENT_PATH"))
		base := get("GITHUB_BASE_REF")
		if base == "" {
			base = strings.TrimPrefix(event.MergeGroup.BaseRef, headsPrefix)
		}
		r := w.into(base)
		if merged := w.mergedBy(head); merged != "" {
			if _, err := w.store.Commit(merged); err == nil {
				r.merged = merged
			}
		}
		r.add(event.PullRequest.Base.SHA)
		r.add(event.MergeGroup.BaseSHA)
		return r
	}
	return nil
}

// into is a pull request into a branch of the remote that the clone came from.
func (w *Workspace) into(branch string) *pullRequest {
	const remote = "origin"
	r := &pullRequest{name: "an unknown branch", fetch: "git fetch " + remote}
	if branch != "" {
		ref := trackingRef(remote, branch)
		r.name = remote + "/" + branch
		r.candidates = []string{ref}
		r.fetch = fmt.Sprintf("git fetch --filter=blob:none %s %s", remote, model.ShellWord("+"+headsPrefix+branch+":"+ref))
	}
	return r
}

func (r *pullRequest) add(commit string) {
	if len(commit) == 40 {
		r.candidates = append(r.candidates, commit)
	}
}

// mergedBy is the base of a commit that GitHub itself has made to try a merge:
// its first parent. HEAD is one where it is what the event is about, and the
// event's reference is that of such merges, which nobody can push to.
func (w *Workspace) mergedBy(head git.Head) string {
	get := w.outside.Getenv
	made := strings.HasPrefix(get("GITHUB_REF"), "refs/pull/") && strings.HasSuffix(get("GITHUB_REF"), "/merge")
	if !made || get("GITHUB_SHA") != head.Commit {
		return ""
	}
	commit, err := w.store.Commit(head.Commit)
	if err != nil || len(commit.Parents) != 2 {
		return ""
	}
	return commit.Parents[0]
}

// event is the part of GitHub's description of an event that is read.
type event struct {
	PullRequest struct {
		Base struct {
			SHA string `json:"sha"`
		} `json:"base"`
	} `json:"pull_request"`
	MergeGroup struct {
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
}

// maxEvent bounds what is read of an event's description.
const maxEvent = 8 << 20

// readEvent reads the file that a runner describes the event in. Without it the
// base is found by other means, or is unknown.
func readEvent(path string) (e event) {
	if path == "" {
		return e
	}
	f, err := os.Open(path)
	if err != nil {
		return e
	}
	defer f.Close()
	_ = json.NewDecoder(io.LimitReader(f, maxEvent)).Decode(&e)
	return e
}

// compared is the state that a plan is made against, and what is to be said of
// where it was found.
type compared struct {
	Place
	// edited are the files of state that the branch at hand has otherwise.
	edited []string
	// pending is the base whose declarations no state was made from yet; "" is
	// none.
	pending string
}

// findCompared finds the state for a plan of what is at HEAD.
func (w *Workspace) findCompared(ctx context.Context, stateRef string) (compared, error) {
	head, err := w.store.Head()
	if err != nil {
		return compared{}, err
	}
	asked, err := w.request(stateRef, head)
	if err != nil {
		return compared{}, err
	}
	if asked.commit == "" {
		at, err := w.plannedAgainst(ctx)
		at, err = w.orFirst(at, err)
		return compared{Place: at}, err
	}
	c := compared{}
	if asked.itself {
		c.Place.commit = asked.commit
		c.Place.meta, _, err = w.metaAt(ctx, asked.commit)
	} else if c.Place, err = w.orFirst(w.locate(ctx, asked.commit, "", w.localTip)); err == nil {
		err = w.stateFor(ctx, &c, asked)
	}
	if err != nil {
		return c, err
	}
	if c.branch != "" && c.git.StateBranch == "" {
		c.branch = ""
	}
	c.blocked = append(c.blocked, asked.blocked()...)
	if err := w.checkMerged(ctx, &c, head); err != nil {
		return c, err
	}
	if asked.unknown == "" {
		c.notices = append(c.notices, plan.Notice{
			Code:    noticeCompared,
			Message: fmt.Sprintf("Compared with %s, which HEAD left at commit %.12s", asked.name, asked.commit),
		})
	}
	beside := asked.commit
	if asked.itself {
		// Declarations beside a state branch have no state to compare.
		if id, err := w.store.ID(head.Commit, state.Dir); err != nil || id == "" {
			return c, err
		}
		beside = c.commit
	}
	c.edited, err = w.stateDifferences(ctx, head.Commit, beside)
	return c, err
}

// orFirst takes a state branch that the clone has not got for one that the first
// apply will make.
func (w *Workspace) orFirst(at Place, err error) (Place, error) {
	if missing := (*unseenBranchError)(nil); errors.As(err, &missing) {
		return w.firstPlace(missing)
	}
	return at, err
}

// behind is the entry of a plan whose state is not the one that was found, nor one
// that was made of it: there is none, it has another lineage, or its serial fell.
func (at Place) behind(have *state.Snapshot) []plan.Blocked {
	found := at.meta
	if found == nil || have.Meta.Lineage == found.Lineage && have.Meta.Serial >= found.Serial {
		return nil
	}
	what := fmt.Sprintf("is of lineage %s at serial %d", have.Meta.Lineage, have.Meta.Serial)
	if !have.Exists() {
		what = "is gone"
	}
	return []plan.Blocked{{
		Guardrail: railStateBehind,
		Detail:    fmt.Sprintf("the state was of lineage %s at serial %d at commit %.12s, and where apply would go on it %s", found.Lineage, found.Serial, at.commit, what),
	}}
}

// checkMerged blocks a branch whose own history leads to another state than its
// base: merged, everybody would look there, also where no file differs.
func (w *Workspace) checkMerged(ctx context.Context, c *compared, head git.Head) error {
	after, err := w.locate(ctx, head.Commit, head.Branch, w.localTip)
	var unclear *unclearPlaceError
	switch {
	case errors.As(err, &unclear):
		c.blocked = append(c.blocked, plan.Blocked{Guardrail: railPlaceUnclear, Detail: unclear.Error()})
	case err != nil:
		return nil // What cannot be read is said of the declarations or of the state.
	case c.meta != nil && after.meta != nil && after.meta.Lineage != c.meta.Lineage:
		c.blocked = append(c.blocked, plan.Blocked{
			Guardrail: railPlaceUnclear,
			Detail:    fmt.Sprintf("the history of this branch leads to a state of lineage %s, and that of its base to one of lineage %s", after.meta.Lineage, c.meta.Lineage),
		})
	}
	return nil
}

// checkUnfinished is the entry of a plan for state that an apply began to move, where
// nothing is at the other place.
func (at Place) checkUnfinished(allowed string) []plan.Blocked {
	if at.goal == nil || allowed == at.goal.Place() {
		return nil
	}
	return []plan.Blocked{{
		Guardrail: guard.StateMoved, Flag: guard.StateMoveFlag(*at.goal),
		Detail: fmt.Sprintf("the last apply at %s recorded that state moves to %s, and there is none: if it was never there, the flag finishes the move; if it was, bring that branch back", at.git.Place(), at.goal.Place()),
	}}
}

// checkDestination finds what keeps state from moving to where the settings at
// hand say.
func (w *Workspace) checkDestination(ctx context.Context, at Place, to model.Git, tip tipOf) ([]plan.Blocked, error) {
	if at.meta == nil || at.goal != nil || to.StateBranch == at.git.StateBranch && (to.StateBranch == "" || to.Push == at.git.Push) {
		return nil, nil
	}
	commit := at.declarations
	if to.StateBranch != "" {
		var err error
		if commit, _, err = tip(ctx, to); err != nil {
			return nil, err
		}
	}
	there, _, err := w.metaAt(ctx, commit)
	if err != nil || there == nil || at.leftBehind(there) {
		return nil, err
	}
	return []plan.Blocked{placeTaken(to, at.meta, there)}, nil
}

// stateFor takes the state that belongs to the declarations at the base: one that
// was made from them, and where none was when the branch left it, the first that
// was made from later ones. An older one would show a change that takes back what
// was just reviewed as none. Where there is no such state yet, the base is pending.
func (w *Workspace) stateFor(ctx context.Context, c *compared, asked requested) error {
	if c.commit == "" || c.meta == nil {
		return nil
	}
	states, err := w.statesMade(ctx, c.Place, asked)
	if err != nil {
		return err
	}
	later := ""
	for _, made := range states { // the newest first
		before, err := w.isKnownAncestor(made.from, asked.commit)
		if err != nil {
			return err
		}
		if !before {
			after, err := w.isKnownAncestor(asked.commit, made.from)
			if err != nil {
				return err
			}
			if after {
				later = made.commit
			}
			continue
		}
		same, err := w.store.Same(made.from, asked.commit, config.ProjectFile, config.ManifestDir)
		switch {
		case err != nil:
			return err
		case same || later == "":
			c.commit = made.commit
		default:
			c.commit = later
		}
		if !same && later == "" {
			c.pending = asked.commit
		}
		return nil
	}
	if later != "" {
		c.commit = later
	}
	return nil
}

// made is a commit of state with the one that its declarations were read from.
type made struct{ commit, from string }

// statesMade are the commits of state up to the tip of the base, the newest first.
func (w *Workspace) statesMade(ctx context.Context, at Place, asked requested) (list []made, err error) {
	from := at.commit
	if at.git.StateBranch == "" {
		from = asked.tip
	}
	err = w.store.History(ctx, from, state.Dir, func(c git.Commit) error {
		m := made{c.Hash, c.Hash}
		if at.git.StateBranch != "" {
			m.from = record.Parse(c.Message).Declarations
		}
		if m.from != "" {
			list = append(list, m)
		}
		return nil
	})
	if errors.Is(err, git.ErrShallow) {
		err = nil
	}
	return list, err
}

// isKnownAncestor tells whether one commit is in the history of another, as far as the
// clone knows.
func (w *Workspace) isKnownAncestor(ancestor, commit string) (bool, error) {
	is, err := w.store.IsAncestor(ancestor, commit)
	if errors.Is(err, git.ErrMissingObject) || errors.Is(err, git.ErrShallow) {
		return false, nil
	}
	return is, err
}
