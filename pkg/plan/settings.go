package plan

import (
	"maps"
	"reflect"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// compareSettings lists how the project file differs from what the last apply
// recorded of it. The first apply records without a list: there is nothing to
// differ from. So does a restricted plan, which leaves the settings as they are.
func compareSettings(b basis, targets []model.Address) (list []GuardrailChange) {
	if !b.have.Exists() || len(targets) > 0 {
		return nil
	}
	before, after := b.have.Meta.Applied, state.SettingsOf(b.want.Project)
	after.Server = b.server()
	list = appendSetting(list, "backend.kind", before.Backend.Kind, after.Backend.Kind)
	list = appendSetting(list, "backend.url", before.Backend.URL, after.Backend.URL)
	list = appendSetting(list, "backend.owns", before.Backend.Owns, after.Backend.Owns)
	list = append(list, compareGit(before.Git, after.Git)...)
	list = appendSetting(list, "osmo.version", before.Server.Version, after.Server.Version)
	list = appendSetting(list, "osmo.mode", before.Server.Mode, after.Server.Mode)
	was := maps.Collect(before.Guardrails.All())
	for name, value := range after.Guardrails.All() {
		if rules, is := value.([]model.Forbid); is {
			list = append(list, compareRules(before.Guardrails.Forbid, rules)...)
			continue
		}
		names, isList := value.([]string) // which is a set
		if applied, _ := was[name].([]string); !isList || !model.SameSet(applied, names) {
			list = appendSetting(list, "guardrails."+name, was[name], value)
		}
	}
	for _, name := range model.Names(union(before.Recipients, after.Recipients)) {
		list = appendSetting(list, "recipients."+name, before.Recipients[name], after.Recipients[name])
	}
	return list
}

// compareRules compares rules one by one, by their names.
func compareRules(before, after []model.Forbid) (list []GuardrailChange) {
	rules := map[string][2]*model.Forbid{}
	for i, side := range [][]model.Forbid{before, after} {
		for n := range side {
			both := rules[side[n].Name]
			both[i] = &side[n]
			rules[side[n].Name] = both
		}
	}
	for _, name := range model.Names(rules) {
		list = appendSetting(list, "guardrails.forbid."+name, rules[name][0], rules[name][1])
	}
	return list
}

func compareGit(before, after model.Git) (list []GuardrailChange) {
	list = appendSetting(list, "git.push", before.Push, after.Push)
	list = appendSetting(list, "git.branch", before.Branch, after.Branch)
	return appendSetting(list, "git.state_branch", before.StateBranch, after.StateBranch)
}

func appendSetting(list []GuardrailChange, path string, before, after any) []GuardrailChange {
	before, after = nullIfZero(before), nullIfZero(after)
	if reflect.DeepEqual(before, after) {
		return list
	}
	return append(list, GuardrailChange{Path: path, Before: before, After: after})
}

// Move is the plan that records other git settings at the place that state
// leaves, and changes nothing else: who reads there goes on to the new place.
func Move(have *state.Snapshot, to model.Git, today model.Date, commit string) *Plan {
	want := asApplied(have)
	want.Project.Git = to
	d := &draft{room: newUnlimitedRoom()}
	p, _ := d.finish(newCountingPlanner(basis{want: want, have: have, today: today}, heirs{}), kindMove, compareGit(have.Meta.Applied.Git, to), Options{Today: today, Commit: commit})
	return p
}
