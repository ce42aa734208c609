package osmotest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Options say which server it is. The zero value is a 6.4 with a ConfigMap of the
// built-in roles.
type Options struct {
	// Version is "major.minor.revision"; empty is "6.4.0".
	Version string
	// Mode is where it keeps its roles; empty is [model.ModeConfigMap].
	Mode model.Mode
	// Roles are those it has at the start beside the built-in ones: in the database
	// or in the file, by Mode.
	Roles []Role
	// Gateway puts one before it: a request needs a JWT, and x-osmo-user is
	// not believed.
	Gateway bool
	// Life is that of a JWT; 0 is 300 s.
	Life time.Duration
	// Clock tells the time; nil is [time.Now].
	Clock func() time.Time
	// Latency is how long each request takes at least.
	Latency time.Duration
}

// Role is a role as the API shows it.
type Role struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Policies    []Policy `json:"policies"`
	Immutable   bool     `json:"immutable"`
	SyncMode    string   `json:"sync_mode"`
	// ExternalRoles is nil where the ConfigMap leaves them out.
	ExternalRoles []string `json:"external_roles"`
}

// Policy is one of a role's.
type Policy struct {
	Effect    string   `json:"effect"`
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
}

// Token is a token as it is stored.
type Token struct {
	User, Name, Description string
	// Sum is the SHA-256 of the value, Expires its date.
	Sum     [sha256.Size]byte
	Expires time.Time
	// Roles are those it still carries, sorted.
	Roles []string

	grants map[string]int
}

type user struct {
	id, createdBy string
	createdAt     time.Time
	// number orders users who were created in one moment.
	number int
	grants map[string]*grant
	tokens map[string]*Token
}

// grant is a row of its own: a role that is given back is another one.
type grant struct {
	id int
	by string
	at time.Time
}

// Server is the server.
type Server struct {
	options Options

	mu    sync.Mutex
	roles map[string]*Role
	// file are the ConfigMap's roles; nil in the database mode.
	file    map[string]*Role
	users   map[string]*user
	numbers int
	history []change
	jwts    map[string]session
	fault   func(*http.Request) Fault
	// edge is what every value begins and ends with.
	edge   string
	late   []func()
	counts Counts
}

// session is what a JWT stands for.
type session struct {
	user string
	ends time.Time
}

type change struct {
	name, by, what string
	at             time.Time
}

// Counts are what a server was asked for.
type Counts struct {
	// Requests are all that came, Calls those by method and path, with {} for each
	// name: "POST /api/auth/user/{}/access_token/{}".
	Requests int
	Calls    map[string]int
	// AtOnce is the most that were under way.
	AtOnce int
	// Creates is how often a user ("USER") or token ("USER/NAME") was to be
	// created, as far as the server itself saw it.
	Creates map[string]int
	// Duplicates are the names of users and tokens that were to be created while
	// they were there.
	Duplicates []string

	underway int
}

// New makes a server with one user, admin.
func New(o Options) *Server {
	if o.Version == "" {
		o.Version = "6.4.0"
	}
	if o.Mode == "" {
		o.Mode = model.ModeConfigMap
	}
	if o.Life == 0 {
		o.Life = 300 * time.Second
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &Server{options: o, roles: map[string]*Role{}, users: map[string]*user{}, jwts: map[string]session{}, counts: Counts{Calls: map[string]int{}, Creates: map[string]int{}}}
	for _, r := range s.builtins(model.ModeDatabase) {
		r.ExternalRoles = []string{r.Name}
		s.roles[r.Name] = &r
	}
	if o.Mode == model.ModeConfigMap {
		s.setRoles(append(s.builtins(model.ModeConfigMap), o.Roles...))
	} else {
		for _, r := range o.Roles {
			s.putRole(r, "admin")
		}
		s.history = nil
	}
	s.addUser("admin", "admin")
	return s
}

// builtins are the built-in roles as such a server has them.
func (s *Server) builtins(mode model.Mode) (out []Role) {
	version, known := access.ReadVersion(s.options.Version)
	if !known {
		version = access.NewestVersion()
	}
	rules := access.RulesOf(model.Server{Version: version, Mode: mode})[0]
	for _, name := range access.BuiltinNames() {
		r, _ := rules.Builtin(name)
		role := Role{Name: name, Description: r.Description, SyncMode: "import"}
		for _, p := range r.Policies {
			role.Policies = append(role.Policies, Policy{string(p.Effect), slices.Clone(p.Actions), slices.Clone(p.Resources)})
		}
		out = append(out, *storedRole(role))
	}
	return out
}

// Serve listens on a loopback address until the test ends, and returns the server's
// URL.
func (s *Server) Serve(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

// SetFault has a function asked at each request what goes wrong with it.
func (s *Server) SetFault(f func(*http.Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// SetLatency has each request take at least so long.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Latency = d
}

// Land does what was asked for with [Late].
func (s *Server) Land() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, do := range s.late {
		do()
	}
	s.late = nil
}

// Counts are what it was asked for until now.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.Calls, c.Creates, c.Duplicates = maps.Clone(c.Calls), maps.Clone(c.Creates), slices.Clone(c.Duplicates)
	return c
}

// Users are the ids of all users, sorted.
func (s *Server) Users() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return model.Names(s.users)
}

