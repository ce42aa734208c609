// Package inquiry answers who can do what, and why.
//
// A [Moment] is what is asked about: who holds which roles (a [rights.Book]), and what
// these say on the server that the project is for. Where its mode is not known, every
// question is asked of each server that it may be; one answer is given where they
// agree, else one for each, with the server that it is true of.
//
// # Subjects
//
// A [Subject] is an account, a token, one generation of a token, a role (somebody who
// holds nothing else), several roles, or everybody. A token is a subject of its own:
// it can do more than its account where it lacks the role that denies.
//
// # Answers
//
// Each answer names the statement that decides, with its place where the role is
// declared, and what would change it. Everything is sorted by weight
// ([access.Weight]), the heaviest first. Subjects with the same roles are asked about
// once, so that cost follows the number of distinct sets of roles.
package inquiry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
)

// Moment is who holds which roles, and what these say.
type Moment struct {
	book    rights.Book
	servers []server
}

// server is one that the project may be for, with the roles as it has them in force.
type server struct {
	rules *access.Rules
	roles map[string]*model.Role
	memo  map[string]*holding
	// compiled has each role once, however many sets it is in.
	compiled map[string]*access.Compiled
}

// holding is what one set of roles comes to.
type holding struct {
	roles    []*model.Role
	set      access.Roles
	compiled []*access.Compiled
	grants   []access.Grant
	weight   access.Weight
	weighed  bool
}

// At is the moment that a book describes, on the servers that a project may be for.
func At(book rights.Book, project model.Server) *Moment {
	m := &Moment{book: book}
	for _, rules := range access.RulesOf(project) {
		m.servers = append(m.servers, server{rules, book.InForce(rules), map[string]*holding{}, map[string]*access.Compiled{}})
	}
	return m
}

// Subject is who a question is about.
type Subject struct {
	// Name is how it is asked for: an address, "everybody", or "roles a, b".
	Name  string
	Roles []string
}

// Everybody holds nothing but the role that all have.
const Everybody = "everybody"

// Find is the subject that a word names: an address in either spelling, or everybody.
// The error is for whoever typed it.
func (m *Moment) Find(word string) (Subject, error) {
	if word == Everybody {
		return Subject{Name: Everybody}, nil
	}
	a, err := model.ReadAddress(word)
	if err != nil {
		return Subject{}, diag.Hinted(err, "a subject is account/NAME, role/NAME, USER/TOKEN, USER/TOKEN@N or "+Everybody+"; --roles a,b is whoever holds these")
	}
	if a.Kind == model.KindRole {
		return m.Holding([]string{a.Name})
	}
	if !m.book.Has(a) {
		var names []string
		for _, s := range m.book.Subjects() {
			if s.Kind == a.Kind {
				names = append(names, s.String())
			}
		}
		return Subject{}, notFound(a.String(), names)
	}
	return Subject{a.String(), m.book.Roles(a)}, nil
}

// Holding is whoever holds just these roles.
func (m *Moment) Holding(roles []string) (Subject, error) {
	for _, name := range roles {
		if m.servers[0].roles[name] == nil {
			return Subject{}, notFound("role/"+name, prefixed("role/", model.Names(m.servers[0].roles)))
		}
	}
	if len(roles) == 1 {
		return Subject{"role/" + roles[0], roles}, nil
	}
	return Subject{"roles " + strings.Join(roles, ", "), model.Set(roles)}, nil
}

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = prefix + s
	}
	return out
}

func notFound(name string, names []string) error {
	err := fmt.Errorf("%s is not there", name)
	if near := diag.Nearest(name, names); near != "" {
		return diag.Hinted(err, "did you mean "+near+"?")
	}
	return diag.Hinted(err, "osmoctl access who --administrator lists who matters most, --at state looks at what was applied")
}

// Subjects are all that hold something, accounts before their tokens.
func (m *Moment) Subjects() (list []Subject) {
	for _, a := range m.book.Subjects() {
		list = append(list, Subject{a.String(), m.book.Roles(a)})
	}
	return list
}

// Roles are those that are declared or applied, by name; OSMO's own among them.
func (m *Moment) Roles() []string { return model.Names(m.servers[0].roles) }

// Server is whose rules an answer goes by; nil where all agree.
type Server = model.Server

func (s *server) hold(roles []string) *holding {
	key := strings.Join(roles, "\n")
	h := s.memo[key]
	if h == nil {
		h = &holding{}
		for _, name := range roles {
			if r := s.roles[name]; r != nil {
				h.roles = append(h.roles, r)
			}
		}
		if !slices.Contains(roles, access.DefaultRole) {
			h.roles = append(h.roles, s.roles[access.DefaultRole])
		}
		h.set = s.rules.Roles(h.roles)
		s.memo[key] = h
	}
	return h
}

func (s *server) weigh(h *holding) access.Weight {
	if !h.weighed {
		h.grants = s.rules.EffectiveCompiled(s.compile(h))
		h.weight, h.weighed = access.Heaviest(h.grants), true
	}
	return h.weight
}

func (s *server) compile(h *holding) []*access.Compiled {
	if h.compiled == nil {
		for _, r := range h.roles {
			c := s.compiled[r.Name]
			if c == nil {
				c = access.Compile(r)
				s.compiled[r.Name] = c
			}
			h.compiled = append(h.compiled, c)
		}
	}
	return h.compiled
}

// CheckWork refuses questions about all subjects where they would take more steps than
// these to weigh, as a project of many different sets of large roles may. To count the
// steps costs little. The error says what to do.
func (m *Moment) CheckWork(steps int) error {
	for i := range m.servers {
		s := &m.servers[i]
		needed, counted := 0, map[*holding]bool{}
		for _, subject := range m.Subjects() {
			h := s.hold(subject.Roles)
			if counted[h] {
				continue
			}
			counted[h] = true
			if needed += s.rules.CountSteps(nil, s.compile(h)); needed > steps {
				return diag.Hinted(fmt.Errorf("to say who can do what, more different sets of roles would have to be weighed than the limit of %d steps allows", steps),
					"ask about one subject, let accounts share their roles, or name fewer resources in them; "+model.RaiseHint("access_steps", 2*steps))
			}
		}
	}
	return nil
}

// Statement is what decides: one policy of a role, and what in it matched.
type Statement = access.Cause
