package inquiry

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Matrix is subjects by services and pools: how much each can do where.
type Matrix struct {
	Services []string    `json:"services"`
	Pools    []string    `json:"pools"`
	Rows     []MatrixRow `json:"subjects"`
}

// MatrixRow is one subject. Its cells are in the order of the services and the pools.
type MatrixRow struct {
	Subject  string          `json:"subject"`
	Server   Server          `json:"server,omitzero"`
	Weight   access.Weight   `json:"weight"`
	Services []access.Weight `json:"services"`
	// Pools weighs what can be done with workflows in each pool.
	Pools []access.Weight `json:"pools"`
}

// Matrix is all subjects by the services of OSMO and the pools that roles name.
func (m *Moment) Matrix() Matrix {
	out := Matrix{Services: []string{}, Pools: m.pools()}
	for _, a := range m.servers[0].rules.Actions() {
		service, _, _ := strings.Cut(a.Name, ":")
		if n := len(out.Services); n == 0 || out.Services[n-1] != service {
			out.Services = append(out.Services, service)
		}
	}
	about := func(s *server, h *holding, _ bool) (MatrixRow, bool) { return s.matrixRow(h, out), true }
	mark := func(r *MatrixRow, subject string, server Server) { r.Subject, r.Server = subject, server }
	out.Rows = ask(m, asker[MatrixRow]{about: about, mark: mark})
	return out
}

func (s *server) matrixRow(h *holding, m Matrix) MatrixRow {
	row := MatrixRow{Weight: s.weigh(h), Services: make([]access.Weight, len(m.Services)), Pools: make([]access.Weight, len(m.Pools))}
	compiled := s.compile(h)
	for i, service := range m.Services {
		row.Services[i] = access.Heaviest(s.rules.Within(compiled, []string{service + ":*"}, nil))
	}
	for i, pool := range m.Pools {
		row.Pools[i] = access.Heaviest(s.rules.Within(compiled, []string{"workflow:*"}, []string{"pool/" + pool}))
	}
	return row
}

// pools are the pools that some role names.
func (m *Moment) pools() []string {
	var names []string
	for _, r := range m.servers[0].roles {
		for _, p := range r.Policies {
			for _, resource := range p.Resources {
				if name, ok := strings.CutPrefix(resource, "pool/"); ok && name != "" && !strings.Contains(name, "*") {
					names = append(names, name)
				}
			}
		}
	}
	return model.Set(names)
}
