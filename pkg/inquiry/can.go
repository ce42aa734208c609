package inquiry

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Question is what is asked of a subject: requests that all have to be allowed.
type Question struct {
	// Text is the question as it was asked.
	Text string
	Asks []Ask
}

// Ask is one request of a question.
type Ask struct {
	// Action and Resource are both empty for a request without an action.
	Action, Resource string
	// Anywhere asks whether the action is allowed on any resource.
	Anywhere bool
	// Why says what the request is for, where that is not plain.
	Why string
}

// TaskPrefix begins the name of a task.
const TaskPrefix = "task:"

// Read is the question that words put: an action with or without a resource, a task
// such as task:rsync with what it is done to, or a request such as POST /api/auth/user.
// The error is for whoever typed it.
func (m *Moment) Read(what, on string) (Question, error) {
	q := Question{Text: strings.TrimSpace(what + " " + on)}
	switch {
	case strings.HasPrefix(what, TaskPrefix):
		return m.readTask(q, strings.TrimPrefix(what, TaskPrefix), on)
	case strings.HasPrefix(on, "/") && !strings.Contains(what, ":"):
		return m.readRequest(q, strings.ToUpper(what), on)
	}
	action, err := m.findAction(what)
	if err != nil {
		return q, err
	}
	if err := checkResource(action, on); err != nil {
		return q, err
	}
	q.Asks = []Ask{{Action: what, Resource: on, Anywhere: on == "" && action.Scope != access.Global}}
	return q, nil
}

func (m *Moment) findAction(name string) (access.Action, error) {
	rules := m.servers[0].rules
	if action, ok := rules.FindAction(name); ok {
		return action, nil
	}
	if strings.Contains(name, "*") && rules.Knows(name) {
		return access.Action{}, diag.Hinted(fmt.Errorf("%q is several actions, and a question is about one", name), "osmoctl access show SUBJECT lists all that a subject can do")
	}
	hint := "osmoctl access can --list lists actions and tasks"
	if near := rules.SuggestAction(name); near != "" {
		hint = "did you mean " + near + "?"
	}
	return access.Action{}, diag.Hinted(fmt.Errorf("OSMO %s has no action %q", rules.Server().Version, name), hint)
}

// checkResource refuses a resource that no request of the action is about.
func checkResource(action access.Action, resource string) error {
	scope := action.Scope.Root()
	switch {
	case resource == "":
		return nil
	case scope == "":
		return diag.Hinted(fmt.Errorf("%s has no resource", action.Name), "leave "+resource+" out")
	case strings.HasPrefix(resource, scope) && len(resource) > len(scope) && (!strings.Contains(resource, "*") || resource == scope+"*"):
		return nil
	}
	return fmt.Errorf("a resource of %s is %sNAME, one name, or %s* for one that OSMO cannot tell", action.Name, scope, scope)
}

func (m *Moment) readTask(q Question, name, on string) (Question, error) {
	task, ok := access.FindTask(name)
	if !ok {
		var names []string
		for _, t := range access.Tasks() {
			names = append(names, TaskPrefix+t.Name)
		}
		return q, diag.Hinted(fmt.Errorf("there is no task %q", name), "the tasks are "+strings.Join(names, ", "))
	}
	on = strings.TrimPrefix(on, task.On+"/")
	switch {
	case task.On != "" && on == "":
		return q, fmt.Errorf("task:%s is done in one %s: name it, such as osmoctl access can SUBJECT task:%s %s/NAME", name, task.On, name, task.On)
	case task.On == "" && on != "":
		return q, fmt.Errorf("task:%s is done to nothing: leave %s out", name, on)
	}
	for _, n := range task.Needs {
		q.Asks = append(q.Asks, Ask{Action: n.Action, Resource: n.On(on), Why: n.Why})
	}
	return q, nil
}

func (m *Moment) readRequest(q Question, method, path string) (Question, error) {
	action, resource := m.servers[0].rules.Resolve(method, path)
	a := Ask{Action: action, Resource: resource}
	if action == "" {
		a.Why = access.DescribeUnregistered(method, path)
		if a.Why == "" {
			return q, errors.New("OSMO has no request " + method + " " + path + ", and treats it as one without an action")
		}
	}
	q.Asks = []Ask{a}
	return q, nil
}

// Answer is what a subject can.
type Answer struct {
	Subject string   `json:"subject"`
	Roles   []string `json:"roles"`
	// Allowed is true where every server allows all that was asked.
	Allowed bool      `json:"allowed"`
	Parts   []Verdict `json:"answers"`
}

// Verdict is the answer of one server, or of all, to one request.
type Verdict struct {
	// Server is the one that answers so, empty where all that the project may be for do.
	Server Server `json:"server,omitzero"`
	// Action and Resource are both empty for a request without an action.
	Action   string `json:"action"`
	Resource string `json:"resource"`
	// DecidedOn is the resource that the server asks about, where that is another.
	DecidedOn string `json:"decided_on,omitzero"`
	Why       string `json:"why,omitzero"`
	Allowed   bool   `json:"allowed"`
	// By decides; nil where nothing matches, which refuses.
	By *Statement `json:"by"`
	// On are the resources on which it is allowed, where any would do.
	On []string `json:"on,omitempty"`
	// Change says what would change the answer.
	Change string `json:"change"`
}

