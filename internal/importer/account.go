package importer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// addAccount declares a user, or says why not.
func (s *server) addAccount(id string, u model.ObservedUser, names folded) {
	e := Entry[model.Account]{Name: id}
	err := s.checkAccount(id, u)
	if err == nil {
		err = names.check(id)
	}
	if err != nil {
		e.Remarks = []string{"It cannot be declared as it stands, since " + err.Error() + "."}
	} else {
		e.Declared = &model.Account{Name: id, Roles: model.Set(u.Roles), Tokens: map[string]*model.Token{}}
		e.Remarks = s.describeAccount(id, u)
		e.Remarks = append(e.Remarks, s.addTokens(e.Declared, u)...)
	}
	s.addRemarks(model.AccountAddress(id), e.Remarks)
	if e.Declared != nil {
		for _, name := range model.Names(e.Declared.Tokens) {
			a := model.TokenAddress(id, name)
			s.addRemarks(a, s.m.Tokens[a])
		}
	}
	s.m.Accounts = append(s.m.Accounts, e)
}

// checkAccount says what of a user no manifest can hold. A role that it cannot name is
// one that the plan would take away.
func (s *server) checkAccount(id string, u model.ObservedUser) error {
	if err := model.CheckAccountName(id); err != nil {
		return fmt.Errorf("its name is not osmoctl's: %w", err)
	}
	if err := checkText("its name", id); err != nil {
		return err
	}
	for _, role := range u.Roles {
		if !access.IsBuiltin(role) && !s.declared[role] {
			return fmt.Errorf("it holds the role %s, which cannot be declared", quote(role))
		}
	}
	return errors.Join(
		checkCount(u.Roles, s.limits.AccountRoles, "account_roles", "roles"),
		checkCount(model.Names(u.Tokens), s.limits.AccountTokens, "account_tokens", "tokens"),
	)
}

// describeAccount is what a declaration has no place for.
func (s *server) describeAccount(id string, u model.ObservedUser) (remarks []string) {
	if u.Created != (model.Authorship{}) {
		remarks = append(remarks, authorship("Created", u.Created))
	}
	if id == s.seen.Identity {
		remarks = append(remarks, "This is the user that osmoctl acts as on the server: whoever changes it may lock osmoctl out.")
	}
	for _, role := range model.Set(u.Roles) {
		if u.Synced(role) {
			remarks = append(remarks, fmt.Sprintf("%s is assigned by %s, which may take it away and give it again; osmoctl reports that and does not fight it.", role, quoteName(u.Assigned[role].By)))
		}
	}
	if u.Tokens == nil {
		remarks = append(remarks, "Its tokens were not listed, so none is declared.")
	}
	return remarks
}

// addTokens declares the tokens of an account, and returns why others are left out.
func (s *server) addTokens(a *model.Account, u model.ObservedUser) (remarks []string) {
	names := folded{}
	// The name of a generation is longer than its token's, so that one is decided before.
	order := model.Names(u.Tokens)
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	left := map[string]error{}
	for _, name := range order {
		seen := u.Tokens[name]
		err := s.checkToken(a, name, seen)
		if err == nil {
			err = names.check(name)
		}
		if err != nil {
			left[name] = err
			continue
		}
		a.Tokens[name] = &model.Token{Account: a.Name, Name: name, TokenSpec: model.TokenSpec{
			Description: seen.Description, Roles: model.Set(seen.Roles), Expiry: model.Expiry{At: seen.ExpiresAt},
		}}
		if base, n, ok := model.SplitServerName(name); ok {
			s.m.Tokens[model.TokenAddress(a.Name, name)] = []string{
				fmt.Sprintf("Its name is what osmoctl calls generation %d of a token %s: that name is not to be declared beside it.", n, base),
			}
		}
	}
	for _, name := range model.Names(left) {
		remarks = append(remarks, fmt.Sprintf("Its token %s is not declared, since %v.", quoteName(name), left[name]))
	}
	return remarks
}

// checkToken says what of a token no manifest can hold.
func (s *server) checkToken(a *model.Account, name string, t model.ObservedToken) error {
	if err := model.CheckTokenName(name); err != nil {
		return fmt.Errorf("its name is not osmoctl's: %w", err)
	}
	if err := checkText("its name", name); err != nil {
		return err
	}
	if base, n, ok := model.SplitServerName(name); ok && a.Tokens[base] != nil {
		return fmt.Errorf("its name is what osmoctl calls generation %d of %s", n, base)
	}
	if err := checkText("its description", t.Description); err != nil {
		return err
	}
	most := cmp.Or(s.options.MaxLifetime, osmosLimit)
	switch {
	case t.Mark != (model.Mark{}):
		return fmt.Errorf("a run of osmoctl issued it for the project of lineage %s, which has its value", quoteName(t.Mark.Lineage))
	case t.ExpiresAt <= s.options.Today:
		return fmt.Errorf("it expired on %s", t.ExpiresAt)
	case s.options.Today.Until(t.ExpiresAt) > most:
		return fmt.Errorf("it expires on %s, which is beyond guardrails.max_token_lifetime, %s from today", t.ExpiresAt, most)
	case len(t.Roles) == 0:
		return errors.New("it has no roles left, and nothing can be done with it")
	}
	for _, role := range t.Roles {
		if !slices.Contains(a.Roles, role) {
			return fmt.Errorf("it has the role %s, which its user has not", quote(role))
		}
	}
	return nil
}

// osmosLimit is how long a token lives at most where nobody says otherwise.
const osmosLimit model.Days = 365
