package state

import (
	"slices"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// restoreDay is the day of every restore here.
const restoreDay model.Date = 20600

var (
	svc   = "svc"
	token = model.TokenAddress(svc, "deploy")
)

// step takes a state further.
func step(s *Snapshot, edit func(*Edit)) *Snapshot {
	e := s.Edit()
	if !s.Exists() {
		e.SetLineage("0123456789abcdef")
	}
	edit(e)
	next, _ := e.Finish()
	return next
}

func issue(e *Edit, a model.Address, n int) {
	e.Token(a.Account, a.Name).Spec = model.TokenSpec{Inherit: true}
	e.Issue(a, Generation{
		Number: n, ServerName: model.ServerName(a.Name, n), IssuedAt: time.Unix(1.7e9, 0).UTC(), IssuedBy: "ada",
		ExpiresAt: 20800, Roles: []string{"user"}, Value: Sum{byte(n), a.Name[0]}, Recipients: []string{"age1a"},
	}, []byte{byte(n)})
}

// first is a state with one account that has one token.
func first() *Snapshot {
	return step(&Snapshot{}, func(e *Edit) {
		e.SetSettings(Settings{Guardrails: model.Guardrails{MinRecipients: 1}})
		e.SetRole(&Role{Name: "user", Description: "then"})
		a := e.Account(svc)
		a.Description, a.Grants = "then", []Grant{{Role: "user"}}
		issue(e, token, 1)
		e.Token(svc, "deploy").Honoured = 1
	})
}

// restores are edits of first, each with what going back to first must leave.
var restores = map[string]struct {
	since func(*Edit)
	want  func(*Snapshot) bool
}{
	"the serial rises": {func(*Edit) {}, func(s *Snapshot) bool { return s.Meta.Serial == 11 }},
	"descriptions come back": {
		func(e *Edit) { e.Account(svc).Description = "now"; e.SetRole(&Role{Name: "user"}) },
		func(s *Snapshot) bool {
			return s.Accounts[svc].Description == "then" && s.Roles["user"].Description == "then"
		},
	},
	"settings stay": {
		func(e *Edit) { e.SetSettings(Settings{Guardrails: model.Guardrails{MinRecipients: 2}}) },
		func(s *Snapshot) bool { return s.Meta.Applied.Guardrails.MinRecipients == 2 },
	},
	"what was spent stays spent": {
		func(e *Edit) {
			used := []model.Approval{{Plan: "sha256:02", Allow: "--allow-deletes 7"}}
			e.Spend(used, append(used, model.Approval{Plan: "sha256:03", Allow: "--allow-empty"}))
		},
		func(s *Snapshot) bool { return slices.Equal(s.Meta.Spent, []Spent{{"sha256:02", "--allow-deletes 7"}}) },
	},
	"a new role is deleted": {func(e *Edit) { e.SetRole(&Role{Name: "new"}) }, func(s *Snapshot) bool { return s.Roles["new"] == nil }},
	"a new account is deleted, and its token ended": {
		func(e *Edit) { issue(e, model.TokenAddress("new", "t"), 1) },
		func(s *Snapshot) bool {
			a := s.Accounts["new"]
			return a.DeletedOn == restoreDay && a.Tokens["t"].DeletedOn == restoreDay && endedBy(a.Tokens["t"], 1, "restored")
		},
	},
	"a new token is deleted": {
		func(e *Edit) { issue(e, model.TokenAddress(svc, "t"), 1) },
		func(s *Snapshot) bool {
			t := s.Accounts[svc].Tokens["t"]
			return !t.Live() && endedBy(t, 1, "restored") && t.LastGeneration == 1
		},
	},
	"a newer generation ends, and no number or counter falls": {
		func(e *Edit) {
			e.Token(svc, "deploy").Active().RevokeAfter = 20700
			issue(e, token, 2)
			e.Token(svc, "deploy").Honoured = 7
		},
		func(s *Snapshot) bool {
			t := s.Accounts[svc].Tokens["deploy"]
			return endedBy(t, 2, "restored") && t.LastGeneration == 2 && t.Honoured == 7 && t.Generation(1).RevokeAfter == 20700
		},
	},
	"an ended generation stays ended": {
		func(e *Edit) { e.End(token.At(1), 20500, "since") },
		func(s *Snapshot) bool {
			t := s.Accounts[svc].Tokens["deploy"]
			return t.Live() && len(t.Generations) == 0 && endedBy(t, 1, "since")
		},
	},
	"a value that ended elsewhere stays ended": {
		func(e *Edit) {
			e.Token(svc, "deploy").Generations = nil
			e.Token(svc, "other").Tombstones = []Tombstone{{Generation: 1, Value: Sum{1, 'd'}, EndedOn: 20500}}
			e.Token(svc, "other").LastGeneration = 1
		},
		func(s *Snapshot) bool { return len(s.Accounts[svc].Tokens["deploy"].Generations) == 0 },
	},
	"a deleted account comes back without its generations": {
		func(e *Edit) { e.DeleteAccount(svc, 20500, "since") },
		func(s *Snapshot) bool {
			a := s.Accounts[svc]
			return a.Live() && a.Holds("user") && a.Tokens["deploy"].Live() && endedBy(a.Tokens["deploy"], 1, "since")
		},
	},
	"a forgotten generation comes back": {
		func(e *Edit) { *e.Token(svc, "deploy") = Token{} },
		func(s *Snapshot) bool { return s.Accounts[svc].Tokens["deploy"].Generation(1) != nil },
	},
	"a lost role stays lost": {
		func(e *Edit) { e.Token(svc, "deploy").Active().RemovedRoles = []string{"user"} },
		func(s *Snapshot) bool {
			return slices.Equal(s.Accounts[svc].Tokens["deploy"].Active().RemovedRoles, []string{"user"})
		},
	},
	"a ciphertext sealed again stays": {
		func(e *Edit) { e.Reseal(token.At(1), []byte("again"), []string{"age1b"}) },
		func(s *Snapshot) bool {
			return s.Accounts[svc].Tokens["deploy"].Active().Ciphertext == SumOf([]byte("again"))
		},
	},
	"a ciphertext that is nowhere is taken from then": {
		func(e *Edit) { e.Reseal(token.At(1), []byte("lost"), []string{"age1b"}) },
		func(s *Snapshot) bool {
			g := s.Accounts[svc].Tokens["deploy"].Active()
			return g.Ciphertext == SumOf([]byte{1}) && slices.Equal(g.Recipients, []string{"age1a"}) &&
				slices.Equal(g.FormerRecipients, []string{"age1b"})
		},
	},
	"a key that could read a value stays known": {
		func(e *Edit) { e.Reseal(token.At(1), []byte("again"), []string{"age1b"}) },
		func(s *Snapshot) bool {
			return slices.Equal(s.Accounts[svc].Tokens["deploy"].Active().EverReadable(), []string{"age1a", "age1b"})
		},
	},
	"a renamed token has its name again": {
		func(e *Edit) {
			e.Token(svc, "deploy").RenamedTo = "ship"
			issue(e, model.TokenAddress(svc, "ship"), 1)
		},
		func(s *Snapshot) bool {
			a := s.Accounts[svc]
			return a.Tokens["deploy"].RenamedTo == "" && a.Tokens["deploy"].Live() && !a.Tokens["ship"].Live()
		},
	},
}

func endedBy(t *Token, n int, reason string) bool {
	return t.Generation(n) == nil && slices.ContainsFunc(t.Tombstones, func(s Tombstone) bool { return s.Generation == n && s.Reason == reason })
}

func restored(then *Snapshot, known ...*Snapshot) *Snapshot {
	lost := SumOf([]byte("lost"))
	r := Restoration{
		Then: then, Known: known, Serial: 10, On: restoreDay, Reason: "restored",
		Has: func(_ string, sum Sum) bool { return sum != lost },
	}
	return r.Snapshot()
}

func TestRestore(t *testing.T) {
	t.Parallel()
	for name, c := range restores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			then := first()
			now := step(then, c.since)
			if got := restored(then, now); !c.want(got) {
				t.Errorf("it is not so: %+v", got.Accounts[svc].Tokens["deploy"])
			}
			if d := equal(first(), then); d != "" {
				t.Errorf("what it was restored from has changed: %s", d)
			}
		})
	}
}

