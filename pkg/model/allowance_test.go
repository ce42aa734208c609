package model

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is typed is read as what it lifts, each in one spelling.
func TestParseAllowance(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Allowance{
		"--allow-empty":                              {Empty: true},
		"--allow-deletes 7":                          {Deletes: new(7)},
		"--allow-deletes 0":                          {Deletes: new(0)},
		"--allow-delete account/a":                   {Delete: []Address{AccountAddress("a")}},
		"--allow-lifetime 400d":                      {Lifetime: 400},
		"--allow-state-move origin/state":            {StateMove: "origin/state"},
		`--allow-state-move 'it'\''s here'`:          {StateMove: "it's here"},
		"--allow-backend-change https://example.com": {BackendChange: "https://example.com"},
		"--allow token/a/t":                          {Objects: []Address{TokenAddress("a", "t")}},
		"--allow-administrators 3":                   {Administrators: new(3)},
		"--allow-forbidden no-exec:account/a":        {Forbidden: []ForbiddenSubject{{"no-exec", AccountAddress("a")}}},
	} {
		got, err := ParseAllowance(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
		if diff := cmp.Diff([]string{text}, got.Flags()); diff != "" {
			t.Errorf("%s is typed otherwise: %s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"":                                `no guardrail is lifted by ""`,
		"allow-deletes 7":                 `no guardrail is lifted by "allow-deletes"`,
		"--accept-state abc":              `no guardrail is lifted by "--accept-state"`,
		"--allow-deletes=7":               `no guardrail is lifted by "--allow-deletes=7"`,
		"--allow-deletes":                 "--allow-deletes: it lacks its value",
		"--allow-deletes ":                "--allow-deletes: it takes a number",
		"--allow-deletes many":            "--allow-deletes: it takes a number",
		"--allow-deletes -1":              "--allow-deletes: it takes a number",
		"--allow-deletes 07":              `it is written "--allow-deletes 7"`,
		"--allow-deletes  7":              "--allow-deletes: it takes a number",
		"--allow-empty yes":               "--allow-empty: it takes no value",
		"--allow-state-move ":             "--allow-state-move: it lacks its value",
		"--allow-state-move a b":          `it is written "--allow-state-move 'a b'"`,
		"--allow-deletes 7 --allow-empty": "--allow-deletes: it takes a number",
		"--allow a/t":                     `--allow: "a/t" is not an address: write role/NAME, account/NAME, token/ACCOUNT/NAME or token/ACCOUNT/NAME@GENERATION`,
	} {
		if got, err := ParseAllowance(text); err == nil || err.Error() != want {
			t.Errorf("%q is %+v, %v; want %s", text, got, err, want)
		}
	}
}

func TestAllowanceWith(t *testing.T) {
	t.Parallel()
	a := Allowance{Deletes: new(3), Lifetime: 30, StateMove: "here", Delete: []Address{AccountAddress("a")}}
	b := Allowance{Empty: true, Deletes: new(2), Rotations: new(5), Lifetime: 400, Delete: []Address{AccountAddress("b")}}
	want := Allowance{
		Empty: true, Deletes: new(3), Rotations: new(5), Lifetime: 400, StateMove: "here",
		Delete: []Address{AccountAddress("a"), AccountAddress("b")},
	}
	if diff := cmp.Diff(want, a.With(b)); diff != "" {
		t.Error(diff)
	}
	if got := (Allowance{}).With(Allowance{}); len(got.Flags()) > 0 {
		t.Errorf("nothing and nothing lifts %q", got.Flags())
	}
	if got := a.With(Allowance{StateMove: "there"}); got.StateMove != "there" || *got.Deletes != 3 {
		t.Errorf("%+v", got)
	}
}
