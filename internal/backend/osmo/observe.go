package osmo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/wait"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const (
	// pageSize is the most that the server gives at once.
	pageSize = 1000
	// readings is how often the list of users is read until it holds together.
	readings = 5
	// historyLength is the most that the server gives of it.
	historyLength = 1000
)

// get reads something. The error is nil where there is no such thing, and found
// false.
func get[T any](ctx context.Context, b *Backend, path string, query url.Values, read func([]byte) (T, error)) (value T, found bool, err error) {
	err = b.do(ctx, call{method: http.MethodGet, path: path, query: query, accept: func(body []byte) (err error) {
		value, err = read(body)
		return err
	}})
	if verdictOf(err) == absent && err != nil {
		return value, false, nil
	}
	return value, err == nil, err
}

// Observe reads what the server has; see [model.Observed] for what is in it. Only
// the tokens of these users are read, one call for each. What is not there, as a
// user that was deleted in the meantime, is left out.
func (b *Backend) Observe(ctx context.Context, users []string) (model.Observed, error) {
	seen := model.Observed{RoleChanges: map[string]model.Authorship{}, FileOnly: map[string]bool{}}
	var err error
	if seen.Server.Version, err = b.readServerVersion(ctx); err != nil {
		return model.Observed{}, err
	}
	if seen.Identity, err = b.identify(ctx); err != nil {
		return model.Observed{}, err
	}
	roles, _, err := get(ctx, b, "/api/configs/role", nil, readRoles)
	if err != nil {
		return model.Observed{}, err
	}
	seen.Server.Mode = modeOf(roles, seen.Server.Version, b.Mode, b.fixed.Load())
	if seen.Server.Mode == model.ModeConfigMap {
		b.fixed.Store(true)
	}
	seen.Roles = map[string]*model.Role{}
	for i := range roles {
		if r := roles[i].role(); isName(r.Name) {
			seen.Roles[r.Name] = r
		}
	}
	if seen.Users, err = b.readUsers(ctx); err != nil {
		return model.Observed{}, err
	}
	if err := b.readGrants(ctx, &seen, users); err != nil {
		return model.Observed{}, err
	}
	if err := b.readAllTokens(ctx, &seen, users); err != nil {
		return model.Observed{}, err
	}
	if err := b.readChanges(ctx, &seen); err != nil {
		return model.Observed{}, err
	}
	return seen, nil
}

func (b *Backend) readServerVersion(ctx context.Context) (version string, err error) {
	err = b.do(ctx, call{method: http.MethodGet, path: "/api/version", open: true, accept: func(body []byte) (err error) {
		version, err = readVersion(body)
		return err
	}})
	return version, err
}

// modeOf is where a server keeps its roles. It does not say so: a role without
// external_roles, or a change that it refused (fixed), shows the ConfigMap. From 6.4
// on there is nothing else, but for builds on the way there: those are told by the
// form of a built-in role that their database has and no chart, or by osmoctl.yaml.
func modeOf(roles []wireRole, version string, declared model.Mode, fixed bool) model.Mode {
	null := slices.ContainsFunc(roles, func(r wireRole) bool { return r.ExternalRoles == nil })
	switch {
	case null, fixed:
		return model.ModeConfigMap
	case isBefore64(version):
		return model.ModeDatabase
	case declared != "":
		return declared
	case slices.ContainsFunc(roles, isOfDatabase):
		return model.ModeDatabase
	}
	return model.ModeConfigMap
}

// isOfDatabase reports whether a role is the one that everybody has, as a server makes
// it that keeps roles in its database: the charts have it in another form.
func isOfDatabase(r wireRole) bool {
	made, known := access.RulesOf(model.Server{Mode: model.ModeDatabase})[0].Builtin(access.DefaultRole)
	return known && *r.Name == access.DefaultRole && model.EqualPolicies(r.role().Policies, made.Policies)
}

// isBefore64 reports whether a version is older than 6.4. One that cannot be read
// is taken for a new one.
func isBefore64(version string) bool {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major < 6 || major == 6 && minor < 4)
}

// readUsers reads all users. The list is in pages, and nothing ties one to the next:
// a user who is deleted in between makes the next page skip one. So the pages have
// to agree on the number of users, and add up to it.
func (b *Backend) readUsers(ctx context.Context) (map[string]model.ObservedUser, error) {
	for reading := range readings {
		if reading > 0 {
			if err := wait.For(ctx, b.Pause<<(reading-1)); err != nil {
				return nil, err
			}
		}
		users, consistent, err := b.readPages(ctx)
		if err != nil || consistent {
			return users, err
		}
	}
	return nil, diag.Hinted(fmt.Errorf("the server's users kept changing while they were read, %d times", readings), "run the command again")
}

