package access

import "slices"

// Scope is the sort of resource that an action's requests resolve to.
type Scope string

// The scopes. A request of a [Global] action has no resource, so any list of
// resources matches it. The others resolve to pool/NAME, config/TYPE, bucket/NAME,
// backend/WORD (a word of the path such as "listener", not a backend's name)
// and user/ID; auth:Token has no resource where it is about the caller's own
// tokens, hence [UserOrGlobal].
const (
	Global       Scope = "global"
	Pool         Scope = "pool"
	Config       Scope = "config"
	Backend      Scope = "backend"
	Bucket       Scope = "bucket"
	UserOrGlobal Scope = "user_or_global"
)

// Root is what resources of the scope begin with, such as "pool/"; empty for [Global].
func (s Scope) Root() string {
	switch s {
	case Pool:
		return "pool/"
	case Config:
		return "config/"
	case Bucket:
		return "bucket/"
	case Backend:
		return "backend/"
	case UserOrGlobal:
		return "user/"
	}
	return ""
}

// Action is one thing that OSMO's policies can name.
type Action struct {
	// Name is SERVICE:Verb.
	Name  string
	Scope Scope
	// Endpoints are the requests that resolve to the action.
	Endpoints []Endpoint
}

// Endpoint is a set of requests. In Path "*" stands for one segment, at the end
// for one or more; "*" among the Methods is any method.
type Endpoint struct {
	Path    string
	Methods []string
}

// Actions returns every action that any known version of OSMO has, sorted by name.
// The result is the caller's own.
func Actions() []Action {
	out := slices.Clone(registry)
	for i := range out {
		out[i].Endpoints = slices.Clone(out[i].Endpoints)
		for j := range out[i].Endpoints {
			out[i].Endpoints[j].Methods = slices.Clone(out[i].Endpoints[j].Methods)
		}
	}
	return out
}

