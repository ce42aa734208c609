package workspace

import (
	"context"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Sight is state held against the server of its project, for commands that show what
// is applied.
type Sight struct {
	// Looked says that the server was looked at. Otherwise State is state as it is.
	Looked bool
	// State is corrected by what was seen.
	State *state.Snapshot
	// Drift is what the server has otherwise, sorted.
	Drift []state.Drift
}

// See looks at the server that state was applied to, by the rule that [Workspace.Plan]
// follows: where it is asked to, and if nobody says, where it can. It looks at the
// named accounts alone; nil is all of them.
func (w *Workspace) See(ctx context.Context, have *state.Snapshot, accounts []string, asked *bool) (*Sight, error) {
	project := appliedProject(have)
	look, err := w.looks(asked, project.Backend)
	if err != nil || !look {
		return &Sight{State: have}, err
	}
	day, err := w.today()
	if err != nil {
		return nil, err
	}
	backend, err := w.openBackend(project)
	if err != nil {
		return nil, err
	}
	if accounts == nil {
		accounts = have.AccountNames()
	}
	seen, err := w.observeUsers(ctx, backend, accounts)
	if err != nil {
		if asked == nil {
			err = diag.Hinted(err, "--refresh=false shows what state has")
		}
		return nil, err
	}
	about := map[model.Address]bool{}
	for _, name := range accounts {
		about[model.AccountAddress(name)] = true
	}
	edit := have.Edit()
	drift := edit.Correct(seen, day, func(a model.Address) bool { return about[a] })
	drift = append(drift, have.Strays(seen, day)...)
	state.SortDrift(drift)
	return &Sight{Looked: true, State: edit.Snapshot(), Drift: drift}, nil
}
