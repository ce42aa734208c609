package state

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

var work = Underway{
	Run:    "r1",
	Create: []model.Address{model.RoleAddress("new"), model.AccountAddress("svc"), model.TokenAddress("svc", "t").At(3)},
	Remove: []model.Address{model.TokenAddress("svc", "t").At(1)},
}

func TestUnderway(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]Underway{
		"both": work, "only creating": {Run: "r1", Create: work.Create}, "only removing": {Remove: work.Remove}, "nothing": {},
	} {
		e := everything(t)
		e.SetUnderway(u)
		next, changes := e.Finish()
		got, problems := Decode(filesOf(changes))
		if problems != nil {
			t.Fatalf("%s: %v", name, problems)
		}
		if d := equal(next, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		// What is done leaves no trace.
		done := got.Edit()
		done.SetUnderway(Underway{Run: "r2"})
		if next, changes := done.Finish(); next.Meta.Underway != nil || bytes.Contains(changes[len(changes)-1].Data, []byte("underway")) {
			t.Errorf("%s: it is still there", name)
		}
	}
}

func TestUnderwayRefuses(t *testing.T) {
	t.Parallel()
	e := everything(t)
	e.SetUnderway(work)
	_, changes := e.Finish()
	files := filesOf(changes)
	for before, after := range map[string]string{
		`"run": "r1",`:                ``,
		`"role/new", "account/svc"`:   `"account/svc", "role/new"`,
		`"role/new",`:                 `"role/new", "role/new",`,
		`"token/svc/t@3"`:             `"token/svc/t"`,
		`"token/svc/t@1"`:             `"token/svc/t@01"`,
		`"remove": ["token/svc/t@1"]`: `"remove": []`,
		`"account/svc"`:               `"account/.."`,
		`"remove": ["token/svc/t@1"`:  `"removed": ["token/svc/t@1"`,
	} {
		spoiled := edited(files, MetaPath, func(f *File) {
			if !strings.Contains(string(f.Data), before) {
				t.Errorf("meta.json does not hold %s", before)
			}
			f.Data = []byte(strings.Replace(string(f.Data), before, after, 1))
		})
		snap, problems := Decode(spoiled)
		if snap != nil || problems == nil {
			t.Errorf("%s instead of %s is let pass", after, before)
		}
	}
}

// A number that was burned is not given out again, whether or not its token was
// ever in state.
func TestBurn(t *testing.T) {
	t.Parallel()
	const on = restoreDay
	e := everything(t)
	account := "svc@example.org"
	live := *e.Token(account, "deploy")
	e.Burn(model.TokenAddress(account, "deploy").At(live.LastGeneration+2), on)
	e.Burn(model.TokenAddress(account, "deploy").At(1), on)
	e.Burn(model.TokenAddress(account, "unborn").At(1), on)
	e.Burn(model.TokenAddress("nobody", "unborn").At(4), on)
	next, changes := e.Finish()
	if got, problems := Decode(filesOf(changes)); problems != nil || equal(next, got) != "" {
		t.Fatal(problems)
	}
	want := live
	want.LastGeneration += 2
	if d := cmp.Diff(&want, next.Accounts[account].Tokens["deploy"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&Token{DeletedOn: on, LastGeneration: 1}, next.Accounts[account].Tokens["unborn"]); d != "" || !next.Accounts[account].Live() {
		t.Error(d)
	}
	if a := next.Accounts["nobody"]; a.Live() || a.DeletedOn != on || a.Tokens["unborn"].Live() || a.Tokens["unborn"].LastGeneration != 4 {
		t.Errorf("%+v", a)
	}
}
