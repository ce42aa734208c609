package model

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

func TestRecipientID(t *testing.T) {
	t.Parallel()
	short, long := strings.Repeat("k", maxIDLength), strings.Repeat("k", maxIDLength+1)
	if RecipientID(short) != short {
		t.Error("a short key does not stand for itself")
	}
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(long))); RecipientID(long) != want {
		t.Errorf("%s, want %s", RecipientID(long), want)
	}
	if got := IDs([]Recipient{{Key: "b"}, {Key: "a"}}); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("%q", got)
	}
}

func TestPostQuantum(t *testing.T) {
	t.Parallel()
	for kind, want := range map[RecipientKind]bool{
		RecipientX25519: false, RecipientHybrid: true, RecipientTag: false, RecipientTagHybrid: true,
		RecipientSSHEd25519: false, RecipientSSHRSA: false, RecipientPlugin: false,
	} {
		if kind.PostQuantum() != want {
			t.Errorf("%s", kind)
		}
	}
}

func TestPoliciesAreEqual(t *testing.T) {
	t.Parallel()
	p := Policy{Effect: Allow, Actions: []string{"a:B", "c:D"}, Resources: []string{"x", "y"}}
	for name, c := range map[string]struct {
		q    Policy
		want bool
	}{
		"itself":             {p, true},
		"actions as a set":   {Policy{Effect: Allow, Actions: []string{"c:D", "a:B", "a:B"}, Resources: p.Resources}, true},
		"fewer actions":      {Policy{Effect: Allow, Actions: []string{"a:B"}, Resources: p.Resources}, false},
		"another effect":     {Policy{Effect: Deny, Actions: p.Actions, Resources: p.Resources}, false},
		"resources as a set": {Policy{Effect: Allow, Actions: p.Actions, Resources: []string{"y", "x", "y"}}, true},
		"fewer resources":    {Policy{Effect: Allow, Actions: p.Actions, Resources: []string{"y"}}, false},
		"somewhere else":     {Policy{Effect: Allow, Actions: p.Actions, Resources: p.Resources, Origin: diag.Position{File: "m.yaml", Line: 3}}, true},
		"no resources":       {Policy{Effect: Allow, Actions: p.Actions, Resources: nil}, false},
	} {
		if p.Equal(c.q) != c.want || c.q.Equal(p) != c.want {
			t.Errorf("%s: want %t", name, c.want)
		}
	}
	if !(Policy{}).Equal(Policy{Actions: []string{}, Resources: []string{}}) {
		t.Error("nothing differs from nothing")
	}
}

func TestEqualPolicies(t *testing.T) {
	t.Parallel()
	a := Policy{Effect: Allow, Actions: []string{"a:B", "c:D"}, Resources: []string{"x"}}
	reordered := Policy{Effect: Allow, Actions: []string{"c:D", "a:B"}, Resources: []string{"x"}}
	deny := Policy{Effect: Deny, Actions: a.Actions, Resources: a.Resources}
	for name, c := range map[string]struct {
		p, q []Policy
		want bool
	}{
		"none":          {nil, []Policy{}, true},
		"another order": {[]Policy{a, deny}, []Policy{deny, reordered}, true},
		"said twice":    {[]Policy{a, deny}, []Policy{a, reordered, deny}, true},
		"one less":      {[]Policy{a, deny}, []Policy{a}, false},
		"one other":     {[]Policy{a, deny}, []Policy{a, a}, false},
		"an empty one":  {[]Policy{a}, []Policy{a, {Effect: Allow}}, false},
		// What is in a text does not end it.
		"one text": {[]Policy{{Actions: []string{"a", "b"}}}, []Policy{{Actions: []string{`a""b`}}}, false},
	} {
		if EqualPolicies(c.p, c.q) != c.want || EqualPolicies(c.q, c.p) != c.want {
			t.Errorf("%s: want %t", name, c.want)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	if on := (Expiry{In: 90}).On(100); on != 190 {
		t.Errorf("a lifetime ends on %d", on)
	}
	if on := (Expiry{At: 150}).On(100); on != 150 {
		t.Errorf("a fixed date is %d", on)
	}
}

func TestRolesAtIssue(t *testing.T) {
	t.Parallel()
	a := &Account{Roles: []string{"a", "b"}}
	if got := (&Token{TokenSpec: TokenSpec{Inherit: true}}).RolesAtIssue(a); !slices.Equal(got, a.Roles) {
		t.Errorf("%q", got)
	}
	if got := (&Token{TokenSpec: TokenSpec{Roles: []string{"a"}}}).RolesAtIssue(a); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q", got)
	}
}

func TestKeyFingerprint(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		// As ssh-keygen -l prints it.
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJQ2A3u5l41YcHVjZHGG+rBWxnIauuy1J3ioz8CEp07D": "SHA256:DRam5yz5f4Kepwddbsvf0qFX1ncpvNoJnroKbXAL0fE",
		"age1rret3xhrmwpmpadwnj9zrentthe9kxufjsnrrdz60tljca36z9tseq7r90":                   "age1rret3xhrmwpm…eq7r90",
		"age1short":                 "age1short",
		"ssh-ed25519 not in base64": "ssh-ed25519 not in base64",
	} {
		if got := KeyFingerprint(id); got != want {
			t.Errorf("%s is shown as %s, want %s", id, got, want)
		}
	}
}

func TestKeyName(t *testing.T) {
	for name, want := range map[string]string{"": "age1short", "ops": "ops (age1short)"} {
		if got := KeyName(name, "age1short"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestLimitWords(t *testing.T) {
	count, percent := 5, 20
	for want, limit := range map[string]Limit{
		"no limit": {}, "5": {Count: &count}, "20%": {Percent: &percent}, "5 or 20%": {Count: &count, Percent: &percent},
	} {
		if got := limit.Words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 keys", 1: "1 key", 2: "2 keys", 1000: "1000 keys"} {
		if got := Plural(n, "key", "keys"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
