// Package helm is OSMO's roles in the values of its Helm charts.
//
// # The form
//
// A server in ConfigMap mode takes its roles from the values that its chart is given: a
// map by name, at configuration.roles in the chart osmo (from 6.4 on) and at
// services.configs.roles in the chart service before it. In the ConfigMap that the chart
// makes of them the same map stands at roles. Helm merges maps and replaces lists, so a
// values file often has a part of a role only, and null takes away what the chart has.
//
// [Write] makes a fragment of values from declared roles, for one more -f behind the
// values files that a release has already. [Read] finds roles in values, and says of each
// what had to be made of it: some of what OSMO accepts there has no place in a
// declaration, or means something else than it seems to.
//
// # External roles
//
// From a ConfigMap, OSMO maps a role whose external_roles are absent or empty to its own
// name. A declaration says more: absent leaves a mapping alone, and an empty list clears
// it. So Read gives every role a list, its own name where the values have none, and Write
// writes one always. What Read returns is what comes back from what Write makes of it.
//
// Both are pure: the same roles give the same bytes.
package helm

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Chart is one of OSMO's charts.
type Chart string

// The charts that take roles: osmo is that of 6.4, service the one before.
const (
	ChartOSMO    Chart = "osmo"
	ChartService Chart = "service"
)

// path leads to the roles in the chart's values.
func (c Chart) path() []string {
	if c == ChartService {
		return []string{"services", "configs", "roles"}
	}
	return []string{"configuration", "roles"}
}

// Path spells where the roles stand: configuration.roles.
func (c Chart) Path() string { return strings.Join(c.path(), ".") }

// ChartFor is the chart that installs a server of this version.
func ChartFor(s model.Server) Chart {
	if access.IsOlder(access.Named(s).Version, "6.4") {
		return ChartService
	}
	return ChartOSMO
}

// Write makes values of the roles, which have passed the checks of package config.
func Write(roles map[string]*model.Role, chart Chart) []byte {
	b := []byte(`# The roles that osmoctl has declared, as values of OSMO's chart ` + string(chart) + `, written by
# osmoctl export helm-values --chart ` + string(chart) + `. Give this file to helm upgrade as the last -f,
# behind the values that the release has already. Helm merges maps: roles that stand in other
# values and not here stay as they are there, and a role that is declared no more has to be taken
# out of them.
`)
	indent := ""
	keys := chart.path()
	for _, key := range keys[:len(keys)-1] {
		b = append(b, indent+key+":\n"...)
		indent += "  "
	}
	if len(roles) == 0 {
		return append(b, indent+"roles: {}\n"...)
	}
	b = append(b, indent+"roles:\n"...)
	for _, name := range model.Names(roles) {
		b = appendRole(b, indent+"  ", roles[name])
	}
	return b
}

// appendRole writes a role with all of its keys, empty ones too: Helm would keep the
// others from the values before, and a plan would wait for them for ever.
func appendRole(b []byte, indent string, r *model.Role) []byte {
	line := func(text string) { b = append(b, indent+text+"\n"...) }
	b = append(b, indent+config.Scalar(r.Name)+":\n"...)
	indent += "  "
	line("description: " + config.Scalar(r.Description))
	b = config.AppendPolicies(b, indent, r.Policies)
	external := r.ExternalRoles
	switch {
	case external == nil:
		line("# The declaration leaves external_roles alone. OSMO maps a role to its own name then.")
		external = []string{r.Name}
	case len(external) == 0:
		line("# This clears nothing here: OSMO maps a role without external_roles to its own name. To map")
		line("# it to nobody, declare a name that the identity provider gives to nobody.")
	}
	line("external_roles: " + config.FlowList(external))
	mode := r.SyncMode
	if mode == "" {
		mode = model.SyncImport
	}
	line("sync_mode: " + string(mode))
	return b
}
