package helm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// The codes of what cannot be read. Those of YAML itself are package config's.
const (
	codeNoRoles = "helm_no_roles" // no roles at any of the places
	codeRole    = "helm_role"     // a role that no declaration can be made of
)

// Found is what stands in the values under one name.
type Found struct {
	Name string
	// Role is nil where nothing is to be declared.
	Role *model.Role
	// Remarks say what was made of what a declaration cannot say, in whole
	// sentences. What they quote is bounded, on one line, and without a secret.
	Remarks []string
}

// Options of [Read].
type Options struct {
	// Rules are those of the server that the values are for: they know what its chart
	// has where the values have a part of a built-in role.
	Rules *access.Rules
	// Limits bound what is read, as they bound declarations.
	Limits model.Limits
}

// Read finds the roles in values of either chart, in the ConfigMap's own file, and in the
// manifest of a ConfigMap that holds one, sorted by name. Everything else in the file is
// passed over. Where the problems hold an error, the roles are not to be used; each
// problem has its place in the file.
func Read(file string, data []byte, o Options) ([]Found, diag.List) {
	whole := config.ReadForeign(file, data)
	r := &reader{Foreign: whole, rules: o.Rules, limits: o.Limits.OrDefault(), folded: map[string]bool{}}
	roles, where := r.find()
	if where == "" {
		return nil, whole.Problems()
	}
	var found []Found
	for _, e := range r.roleEntries(roles, where) {
		found = append(found, r.readRole(e))
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.Name, b.Name) })
	return found, whole.Problems()
}

type reader struct {
	*config.Foreign
	rules  *access.Rules
	limits model.Limits
	// folded has the names in lower case.
	folded map[string]bool
	// remarks counts those of all roles.
	remarks int
}

// places are where roles stand: in values of the charts, and in the ConfigMap's file.
var places = [][]string{ChartOSMO.path(), ChartService.path(), {"roles"}}

// find returns the one map of roles, and where it stands.
func (r *reader) find() (roles config.Value, where string) {
	files := r.files()
	for _, f := range files {
		for _, path := range places {
			v, ok := f.Find(path...)
			switch {
			case !ok:
			case where != "":
				r.Fail(v, codeRole, "take one of the two out: which of them OSMO reads depends on the chart",
					"roles stand here, at %s, and at %s as well", strings.Join(path, "."), where)
			default:
				roles, where, r.Foreign = v, strings.Join(path, "."), f
			}
		}
	}
	if where == "" {
		for _, f := range files {
			f.FailMerges()
		}
	}
	if where == "" && !r.Problems().HasErrors() {
		r.FailWhole(codeNoRoles, "give the values of OSMO's chart, or its ConfigMap",
			"no roles stand here: neither at "+ChartOSMO.Path()+" nor at "+ChartService.Path()+" nor at roles")
	}
	return roles, where
}

// maxFiles bounds how much of a ConfigMap's data is looked at: OSMO's has one file.
const maxFiles = 100

// files are the file itself and, where it is the manifest of a ConfigMap, the YAML in
// its data.
func (r *reader) files() []*config.Foreign {
	files := []*config.Foreign{r.Foreign}
	if r.Peek("kind") != "ConfigMap" {
		return files
	}
	names := r.Names("data")
	for _, name := range names[:min(len(names), maxFiles)] {
		if len(names) > 1 && !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			continue
		}
		if f := r.Inside("data", name); f != nil {
			files = append(files, f)
		}
	}
	return files
}

// roleEntries are the entries of the map of roles.
func (r *reader) roleEntries(roles config.Value, where string) []config.Entry {
	switch {
	case roles.IsRefused(), roles.IsNull():
		return nil
	case !roles.IsMap():
		r.Fail(roles, codeRole, "OSMO has a map by name here, without name inside", "%s must be a map, not %s", where, roles.Kind())
		return nil
	}
	entries := r.Entries(roles)
	if !r.bound(roles, len(entries), r.limits.Roles, "roles", "roles") {
		return nil
	}
	return entries
}

