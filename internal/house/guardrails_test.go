package house

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// A guardrail that can be declared is a row of the table, a field of the model, a
// key of the schemas of osmoctl.yaml and of state, and nothing else: config and
// state go by the field.
func TestEveryGuardrailCanBeDeclared(t *testing.T) {
	t.Parallel()
	var settings, fields []string
	for _, r := range guard.Table() {
		if r.Setting {
			settings = append(settings, r.Name)
		}
	}
	for name := range (model.Guardrails{}).All() {
		fields = append(fields, name)
	}
	settings = model.Set(settings)
	for what, names := range map[string][]string{
		"the fields of model.Guardrails":               model.Set(fields),
		"the keys of schemas/project.schema.json":      model.Names(properties(t, []string{"project", "$defs", "guardrails"})),
		"the keys of schemas/state-meta.schema.json":   model.Names(properties(t, []string{"state-meta", "$defs", "appliedGuardrails"})),
		"the keys of schemas/state-object.schema.json": model.Names(properties(t, []string{"state-object", "$defs", "appliedGuardrails"})),
		"the keys of schemas/plan.schema.json":         model.Names(properties(t, []string{"plan", "$defs", "planGuardrails"})),
	} {
		if diff := cmp.Diff(settings, names); diff != "" {
			t.Errorf("%s and the table of pkg/guard differ (-table +them):\n%s", what, diff)
		}
	}
}

// Every guardrail has its row in the page about them, and every flag that lifts one
// is a flag of apply.
func TestEveryGuardrailIsDocumented(t *testing.T) {
	t.Parallel()
	page, reference := readText(t, "docs/guardrails.md"), readText(t, "docs/cli.md")
	_, apply, _ := strings.Cut(reference, "\n## apply\n")
	apply, _, _ = strings.Cut(apply, "\n## ")
	var flags []string
	for field := range reflect.TypeFor[model.Allowance]().Fields() {
		flags = append(flags, "--"+field.Tag.Get("name"))
	}
	for _, r := range guard.Table() {
		row := ""
		for line := range strings.Lines(page) { // the first row, since risks have tables too
			if names, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | "); row == "" && strings.HasPrefix(line, "| `") && strings.Contains(names, "`"+r.Name+"`") {
				row = line
			}
		}
		switch {
		case row == "":
			t.Errorf("docs/guardrails.md has no row of %s", r.Name)
		case r.Flag == "":
		case !slices.Contains(flags, r.Flag):
			t.Errorf("%s is lifted by %s, which is no flag of model.Allowance: %q", r.Name, r.Flag, flags)
		case !strings.Contains(row, "`"+r.Flag+" ") && !strings.Contains(row, "`"+r.Flag+"`"):
			t.Errorf("docs/guardrails.md does not say that %s lifts %s", r.Flag, r.Name)
		}
	}
	for _, flag := range flags {
		if !strings.Contains(apply, "`"+flag+"=") && !strings.Contains(apply, "`"+flag+"`") {
			t.Errorf("docs/cli.md has no flag %s of apply", flag)
		}
	}
}

// An allowance is typed as it was given.
func TestEveryAllowanceIsTyped(t *testing.T) {
	t.Parallel()
	two, one := 2, model.AccountAddress("a")
	values := map[reflect.Type]any{
		reflect.TypeFor[bool](): true, reflect.TypeFor[*int](): &two, reflect.TypeFor[model.Days](): model.Days(2),
		reflect.TypeFor[string](): "two words", reflect.TypeFor[[]model.Address](): []model.Address{one},
		reflect.TypeFor[[]model.ForbiddenSubject](): []model.ForbiddenSubject{{Rule: "no-exec", Subject: one}},
	}
	for field := range reflect.TypeFor[model.Allowance]().Fields() {
		var a model.Allowance
		reflect.ValueOf(&a).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(values[field.Type]))
		flag := "--" + field.Tag.Get("name")
		if line := a.Flags(); len(line) != 1 || line[0] != flag && !strings.HasPrefix(line[0], flag+" ") {
			t.Errorf("%s is typed as %q", flag, line)
		}
	}
}
