package place

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
func (f *Finder) request(stateRef string, head git.Head) (requested, error) {
	if stateRef != "" {
		find := f.repo.ResolveBranch
		if strings.HasPrefix(stateRef, "HEAD") {
			find = f.repo.Resolve
		}
		tip, err := find(stateRef)
		if err != nil {
			return requested{}, diag.Hinted(err, "fetch it first: git fetch origin")
		}
		return f.findLeft(head.Commit, tip, stateRef)
	}
	event := f.pullRequest(head)
	if event == nil {
		return requested{}, nil
	}
	if event.merged != "" {
		return requested{commit: event.merged, tip: event.merged, name: event.name}, nil
	}
	return f.newestBase(head, event)
}

// newestBase is where HEAD left its base by everything that the event says. What a
// clone keeps of a branch may be old, so a commit that the event names must be part
// of it.
func (f *Finder) newestBase(head git.Head, event *pullRequest) (requested, error) {
	unknown := requested{
		commit: head.Commit, name: event.name, hint: event.fetch,
		unknown: fmt.Sprintf("this is a pull request into %s, which is not in this clone", event.name),
	}
	var found []requested
	for _, candidate := range event.candidates {
		tip, err := f.resolveBase(candidate)
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
		at, err := f.findLeft(head.Commit, tip, event.name)
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
		behind, err := f.repo.IsAncestor(newest.commit, other.commit)
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
func (f *Finder) resolveBase(name string) (string, error) {
	if strings.HasPrefix(name, "refs/") {
		return f.repo.Ref(name)
	}
	commit, err := f.repo.Commit(name)
	if errors.Is(err, git.ErrMissingObject) {
		return "", nil
	}
	return commit.Hash, err
}

// findLeft is where head left the branch whose tip is given.
func (f *Finder) findLeft(head, tip, name string) (requested, error) {
	r := requested{name: name, commit: tip, tip: tip, hint: "git fetch --unshallow --filter=blob:none"}
	declared, err := f.repo.ID(tip, config.ProjectFile)
	if err != nil {
		return r, err
	}
	applied, err := f.repo.ID(tip, state.Dir)
	if err != nil || declared == "" && applied != "" {
		r.itself = true
		return r, err
	}
	bases, err := f.repo.MergeBases(tip, head)
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

// listBlocked is the entry of a plan whose base cannot be known.
func (r requested) listBlocked() []plan.Blocked {
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
func (f *Finder) pullRequest(head git.Head) *pullRequest {
	get := f.getenv
	switch {
	case get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") != "" || get("CI_PIPELINE_SOURCE") == "merge_request_event":
		r := f.into(get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
		r.add(get("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
		return r
	case strings.HasPrefix(get("GITHUB_EVENT_NAME"), "pull_request"), get("GITHUB_EVENT_NAME") == "merge_group":
		event := readEvent(get("GITHUB_EVENT_PATH"))
		base := get("GITHUB_BASE_REF")
		if base == "" {
			base = strings.TrimPrefix(event.MergeGroup.BaseRef, HeadsPrefix)
		}
		r := f.into(base)
		if merged := f.findMergedInto(head); merged != "" {
			if _, err := f.repo.Commit(merged); err == nil {
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
func (f *Finder) into(branch string) *pullRequest {
	const remote = "origin"
	r := &pullRequest{name: "an unknown branch", fetch: "git fetch " + remote}
	if branch != "" {
		ref := TrackingRef(remote, branch)
		r.name = remote + "/" + branch
		r.candidates = []string{ref}
		r.fetch = fmt.Sprintf("git fetch --filter=blob:none %s %s", remote, model.ShellWord("+"+HeadsPrefix+branch+":"+ref))
	}
	return r
}

func (r *pullRequest) add(commit string) {
	if len(commit) == 40 {
		r.candidates = append(r.candidates, commit)
	}
}

// findMergedInto is the base of a commit that GitHub itself has made to try a merge:
// its first parent. HEAD is one where it is what the event is about, and the
// event's reference is that of such merges, which nobody can push to.
func (f *Finder) findMergedInto(head git.Head) string {
	get := f.getenv
	made := strings.HasPrefix(get("GITHUB_REF"), "refs/pull/") && strings.HasSuffix(get("GITHUB_REF"), "/merge")
	if !made || get("GITHUB_SHA") != head.Commit {
		return ""
	}
	commit, err := f.repo.Commit(head.Commit)
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

// Compared is the state that a plan is made against, and what is to be said of
// where it was found.
type Compared struct {
	Place
	// Edited are the files of state that the branch at hand has otherwise.
	Edited []string
	// Pending is the base whose declarations no state was made from yet; "" is
	// none.
	Pending string
	// Base is the commit where HEAD left the branch that it is to be merged into,
	// and Into is that branch; both are "" where there is none.
	Base, Into string
}

// FindCompared finds the state for a plan of what is at HEAD.
func (f *Finder) FindCompared(ctx context.Context, stateRef string) (Compared, error) {
	head, err := f.repo.Head()
	if err != nil {
		return Compared{}, err
	}
	asked, err := f.request(stateRef, head)
	if err != nil {
		return Compared{}, err
	}
	if asked.commit == "" {
		at, err := f.findPlanned(ctx)
		at, err = f.orFirst(at, err)
		return Compared{Place: at}, err
	}
	c := Compared{Base: asked.commit, Into: asked.name}
	if asked.itself {
		c.Base, c.Into = "", ""
		c.Place.Commit = asked.commit
		c.Place.Meta, _, err = f.MetaAt(ctx, asked.commit)
	} else if c.Place, err = f.orFirst(f.Locate(ctx, asked.commit, "", f.LocalTip)); err == nil {
		err = f.stateFor(ctx, &c, asked)
	}
	if err != nil {
		return c, err
	}
	if c.Branch != "" && c.Git.StateBranch == "" {
		c.Branch = ""
	}
	c.Blocked = append(c.Blocked, asked.listBlocked()...)
	if err := f.checkMerged(ctx, &c, head); err != nil {
		return c, err
	}
	if asked.unknown == "" {
		c.Notices = append(c.Notices, plan.Notice{
			Code:    NoticeCompared,
			Message: fmt.Sprintf("Compared with %s, which HEAD left at commit %.12s", asked.name, asked.commit),
		})
	}
	beside := asked.commit
	if asked.itself {
		// Declarations beside a state branch have no state to compare.
		if id, err := f.repo.ID(head.Commit, state.Dir); err != nil || id == "" {
			return c, err
		}
		beside = c.Commit
	}
	c.Edited, err = f.stateDifferences(ctx, head.Commit, beside)
	return c, err
}

// orFirst takes a state branch that the clone has not got for one that the first
// apply will make.
func (f *Finder) orFirst(at Place, err error) (Place, error) {
	if missing := (*unseenBranchError)(nil); errors.As(err, &missing) {
		return f.firstPlace(missing)
	}
	return at, err
}

// Behind is the entry of a plan whose state is not the one that was found, nor one
// that was made of it: there is none, it has another lineage, or its serial fell.
func (at Place) Behind(have *state.Snapshot) []plan.Blocked {
	found := at.Meta
	if found == nil || have.Meta.Lineage == found.Lineage && have.Meta.Serial >= found.Serial {
		return nil
	}
	what := fmt.Sprintf("is of lineage %s at serial %d", have.Meta.Lineage, have.Meta.Serial)
	if !have.Exists() {
		what = "is gone"
	}
	return []plan.Blocked{{
		Guardrail: railStateBehind,
		Detail:    fmt.Sprintf("the state was of lineage %s at serial %d at commit %.12s, and where apply would go on it %s", found.Lineage, found.Serial, at.Commit, what),
	}}
}

// checkMerged blocks a branch whose own history leads to another state than its
// base: merged, everybody would look there, also where no file differs.
func (f *Finder) checkMerged(ctx context.Context, c *Compared, head git.Head) error {
	after, err := f.Locate(ctx, head.Commit, head.Branch, f.LocalTip)
	var unclear *unclearPlaceError
	switch {
	case errors.As(err, &unclear):
		c.Blocked = append(c.Blocked, plan.Blocked{Guardrail: railPlaceUnclear, Detail: unclear.Error()})
	case err != nil:
		return nil // What cannot be read is said of the declarations or of the state.
	case c.Meta != nil && after.Meta != nil && after.Meta.Lineage != c.Meta.Lineage:
		c.Blocked = append(c.Blocked, plan.Blocked{
			Guardrail: railPlaceUnclear,
			Detail:    fmt.Sprintf("the history of this branch leads to a state of lineage %s, and that of its base to one of lineage %s", after.Meta.Lineage, c.Meta.Lineage),
		})
	}
	return nil
}

// CheckUnfinished is the entry of a plan for state that an apply began to move, where
// nothing is at the other place.
func (at Place) CheckUnfinished(allowed string) []plan.Blocked {
	if at.Goal == nil || allowed == at.Goal.Place() {
		return nil
	}
	return []plan.Blocked{{
		Guardrail: guard.StateMoved, Flag: guard.StateMoveFlag(*at.Goal),
		Detail: fmt.Sprintf("the last apply at %s recorded that state moves to %s, and there is none: if it was never there, the flag finishes the move; if it was, bring that branch back", at.Git.Place(), at.Goal.Place()),
	}}
}

// CheckDestination finds what keeps state from moving to where the settings at
// hand say.
func (f *Finder) CheckDestination(ctx context.Context, at Place, to model.Git, tip TipOf) ([]plan.Blocked, error) {
	if at.Meta == nil || at.Goal != nil || to.StateBranch == at.Git.StateBranch && (to.StateBranch == "" || to.Push == at.Git.Push) {
		return nil, nil
	}
	commit := at.Declarations
	if to.StateBranch != "" {
		var err error
		if commit, _, err = tip(ctx, to); err != nil {
			return nil, err
		}
	}
	there, _, err := f.MetaAt(ctx, commit)
	if err != nil || there == nil || at.LeftBehind(there) {
		return nil, err
	}
	return []plan.Blocked{placeTaken(to, at.Meta, there)}, nil
}

// stateFor takes the state that belongs to the declarations at the base: one that
// was made from them, and where none was when the branch left it, the first that
// was made from later ones. An older one would show a change that takes back what
// was just reviewed as none. Where there is no such state yet, the base is pending.
func (f *Finder) stateFor(ctx context.Context, c *Compared, asked requested) error {
	if c.Commit == "" || c.Meta == nil {
		return nil
	}
	states, err := f.statesMade(ctx, c.Place, asked)
	if err != nil {
		return err
	}
	later := ""
	for _, made := range states { // the newest first
		before, err := f.IsKnownAncestor(made.from, asked.commit)
		if err != nil {
			return err
		}
		if !before {
			after, err := f.IsKnownAncestor(asked.commit, made.from)
			if err != nil {
				return err
			}
			if after {
				later = made.commit
			}
			continue
		}
		// What approves a plan makes no state.
		same, err := f.repo.Same(made.from, asked.commit, config.ProjectFile, config.ManifestDir)
		switch {
		case err != nil:
			return err
		case same || later == "":
			c.Commit = made.commit
		default:
			c.Commit = later
		}
		if !same && later == "" {
			c.Pending = asked.commit
		}
		return nil
	}
	if later != "" {
		c.Commit = later
	}
	return nil
}

// made is a commit of state with the one that its declarations were read from.
type made struct{ commit, from string }

// statesMade are the commits of state up to the tip of the base, the newest first.
func (f *Finder) statesMade(ctx context.Context, at Place, asked requested) (list []made, err error) {
	from := at.Commit
	if at.Git.StateBranch == "" {
		from = asked.tip
	}
	err = f.repo.History(ctx, from, state.Dir, func(c git.Commit) error {
		m := made{c.Hash, c.Hash}
		if at.Git.StateBranch != "" {
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

// IsKnownAncestor tells whether one commit is in the history of another, as far as the
// clone knows.
func (f *Finder) IsKnownAncestor(ancestor, commit string) (bool, error) {
	is, err := f.repo.IsAncestor(ancestor, commit)
	if errors.Is(err, git.ErrMissingObject) || errors.Is(err, git.ErrShallow) {
		return false, nil
	}
	return is, err
}

// stateDifferences lists the files under state/ that differ between two
// commits.
func (f *Finder) stateDifferences(ctx context.Context, a, b string) ([]string, error) {
	none := func(string) bool { return false }
	before, err := f.repo.Files(ctx, a, []string{state.Dir}, none)
	if err != nil {
		return nil, err
	}
	after, err := f.repo.Files(ctx, b, []string{state.Dir}, none)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, f := range before {
		ids[f.Path] = fmt.Sprint(f.Mode, f.Hash)
	}
	differ := map[string]bool{}
	for _, f := range after {
		if ids[f.Path] != fmt.Sprint(f.Mode, f.Hash) {
			differ[f.Path] = true
		}
		delete(ids, f.Path)
	}
	for path := range ids {
		differ[path] = true
	}
	return model.Names(differ), nil
}