// bound reports whether there is no more of something than a limit allows.
func (r *reader) bound(at config.Value, have, limit int, name, things string) bool {
	if have > limit {
		r.Fail(at, codeRole, model.RaiseHint(name, have), "these are %d %s, and the limit is %d", have, things, limit)
	}
	return have <= limit
}

// readRole reads what stands under a name.
func (r *reader) readRole(e config.Entry) Found {
	name := e.Key.Text()
	role := &roleReader{reader: r, found: Found{Name: name}}
	if !e.Value.IsNull() {
		r.checkName(e.Key)
	}
	switch {
	case e.Value.IsRefused():
	case e.Value.IsNull() && access.IsBuiltin(name):
		role.remark("null takes the built-in role out of the chart's values. No declaration can do that: keep this line in your values.")
	case e.Value.IsNull():
		role.remark("null takes the role out of values that come before. Nothing is declared.")
	case !e.Value.IsMap():
		r.Fail(e.Value, codeRole, "", "the role %s must be a map, not %s", quote(name), e.Value.Kind())
	default:
		role.read(e)
	}
	return role.found
}

// checkName refuses a name that no declaration can have.
func (r *reader) checkName(key config.Value) {
	name := key.Text()
	if err := model.CheckRoleName(name); err != nil {
		r.Fail(key, codeRole, "give the role another name in the values, and whoever holds it", "the role %s cannot be declared: %v", quote(name), err)
		return
	}
	lower := strings.ToLower(name)
	if r.folded[lower] || access.IsBuiltin(lower) && lower != name {
		r.Fail(key, codeRole, "give one of the two another name", "the role %s cannot be declared beside another one: their names differ only in case", quote(name))
	}
	r.folded[lower] = true
}

// roleReader reads one role.
type roleReader struct {
	*reader
	found Found
	// builtin is what the chart has under the name, nil where it has nothing.
	builtin *model.Role
	// role is what is read, partly from the chart.
	role *model.Role
}

// maxRemarks bounds what is said of one file: nobody reads more, and a hostile one must
// not make much of little.
const maxRemarks = 1000

func (r *roleReader) remark(format string, args ...any) {
	if r.remarks++; r.remarks > maxRemarks {
		if r.remarks == maxRemarks+1 {
			r.FailWhole(codeRole, "take out what OSMO passes over anyway", fmt.Sprintf("more than %d things here cannot be declared as they stand", maxRemarks))
		}
		return
	}
	r.found.Remarks = append(r.found.Remarks, fmt.Sprintf(format, args...))
}

func (r *roleReader) read(e config.Entry) {
	name := e.Key.Text()
	r.role = &model.Role{Name: name, SyncMode: model.SyncImport}
	if b, ok := r.rules.Builtin(name); ok {
		r.builtin, r.role.Description, r.role.Policies = b, b.Description, b.Policies
	}
	given := map[string]bool{}
	for _, f := range r.Entries(e.Value) {
		given[f.Key.Text()] = true
		r.readField(f)
	}
	if !given["external_roles"] {
		r.role.ExternalRoles = []string{name}
	}
	r.complete(given)
	r.decide()
}

// complete says what the values leave to the chart, or to nobody.
func (r *roleReader) complete(given map[string]bool) {
	version := r.rules.Server().Version
	switch {
	case given["policies"]:
	case r.builtin != nil:
		r.remark("Helm merges this into the chart's own role: the policies are those that OSMO %s brings along.", version)
	default:
		r.remark("The values have no policies for it, so it allows nothing, unless other values that the release is given have some.")
	}
}

// decide leaves out built-in roles that are not to be declared: those that equal OSMO's,
// and those that differ and are not OSMO's users' to change.
func (r *roleReader) decide() {
	builtin, equal := access.EqualsBuiltin(r.role)
	switch {
	case !builtin, !equal && r.role.Name == access.ChangeableRole:
		r.found.Role = r.role
	case r.role.Name == access.ChangeableRole && !model.EqualPolicies(r.role.Policies, r.builtin.Policies):
		r.found.Role = r.role // the form of another version
	case equal:
		r.found.Remarks = nil // what was made of it is nobody's concern now
		r.remark("It is built into OSMO and says what OSMO says, so it need not be declared.")
	default:
		r.found.Remarks = nil
		r.remark("It is built into OSMO and says something else here. Of the built-in roles only %s can be declared differently: keep this one in your values.", access.ChangeableRole)
	}
}

