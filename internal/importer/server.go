package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Select says which users are service accounts: a server does not tell them from people.
// A user has to fit both where both are given. The zero Select takes nobody.
type Select struct {
	// IDPrefixes take users whose id begins with any of them.
	IDPrefixes []string
	// Roles take users that hold any of them.
	Roles []string
}

// Takes reports whether a user is one of them.
func (s Select) Takes(id string, u model.ObservedUser) bool {
	if len(s.IDPrefixes) == 0 && len(s.Roles) == 0 {
		return false
	}
	fits := func(prefix string) bool { return strings.HasPrefix(id, prefix) }
	holds := func(role string) bool { return slices.Contains(u.Roles, role) }
	return (len(s.IDPrefixes) == 0 || slices.ContainsFunc(s.IDPrefixes, fits)) &&
		(len(s.Roles) == 0 || slices.ContainsFunc(s.Roles, holds))
}

// Options of [FromServer].
type Options struct {
	// Today is the UTC day.
	Today model.Date
	// MaxLifetime is the project's guardrail; zero is OSMO's own limit.
	MaxLifetime model.Days
	// Limits bound declarations; the zero Limits are the defaults.
	Limits model.Limits
	// Declared is what the project declares already, which is left out; nil where that
	// is nothing.
	Declared *model.Declarations
	// ExternalRoles names the roles that the chosen users hold as roles that live on the
	// server, instead of copying all that there are.
	ExternalRoles bool
}

// Remark is something about an object of the server that the manifest has as a comment.
type Remark struct {
	Address model.Address
	Text    string
}

// FromServer declares what a server has: its roles, but not the built-in ones that say
// what OSMO says, and the users that are chosen, with their tokens. The remarks are those
// of the manifest, in its order. An error says which of the operator's limits the server
// is above.
func FromServer(seen model.Observed, chosen Select, o Options) (Manifest, []Remark, error) {
	if o.Declared == nil {
		o.Declared = &model.Declarations{}
	}
	s := &server{
		seen: seen, options: o, limits: o.Limits.OrDefault(), declared: map[string]bool{},
		m: Manifest{About: about(seen), Tokens: map[model.Address][]string{}},
	}
	s.addRoles(heldBy(seen, chosen))
	accounts := fold(model.Names(o.Declared.Accounts))
	for _, id := range model.Names(seen.Users) {
		switch u := seen.Users[id]; {
		case !chosen.Takes(id, u):
		case o.Declared.Accounts[id] != nil:
			s.known++
		default:
			s.addAccount(id, u, accounts)
		}
	}
	if s.known > 0 {
		s.m.About = append(s.m.About, "Left out: "+model.Plural(s.known, "role or account that the project declares", "roles and accounts that the project declares")+" already.")
	}
	return s.m, s.remarks, s.checkTotals()
}

// about is the manifest's head.
func about(seen model.Observed) []string {
	list := []string{"Made by osmoctl import osmo, from what a server has. Tokens are declared without recipients: those of defaults in osmoctl.yaml read their next generations."}
	if seen.Server.Mode == model.ModeConfigMap {
		list = append(list, "This server takes its roles from Helm values: no apply changes them, and osmoctl export helm-values writes them.")
	}
	return list
}

type server struct {
	seen    model.Observed
	options Options
	limits  model.Limits
	m       Manifest
	remarks []Remark
	// declared are the roles that accounts may name, beside the built-in ones.
	declared map[string]bool
	// known counts what is left out since it is declared already.
	known int
}

func (s *server) checkTotals() error {
	roles, accounts, tokens, _ := s.m.Count()
	for _, account := range s.options.Declared.Accounts {
		tokens += len(account.Tokens)
	}
	roles += len(s.options.Declared.Roles)
	accounts += len(s.options.Declared.Accounts)
	for _, total := range []struct {
		have, limit  int
		name, things string
	}{
		{roles, s.limits.Roles, "roles", "roles"},
		{accounts, s.limits.Accounts, "accounts", "service accounts"},
		{tokens, s.limits.Tokens, "tokens", "tokens"},
	} {
		if total.have > total.limit {
			return diag.Hinted(fmt.Errorf("the project would have %d %s, and the limit is %d", total.have, total.things, total.limit), model.RaiseHint(total.name, total.have))
		}
	}
	return nil
}