// CreatedBy is who created a user; empty where there is none.
func (s *Server) CreatedBy(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil {
		return u.createdBy
	}
	return ""
}

// Grants are a user's roles, sorted.
func (s *Server) Grants(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil {
		return model.Names(u.grants)
	}
	return nil
}

// Role is a role as it is shown, or nil.
func (s *Server) Role(name string) *Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.shown()[name]; r != nil {
		return storedRole(*r)
	}
	return nil
}

// Tokens are all tokens, by "USER/NAME".
func (s *Server) Tokens() map[string]Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]Token{}
	for _, u := range s.users {
		for name, t := range u.tokens {
			copied := *t
			copied.Roles = u.carried(t)
			out[u.id+"/"+name] = copied
		}
	}
	return out
}

// Alive reports whether a value would be given a JWT now.
func (s *Server) Alive(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, t := s.findValue(value)
	return t != nil && t.Expires.After(s.now())
}

// CreateUser creates a user by hand.
func (s *Server) CreateUser(id, by string, roles ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.addUser(id, by)
	for _, role := range roles {
		s.grant(u, role, by)
	}
}

// DeleteUser deletes a user by hand.
func (s *Server) DeleteUser(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, id)
}

// Grant gives a user a role by hand, whether or not there is one of that name.
func (s *Server) Grant(id, role, by string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grant(s.users[id], role, by)
}

// Revoke takes a role from a user by hand.
func (s *Server) Revoke(id, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users[id].grants, role)
}

// CreateToken creates a token by hand, and returns its value.
func (s *Server) CreateToken(id, name, description string, expires time.Time, roles ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addToken(s.users[id], name, description, expires, roles)
}

// SetExpiry sets the date of a token by hand.
func (s *Server) SetExpiry(id, name string, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[id].tokens[name].Expires = expires
}

// DeleteToken deletes a token by hand.
func (s *Server) DeleteToken(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users[id].tokens, name)
}

// SetRoles makes these the ConfigMap's roles. In mode C the grants of those that are
// not among them go.
func (s *Server) SetRoles(roles ...Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setRoles(roles)
}

// PutRole writes a role into the database by hand.
func (s *Server) PutRole(r Role, by string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putRole(r, by)
}

// DeleteRole deletes a role from the database by hand.
func (s *Server) DeleteRole(name, by string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropRole(name, by)
}

// What follows is under the lock.

func (s *Server) now() time.Time { return s.options.Clock().UTC().Truncate(time.Microsecond) }

// assignable reports whether the file's roles can be given to users: mode C.
func (s *Server) assignable() bool {
	return s.file != nil && !strings.HasPrefix(s.options.Version, "6.2.") && !strings.HasPrefix(s.options.Version, "6.3.")
}

// shown are the roles that the API shows, granted those that it can give.
func (s *Server) shown() map[string]*Role {
	if s.file != nil {
		return s.file
	}
	return s.roles
}

func (s *Server) grantable() map[string]*Role {
	if s.assignable() {
		return s.file
	}
	return s.roles
}

func (s *Server) next() int {
	s.numbers++
	return s.numbers
}

func (s *Server) addUser(id, by string) *user {
	u := &user{id: id, createdBy: by, createdAt: s.now(), number: s.next(), grants: map[string]*grant{}, tokens: map[string]*Token{}}
	s.users[id] = u
	return u
}

// grant gives a role; who gave it first stays who gave it.
func (s *Server) grant(u *user, role, by string) *grant {
	if u.grants[role] == nil {
		u.grants[role] = &grant{s.next(), by, s.now()}
	}
	return u.grants[role]
}