// Whoever could read a value by any side stays known, also where a more trusted
// side knows nothing of it.
func TestRestoreForgetsNoReader(t *testing.T) {
	t.Parallel()
	sound := first()
	now := step(sound, func(e *Edit) { e.Reseal(token.At(1), []byte("again"), []string{"age1b"}) })
	g := restored(first(), sound, now).Accounts[svc].Tokens["deploy"].Active()
	if !slices.Equal(g.Recipients, []string{"age1a"}) || !slices.Equal(g.FormerRecipients, []string{"age1b"}) {
		t.Errorf("recipients %q, former %q", g.Recipients, g.FormerRecipients)
	}
}

// What a restore writes over any other state reads back as the state it made,
// and to restore that again changes nothing but the serial.
func TestRestoreReadsBack(t *testing.T) {
	t.Parallel()
	sealed := func(_ string, sum Sum) []byte {
		for _, data := range [][]byte{{1}, {2}, []byte("again")} {
			if SumOf(data) == sum {
				return data
			}
		}
		return nil
	}
	for name, c := range restores {
		then := first()
		next := restored(then, step(then, c.since))
		junk := []File{{Path: "notes.txt", Mode: RegularMode}, {Path: MetaPath, Mode: 0o120000, Data: []byte("away")}}
		changes, err := next.Over(junk, sealed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var files []File
		for _, change := range changes {
			if !change.Delete {
				files = append(files, File{Path: change.Path, Mode: RegularMode, Data: change.Data})
			}
		}
		if !slices.Contains(paths(changes), "-notes.txt") || len(files) != len(changes)-1 {
			t.Errorf("%s: %v", name, paths(changes))
		}
		back, problems := Decode(files)
		if problems.HasErrors() {
			t.Fatalf("%s: %v", name, problems)
		}
		again := restored(next, back)
		again.Meta.Serial, again.Meta.Own = next.Meta.Serial, next.Meta.Own
		if d := equal(next, back) + equal(next, again); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestOverWantsEverySealedValue(t *testing.T) {
	t.Parallel()
	if _, err := first().Over(nil, func(string, Sum) []byte { return nil }); err == nil {
		t.Error("a sealed value was made up")
	}
}

// What a server was still to lose stays so, unless it is back.
func TestRestoreUnderway(t *testing.T) {
	t.Parallel()
	r := &Restoration{On: restoreDay, Has: func(string, Sum) bool { return true }, Then: &Snapshot{
		Roles: map[string]*Role{"back": {Name: "back"}}, Accounts: map[string]*Account{"back": {Name: "back"}},
	}}
	now := &Snapshot{Meta: Meta{Lineage: "l", Underway: &Underway{Remove: []model.Address{
		model.RoleAddress("back"), model.RoleAddress("gone"), model.AccountAddress("back"), model.AccountAddress("gone"), model.TokenAddress("back", "t").At(1),
	}}}}
	r.Known = []*Snapshot{now}
	want := []model.Address{model.RoleAddress("gone"), model.AccountAddress("gone"), model.TokenAddress("back", "t").At(1)}
	if got := r.Snapshot().Meta.Underway; got == nil || !slices.Equal(got.Remove, want) {
		t.Errorf("to go are %+v", got)
	}
	if len(now.Meta.Underway.Remove) != 5 {
		t.Error("the state that it was made from was changed")
	}
	now.Meta.Underway.Remove = now.Meta.Underway.Remove[:1]
	if got := r.Snapshot().Meta.Underway; got != nil {
		t.Errorf("to go are %+v", got)
	}
}
