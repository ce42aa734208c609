package state

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

var (
	theirs = model.TokenAddress("svc@example.org", "theirs")
	older  = model.TokenAddress("svc@example.org", "older")
)

// adopt takes over two tokens, and ends one of them.
func adopt(tb testing.TB, e *Edit) {
	tb.Helper()
	for _, a := range []model.Address{theirs, older} {
		e.Token(a.Account, a.Name).Spec = model.TokenSpec{Inherit: true, Rotate: model.Rotation{Overlap: 7}}
		// What is said of a value is dropped.
		g := generation(tb, 1, a.Name)
		g.FormerRecipients = []string{"age1carol"}
		e.Adopt(a, g)
	}
	e.End(older.At(1), restoreDay, "replaced")
}

// withAdopted are the files of everything, and of two adopted tokens.
func withAdopted(tb testing.TB) (*Snapshot, []File) {
	tb.Helper()
	e := everything(tb)
	adopt(tb, e)
	next, changes := e.Finish()
	return next, filesOf(changes)
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	next, files := withAdopted(t)
	got, problems := Decode(files)
	if problems != nil {
		t.Fatal(problems)
	}
	if d := equal(next, got); d != "" {
		t.Error(d)
	}
	token := got.Accounts[theirs.Account].Tokens[theirs.Name]
	want := generation(t, 1, theirs.Name)
	want.Adopted, want.Value, want.Recipients = true, Sum{}, nil
	if d := cmp.Diff(want, *token.Active()); d != "" || token.LastGeneration != 1 {
		t.Error(d)
	}
	if token.Active().Known() || !got.Accounts[theirs.Account].Tokens["deploy"].Active().Known() {
		t.Error("known and unknown values are confused")
	}
	stones := got.Accounts[older.Account].Tokens[older.Name].Tombstones
	if d := cmp.Diff([]Tombstone{{Generation: 1, Adopted: true, EndedOn: restoreDay, Reason: "replaced"}}, stones); d != "" {
		t.Error(d)
	}
	if stones[0].Known() || !got.Accounts["dead"].Tokens["t"].Tombstones[0].Known() {
		t.Error("known and unknown ended values are confused")
	}
}

// Of a value that nobody knows there is no trace in state: no sum that could be
// taken for one, and no file.
func TestAdoptLeavesNoValue(t *testing.T) {
	t.Parallel()
	known, _ := Decode(fixture(t))
	next, files := withAdopted(t)
	if d := cmp.Diff(known.Values(), next.Values()); d != "" {
		t.Error(d)
	}
	for _, f := range files {
		if bytes.Contains(f.Data, []byte(Sum{}.String())) || strings.HasPrefix(f.Path, accountDir(theirs.Account)+"theirs.") {
			t.Errorf("%s:\n%s", f.Path, f.Data)
		}
	}
}

// Nobody knows the value, so state may not say anything of it.
func TestDecodeRefusesAdoptedValues(t *testing.T) {
	t.Parallel()
	_, files := withAdopted(t)
	account := AccountPath(theirs.Account)
	zero, sum := `"`+Sum{}.String()+`"`, `"`+SumOf(nil).String()+`"`
	live, ended := "\"adopted\": true\n        }\n      ],\n      \"tombstones\": []", "\"reason\": \"replaced\",\n          \"adopted\": true"
	for name, c := range map[string]struct{ before, after string }{
		"a value":              {live, `"value_sha256": ` + sum + ",\n          " + live},
		"an empty value":       {live, `"value_sha256": ` + zero + ",\n          " + live},
		"a ciphertext":         {live, `"ciphertext_sha256": ` + sum + ",\n          " + live},
		"recipients":           {live, `"recipients": ["age1alice"],` + "\n          " + live},
		"no recipients":        {live, `"recipients": [],` + "\n          " + live},
		"former recipients":    {live, `"former_recipients": ["age1alice"],` + "\n          " + live},
		"not adopted, no sums": {",\n          " + live, strings.TrimPrefix(live, `"adopted": true`)},
		"adopted: false":       {live, strings.Replace(live, "true", "false", 1)},
		"an ended value":       {ended, ended + ",\n          \"value_sha256\": " + sum},
		"an ended empty value": {ended, ended + ",\n          \"value_sha256\": " + zero},
		"ended, not adopted":   {",\n          \"adopted\": true\n        }\n      ]\n    },\n    \"theirs\"", "\n        }\n      ]\n    },\n    \"theirs\""},
	} {
		spoiled := edited(files, account, func(f *File) {
			if !bytes.Contains(f.Data, []byte(c.before)) {
				t.Errorf("%s: the account does not hold %s:\n%s", name, c.before, f.Data)
			}
			f.Data = bytes.Replace(f.Data, []byte(c.before), []byte(c.after), 1)
		})
		snap, problems := Decode(spoiled)
		if got := codes(problems); snap != nil || slices.Contains(got, "meta.json "+CodeDigest) {
			t.Errorf("%s is let pass: %v", name, got)
		}
	}
	stray := append(slices.Clone(files), File{Path: CiphertextPath(theirs.Account, theirs.Name, 1), Mode: RegularMode})
	if _, problems := Decode(stray); !slices.Contains(codes(problems), stray[len(stray)-1].Path+" "+CodeStray) {
		t.Errorf("a ciphertext of an unknown value is let pass: %v", problems)
	}
}