// carried are the roles that a token still has: those whose very grant is there.
func (u *user) carried(t *Token) []string {
	roles := []string{}
	for _, role := range model.Names(t.grants) {
		if g := u.grants[role]; g != nil && g.id == t.grants[role] {
			roles = append(roles, role)
		}
	}
	return roles
}

// SetEdge sets what every value from now on begins and ends with: a few characters of
// the alphabet of values, as chance may have it.
func (s *Server) SetEdge(edge string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edge = edge
}

func (s *Server) addToken(u *user, name, description string, expires time.Time, roles []string) string {
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	value := base64.RawURLEncoding.EncodeToString(random)
	value = s.edge + value[len(s.edge):len(value)-len(s.edge)] + s.edge
	t := &Token{User: u.id, Name: name, Description: description, Sum: sha256.Sum256([]byte(value)), Expires: expires, grants: map[string]int{}}
	for _, role := range roles {
		if g := u.grants[role]; g != nil {
			t.grants[role] = g.id
		}
	}
	u.tokens[name] = t
	return value
}

func (s *Server) findValue(value string) (*user, *Token) {
	sum := sha256.Sum256([]byte(value))
	for _, u := range s.users {
		for _, t := range u.tokens {
			if t.Sum == sum {
				return u, t
			}
		}
	}
	return nil, nil
}

// storedRole is a copy of a role as it is stored: actions sorted, nothing absent but
// external roles.
func storedRole(r Role) *Role {
	r.Policies = append([]Policy{}, r.Policies...)
	for i, p := range r.Policies {
		if p.Effect == "" {
			p.Effect = "Allow"
		}
		p.Actions = append([]string{}, p.Actions...)
		slices.Sort(p.Actions)
		p.Resources = append([]string{}, p.Resources...)
		r.Policies[i] = p
	}
	if r.SyncMode == "" {
		r.SyncMode = "import"
	}
	if r.ExternalRoles != nil {
		r.ExternalRoles = append([]string{}, r.ExternalRoles...)
	}
	r.Immutable = false // It is never stored.
	return &r
}

// putRole writes a role as the server does, with its bug: external roles that are
// both old and new are lost.
func (s *Server) putRole(r Role, by string) {
	old, given := s.roles[r.Name], r.ExternalRoles
	r = *storedRole(r)
	switch {
	case old == nil && given == nil:
		r.ExternalRoles = []string{r.Name}
	case given == nil:
		r.ExternalRoles = old.ExternalRoles
	default:
		r.ExternalRoles = []string{}
		for _, name := range model.Set(given) {
			if old == nil || !slices.Contains(old.ExternalRoles, name) {
				r.ExternalRoles = append(r.ExternalRoles, name)
			}
		}
	}
	s.roles[r.Name] = &r
	s.history = append(s.history, change{r.Name, by, "Put complete role " + r.Name, s.now()})
}

func (s *Server) dropRole(name, by string) {
	delete(s.roles, name)
	s.history = append(s.history, change{name, by, "Delete role " + name, s.now()})
	for _, u := range s.users {
		delete(u.grants, name)
	}
}

func (s *Server) setRoles(roles []Role) {
	s.file = map[string]*Role{}
	for _, r := range roles {
		stored := storedRole(r)
		for i, p := range r.Policies {
			stored.Policies[i].Actions = append([]string{}, p.Actions...) // A file's are not sorted.
		}
		s.file[r.Name] = stored
	}
	if !s.assignable() {
		return
	}
	for _, u := range s.users {
		maps.DeleteFunc(u.grants, func(role string, _ *grant) bool { return s.file[role] == nil })
	}
}

// mint makes a JWT for the holder of a token.
func (s *Server) mint(u *user, t *Token) (string, time.Time) {
	now := s.now()
	ends := now.Add(s.options.Life)
	payload := fmt.Sprintf(`{"iss":"osmo","aud":"osmo","iat":%d,"nbf":%[1]d,"exp":%d,"unique_name":%q,"roles":%s,"osmo_token_name":%q}`,
		now.Unix(), ends.Unix(), u.id, asJSON(u.carried(t)), t.Name)
	signature := make([]byte, 256)
	_, _ = rand.Read(signature)
	encode := base64.RawURLEncoding.EncodeToString
	jwt := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(payload)) + "." + encode(signature)
	s.jwts[jwt] = session{u.id, ends}
	return jwt, ends
}