// registry is OSMO's own table (its src/utils/roles/action_registry.go), sorted by
// name, with the actions of every version; lifetimes says which has which.
// Whatever is not in it has no action, and only "*:*" reaches it; see
// [UnregisteredRequests].
var registry = []Action{
	{"app:Create", Global, []Endpoint{
		{"/api/app", []string{"POST"}},
		{"/api/app/*", []string{"POST"}},
	}},
	{"app:Delete", Global, []Endpoint{
		{"/api/app/*", []string{"DELETE"}},
	}},
	{"app:Read", Global, []Endpoint{
		{"/api/app", []string{"GET"}},
		{"/api/app/*", []string{"GET"}},
	}},
	{"app:Update", Global, []Endpoint{
		{"/api/app/*", []string{"PUT", "PATCH"}},
	}},
	{"auth:Login", Global, []Endpoint{
		{"/api/auth/login", []string{"GET"}},
		{"/api/auth/keys", []string{"GET"}},
	}},
	{"auth:Refresh", Global, []Endpoint{
		{"/api/auth/jwt/refresh_token", []string{"*"}},
		{"/api/auth/jwt/access_token", []string{"*"}},
	}},
	{"auth:Token", UserOrGlobal, []Endpoint{
		{"/api/auth/access_token", []string{"*"}},
		{"/api/auth/access_token/*", []string{"*"}},
		{"/api/auth/user/*/access_token", []string{"*"}},
		{"/api/auth/user/*/access_token/*", []string{"*"}},
	}},
	{"config:Read", Config, []Endpoint{
		{"/api/configs", []string{"GET"}},
		{"/api/configs/*", []string{"GET"}},
	}},
	{"config:Update", Config, []Endpoint{
		{"/api/configs/*", []string{"PUT", "PATCH"}},
	}},
	{"credentials:Create", Global, []Endpoint{
		{"/api/credentials", []string{"POST"}},
		{"/api/credentials/*", []string{"POST"}},
	}},
	{"credentials:Delete", Global, []Endpoint{
		{"/api/credentials/*", []string{"DELETE"}},
	}},
	{"credentials:Read", Global, []Endpoint{
		{"/api/credentials", []string{"GET"}},
		{"/api/credentials/*", []string{"GET"}},
	}},
	{"credentials:Update", Global, []Endpoint{
		{"/api/credentials/*", []string{"PUT", "PATCH"}},
	}},
	{"dataset:Delete", Bucket, []Endpoint{
		{"/api/bucket/*", []string{"DELETE"}},
	}},
	{"dataset:List", Global, []Endpoint{
		{"/api/bucket", []string{"GET"}},
	}},
	{"dataset:Read", Bucket, []Endpoint{
		{"/api/bucket/*", []string{"GET"}},
	}},
	{"dataset:Write", Bucket, []Endpoint{
		{"/api/bucket/*", []string{"POST", "PUT"}},
	}},
	{"internal:Logger", Backend, []Endpoint{
		{"/api/logger/workflow/*/osmo_ctrl/*", []string{"*"}},
	}},
	{"internal:Operator", Backend, []Endpoint{
		{"/api/agent/listener/*", []string{"*"}},
		{"/api/agent/worker/*", []string{"*"}},
	}},
	{"internal:Router", Backend, []Endpoint{
		{"/api/router/*/*/backend/*", []string{"*"}},
	}},
	{"mcp:Access", Global, []Endpoint{
		{"/mcp", []string{"GET", "POST", "DELETE"}},
	}},
	{"pool:List", Global, []Endpoint{
		{"/api/pool", []string{"GET"}},
		{"/api/pool_quota", []string{"GET"}},
	}},
	{"profile:Read", Global, []Endpoint{
		{"/api/profile/settings", []string{"GET"}},
	}},
	{"profile:Update", Global, []Endpoint{
		{"/api/profile/settings", []string{"POST"}},
	}},
	{"resources:Read", Global, []Endpoint{
		{"/api/resources", []string{"GET"}},
		{"/api/resources/*", []string{"GET"}},
	}},
	{"system:Health", Global, []Endpoint{
		{"/health", []string{"*"}},
	}},
	{"system:Version", Global, []Endpoint{
		{"/api/version", []string{"*"}},
		{"/api/router/version", []string{"*"}},
		{"/client/version", []string{"*"}},
	}},
	{"user:List", Global, []Endpoint{
		{"/api/users", []string{"GET"}},
	}},
	{"workflow:Cancel", Pool, []Endpoint{
		{"/api/workflow/*/cancel", []string{"POST"}},
	}},
	{"workflow:Create", Pool, []Endpoint{
		{"/api/pool/*/workflow", []string{"POST"}},
		{"/api/pool/*/workflow/*", []string{"POST"}},
	}},
	{"workflow:Delete", Pool, []Endpoint{
		{"/api/workflow/*", []string{"DELETE"}},
	}},
	{"workflow:Exec", Pool, []Endpoint{
		{"/api/workflow/*/exec", []string{"POST", "WEBSOCKET"}},
		{"/api/workflow/*/exec/*", []string{"POST", "WEBSOCKET"}},
		{"/api/router/exec/*/client/*", []string{"*"}},
	}},
	{"workflow:List", Global, []Endpoint{
		{"/api/workflow", []string{"GET"}},
		{"/api/task", []string{"GET"}},
		{"/api/tag", []string{"GET"}},
	}},
	{"workflow:PortForward", Pool, []Endpoint{
		{"/api/workflow/*/portforward/*", []string{"*"}},
		{"/api/workflow/*/webserver/*", []string{"*"}},
		{"/api/router/portforward/*/client/*", []string{"*"}},
		{"/api/router/webserver/*", []string{"GET"}},
	}},
	{"workflow:Read", Pool, []Endpoint{
		{"/api/workflow/*", []string{"GET"}},
	}},
	{"workflow:Rsync", Pool, []Endpoint{
		{"/api/plugins/configs", []string{"GET"}},
		{"/api/workflow/*/rsync", []string{"POST"}},
		{"/api/workflow/*/rsync/*", []string{"POST"}},
		{"/api/router/rsync/*/client/*", []string{"*"}},
	}},
	{"workflow:Update", Pool, []Endpoint{
		{"/api/workflow/*", []string{"PUT", "PATCH"}},
	}},
}

// lifetimes has, for each action that not every version knows, the first and the
// last that does; empty is no bound.
var lifetimes = map[string]struct{ since, until string }{
	"dataset:Delete": {until: "6.3"},
	"dataset:List":   {until: "6.3"},
	"dataset:Read":   {until: "6.3"},
	"dataset:Write":  {until: "6.3"},
	"mcp:Access":     {since: "6.4"},
}
