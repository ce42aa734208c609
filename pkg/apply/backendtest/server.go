package backendtest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Fault is what goes wrong with one call.
type Fault int

// The faults.
const (
	None    Fault = iota
	Refuse        // it is not done, and the answer says so
	NotDone       // it is not done, and there is no answer
	NoReply       // it is done, and there is no answer
	Late          // it is done once the server is told to [Server.Land], and there is no answer
)

// Server is a server in memory. It keeps roles, users, grants and tokens as OSMO
// does: of a value it keeps the SHA-256, and shows it once; a role that leaves a
// user leaves the user's tokens for good. The zero value is empty and ready to use.
type Server struct {
	mu    sync.Mutex
	roles map[string]*model.Role
	// changed says who wrote each role last.
	changed map[string]string
	users   map[string]*account
	late    []func()
	values  int
	// asked counts how often each name was to be created.
	asked map[string]int
}

type account struct {
	createdBy string
	createdAt time.Time
	// grants maps roles to a number of their own: a role that comes back is
	// another grant.
	grants map[string]int
	tokens map[string]*Token
}

// Token is a token that the server has.
type Token struct {
	Value       state.Sum
	Description string
	ExpiresAt   model.Date
	Mark        model.Mark
	// grants are those that it was created with.
	grants map[string]int
}

// Session is the server as one identity talks to it.
type Session struct {
	server   *Server
	Identity string
	// Fault, if set, is asked at each call what goes wrong with it. A call is
	// named by what it does and to what: "create svc/deploy-g2".
	Fault func(call string) Fault

	mu     sync.Mutex
	values []secret.Value
}

// Session opens one.
func (s *Server) Session(identity string) *Session { return &Session{server: s, Identity: identity} }

// Land does what was asked for with [Late].
func (s *Server) Land() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, do := range s.late {
		do()
	}
	s.late = nil
}

// Tokens are all tokens, by "USER/NAME".
func (s *Server) Tokens() map[string]Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]Token{}
	for user, u := range s.users {
		for name, t := range u.tokens {
			out[user+"/"+name] = *t
		}
	}
	return out
}

// Users are the names of all users, sorted.
func (s *Server) Users() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return model.Names(s.users)
}

// Asked is how often each name, as "USER/NAME", was to be created.
func (s *Server) Asked() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

// do makes one call: act checks and changes under the lock.
func (c *Session) do(ctx context.Context, call string, act func(s *Server) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	fault := None
	if c.Fault != nil {
		fault = c.Fault(call)
	}
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	unknown := fmt.Errorf("%s: %w", call, apply.ErrUnknown)
	switch fault {
	case Refuse:
		return fmt.Errorf("%s: %w: on purpose", call, apply.ErrRefused)
	case NotDone:
		return unknown
	case Late:
		s.late = append(s.late, func() { _ = act(s) })
		return unknown
	}
	err := act(s)
	if fault == NoReply {
		return unknown
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", call, err)
	}
	return err
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{apply.ErrRefused}, args...)...)
}

// Server is true.
func (*Session) Server() bool { return true }

// Observe lists what there is.
func (c *Session) Observe(ctx context.Context, users []string) (seen model.Observed, err error) {
	seen = model.Observed{Identity: c.Identity, Roles: map[string]*model.Role{}, RoleChanges: map[string]model.Authorship{}, Users: map[string]model.ObservedUser{}}
	err = c.do(ctx, "observe", func(s *Server) error {
		for name, r := range s.roles {
			seen.Roles[name], seen.RoleChanges[name] = cloneRole(r), model.Authorship{By: s.changed[name]}
		}
		for name, a := range s.users {
			u := model.ObservedUser{Created: model.Authorship{By: a.createdBy, At: a.createdAt}, Roles: model.Names(a.grants)}
			if slices.Contains(users, name) {
				u.Tokens = map[string]model.ObservedToken{}
				for name, t := range a.tokens {
					u.Tokens[name] = model.ObservedToken{Description: t.Description, ExpiresAt: t.ExpiresAt, Roles: a.rolesOf(t), Mark: t.Mark}
				}
			}
			seen.Users[name] = u
		}
		return nil
	})
	return seen, err
}

// rolesOf are the roles that a token still carries.
func (a *account) rolesOf(t *Token) []string {
	roles := []string{}
	for _, role := range model.Names(t.grants) {
		if a.grants[role] == t.grants[role] {
			roles = append(roles, role)
		}
	}
	return roles
}

