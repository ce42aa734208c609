package model

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var addresses = []Address{
	RoleAddress("a"), RoleAddress("b"), AccountAddress("a"), AccountAddress("svc@example.org"),
	TokenAddress("a", "t"), TokenAddress("a", "t").At(1), TokenAddress("a", "t").At(10), TokenAddress("a", "u"),
	TokenAddress("b", "t").At(2), TokenAddress("svc@example.org", "t").At(2),
}

func TestAddressRoundTrip(t *testing.T) {
	t.Parallel()
	for _, a := range addresses {
		if got, err := ParseAddress(a.String()); err != nil || got != a {
			t.Errorf("%s comes back as %v, %v", a, got, err)
		}
	}
}

func TestAddressesCompare(t *testing.T) {
	t.Parallel()
	for i, a := range addresses {
		for j, b := range addresses {
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s and %s compare as %d", a, b, got)
			}
		}
	}
}

func TestAddressOfGeneration(t *testing.T) {
	t.Parallel()
	a := TokenAddress("a", "t")
	if a.At(3).Token() != a || a.At(3).Generation != 3 || a.Generation != 0 {
		t.Error("a generation and its token are confused")
	}
}

func TestParseAddressRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "a", "role", "role/", "role//a", "Role/a", "roles/a", "user/a", "role/a/b", "account/", "account/a/b", "token/a", "token/a/",
		"token//t", "token/a/t/u", "token/a/t@", "token/a/t@0", "token/a/t@-1", "token/a/t@+1", "token/a/t@01", "token/a/t@1@2",
		"token/a/t@99999999999999999999", "token/a/1", "role/a@2", " role/a", "role/a ", "role/../a", "token/a/con",
	} {
		if a, err := ParseAddress(s); err == nil {
			t.Errorf("%q is read as %+v", s, a)
		} else if a != (Address{}) {
			t.Errorf("%q: an address beside an error", s)
		}
	}
}

func TestReadAddress(t *testing.T) {
	t.Parallel()
	for _, a := range addresses {
		spellings := []string{a.String()}
		if a.Kind == KindToken {
			spellings = append(spellings, strings.TrimPrefix(a.String(), "token/"))
		}
		for _, s := range spellings {
			if got, err := ReadAddress(s); err != nil || got != a {
				t.Errorf("%s is read as %v, %v", s, got, err)
			}
			if got, err := ReadTokenAddress(s); a.Kind == KindToken && (err != nil || got != a) {
				t.Errorf("%s is read as the token %v, %v", s, got, err)
			} else if a.Kind != KindToken && err == nil {
				t.Errorf("%s is read as a token", s)
			}
		}
	}
	for s, want := range map[string]string{
		"":               "is not an address",
		"svc":            "write account/svc, role/svc, or svc/TOKEN",
		"token/t":        "lacks the account or the token",
		"token":          "lacks a token name",
		"a/b/c":          "is not an address",
		"a/t@0":          "is not a positive number",
		"a/":             "a token name cannot be empty",
		"/t":             "an account name cannot be empty",
		"role/a@2":       "role name",
		"a/t u":          "token name",
		"a, b":           "is not an address",
		"token/role/t/u": "token name",
	} {
		if a, err := ReadAddress(s); err == nil || !strings.Contains(err.Error(), want) || a != (Address{}) {
			t.Errorf("%q is read as %v, %v; the error lacks %q", s, a, err, want)
		}
	}
	// The words of an address begin one: the tokens of an account that is called
	// so have the long spelling alone.
	if a, err := ReadAddress("token/role/t@2"); err != nil || a != TokenAddress("role", "t").At(2) {
		t.Error("a token of the account role is", a, err)
	}
	if a, err := ReadAddress("role/t"); err != nil || a != RoleAddress("t") {
		t.Error("role/t is", a, err)
	}
}

func TestReadTokenAddress(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Address{"a/t": TokenAddress("a", "t"), "a@b/t@2": TokenAddress("a@b", "t").At(2)} {
		if got, err := ReadTokenAddress(s); err != nil || got != want {
			t.Errorf("%q is read as %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "t", "a/", "/t", "a/t/u", "role/a", "account/a"} {
		if _, err := ReadTokenAddress(s); err == nil || !strings.Contains(err.Error(), `"`+s) && !strings.Contains(err.Error(), s) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestAddressAsText(t *testing.T) {
	t.Parallel()
	want := map[Address]int{TokenAddress("a", "t").At(2): 1}
	data, err := json.Marshal(want)
	if err != nil || string(data) != `{"token/a/t@2":1}` {
		t.Errorf("%s, %v", data, err)
	}
	var got map[Address]int
	if err := json.Unmarshal(data, &got); err != nil || got[TokenAddress("a", "t").At(2)] != 1 {
		t.Errorf("%v, %v", got, err)
	}
	a := RoleAddress("kept")
	if err := a.UnmarshalText([]byte("nonsense")); err == nil || a != RoleAddress("kept") {
		t.Error("an address that cannot be read changes what was there")
	}
}

// What is read is written the same way, so one object has one address.
func FuzzParseAddress(f *testing.F) {
	for _, a := range addresses {
		f.Add(a.String())
	}
	f.Add("token/a/t@01")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := ParseAddress(s); err == nil && a.String() != s {
			t.Errorf("%q is read as %s", s, a)
		}
	})
}

func TestNamesAndSets(t *testing.T) {
	t.Parallel()
	list := []string{"b", "a", "b", "c", "a"}
	if got := Set(list); !slices.Equal(got, []string{"a", "b", "c"}) || list[0] != "b" {
		t.Errorf("%q of %q", got, list)
	}
	if Set(nil) == nil || Names(map[string]int(nil)) == nil {
		t.Error("a set or a list of names is nil")
	}
	if got := Names(map[string]int{"b": 1, "a": 2}); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
}
