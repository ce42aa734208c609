package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestStrays(t *testing.T) {
	t.Parallel()
	today := restoreDay
	e := everything(t)
	e.SetUnderway(Underway{Run: "other", Create: []model.Address{model.TokenAddress("svc@example.org", "deploy").At(9)}})
	have := e.Snapshot()
	ours, another := model.Mark{Lineage: have.Meta.Lineage, Run: "r"}, model.Mark{Lineage: "another", Run: "r"}
	live := have.Accounts["svc@example.org"].Tokens["deploy"].Active().ServerName
	seen := model.Observed{Users: map[string]model.ObservedUser{
		"svc@example.org": {Tokens: map[string]model.ObservedToken{
			live:         {Mark: ours, ExpiresAt: today},
			"deploy-g9":  {Mark: ours, ExpiresAt: today.Add(9)}, // which a run has reserved
			"deploy-g11": {Mark: ours, ExpiresAt: today.Add(9)},
			"deploy-g12": {Mark: ours, ExpiresAt: today},
			"dead":       {ExpiresAt: today},
			"dead2":      {Mark: another, ExpiresAt: today.Add(-1)},
			"works":      {ExpiresAt: today.Add(1)},
			"works2":     {Mark: another, ExpiresAt: today.Add(1)},
		}},
		"stranger": {Tokens: map[string]model.ObservedToken{"dead": {ExpiresAt: today}}},
	}}
	var got []string
	for _, d := range have.Strays(seen, today) {
		line := d.Address.String() + " " + d.Effect
		if d.Left {
			line += ", left"
		}
		got = append(got, line)
	}
	want := []string{
		"token/svc@example.org/dead expired on " + today.String() + " and takes its name on the server until somebody deletes it there, left",
		"token/svc@example.org/dead2 expired on " + today.Add(-1).String() + " and takes its name on the server until somebody deletes it there, left",
		"token/svc@example.org/deploy@11 has ended here, and works on the server until the next apply takes it away",
		"token/svc@example.org/deploy@12 has ended here, and takes its name on the server until the next apply; it expired on " + today.String(),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