// readPages reads the pages once, and says whether they are of one list.
func (b *Backend) readPages(ctx context.Context) (users map[string]model.ObservedUser, consistent bool, err error) {
	users = map[string]model.ObservedUser{}
	ids, total := map[string]bool{}, -1
	for start := 1; total < 0 || start <= total; start += pageSize {
		query := url.Values{"start_index": {strconv.Itoa(start)}, "count": {strconv.Itoa(pageSize)}}
		p, _, err := get(ctx, b, "/api/auth/user", query, readPage)
		if err != nil {
			return nil, false, err
		}
		if total >= 0 && *p.Total != total || len(p.Users) > pageSize {
			return nil, false, nil
		}
		total = *p.Total
		for _, u := range p.Users {
			if ids[u.ID] {
				return nil, false, nil
			}
			if ids[u.ID] = true; isName(u.ID) {
				users[u.ID] = model.ObservedUser{Created: model.Authorship{By: u.CreatedBy, At: time.Time(u.CreatedAt)}, Roles: []string{}, Assigned: map[string]model.Authorship{}}
			}
		}
	}
	return users, len(ids) == total, nil
}

// readGrants reads who has which role: one call a role, instead of one a user. Roles
// that no path leads to, and those that a server of 6.3 with a ConfigMap has in its
// database and does not show, are found at the users who were asked for.
func (b *Backend) readGrants(ctx context.Context, seen *model.Observed, users []string) error {
	var mu sync.Mutex
	grant := func(user, role string, by model.Authorship) {
		if u, there := seen.Users[user]; there && isName(role) {
			mu.Lock()
			u.Assigned[role] = by
			mu.Unlock()
		}
	}
	hidden := seen.Server.Mode == model.ModeConfigMap && isBefore64(seen.Server.Version)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for _, role := range model.Names(seen.Roles) {
		if !model.IsReachable(role) {
			hidden = true
			continue
		}
		group.Go(func() error {
			holders, found, err := get(ctx, b, "/api/auth/roles/"+role+"/users", nil, readHolders)
			if err == nil && !found {
				mu.Lock()
				seen.FileOnly[role] = true
				mu.Unlock()
			}
			for i := range holders {
				grant(holders[i].User, role, holders[i].authorship())
			}
			return err
		})
	}
	for _, user := range users {
		if _, there := seen.Users[user]; !hidden || !there || !model.IsReachable(user) {
			continue
		}
		group.Go(func() error {
			u, _, err := get(ctx, b, "/api/auth/user/"+user, nil, readUser)
			for i := range u.Roles {
				grant(user, u.Roles[i].Role, u.Roles[i].authorship())
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for name, u := range seen.Users {
		u.Roles = model.Names(u.Assigned)
		seen.Users[name] = u
	}
	return nil
}

// readAllTokens reads the tokens of these users, and remembers their names as taken.
func (b *Backend) readAllTokens(ctx context.Context, seen *model.Observed, users []string) error {
	var asked []string
	for _, user := range model.Set(users) {
		if _, there := seen.Users[user]; there && model.IsReachable(user) {
			asked = append(asked, user)
		}
	}
	lists := make([]map[string]model.ObservedToken, len(asked))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for i, user := range asked {
		group.Go(func() (err error) {
			lists[i], _, err = b.readTokens(ctx, user)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	listed := map[[2]string]bool{}
	for i, user := range asked {
		u := seen.Users[user]
		u.Tokens = lists[i]
		seen.Users[user] = u
		for name := range lists[i] {
			listed[[2]string{user, name}] = true
		}
	}
	b.names.mu.Lock()
	defer b.names.mu.Unlock()
	b.names.listed = listed
	return nil
}

// readTokens reads a user's tokens; a user who is not there has none.
func (b *Backend) readTokens(ctx context.Context, user string) (tokens map[string]model.ObservedToken, found bool, err error) {
	list, found, err := get(ctx, b, "/api/auth/user/"+user+"/access_token", nil, readTokens)
	if err != nil {
		return nil, false, err
	}
	tokens = map[string]model.ObservedToken{}
	for i := range list {
		if isName(list[i].Name) {
			tokens[list[i].Name] = list[i].token()
		}
	}
	return tokens, found, nil
}

// readChanges reads who changed which role last. Only a server with its roles in the
// database keeps that, and not every one: it is no error that it cannot be had, but
// that of a context that has ended.
func (b *Backend) readChanges(ctx context.Context, seen *model.Observed) error {
	if seen.Server.Mode != model.ModeDatabase {
		return nil
	}
	query := url.Values{"config_types": {"ROLE"}, "omit_data": {"true"}, "order": {"DESC"}, "limit": {strconv.Itoa(historyLength)}}
	changes, _, err := get(ctx, b, "/api/configs/history", query, readHistory)
	if err != nil && ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	for _, c := range changes {
		if _, known := seen.RoleChanges[c.Name]; !known && seen.Roles[c.Name] != nil {
			seen.RoleChanges[c.Name] = model.Authorship{By: c.By, At: time.Time(c.CreatedAt)}
		}
	}
	return nil
}
