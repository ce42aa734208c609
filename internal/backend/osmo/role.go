package osmo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const rolePath = "/api/configs/role/"

func refuseRole(name string) error {
	return diag.Hinted(refuse("role %s: this server takes its roles from a file and lets nobody change them", name), helmHint)
}

// getRole reads one role as the server has it, or returns nil.
func (b *Backend) getRole(ctx context.Context, name string) (*model.Role, error) {
	r, found, err := get(ctx, b, rolePath+name, nil, readRole)
	switch {
	case err != nil || !found:
		return nil, err
	case *r.Name != name:
		return nil, fmt.Errorf("the server was asked for role %s and answered with another", name)
	case r.ExternalRoles == nil:
		b.fixed.Store(true)
	}
	return r.role(), nil
}

// EnsureRole sends nothing where the server has the role just so. Otherwise the role
// is written, and read back: a server takes a PUT of a role that it holds for
// immutable without a word, and does nothing.
//
// OSMO loses external roles that are both old and new, so they are sent only where
// they change, after the empty list. That second call must not be repeated; the
// reading decides what became of it.
func (b *Backend) EnsureRole(ctx context.Context, want *model.Role) error {
	if !model.IsReachable(want.Name) {
		return refuse("role %s: the server finds no role of such a name again", want.Name)
	}
	has, err := b.getRole(ctx, want.Name)
	if err != nil {
		return err
	}
	if has != nil && len(compare(has, want)) == 0 {
		return nil
	}
	switch {
	case access.IsBuiltin(want.Name) && want.Name != access.ChangeableRole:
		return refuse("role %s is one of OSMO's own, which osmoctl does not change", want.Name)
	case b.fixed.Load():
		return refuseRole(want.Name)
	}
	var wrong error
	for _, external := range externalSteps(has, want) {
		if wrong = b.putRole(ctx, want, external); wrong != nil {
			break
		}
	}
	if v := verdictOf(wrong); wrong != nil && v != unknown && v != taken {
		return wrong
	}
	has, err = b.getRole(ctx, want.Name)
	switch {
	case err != nil && wrong != nil:
		return wrong
	case err != nil:
		return err
	case has == nil && wrong == nil:
		return fmt.Errorf("role %s: the server took it and has not got it", want.Name)
	case has == nil:
		return wrong
	}
	different := compare(has, want)
	switch {
	case len(different) == 0:
		return nil
	case wrong != nil:
		return wrong
	}
	return fmt.Errorf("role %s: the server took it, but still has another %s", want.Name, strings.Join(different, " and "))
}

// compare names what differs. What a declaration leaves to the server is not
// compared.
func compare(has, want *model.Role) (different []string) {
	mode := want.SyncMode
	if mode == "" {
		mode = model.SyncImport
	}
	for what, same := range map[string]bool{
		"description":    has.Description == want.Description,
		"policies":       model.EqualPolicies(withEffects(has.Policies), withEffects(want.Policies)),
		"sync_mode":      has.SyncMode == mode,
		"external_roles": want.ExternalRoles == nil || has.ExternalRoles != nil && model.SameSet(has.ExternalRoles, want.ExternalRoles),
	} {
		if !same {
			different = append(different, what)
		}
	}
	return model.Set(different)
}

// withEffects are policies with the effect that is meant where none is named.
func withEffects(policies []model.Policy) []model.Policy {
	out := append([]model.Policy{}, policies...)
	for i := range out {
		if out[i].Effect == "" {
			out[i].Effect = model.Allow
		}
	}
	return out
}

// externalSteps are the external roles to send, one call each; nil is not sent.
func externalSteps(has, want *model.Role) [][]string {
	switch {
	case want.ExternalRoles == nil, has != nil && has.ExternalRoles != nil && model.SameSet(has.ExternalRoles, want.ExternalRoles):
		return [][]string{nil}
	case len(want.ExternalRoles) == 0:
		return [][]string{{}}
	}
	return [][]string{{}, model.Set(want.ExternalRoles)}
}

// putRole writes a role. Resources are always written: a server at its start makes
// "everything" of those that are missing.
func (b *Backend) putRole(ctx context.Context, r *model.Role, external []string) error {
	type policy struct {
		Effect    model.Effect `json:"effect"`
		Actions   []string     `json:"actions"`
		Resources []string     `json:"resources"`
	}
	config := map[string]any{"name": r.Name, "description": r.Description, "sync_mode": model.SyncImport}
	if r.SyncMode != "" {
		config["sync_mode"] = r.SyncMode
	}
	policies := make([]policy, len(r.Policies))
	for i, p := range withEffects(r.Policies) {
		policies[i] = policy{p.Effect, model.Set(p.Actions), append([]string{}, p.Resources...)}
	}
	config["policies"] = policies
	if external != nil {
		config["external_roles"] = external
	}
	body, err := json.Marshal(map[string]any{"configs": config})
	if err != nil {
		return refuse("role %s cannot be written", r.Name)
	}
	return b.do(ctx, call{method: http.MethodPut, path: rolePath + r.Name, body: body, once: len(external) > 0, accept: readNull})
}

// EndRole looks for the role before it deletes it: a server that takes no roles
// refuses to delete what it has not got, too.
func (b *Backend) EndRole(ctx context.Context, name string) error {
	switch {
	case access.IsBuiltin(name):
		return refuse("role %s is one of OSMO's own, which osmoctl does not delete", name)
	case !model.IsReachable(name):
		return refuse("role %s: no path of the server's leads to a role of such a name", name)
	}
	has, err := b.getRole(ctx, name)
	switch {
	case err != nil || has == nil:
		return err
	case b.fixed.Load():
		return refuseRole(name)
	}
	return b.remove(ctx, call{path: rolePath + name, body: []byte("{}")})
}

// remove deletes something; that it is not there is done.
func (b *Backend) remove(ctx context.Context, c call) error {
	c.method, c.accept = http.MethodDelete, readNull
	if err := b.do(ctx, c); err != nil && verdictOf(err) != absent {
		return err
	}
	return nil
}
