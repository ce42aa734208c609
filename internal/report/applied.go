package report

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Applied is what applying a plan did.
type Applied struct {
	FormatVersion version `json:"format_version"`
	// Commit is empty where there was nothing to do.
	Commit  string       `json:"commit"`
	Serial  int          `json:"serial"`
	Digest  string       `json:"digest"`
	Summary plan.Summary `json:"summary"`
	Issued  []Issued     `json:"issued"`
	// Revoked are the generations that were revoked, by a date or for a leak.
	Revoked []model.Address `json:"revoked"`
	// Ended is what the server has confirmed to be without.
	Ended    []model.Address    `json:"ended,omitzero"`
	Risks    List[plan.Risk]    `json:"risks"`
	Warnings List[plan.Warning] `json:"warnings"`
	// Failed and NotReached are set where a run on a server did a part of the plan.
	Failed     []Failed        `json:"failed,omitzero"`
	NotReached []model.Address `json:"not_reached,omitzero"`
}

// Failed is what a server did not do.
type Failed struct {
	Address model.Address `json:"address"`
	// Message has the server's words.
	Message string `json:"message"`
}

// PartOf reports what came of a part of a plan.
func PartOf(p *plan.Plan, e *apply.PartialError) Applied {
	out := AppliedOf(p, e.Done)
	out.NotReached, out.Failed = e.NotReached, []Failed{}
	for _, f := range e.Failed {
		out.Failed = append(out.Failed, Failed{f.Address, f.Err.Error()})
	}
	undone := func(a model.Address) bool {
		return slices.Contains(e.NotReached, a) || slices.ContainsFunc(e.Failed, func(f apply.Failure) bool { return f.Address == a })
	}
	out.Revoked = slices.DeleteFunc(out.Revoked, undone)
	return out
}

// Issued is a generation that an apply issued.
type Issued struct {
	Address   model.Address `json:"address"`
	Path      string        `json:"path"`
	ExpiresAt model.Date    `json:"expires_at"`
	// SHA256 of the value, in hex.
	SHA256 string `json:"sha256"`
}

// AppliedOf reports what came of a plan.
func AppliedOf(p *plan.Plan, r *apply.Result) Applied {
	out := Applied{
		Commit: r.Commit, Serial: r.Serial, Digest: p.Digest, Summary: p.Summary,
		Issued: make([]Issued, len(r.Issued)), Revoked: []model.Address{}, Risks: p.Risks, Warnings: p.Warnings,
	}
	if len(r.Ended) > 0 {
		out.Ended = r.Ended
	}
	for i, g := range r.Issued {
		out.Issued[i] = Issued{g.Address, g.Path, g.ExpiresAt, g.Value.String()}
	}
	for i := range p.Changes {
		if p.Changes[i].Action == plan.Revoke {
			out.Revoked = append(out.Revoked, p.Changes[i].Address)
		}
	}
	return out
}

// Resealed is what executing a plan to reseal did.
type Resealed struct {
	FormatVersion version `json:"format_version"`
	// Commit is empty where there was nothing to do.
	Commit   string              `json:"commit"`
	Serial   int                 `json:"serial"`
	Digest   string              `json:"digest"`
	Resealed List[model.Address] `json:"resealed"`
	// Left could not be opened.
	Left     List[Unopened]     `json:"left"`
	Risks    List[plan.Risk]    `json:"risks"`
	Warnings List[plan.Warning] `json:"warnings"`
}

// Unopened is a value that no identity at hand opens.
type Unopened struct {
	Address model.Address `json:"address"`
	// Recipients are the keys that open it.
	Recipients List[plan.Reader] `json:"recipients"`
}

// ResealedOf reports what came of a plan to reseal.
func ResealedOf(p *plan.Plan, r *apply.Result) Resealed {
	out := Resealed{Commit: r.Commit, Serial: r.Serial, Digest: p.Digest, Resealed: r.Resealed, Risks: p.Risks, Warnings: p.Warnings}
	for _, c := range ChangesOf(p, r.Left) {
		out.Left = append(out.Left, Unopened{c.Address, c.Before.Readers})
	}
	return out
}

// ChangesOf are a plan's changes of these addresses, in its order.
func ChangesOf(p *plan.Plan, list []model.Address) (out []plan.Change) {
	wanted := make(map[model.Address]bool, len(list))
	for _, a := range list {
		wanted[a] = true
	}
	for i := range p.Changes {
		if wanted[p.Changes[i].Address] {
			out = append(out, p.Changes[i])
		}
	}
	return out
}
