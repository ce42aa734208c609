package inquiry

import (
	"cmp"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Holder is a subject that can do what was asked.
type Holder struct {
	Subject string `json:"subject"`
	// Server is the one by whose rules it can; empty where it can on every one.
	Server Server `json:"server,omitzero"`
	// Weight is that of all that the subject can do.
	Weight access.Weight `json:"weight"`
	// On are the resources on which it can, where any would do.
	On []string   `json:"on,omitempty"`
	By *Statement `json:"by"`
	// Change says what would end it.
	Change string `json:"change"`
}

// Who are the subjects that can do what is asked, the heaviest first: accounts and
// tokens, then roles that nobody may hold yet. Where everybody can, that is said instead.
func (m *Moment) Who(q Question) []Holder {
	holders := m.whoEach(q)
	for _, h := range holders {
		if h.Subject == Everybody && h.Server == (Server{}) && len(h.On) == 0 {
			return []Holder{h}
		}
	}
	return holders
}

func (m *Moment) whoEach(q Question) []Holder {
	about := func(s *server, h *holding, _ bool) (Holder, bool) {
		holder := Holder{Weight: s.weigh(h)}
		for _, a := range q.Asks {
			v, a, e := s.decide(h, a)
			if !v.Allowed {
				return holder, false
			}
			if holder.By == nil {
				holder.By, holder.On, holder.Change = v.By, v.On, s.change(h, a, e)
			}
		}
		return holder, true
	}
	mark := func(h *Holder, subject string, server Server) { h.Subject, h.Server = subject, server }
	return ask(m, asker[Holder]{about, mark, true})
}

// Administrator is a subject that is one, or becomes one by a step.
type Administrator struct {
	Subject string        `json:"subject"`
	Server  Server        `json:"server,omitzero"`
	Weight  access.Weight `json:"weight"`
	Steps   []Step        `json:"steps"`
}

// Step is a way to an administrator's power, and the statement that opens it.
type Step struct {
	Weight   access.Weight `json:"weight"`
	Does     string        `json:"does"`
	Action   string        `json:"action"`
	Resource string        `json:"resource"`
	By       *Statement    `json:"by"`
}

// Administrators are the subjects that are administrators, at once or by a step. A step
// that everybody can make is said of everybody alone.
func (m *Moment) Administrators() []Administrator {
	about := func(s *server, h *holding, all bool) (a Administrator, ok bool) {
		if s.weigh(h) < access.AdministratorByStep {
			return a, false
		}
		everybody := s.hold(nil).set
		for _, step := range s.rules.Steps(h.roles) {
			request := s.rules.Witness(step.Grant)
			if !all && everybody.Check(request.Action, request.Resource).Allowed {
				continue
			}
			a.Weight = max(a.Weight, step.Weight)
			a.Steps = append(a.Steps, Step{step.Weight, step.Does, step.Grant.Action, step.Grant.Resource, h.set.CauseOf(step.By)})
		}
		return a, len(a.Steps) > 0
	}
	mark := func(a *Administrator, subject string, server Server) { a.Subject, a.Server = subject, server }
	return ask(m, asker[Administrator]{about, mark, true})
}

// found is an answer about a subject, with what it is sorted by.
type found[T any] struct {
	item   T
	weight access.Weight
}

// asker is a question for every subject.
type asker[T any] struct {
	// about answers for a set of roles, once for all subjects that hold it; all is
	// set where it is what everybody holds.
	about func(s *server, h *holding, all bool) (T, bool)
	// mark says whose answer it is, and by which server's rules.
	mark func(item *T, subject string, server Server)
	// roles asks about roles as well.
	roles bool
}

// ask asks every server about every subject, once for each set of roles. Where servers
// differ, an answer bears the server that it is true of.
func ask[T any](m *Moment, question asker[T]) []T {
	subjects := m.Subjects()
	for _, name := range m.Roles() {
		if question.roles && name != access.DefaultRole {
			subjects = append(subjects, Subject{"role/" + name, []string{name}})
		}
	}
	subjects = append(subjects, Subject{Name: Everybody})
	type key struct {
		h   *holding
		all bool
	}
	type answer struct {
		item T
		ok   bool
	}
	memo := map[key]answer{}
	var all []found[T]
	for _, subject := range subjects {
		var answers []found[T]
		for i := range m.servers {
			s := &m.servers[i]
			h := s.hold(subject.Roles)
			k := key{h, subject.Name == Everybody}
			a, known := memo[k]
			if !known {
				a.item, a.ok = question.about(s, h, k.all)
				memo[k] = a
			}
			if a.ok {
				question.mark(&a.item, subject.Name, s.rules.Server())
				answers = append(answers, found[T]{a.item, s.weigh(h)})
			}
		}
		if len(answers) == len(m.servers) {
			question.mark(&answers[0].item, subject.Name, Server{})
			answers = answers[:1]
		}
		all = append(all, answers...)
	}
	slices.SortStableFunc(all, func(a, b found[T]) int { return cmp.Compare(b.weight, a.weight) })
	out := make([]T, len(all))
	for i, f := range all {
		out[i] = f.item
	}
	return out
}

// Report is all that a subject can do.
type Report struct {
	Subject string   `json:"subject"`
	Roles   []string `json:"roles"`
	// Parts has one entry where all servers agree, else one for each.
	Parts []Part `json:"access"`
}

// Part is what a subject can do on one server, or on all that the project may be for.
type Part struct {
	Server Server        `json:"server,omitzero"`
	Weight access.Weight `json:"weight"`
	// Granted is sorted by weight, the heaviest first.
	Granted []Granted `json:"granted"`
	// Refused is what some policy allows and a Deny refuses.
	Refused []Granted `json:"refused"`
}

// Granted is one grant, or what is refused, and why.
type Granted struct {
	access.Grant
	Weight access.Weight `json:"weight"`
	// By is the policy that grants it, or the Deny that refuses it.
	By *Statement `json:"by"`
}

// Show is all that a subject can do.
func (m *Moment) Show(subject Subject) Report {
	out := Report{Subject: subject.Name, Roles: model.Set(subject.Roles)}
	for i := range m.servers {
		s := &m.servers[i]
		h := s.hold(subject.Roles)
		part := Part{Weight: s.weigh(h), Granted: s.granted(h, h.grants), Server: s.rules.Server()}
		_, refused := s.rules.Diff(withoutDenies(h.roles), h.roles)
		part.Refused = s.granted(h, refused)
		out.Parts = append(out.Parts, part)
	}
	if !slices.ContainsFunc(out.Parts, func(p Part) bool { return !p.equals(out.Parts[0]) }) {
		out.Parts = out.Parts[:1]
		out.Parts[0].Server = Server{}
	}
	return out
}

func (p Part) equals(o Part) bool {
	same := func(a, b Granted) bool { return a.Grant == b.Grant && a.By != nil && b.By != nil && *a.By == *b.By }
	return slices.EqualFunc(p.Granted, o.Granted, same) && slices.EqualFunc(p.Refused, o.Refused, same)
}

// granted sorts grants by weight, each with the statement that decides about it.
func (s *server) granted(h *holding, grants []access.Grant) []Granted {
	out := make([]Granted, len(grants))
	for i, c := range s.explain(h, grants) {
		out[i] = Granted{c.Grant, c.Weight, c.By}
	}
	return out
}

func withoutDenies(roles []*model.Role) []*model.Role {
	out := make([]*model.Role, len(roles))
	for i, r := range roles {
		stripped := *r
		stripped.Policies = slices.DeleteFunc(slices.Clone(r.Policies), func(p model.Policy) bool { return p.Effect == model.Deny })
		out[i] = &stripped
	}
	return out
}