// folded finds names that differ only in case, which a file system may take for one.
type folded map[string]string

func fold(names []string) folded {
	f := folded{}
	for _, name := range names {
		f[strings.ToLower(name)] = name
	}
	return f
}

// check takes a name in, or says which other one is like it.
func (f folded) check(name string) error {
	lower := strings.ToLower(name)
	if first, ok := f[lower]; ok {
		return fmt.Errorf("the name differs only in case from %s", quote(first))
	}
	f[lower] = name
	return nil
}

// heldBy are the roles that chosen users hold.
func heldBy(seen model.Observed, chosen Select) map[string]bool {
	held := map[string]bool{}
	for id, u := range seen.Users {
		if chosen.Takes(id, u) {
			for _, role := range u.Roles {
				held[role] = true
			}
		}
	}
	return held
}

func (s *server) addRoles(held map[string]bool) {
	known := s.options.Declared.Roles
	names := fold(append(access.BuiltinNames(), model.Names(known)...))
	for _, name := range model.Names(s.seen.Roles) {
		role, e := s.seen.Roles[name], Entry[model.Role]{Name: name}
		switch {
		case known[name] != nil:
			s.declared[name] = true
			s.known++
			continue
		case s.options.ExternalRoles && (access.IsBuiltin(name) || !held[name]):
			continue // Accounts hold a built-in role without a declaration.
		case s.options.ExternalRoles:
			e.Declared, e.Remarks = s.nameRole(role, names)
		case access.IsBuiltin(name) && s.isShipped(role):
			continue
		case access.IsBuiltin(name) && name != access.ChangeableRole:
			e.Remarks = []string{"It is built into OSMO and says something else on this server. Of the built-in roles only " + access.ChangeableRole + " can be declared differently; accounts hold this one all the same."}
		default:
			e.Declared, e.Remarks = s.readRole(role, names)
		}
		s.declared[name] = e.Declared != nil
		s.addRemarks(model.RoleAddress(name), e.Remarks)
		s.m.Roles = append(s.m.Roles, e)
	}
}

func (s *server) addRemarks(a model.Address, texts []string) {
	for _, text := range texts {
		s.remarks = append(s.remarks, Remark{a, text})
	}
}

// isShipped reports whether a built-in role says what OSMO says, in the server's own
// version where the role is one that people change.
func (s *server) isShipped(role *model.Role) bool {
	if _, equal := access.EqualsBuiltin(role); !equal || role.Name != access.ChangeableRole {
		return equal
	}
	version, _ := access.ReadVersion(s.seen.Server.Version)
	own, _ := access.RulesOf(model.Server{Version: version, Mode: s.seen.Server.Mode})[0].Builtin(role.Name)
	return model.EqualPolicies(role.Policies, own.Policies)
}

// readRole returns the role as it is declared, or nil and why not.
func (s *server) readRole(role *model.Role, names folded) (*model.Role, []string) {
	err := checkRole(role, s.limits)
	if err == nil && !access.IsBuiltin(role.Name) {
		err = names.check(role.Name)
	}
	if err != nil {
		return nil, []string{"It cannot be declared as it stands, since " + err.Error() + "."}
	}
	r := &model.Role{Name: role.Name, Description: role.Description, ExternalRoles: once(role.ExternalRoles), SyncMode: role.SyncMode}
	for _, p := range role.Policies {
		r.Policies = append(r.Policies, model.Policy{Effect: p.Effect, Actions: once(p.Actions), Resources: once(p.Resources)})
	}
	return r, s.remarkOn(role)
}

// nameRole returns the role as one that lives on the server, whatever it says there, or
// nil and why not.
func (s *server) nameRole(role *model.Role, names folded) (*model.Role, []string) {
	err := model.CheckRoleName(role.Name)
	if err == nil {
		err = names.check(role.Name)
	}
	if err != nil {
		return nil, []string{"It cannot be declared, since " + err.Error() + "."}
	}
	return &model.Role{Name: role.Name, External: true}, s.remarkOn(role)
}

