package plan

import (
	"maps"
	"reflect"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// settings lists how the project file differs from what the last apply
// recorded of it. The first apply records without a list: there is nothing to
// differ from. So does a restricted plan, which leaves the settings as they are.
func (b *builder) settings() {
	if !b.have.Exists() || len(b.opts.Targets) > 0 {
		return
	}
	before, after := b.have.Meta.Applied, state.SettingsOf(b.want.Project)
	b.setting("backend.kind", before.Backend.Kind, after.Backend.Kind)
	b.gitSettings(before.Git, after.Git)
	b.setting("osmo.version", before.Server.Version, after.Server.Version)
	b.setting("osmo.mode", before.Server.Mode, after.Server.Mode)
	b.guardrailSettings(before.Guardrails, after.Guardrails)
	for _, name := range model.Names(union(before.Recipients, after.Recipients)) {
		b.setting("recipients."+name, before.Recipients[name], after.Recipients[name])
	}
}

// guardrailSettings compares each guardrail that osmoctl.yaml can declare. A list
// of names is a set.
func (b *builder) guardrailSettings(before, after model.Guardrails) {
	was := maps.Collect(before.All())
	for name, value := range after.All() {
		list, isList := value.([]string)
		if applied, _ := was[name].([]string); !isList || !model.SameSet(applied, list) {
			b.setting("guardrails."+name, was[name], value)
		}
	}
}

// Move is the plan that records other git settings at the place that state
// leaves, and changes nothing else: who reads there goes on to the new place.
func Move(have *state.Snapshot, to model.Git, today model.Date, commit string) *Plan {
	want := asApplied(have)
	want.Project.Git = to
	b := newBuilder(want, have, Options{Today: today, Commit: commit})
	b.rights = b.allRights(nil)
	b.gitSettings(have.Meta.Applied.Git, to)
	return b.finish(kindMove)
}

func (b *builder) gitSettings(before, after model.Git) {
	b.setting("git.push", before.Push, after.Push)
	b.setting("git.branch", before.Branch, after.Branch)
	b.setting("git.state_branch", before.StateBranch, after.StateBranch)
}

func (b *builder) setting(path string, before, after any) {
	before, after = absent(before), absent(after)
	if !reflect.DeepEqual(before, after) {
		b.settled = append(b.settled, GuardrailChange{Path: path, Before: before, After: after})
	}
}

func union[V any](a, b map[string]V) map[string]bool {
	out := make(map[string]bool, len(a)+len(b))
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}
