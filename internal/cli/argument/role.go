package argument

import "strings"

// RoleNames are the roles that a flag names, each by its name or its address.
func RoleNames(list []string) []string {
	names := make([]string, len(list))
	for i, role := range list {
		names[i] = strings.TrimPrefix(role, "role/")
	}
	return names
}