func (r *roleReader) readField(f config.Entry) {
	switch key := f.Key.Text(); key {
	case "description":
		r.readDescription(f.Value)
	case "policies":
		r.readPolicies(f.Value)
	case "external_roles":
		r.readExternalRoles(f.Value)
	case "sync_mode":
		r.readSyncMode(f.Value)
	case "immutable":
		if f.Value.Text() != "false" {
			r.remark("immutable is left out: OSMO stores it for no role.")
		}
	case "name":
		if f.Value.Text() != r.role.Name && !f.Value.IsNull() {
			r.Fail(f.Value, codeRole, "a role's name is the key that it stands under: delete this line, or make it the same", "this is another name than %s", quote(r.role.Name))
		}
	default:
		r.remark("The key %s is left out: roles have none of this name.", quote(key))
	}
}

// failList refuses what should be a list.
func (r *reader) failList(v config.Value, what string) {
	hint := ""
	if v.IsText() {
		hint = "write [" + quote(v.Text()) + "]"
	}
	r.Fail(v, codeRole, hint, "%s must be a list, not %s", what, v.Kind())
}

// isText reports whether a value is a text, and refuses a list or map.
func (r *reader) isText(v config.Value, what string) bool {
	if !v.IsText() && !v.IsRefused() {
		r.Fail(v, codeRole, "", "%s must be a single value, not %s", what, v.Kind())
	}
	return v.IsText()
}

func (r *roleReader) readDescription(v config.Value) {
	if !r.isText(v, "description") {
		return
	}
	r.role.Description = ""
	if v.IsNull() {
		return
	}
	line := strings.Join(strings.Fields(v.Text()), " ")
	if config.CheckText(v.Text()) == nil {
		line = v.Text()
	} else {
		r.remark("The description had several lines or tabs, and is on one line now.")
	}
	r.role.Description = line
}

func (r *roleReader) readSyncMode(v config.Value) {
	if v.IsNull() || !r.isText(v, "sync_mode") {
		return
	}
	switch mode := model.SyncMode(v.Text()); mode {
	case model.SyncImport, model.SyncForce, model.SyncIgnore:
		r.role.SyncMode = mode
	default:
		r.Fail(v, codeRole, "write import, force or ignore: OSMO takes no other", "there is no sync mode %s", quote(v.Text()))
	}
}

func (r *roleReader) readExternalRoles(v config.Value) {
	r.role.ExternalRoles = []string{r.role.Name}
	switch {
	case v.IsRefused():
	case v.IsNull():
		r.remark("external_roles was null: OSMO maps the role to its own name then, which is what is declared.")
	case !v.IsList():
		r.failList(v, "external_roles")
	case len(v.Items()) == 0:
		r.remark("external_roles was empty, which clears nothing in a ConfigMap: OSMO maps the role to its own name, which is what is declared.")
	case r.bound(v, len(v.Items()), r.limits.ExternalRoles, "external_roles", "external roles"):
		r.role.ExternalRoles = r.readTexts(v, "external_roles", "")
	}
}

// readTexts reads a list of texts, each once.
func (r *roleReader) readTexts(v config.Value, what, at string) []string {
	list := []string{}
	for _, item := range v.Items() {
		switch text := item.Text(); {
		case item.IsRefused():
		case !item.IsText() || item.IsNull() || text == "":
			r.Fail(item, codeRole, "write a text, or delete the item", "an item of %s is no text", what)
		case config.CheckText(text) != nil:
			r.Fail(item, codeRole, "write it on one line, without tabs", "an item of %s has several lines or tabs", what)
		case slices.Contains(list, text):
			r.remark("%s%s is written once in %s.", at, quote(text), what)
		default:
			list = append(list, text)
		}
	}
	return list
}

// maxQuoted is how much of a text a remark repeats, in bytes.
const maxQuoted = 120

// quote shows a text on one line, cut where it is long.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "..."
	}
	return strconv.Quote(s)
}
