package report

import (
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Server is what a server was seen to have otherwise than state.
type Server struct {
	// Drift is empty where nothing is otherwise.
	Drift []plan.Drift `json:"drift"`
}

// ServerOf reports the differences about some addresses; nil where the server was not
// looked at.
func ServerOf(looked bool, drift []state.Drift, about func(model.Address) bool) *Server {
	if !looked {
		return nil
	}
	kept := []state.Drift{}
	for _, d := range drift {
		if about(d.Address) {
			kept = append(kept, d)
		}
	}
	return &Server{Drift: plan.ShowDrift(kept)}
}