func cloneRole(r *model.Role) *model.Role {
	c := *r
	c.Policies = slices.Clone(r.Policies)
	for i := range c.Policies {
		c.Policies[i].Actions = slices.Clone(c.Policies[i].Actions)
	}
	return &c
}

// EnsureRole writes the role.
func (c *Session) EnsureRole(ctx context.Context, r *model.Role) error {
	return c.do(ctx, "role "+r.Name, func(s *Server) error {
		if s.roles == nil {
			s.roles, s.changed = map[string]*model.Role{}, map[string]string{}
		}
		s.roles[r.Name], s.changed[r.Name] = cloneRole(r), c.Identity
		return nil
	})
}

// EnsureUser creates a user unless it is there.
func (c *Session) EnsureUser(ctx context.Context, name string) error {
	return c.do(ctx, "user "+name, func(s *Server) error {
		if s.users == nil {
			s.users = map[string]*account{}
		}
		switch u := s.users[name]; {
		case u == nil:
			s.values++
			s.users[name] = &account{createdBy: c.Identity, createdAt: time.Date(2026, 1, 1, 0, 0, s.values, 0, time.UTC), grants: map[string]int{}, tokens: map[string]*Token{}}
		case u.createdBy != c.Identity:
			return apply.ErrForeign
		}
		return nil
	})
}

// EnsureGrants gives and takes roles.
func (c *Session) EnsureGrants(ctx context.Context, user string, roles []string) error {
	return c.do(ctx, "grants "+user, func(s *Server) error {
		u := s.users[user]
		if u == nil {
			return refuse("user %s not found", user)
		}
		for _, role := range roles {
			if s.roles[role] == nil {
				return refuse("role %s does not exist", role)
			}
		}
		for role := range u.grants {
			if !slices.Contains(roles, role) {
				delete(u.grants, role)
			}
		}
		for _, role := range roles {
			if u.grants[role] == 0 {
				s.values++
				u.grants[role] = s.values
			}
		}
		return nil
	})
}

// CreateToken creates a token, and answers that the outcome is unknown where the
// name is taken, as OSMO's answers have to be understood.
func (c *Session) CreateToken(ctx context.Context, t apply.NewToken) (v secret.Value, err error) {
	user := t.Generation.Account
	err = c.do(ctx, "create "+user+"/"+t.Name, func(s *Server) error {
		if s.asked == nil {
			s.asked = map[string]int{}
		}
		s.asked[user+"/"+t.Name]++
		u := s.users[user]
		if u == nil {
			return refuse("there is no user %s", user)
		}
		if u.tokens[t.Name] != nil {
			return fmt.Errorf("%w: token name %s already exists", apply.ErrUnknown, t.Name)
		}
		grants := map[string]int{}
		for _, role := range t.Roles {
			if u.grants[role] == 0 {
				return refuse("user %s has no role %s", user, role)
			}
			grants[role] = u.grants[role]
		}
		s.values++
		sum := sha256.Sum256(fmt.Appendf(nil, "value %d", s.values))
		v = secret.New([]byte(base64.RawURLEncoding.EncodeToString(sum[:])))
		u.tokens[t.Name] = &Token{Value: state.Sum(v.SHA256()), Description: t.Description, ExpiresAt: t.ExpiresAt, Mark: t.Mark, grants: grants}
		return nil
	})
	if err != nil {
		// Without a reply there is no value.
		v.Wipe()
		return secret.Value{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values = append(c.values, v)
	return v, nil
}

// Values are those that were handed out, as they are now: wiped or not.
func (c *Session) Values() []secret.Value {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.values)
}

// EndToken deletes a token of the lineage.
func (c *Session) EndToken(ctx context.Context, t apply.OldToken) error {
	return c.do(ctx, "end "+t.User+"/"+t.Name, func(s *Server) error {
		u := s.users[t.User]
		if u == nil || u.tokens[t.Name] == nil {
			return nil
		}
		if mark := u.tokens[t.Name].Mark; mark.Lineage == t.Lineage || t.Adopted && mark == (model.Mark{}) {
			delete(u.tokens, t.Name)
		}
		return nil
	})
}

// EndUser deletes a user.
func (c *Session) EndUser(ctx context.Context, name string) error {
	return c.do(ctx, "end user "+name, func(s *Server) error {
		delete(s.users, name)
		return nil
	})
}

// EndRole deletes a role everywhere.
func (c *Session) EndRole(ctx context.Context, name string) error {
	return c.do(ctx, "end role "+name, func(s *Server) error {
		delete(s.roles, name)
		for _, u := range s.users {
			delete(u.grants, name)
		}
		return nil
	})
}