// remarkOn says who changed a role last.
func (s *server) remarkOn(role *model.Role) (remarks []string) {
	if by, ok := s.seen.RoleChanges[role.Name]; ok {
		remarks = append(remarks, authorship("Changed last", by))
	}
	return remarks
}

// once is a list without what it repeats, nil for nil.
func once(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// checkRole says what of a role no manifest can hold.
func checkRole(r *model.Role, limits model.Limits) error {
	if err := model.CheckRoleName(r.Name); err != nil {
		return fmt.Errorf("its name is not osmoctl's: %w", err)
	}
	if err := errors.Join(checkText("its name", r.Name), checkText("its description", r.Description)); err != nil {
		return err
	}
	switch r.SyncMode {
	case "", model.SyncImport, model.SyncForce, model.SyncIgnore:
	default:
		return fmt.Errorf("there is no sync mode %s", quote(string(r.SyncMode)))
	}
	if err := checkCount(r.Policies, limits.RolePolicies, "role_policies", "policies"); err != nil {
		return err
	}
	for i, p := range r.Policies {
		if err := checkPolicy(p, limits); err != nil {
			return fmt.Errorf("policy %d %w", i+1, err)
		}
	}
	return errors.Join(checkCount(r.ExternalRoles, limits.ExternalRoles, "external_roles", "external roles"), checkTexts("an external role", r.ExternalRoles))
}

func checkPolicy(p model.Policy, limits model.Limits) error {
	switch {
	case p.Effect != model.Allow && p.Effect != model.Deny:
		return fmt.Errorf("has the effect %s, which OSMO passes over", quote(string(p.Effect)))
	case len(p.Actions) == 0:
		return errors.New("has no actions")
	case len(p.Resources) == 0:
		return errors.New(`has no resources, which OSMO widens to "*" when it restarts with its roles in the database: give it ["none"] to keep it narrow, or ["*"], where the role is kept`)
	case len(once(p.Actions)) > limits.PolicyActions:
		return checkCount(p.Actions, limits.PolicyActions, "policy_actions", "actions")
	case len(once(p.Resources)) > limits.PolicyResources:
		return checkCount(p.Resources, limits.PolicyResources, "policy_resources", "resources")
	}
	for _, action := range p.Actions {
		if err := access.CheckAction(action); err != nil {
			return fmt.Errorf("has the action %s: %w", quote(action), err)
		}
	}
	for _, resource := range p.Resources {
		if len(resource) > config.MaxResource {
			return fmt.Errorf("has a resource of %d bytes, and the limit is %d", len(resource), config.MaxResource)
		}
	}
	if err := checkTexts("a resource", p.Resources); err != nil {
		return fmt.Errorf("cannot be written: %w", err)
	}
	return nil
}

func checkCount[T any](list []T, limit int, name, things string) error {
	if len(list) > limit {
		return fmt.Errorf("it has %d %s, and the limit %s is %d", len(list), things, name, limit)
	}
	return nil
}

func checkTexts(what string, list []string) error {
	for _, s := range list {
		if s == "" {
			return fmt.Errorf("%s is empty", what)
		}
		if err := checkText(what, s); err != nil {
			return err
		}
	}
	return nil
}

// checkText says why a text of the server cannot stand in a manifest, without the text.
func checkText(what, s string) error {
	if err := config.CheckText(s); err != nil {
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	// It is looked for as it is written, too: escapes may make a shape of it.
	if list := append(secret.Shapes(s), secret.Shapes(config.Scalar(s))...); len(list) > 0 {
		return fmt.Errorf("%s holds what looks like %s: consider it leaked", what, list[0].Kind)
	}
	return nil
}

// authorship says who did something, and when, as far as the server tells.
func authorship(did string, by model.Authorship) string {
	if by.By != "" {
		did += " by " + quoteName(by.By)
	}
	if !by.At.IsZero() {
		did += " on " + by.At.UTC().Format("2006-01-02")
	}
	return did + "."
}