// Two unknown values are not one: they are told apart by their places, and are no
// known value.
func TestHandle(t *testing.T) {
	t.Parallel()
	unknown, known := Generation{Number: 1, Adopted: true}, Generation{Number: 1, Value: Sum{1}}
	ended := Tombstone{Generation: 1, Adopted: true}
	if unknown.Handle(theirs) == unknown.Handle(older) || unknown.Handle(theirs) == known.Handle(theirs) {
		t.Error("other generations are known by the same")
	}
	if known.Handle(theirs) != known.Handle(older) || unknown.Handle(theirs) != ended.Handle(theirs) {
		t.Error("one generation is known by two handles")
	}
	if a, b := unknown.Handle(theirs).String(), known.Handle(theirs).String(); a != "unknown" || b != "sha256:01000000" {
		t.Errorf("they are shown as %q and %q", a, b)
	}
}

// What is remembered to have ended ends that generation, and no other whose value
// is unknown.
func TestRememberAdopted(t *testing.T) {
	t.Parallel()
	e := everything(t)
	adopt(t, e)
	e.Adopt(model.TokenAddress("svc@example.org", "other"), generation(t, 1, "other"))
	s, _ := e.Finish()
	got := s.Remember([]Ending{{theirs.At(1), Tombstone{Generation: 1, Adopted: true, EndedOn: restoreDay, Reason: "leaked"}}})
	tokens := got.Accounts[theirs.Account].Tokens
	if !endedBy(tokens["theirs"], 1, "leaked") || !tokens["theirs"].Tombstones[0].Adopted || tokens["other"].Active() == nil {
		t.Errorf("%+v, %+v", tokens["theirs"], tokens["other"])
	}
	if again := got.Remember([]Ending{{theirs.At(1), Tombstone{Generation: 1, Adopted: true}}}); len(again.Accounts[theirs.Account].Tokens["theirs"].Tombstones) != 1 {
		t.Error("it ended twice")
	}
}

// A generation whose value is unknown comes back like any other, without a file; one
// that ended since does not, and no other is taken for it.
func TestRestoreAdopted(t *testing.T) {
	t.Parallel()
	other := model.TokenAddress(svc, "other")
	then := step(first(), func(e *Edit) {
		for _, a := range []model.Address{theirs, other} {
			e.Account(svc).Tokens[a.Name] = &Token{Spec: model.TokenSpec{Inherit: true}}
			e.Adopt(model.TokenAddress(svc, a.Name), Generation{Number: 1, ServerName: a.Name, IssuedAt: restoreDay.Time(), ExpiresAt: 20800, Roles: []string{"user"}})
		}
	})
	now := step(then, func(e *Edit) {
		e.End(other.At(1), 20500, "since")
		e.Token(svc, "theirs").Active().RevokeAfter = 20700
		e.Adopt(model.TokenAddress(svc, "new"), Generation{Number: 1, ServerName: "new", IssuedAt: restoreDay.Time(), ExpiresAt: 20800})
	})
	got := restored(then, now)
	tokens := got.Accounts[svc].Tokens
	if g := tokens["theirs"].Generation(1); g == nil || g.Known() || g.RevokeAfter != 20700 {
		t.Errorf("the generation that is live on both sides is %+v", g)
	}
	if !endedBy(tokens["other"], 1, "since") || !endedBy(tokens["new"], 1, "restored") || !tokens["new"].Tombstones[0].Adopted {
		t.Errorf("%+v, %+v", tokens["other"], tokens["new"])
	}
	changes, err := got.Over(nil, func(path string, sum Sum) []byte {
		if sum != SumOf([]byte{1}) {
			t.Errorf("a sealed value %s is looked for", path)
		}
		return []byte{1}
	})
	if err != nil {
		t.Fatal(err)
	}
	if back, problems := Decode(filesOf(changes)); problems != nil || equal(got, back) != "" {
		t.Errorf("%v %s", problems, equal(got, back))
	}
}
