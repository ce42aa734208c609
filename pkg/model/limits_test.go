package model

import (
	"strings"
	"testing"
)

func TestParseLimits(t *testing.T) {
	t.Parallel()
	if l, err := ParseLimits(""); err != nil || l != DefaultLimits() {
		t.Errorf("nothing said: %+v, %v", l, err)
	}
	l, err := ParseLimits("accounts=100000, tokens=7,")
	want := DefaultLimits()
	want.Accounts, want.Tokens = 100_000, 7
	if err != nil || l != want {
		t.Errorf("two said: %+v, %v", l, err)
	}
	for text, words := range map[string]string{
		"accounts":            "NAME=NUMBER",
		"accounts=":           "from 1 to",
		"accounts=0":          "from 1 to",
		"accounts=-1":         "from 1 to",
		"accounts=1e9":        "from 1 to",
		"accounts=3000000000": "from 1 to",
		"pools=3":             `no limit "pools"`,
	} {
		if _, err := ParseLimits(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", text, err, words)
		}
	}
}

// Every limit has a default and a name of its own.
func TestLimitNames(t *testing.T) {
	t.Parallel()
	for _, name := range LimitNames() {
		one, err := ParseLimits(name + "=1")
		if err != nil || one == DefaultLimits() || one == (Limits{}) {
			t.Errorf("%s: %+v, %v", name, one, err)
		}
	}
	if got := (Limits{}).OrDefault(); got != DefaultLimits() {
		t.Errorf("no limits: %+v", got)
	}
}

func TestCompilePattern(t *testing.T) {
	t.Parallel()
	for pattern, ok := range map[string]bool{
		"":                              true,
		"svc-.*":                        true,
		"[a-z][a-z0-9-]{2,62}":          true,
		"(team-a|team-b)-[a-z]{1,40}":   true,
		"a{1000}":                       false,
		"(?:a?){1000}b":                 false,
		"(?:(?:a?){30}b?){30}":          false,
		"(?:[a-z]{0,99}[0-9]{0,99}){9}": false,
		"((((a{10}){10}){10}){10})":     false,
		"(":                             false,
		strings.Repeat("a", 1001):       false,
	} {
		rule, err := CompilePattern(pattern)
		if (err == nil) != ok || (rule == nil) == ok {
			t.Errorf("%.40q: %v", pattern, err)
		}
	}
	if rule, err := CompilePattern("a|b"); err != nil || rule.MatchString("ab") || !rule.MatchString("b") {
		t.Error("a pattern is to match the whole name")
	}
}
