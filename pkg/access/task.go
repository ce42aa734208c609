package access

import "strings"

// Task is something that people do with OSMO, which may take more requests than its
// name says. All of them have to be allowed.
type Task struct {
	Name string
	// On says what the task is done to, "pool" or "user"; empty where to nothing.
	On    string
	Needs []Need
}

// Need is one request of a task.
type Need struct {
	// Action is empty for a request without an action.
	Action string
	// Resource is what it is on. "{}" in it stands for what the task is done to.
	Resource string
	// Why says what the request is for, where the name of the task does not.
	Why string
}

// On is the resource of the need where the task is done to name.
func (n Need) On(name string) string { return strings.ReplaceAll(n.Resource, "{}", name) }

// Tasks lists them, sorted by name.
func Tasks() []Task { return append([]Task(nil), tasks...) }

// FindTask finds one by its name.
func FindTask(name string) (Task, bool) {
	for _, t := range tasks {
		if t.Name == name {
			return t, true
		}
	}
	return Task{}, false
}

const onWorkflow = "pool/{}"

var tasks = []Task{
	{"administer-users", "", []Need{{"", "", "users, their roles and what else has no action: only *:* reaches them"}}},
	{"apply", "", []Need{{"", "", "osmoctl apply makes users and grants roles, which have no action"}}},
	{"cancel", "pool", []Need{{"workflow:Cancel", onWorkflow, ""}}},
	{"exec", "pool", []Need{{"workflow:Exec", onWorkflow, ""}}},
	{"logs", "pool", []Need{{"workflow:Read", onWorkflow, ""}}},
	{"port-forward", "pool", []Need{{"workflow:PortForward", onWorkflow, ""}}},
	{"rsync", "pool", []Need{
		{"workflow:Rsync", "pool/*", "the program first asks GET /api/plugins/configs, which names no pool: a prefix does not cover it, and a Deny on one pool refuses it"},
		{"workflow:Rsync", onWorkflow, ""},
	}},
	{"submit", "pool", []Need{{"workflow:Create", onWorkflow, ""}}},
	{"tag", "pool", []Need{{"", "", "POST /api/workflow/NAME/tag has no action: only *:* reaches it"}}},
	{"token", "", []Need{{"auth:Token", "", ""}}},
	{"token-of-another", "user", []Need{{"auth:Token", "user/{}", ""}}},
	{"write-roles", "", []Need{{"config:Update", "config/role", ""}}},
}
