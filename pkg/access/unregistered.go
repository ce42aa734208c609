package access

import "slices"

// UnregisteredRequest is one of the requests that OSMO has no action for. Only "*:*"
// reaches it, on any list of resources.
type UnregisteredRequest struct {
	// Does says what it does, such as "create a user".
	Does string
	// Endpoint has the one method, and a path in which "*" stands for one segment.
	Endpoint
}

// UnregisteredRequests lists them, users first. Requests that no endpoint answers are
// treated alike, and do nothing. The result is the caller's own.
func UnregisteredRequests() []UnregisteredRequest {
	out := slices.Clone(unregisteredRequests)
	for i := range out {
		out[i].Methods = slices.Clone(out[i].Methods)
	}
	return out
}

// DescribeUnregistered says what a request without an action does, or "" where no
// endpoint answers it.
func DescribeUnregistered(method, path string) string {
	segments := splitPath(path)
	for i := range unregisteredRequests {
		r := newRoute("", 0, unregisteredRequests[i].Endpoint)
		if len(r.segments) == len(segments) && r.matches(method, segments) {
			return unregisteredRequests[i].Does
		}
	}
	return ""
}

var unregisteredRequests = []UnregisteredRequest{
	{"list users", Endpoint{"/api/auth/user", []string{"GET"}}},
	{"create a user", Endpoint{"/api/auth/user", []string{"POST"}}},
	{"look at a user", Endpoint{"/api/auth/user/*", []string{"GET"}}},
	{"delete a user", Endpoint{"/api/auth/user/*", []string{"DELETE"}}},
	{"list the roles of a user", Endpoint{"/api/auth/user/*/roles", []string{"GET"}}},
	{"give a user a role", Endpoint{"/api/auth/user/*/roles", []string{"POST"}}},
	{"take a role from a user", Endpoint{"/api/auth/user/*/roles/*", []string{"DELETE"}}},
	{"list who has a role", Endpoint{"/api/auth/roles/*/users", []string{"GET"}}},
	{"give users a role", Endpoint{"/api/auth/roles/*/users", []string{"POST"}}},
	{"delete a role", Endpoint{"/api/configs/role/*", []string{"DELETE"}}},
	{"delete a pool", Endpoint{"/api/configs/pool/*", []string{"DELETE"}}},
	{"delete a backend", Endpoint{"/api/configs/backend/*", []string{"DELETE"}}},
	{"delete a backend test", Endpoint{"/api/configs/backend_test/*", []string{"DELETE"}}},
	{"delete a pod template", Endpoint{"/api/configs/pod_template/*", []string{"DELETE"}}},
	{"delete a group template", Endpoint{"/api/configs/group_template/*", []string{"DELETE"}}},
	{"delete a resource validation", Endpoint{"/api/configs/resource_validation/*", []string{"DELETE"}}},
	{"delete a revision of a configuration", Endpoint{"/api/configs/history/*/revision/*", []string{"DELETE"}}},
	{"tag a revision of a configuration", Endpoint{"/api/configs/history/*/revision/*/tags", []string{"POST"}}},
	{"roll a configuration back", Endpoint{"/api/configs/history/rollback", []string{"POST"}}},
	{"clean the service configuration", Endpoint{"/api/configs/service/clean", []string{"POST"}}},
	{"configure a backend", Endpoint{"/api/configs/backend/*", []string{"POST"}}},
	{"tag a workflow", Endpoint{"/api/workflow/*/tag", []string{"POST"}}},
}