// Can answers a question about a subject.
func (m *Moment) Can(subject Subject, q Question) Answer {
	out := Answer{Subject: subject.Name, Roles: model.Set(subject.Roles), Allowed: true}
	for _, a := range q.Asks {
		list := make([]Verdict, len(m.servers))
		for i := range m.servers {
			s := &m.servers[i]
			list[i] = s.answer(s.hold(subject.Roles), a)
			out.Allowed = out.Allowed && list[i].Allowed
		}
		same := !slices.ContainsFunc(list, func(v Verdict) bool { return !v.equals(list[0]) })
		for i := range list {
			if !same {
				list[i].Server = m.servers[i].rules.Server()
			}
			if !same || i == 0 {
				out.Parts = append(out.Parts, list[i])
			}
		}
	}
	return out
}

func (v Verdict) equals(o Verdict) bool {
	sameBy := v.By == nil && o.By == nil || v.By != nil && o.By != nil && *v.By == *o.By
	return sameBy && v.Allowed == o.Allowed && v.DecidedOn == o.DecidedOn && v.Change == o.Change && slices.Equal(v.On, o.On)
}

func (s *server) answer(h *holding, a Ask) Verdict {
	v, a, e := s.decide(h, a)
	v.Change = s.change(h, a, e)
	return v
}

// decide is an answer without what would change it, for which it returns what was decided
// in the end and all that bears on it.
func (s *server) decide(h *holding, a Ask) (Verdict, Ask, access.Explanation) {
	v := Verdict{Action: a.Action, Resource: a.Resource, Why: a.Why}
	if a.Anywhere {
		v.On = s.placesOf(h, a.Action)
		if len(v.On) > 0 {
			a.Resource = s.rules.Witness(access.Grant{Action: a.Action, Resource: v.On[0]}).Resource
		} else {
			a.Resource = s.scopeOf(a.Action) + "*"
		}
	}
	if on := s.rules.AsksAbout(a.Action, a.Resource); on != a.Resource {
		v.DecidedOn = on
	}
	e := h.set.Explain(a.Action, a.Resource)
	v.Allowed, v.By = e.Allowed, h.set.CauseOf(e.By)
	return v, a, e
}

// scopeOf is what the resources of an action begin with.
func (s *server) scopeOf(action string) string {
	a, _ := s.rules.FindAction(action)
	return a.Scope.Root()
}

// placesOf are the resources on which an action is granted; "" is where it has none.
func (s *server) placesOf(h *holding, action string) (on []string) {
	for _, g := range s.rules.Within(s.compile(h), []string{action}, nil) {
		if g.Resource == access.Everything {
			return []string{s.scopeOf(action) + "*"}
		}
		on = append(on, g.Resource)
	}
	return on
}

// change says what would turn an answer round.
func (s *server) change(h *holding, a Ask, e access.Explanation) string {
	what := a.Action
	if what == "" {
		what = "*:*"
	} else if a.Resource != "" {
		what += " on " + a.Resource
	}
	switch {
	case e.Allowed && len(e.Allows) > 1:
		return fmt.Sprintf("a Deny of %s, or all of the %d policies that allow it taken away: %s", what, len(e.Allows), h.words(e.Allows))
	case e.Allowed:
		return "a Deny of " + what + ", or " + h.words(e.Allows) + " taken away"
	case len(e.Denies) > 0 && len(e.Allows) > 0:
		return h.words(e.Denies) + " taken away: then " + h.words(e.Allows[:1]) + " allows it"
	case len(e.Denies) > 0:
		return h.words(e.Denies) + " taken away, and a policy that allows " + what
	}
	var out []string
	switch roles := s.grantors(h, a); len(roles) {
	case 0:
	case 1:
		out = append(out, "the role "+roles[0])
	default:
		out = append(out, "one of the roles "+strings.Join(roles, ", "))
	}
	if a.Action == "" {
		return strings.Join(append(out, "a policy that allows *:*, which makes an administrator"), ", or ")
	}
	near := "a policy that allows " + what
	if len(e.Near) > 0 && a.Resource != "" {
		near += "; " + h.words(e.Near[:1]) + " has the action on other resources"
	}
	return strings.Join(append(out, near), ", or ")
}

// maxNamed is how many statements or roles an answer names.
const maxNamed = 5

func (h *holding) words(list []access.Statement) string {
	var out []string
	for _, by := range list[:min(len(list), maxNamed)] {
		out = append(out, h.set.CauseOf(by).Words())
	}
	if n := len(list) - maxNamed; n > 0 {
		out = append(out, fmt.Sprintf("%d more", n))
	}
	return strings.Join(out, ", ")
}

// grantors are the roles that a subject could be given so that a request is allowed, those
// that give least beside it first.
func (s *server) grantors(h *holding, a Ask) (names []string) {
	for _, name := range model.Names(s.roles) {
		with := append(slices.Clone(h.roles), s.roles[name])
		if s.rules.Roles(with).Check(a.Action, a.Resource).Allowed {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(s.weigh(s.hold([]string{a})), s.weigh(s.hold([]string{b})))
	})
	return names[:min(len(names), maxNamed)]
}

// CanAll answers for every action that the server knows, on any resource, and for the
// requests without an action.
func (m *Moment) CanAll(s Subject) (out []Answer) {
	for _, a := range m.servers[0].rules.Actions() {
		out = append(out, m.Can(s, Question{Asks: []Ask{{Action: a.Name, Anywhere: a.Scope != access.Global}}}))
	}
	return append(out, m.Can(s, Question{Asks: []Ask{{}}}))
}
