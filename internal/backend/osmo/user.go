package osmo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const userPath = "/api/auth/user/"

// EnsureUser looks before it creates: a user who is there already would cost other
// people their requests. Where it is not known what became of the creation, looking
// again may tell.
func (b *Backend) EnsureUser(ctx context.Context, name string) error {
	if err := model.CheckAccountName(name); err != nil {
		return refuse("%s", err)
	}
	us, err := b.identify(ctx)
	if err != nil {
		return err
	}
	switch u, found, err := b.getUser(ctx, name); {
	case err != nil:
		return err
	case found:
		return checkOurs(u, us)
	}
	body, err := json.Marshal(map[string]any{"id": name, "roles": nil})
	if err != nil {
		return refuse("user %s cannot be written", name)
	}
	wrong := b.do(ctx, call{method: http.MethodPost, path: strings.TrimSuffix(userPath, "/"), body: body, once: true, accept: func(reply []byte) error {
		return readCreated(reply, name)
	}})
	if v := verdictOf(wrong); wrong == nil || v != unknown && v != taken {
		return wrong
	}
	if u, found, err := b.getUser(ctx, name); err == nil && found {
		return checkOurs(u, us)
	}
	return wrong
}

func (b *Backend) getUser(ctx context.Context, name string) (wireUser, bool, error) {
	u, found, err := get(ctx, b, userPath+name, nil, readUser)
	if found && u.ID != name {
		return u, false, fmt.Errorf("the server was asked for user %s and answered with another", name)
	}
	return u, found, err
}

// checkOurs says whether a user is one that we have created.
func checkOurs(u wireUser, us string) error {
	if u.CreatedBy == us {
		return nil
	}
	return fmt.Errorf("user %s: %w", u.ID, apply.ErrForeign)
}

// EnsureGrants reads what there is, gives what is missing, takes what is too much,
// and reads again where it did anything.
func (b *Backend) EnsureGrants(ctx context.Context, user string, roles []string) error {
	if !model.IsReachable(user) {
		return refuse("there is no user of such a name")
	}
	for _, role := range roles {
		if !model.IsReachable(role) {
			return refuse("role %s: no path of the server's leads to a role of such a name", role)
		}
	}
	missing, extra, err := b.compareGrants(ctx, user, roles)
	if err != nil || len(missing)+len(extra) == 0 {
		return err
	}
	path := userPath + user + "/roles"
	for _, role := range missing {
		body, err := json.Marshal(map[string]string{"role_name": role})
		if err != nil {
			return refuse("role %s cannot be written", role)
		}
		err = b.do(ctx, call{method: http.MethodPost, path: path, body: body, accept: func(reply []byte) error { return readGranted(reply, user, role) }})
		switch {
		case verdictOf(err) == absent && b.fixed.Load():
			return diag.Hinted(err, helmHint)
		case err != nil:
			return err
		}
	}
	for _, role := range extra {
		if err := b.remove(ctx, call{path: path + "/" + role}); err != nil {
			return err
		}
	}
	switch missing, extra, err := b.compareGrants(ctx, user, roles); {
	case err != nil:
		return err
	case len(missing) > 0:
		return fmt.Errorf("user %s: the server gave the role %s and has not got it", user, missing[0])
	case len(extra) > 0:
		return fmt.Errorf("user %s: the server took the role %s away and still has it", user, extra[0])
	}
	return nil
}

// compareGrants reads which roles a user lacks, and which it has too many. Those that
// a login or the ConfigMap gives are not too many: they would come back. One of a
// name that no path leads to is left as well.
func (b *Backend) compareGrants(ctx context.Context, user string, roles []string) (missing, extra []string, err error) {
	u, found, err := b.getUser(ctx, user)
	switch {
	case err != nil:
		return nil, nil, err
	case !found:
		return nil, nil, refuse("user %s is not there", user)
	}
	has := model.ObservedUser{Assigned: map[string]model.Authorship{}}
	for i := range u.Roles {
		has.Assigned[u.Roles[i].Role] = u.Roles[i].authorship()
	}
	for _, role := range model.Set(roles) {
		if _, there := has.Assigned[role]; !there {
			missing = append(missing, role)
		}
	}
	for _, role := range model.Names(has.Assigned) {
		if !slices.Contains(roles, role) && !has.Synced(role) && model.IsReachable(role) {
			extra = append(extra, role)
		}
	}
	return missing, extra, nil
}

// EndUser deletes a user, and with it its grants and tokens.
func (b *Backend) EndUser(ctx context.Context, name string) error {
	if !model.IsReachable(name) {
		return refuse("there is no user of such a name")
	}
	return b.remove(ctx, call{path: userPath + name})
}
