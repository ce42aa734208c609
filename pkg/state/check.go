package state

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func inconsistent(format string, args ...any) error {
	return &problemError{CodeInconsistent, fmt.Sprintf(format, args...)}
}

func checkRole(r *Role) error {
	if err := model.CheckRoleName(r.Name); err != nil {
		return inconsistent("role %q: %v", r.Name, err)
	}
	for _, p := range r.Policies {
		if p.Effect != model.Allow && p.Effect != model.Deny {
			return inconsistent("role %s has a policy whose effect is neither Allow nor Deny", r.Name)
		}
	}
	return nil
}

// checkAccount refuses content that no apply can have written. It matters for
// names above all: paths and addresses are made of them.
func checkAccount(a *Account) error {
	if err := model.CheckAccountName(a.Name); err != nil {
		return inconsistent("account %q: %v", a.Name, err)
	}
	for i := 1; i < len(a.Grants); i++ {
		if a.Grants[i-1].Role >= a.Grants[i].Role {
			return inconsistent("account %s: roles are repeated or out of order", a.Name)
		}
	}
	if !a.Live() && (len(a.Grants) > 0 || a.Protect) {
		return inconsistent("account %s is deleted and still has roles", a.Name)
	}
	for _, name := range model.Names(a.Tokens) {
		if err := model.CheckTokenName(name); err != nil {
			return inconsistent("account %s, token %q: %v", a.Name, name, err)
		}
		if err := checkToken(a.Tokens[name]); err != nil {
			return inconsistent("account %s, token %s: %v", a.Name, name, err)
		}
		if a.Tokens[name].Live() && !a.Live() {
			return inconsistent("account %s is deleted and still has token %s", a.Name, name)
		}
	}
	return nil
}

// checkUnderway refuses what names no single thing on a server, and two spellings
// of one set.
func checkSpent(list []Spent) error {
	for i, s := range list {
		if i > 0 && list[i-1].compare(s) >= 0 {
			return inconsistent("spent approvals are repeated or out of order")
		}
	}
	return nil
}

func checkUnderway(u *Underway) error {
	switch {
	case len(u.Create)+len(u.Remove) == 0:
		return inconsistent("underway names nothing")
	case (u.Run == "") != (len(u.Create) == 0):
		return inconsistent("underway has a run and nothing to create, or the reverse")
	}
	for _, list := range [][]model.Address{u.Create, u.Remove} {
		for i, a := range list {
			if a.Kind == model.KindToken && a.Generation == 0 {
				return inconsistent("underway names %s without a generation", a)
			}
			if i > 0 && list[i-1].Compare(a) >= 0 {
				return inconsistent("underway has addresses that are repeated or out of order")
			}
		}
	}
	return nil
}

// checkFormer refuses two spellings of what was known to whom.
func checkFormer(g *Generation) error {
	for i, id := range g.FormerRecipients {
		if i > 0 && g.FormerRecipients[i-1] >= id {
			return fmt.Errorf("generation %d has former recipients that are repeated or out of order", g.Number)
		}
		if slices.Contains(g.Recipients, id) {
			return fmt.Errorf("generation %d has a key that is both a recipient and a former one", g.Number)
		}
	}
	return nil
}

// checkAdopted refuses a value of a generation that nobody knows the value of.
func checkAdopted(g *Generation) error {
	if g.Adopted && (g.Value != Sum{} || g.Ciphertext != Sum{} || g.Recipients != nil || g.FormerRecipients != nil) {
		return fmt.Errorf("generation %d was adopted, and has a value, a ciphertext or recipients", g.Number)
	}
	return nil
}

func checkToken(t *Token) error {
	if !t.Live() && len(t.Generations) > 0 {
		return fmt.Errorf("it is deleted and still has generations")
	}
	last, active := 0, 0
	for i := range t.Generations {
		g := &t.Generations[i]
		if g.Number <= last {
			return fmt.Errorf("generations are repeated or out of order")
		}
		last = g.Number
		if g.RevokeAfter == 0 {
			active++
		}
		if g.ExpiresAt == 0 || g.IssuedAt.IsZero() || g.ServerName == "" {
			return fmt.Errorf("generation %d lacks its expiry, time of issue or server name", g.Number)
		}
		if err := cmp.Or(checkFormer(g), checkAdopted(g)); err != nil {
			return err
		}
	}
	ended := 0
	for _, s := range t.Tombstones {
		if s.Generation <= ended {
			return fmt.Errorf("tombstones are repeated or out of order")
		}
		ended = s.Generation
		if s.Adopted && s.Value != (Sum{}) {
			return fmt.Errorf("generation %d was adopted, and its tombstone has a value", s.Generation)
		}
		if t.Generation(s.Generation) != nil {
			return fmt.Errorf("generation %d is both live and ended", s.Generation)
		}
	}
	if active > 1 {
		return fmt.Errorf("%d generations are active", active)
	}
	if t.LastGeneration < max(last, ended) {
		return fmt.Errorf("last_generation is below the highest generation")
	}
	return nil
}
