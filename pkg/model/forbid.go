package model

import (
	"errors"
	"slices"
	"strings"
)

// Forbid is a rule about access: what its subjects may not be able to do, however
// their roles spell it.
type Forbid struct {
	Name     string         `json:"name"`
	Subjects ForbidSubjects `json:"subjects,omitzero"`
	// Actions and Resources are patterns of policies, sorted; no resources are
	// everywhere.
	Actions   []string    `json:"actions"`
	Resources []string    `json:"resources,omitempty"`
	Reason    string      `json:"reason"`
	Except    []Exception `json:"except,omitempty"`
}

// ForbidSubjects says whom a rule is about: accounts with one of these names and all of
// these labels. What is left out is no condition. A token goes with its account.
type ForbidSubjects struct {
	// Accounts are names, sorted; an asterisk at the end stands for anything.
	Accounts []string          `json:"accounts,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
}

// Exception lets somebody do what a rule forbids, until a day.
type Exception struct {
	// Subjects are accounts, each with its tokens, and tokens; sorted.
	Subjects []Address `json:"subjects"`
	Owner    string    `json:"owner"`
	Reason   string    `json:"reason"`
	// Until is the day on which it has ended.
	Until Date `json:"until"`
}

// Match reports whether the rule is about an account of this name with these labels.
func (s ForbidSubjects) Match(name string, labels map[string]string) bool {
	for key, value := range s.Labels {
		if has, there := labels[key]; !there || has != value {
			return false
		}
	}
	return s.MatchName(name)
}

// MatchName is Match as far as the name goes.
func (s ForbidSubjects) MatchName(name string) bool {
	return len(s.Accounts) == 0 || slices.ContainsFunc(s.Accounts, func(pattern string) bool { return matchName(pattern, name) })
}

func matchName(pattern, name string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return pattern == name || open && strings.HasPrefix(name, prefix)
}

// Includes reports whether whoever o is about is certainly meant by s.
func (s ForbidSubjects) Includes(o ForbidSubjects) bool {
	for key, value := range s.Labels {
		if has, there := o.Labels[key]; !there || has != value {
			return false
		}
	}
	if len(s.Accounts) == 0 {
		return true
	}
	return len(o.Accounts) > 0 && !slices.ContainsFunc(o.Accounts, func(name string) bool { return !s.MatchName(name) })
}

// Covers reports whether the exception is for a subject on a day.
func (e Exception) Covers(a Address, on Date) bool {
	return on < e.Until && (slices.Contains(e.Subjects, a) || a.Kind == KindToken && slices.Contains(e.Subjects, AccountAddress(a.Account)))
}

// Excepts reports whether one of the rule's exceptions is for a subject on a day.
func (f Forbid) Excepts(a Address, on Date) bool {
	return slices.ContainsFunc(f.Except, func(e Exception) bool { return e.Covers(a, on) })
}

// ForbiddenSubject names a rule and somebody who may break it for once, as
// RULE:account/NAME.
type ForbiddenSubject struct {
	Rule    string
	Subject Address
}

// String is how it is written on a command line.
func (f ForbiddenSubject) String() string { return f.Rule + ":" + f.Subject.String() }

// UnmarshalText reads what String writes.
func (f *ForbiddenSubject) UnmarshalText(text []byte) (err error) {
	rule, subject, found := strings.Cut(string(text), ":")
	if !found || rule == "" {
		return errors.New("write the rule and the subject, such as no-exec:account/svc-ci")
	}
	f.Rule = rule
	f.Subject, err = ParseAddress(subject)
	return err
}
