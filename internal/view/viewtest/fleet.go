package viewtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// carolKey is declared no more.
const carolKey = "age1pv2hhnr2w04tgf2vyysrk3ge5vjaemxkmeh0xgvqyn6t5nlpkv8qaw2cx4"

// fleetTeams are the pools of a fleet and the roles for them.
var fleetTeams = []string{"vision", "speech", "robotics", "language", "simulation"}

// Fleet is the overview of a project with this many accounts on 2026-11-23: most of it is
// well, and some of everything is not.
func Fleet(t testing.TB, accounts int) report.Overview {
	return report.OverviewOf(FleetFacts(t, accounts))
}

// FleetFacts is what [Fleet] is made of.
func FleetFacts(t testing.TB, accounts int) report.OverviewFacts {
	today := Date(t, "2026-11-23")
	snap := fleet(today, accounts)
	server := model.Server{Version: "6.4", Mode: model.ModeConfigMap}
	snap.Meta.Applied.Server = server
	return report.OverviewFacts{
		AsOf: report.AsOf{
			Date: today, Project: "infra/accounts", Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
			Declarations: "9f825dc642cb6eb9a060e54bf8d69288fbee4904", Server: server,
		},
		State: snap, Within: 30, Moment: inquiry.At(rights.Applied(snap, today), server),
		Findings: diag.List{
			{Code: "admin_wildcard", Summary: `role osmo-root-team grants "*:*", which makes an administrator of whoever holds it`, Hint: "name the actions", Pos: diag.Position{File: "manifests/roles.yaml", Line: 41, Column: 18}},
			{Severity: diag.Warning, Code: "changes_nothing", Summary: "the statement changes nothing: the one before it allows the same", Hint: "take it out", Pos: diag.Position{File: "manifests/roles.yaml", Line: 17, Column: 9}},
		},
		Changes: fleetChanges(),
	}
}

func fleet(today model.Date, accounts int) *state.Snapshot {
	snap := &state.Snapshot{
		Meta: state.Meta{Lineage: "0f9d6c1e2b3a4d5e0f9d6c1e2b3a4d5e", Serial: 118, Applied: state.Settings{
			Backend: model.Backend{Kind: model.BackendLocal}, Recipients: map[string][]string{"alice": {AliceKey}, "bob": {BobKey}, "ops": {AliceKey, BobKey}},
		}},
		Roles:    map[string]*state.Role{},
		Accounts: map[string]*state.Account{},
	}
	role := func(name string, policies ...model.Policy) {
		snap.Roles[name] = &state.Role{Name: name, CreatedAt: today.Add(-300).Time(), CreatedBy: "ada@example.com", SyncMode: model.SyncImport, Policies: policies}
	}
	role("osmo-root-team", model.Policy{Effect: model.Allow, Actions: []string{"*:*"}, Resources: []string{"*"}})
	for _, team := range fleetTeams {
		role("osmo-"+team, model.Policy{Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/" + team}},
			model.Policy{Effect: model.Allow, Actions: []string{"config:Read"}, Resources: []string{"*"}})
	}
	for i := range accounts {
		a := fleetAccount(today, i)
		snap.Accounts[a.Name] = a
	}
	return snap
}

func fleetAccount(today model.Date, i int) *state.Account {
	team := fleetTeams[i%len(fleetTeams)]
	roles := []string{"osmo-" + team}
	switch {
	case i%4_000 == 7:
		roles = append(roles, "osmo-root-team")
	case i%9 == 4:
		roles = append(roles, "osmo-user")
	}
	a := &state.Account{
		Name: fmt.Sprintf("svc-%s-%05d", team, i), CreatedAt: today.Add(-200).Time(), CreatedBy: "ada@example.com",
		Description: "Pipelines of " + team, Tokens: map[string]*state.Token{},
	}
	for _, r := range model.Set(roles) {
		a.Grants = append(a.Grants, state.Grant{Role: r, AssignedAt: today.Add(-200).Time(), AssignedBy: "ada@example.com"})
	}
	a.Tokens["deploy"] = fleetToken(today, i, a.Roles())
	return a
}

// fleetToken is a token somewhere in its life: what is wrong with it follows from i.
func fleetToken(today model.Date, i int, roles []string) *state.Token {
	t := &state.Token{
		Spec:     model.TokenSpec{Description: "Deploys nightly", Roles: roles, Expiry: model.Expiry{In: 90}, Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"ops"}},
		Honoured: 1,
	}
	age := model.Days(i*7%56 + 1)
	switch {
	case i%2_500 == 3:
		age = 66 // its rotation is overdue
	case i%5_000 == 11:
		age = 95 // it is dead
	}
	number := 1
	if i%3 > 0 {
		t.Tombstones = append(t.Tombstones, state.Tombstone{Generation: 1, Value: state.SumOf(fmt.Appendf(nil, "old %d", i)), EndedOn: today.Add(-age - 60 + 7), Reason: "its overlap ended"})
		number++
	}
	issue := func(age model.Days, revoke model.Date) {
		keys := []string{AliceKey, BobKey}
		if i%50 == 9 {
			keys = append(keys, carolKey)
		}
		t.Generations = append(t.Generations, state.Generation{
			Number: number, ServerName: "deploy", IssuedAt: today.Add(-age).Time().Add(3 * time.Hour), IssuedBy: "ci@example.com", ExpiresAt: today.Add(90 - age), Roles: roles,
			Recipients: model.Set(keys), Value: state.SumOf(fmt.Appendf(nil, "%d.%d", i, number)), Ciphertext: state.SumOf(fmt.Appendf(nil, "c%d.%d", i, number)), RevokeAfter: revoke,
		})
		t.LastGeneration = number
		number++
	}
	switch {
	case i%5_000 == 13:
		t.LastGeneration = number // revoked, and nothing came in its place
		return t
	case age < 7:
		issue(age+60, today.Add(7-age))
	}
	issue(age, 0)
	return t
}

func fleetChanges() (list []report.LogEntry) {
	for i := range 12 {
		serial := 118 - i
		list = append(list, report.LogEntry{
			Commit: fmt.Sprintf("%012x42cb6eb9a060e54bf8d69288fbee", serial*7_919_777), When: At("2026-11-23T03:00:12Z").AddDate(0, 0, -i), Author: "osmoctl", Actor: "ci@example.com",
			Serial: serial, Plan: Digest, Run: "12345", Summary: fmt.Sprintf("osmoctl: %d rotate (serial %d)", 3+i%4, serial), ByOsmoctl: true,
		})
		for n := range 3 + i%4 {
			list[i].Changes = append(list[i].Changes, fmt.Sprintf("rotate token/svc-%s-%05d/deploy", fleetTeams[(i+n)%5], i*37+n))
		}
	}
	list[2].Actor, list[2].Summary, list[2].Reason = "ada@example.com", "osmoctl: 1 revoke (serial 116)", "in the log of build 17"
	list[2].Changes = []string{"revoke token/svc-vision-00013/deploy@2"}
	list[5].Actor, list[5].Author, list[5].ByOsmoctl, list[5].Summary, list[5].Changes, list[5].Serial = "", "mallory", false, "fix state", nil, 0
	return list
}
