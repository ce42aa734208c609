package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// SavedPlan is the head of a file that plan --out wrote; the rest is compared as
// bytes.
type SavedPlan struct {
	FormatVersion int             `json:"format_version"`
	Digest        string          `json:"digest"`
	Date          model.Date      `json:"date"`
	AsOf          bool            `json:"as_of"`
	Base          plan.Base       `json:"base"`
	Targets       []model.Address `json:"targets"`
	Replace       []model.Address `json:"replace"`
	DueOnly       bool            `json:"due_only"`
	Notices       []plan.Notice   `json:"notices"`

	// Write is how a plan is written as JSON, so that another can be compared.
	Write func(io.Writer, *plan.Plan) error `json:"-"`

	data []byte
}

// ReadPlan reads a plan from path, which errors call name.
func ReadPlan(path, name string, limits model.Limits, write func(io.Writer, *plan.Plan) error) (*SavedPlan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The bound on a plan is an estimate of what its file takes.
	most := 2 * (int64(limits.OrDefault().PlanMegabytes) << 20)
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	s := &SavedPlan{data: data, Write: write}
	switch {
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s is too large for a plan", name)
	case json.Unmarshal(data, s) != nil || s.FormatVersion == 0:
		return nil, fmt.Errorf("%s is not a plan that plan --out wrote", name)
	case s.FormatVersion != plan.FormatVersion:
		return nil, fmt.Errorf("%s has format version %d and this osmoctl knows only %d", name, s.FormatVersion, plan.FormatVersion)
	case s.AsOf:
		return nil, apply.ErrAsOf
	}
	return s, nil
}

// checkSaved compares the plan just made with one that was reviewed; nil is none.
func (w *Workspace) checkSaved(saved *SavedPlan, made *plan.Plan) error {
	if saved == nil {
		return nil
	}
	switch {
	case saved.Base.Lineage != made.Base.Lineage:
		return stale(diag.Hinted(errors.New("the plan was made for another project's state: its lineage is a different one"), planAgain))
	case saved.Base.Serial != made.Base.Serial:
		return stale(diag.Hinted(fmt.Errorf("plan is stale: made at serial %d, state is at %d", saved.Base.Serial, made.Base.Serial), planAgain))
	case saved.Date != made.Date:
		return stale(diag.Hinted(fmt.Errorf("plan is stale: made for %s, the UTC day is %s", saved.Date, made.Date), planAgain))
	}
	if err := w.checkSavedBase(saved.Base.Commit, made.Base.Commit); err != nil {
		return err
	}
	now := *made
	now.Base.Commit = saved.Base.Commit
	now.Notices = saved.Notices
	same := &plan.Comparison{Rest: saved.data}
	err := saved.Write(same, &now)
	switch {
	case err != nil && !same.Differs, err == nil && len(same.Rest) == 0:
	case len(made.Blocked) > 0:
		err = stale(diag.Hinted(errors.New("what would be applied now differs from the saved plan: a guardrail blocks it"),
			"give apply the flags that the plan was made with; osmoctl plan names those that lift a guardrail"))
	default:
		err = stale(diag.Hinted(errors.New("what would be applied now differs from the saved plan: the declarations have changed or the file was edited"), planAgain))
	}
	return err
}

const planAgain = "plan again, and have the new plan reviewed"

// checkSavedBase demands that a saved plan was made from the commit that it is now
// made from, or from an earlier one with the same state: where state shares a
// branch with declarations, every merge makes another commit of it. A plan that
// names any other commit was not made here, whatever else in it fits.
func (w *Workspace) checkSavedBase(saved, now string) error {
	if saved == now {
		return nil
	}
	if saved != "" && !isCommitName(saved) {
		return stale(diag.Hinted(errors.New("the saved plan does not name the commit that it was made from: it was edited"), planAgain))
	}
	earlier := saved == ""
	var err error
	if !earlier && now != "" {
		earlier, err = w.repo.IsAncestor(saved, now)
	}
	var same bool
	if err == nil && earlier {
		same, err = w.repo.Same(saved, now, state.Dir)
	}
	switch {
	case errors.Is(err, git.ErrShallow), errors.Is(err, git.ErrMissingObject):
		return stale(diag.Hinted(fmt.Errorf("the saved plan was made from commit %.12s, which this clone does not know", saved),
			"git fetch --unshallow, if the clone is a shallow one; else "+planAgain))
	case err != nil:
		return stale(diag.Hinted(fmt.Errorf("the saved plan names %.12s as the commit that it was made from: %w", saved, err), planAgain))
	case !earlier:
		return stale(diag.Hinted(fmt.Errorf("the saved plan was made from commit %.12s, which is not part of the history of %.12s", saved, firstGiven(now, "an empty state")), planAgain))
	case !same:
		return stale(diag.Hinted(fmt.Errorf("the saved plan was made from another state than the one of %.12s", now), planAgain))
	}
	return nil
}

// isCommitName tells whether a text is the full name of a commit, as plans have it.
func isCommitName(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""
}
