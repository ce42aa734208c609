package imports

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestOSMONeedsToBeToldWho(t *testing.T) {
	t.Parallel()
	for _, c := range []osmoCmd{{}, {IDPrefix: []string{""}}, {IDPrefix: []string{"svc-", ""}, Roles: []string{"x"}}} {
		_, err := c.choose()
		var hint *diag.HintError
		if err == nil || !errors.As(err, &hint) || !strings.Contains(err.Error(), "people are users too") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A role that the server has not chooses nobody, and is a mistake.
func TestOSMOKnowsTheRoles(t *testing.T) {
	t.Parallel()
	there := []string{"osmo-admin", "osmo-user"}
	if err := checkRoles([]string{"osmo-user"}, there); err != nil {
		t.Error(err)
	}
	err := checkRoles([]string{"osmo-user", "osmo-usr"}, there)
	if err == nil || !strings.Contains(diag.Hint(err), `did you mean "osmo-user"?`) {
		t.Errorf("%v, hint %q", err, diag.Hint(err))
	}
}

func TestOSMOWrites(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	env := &command.Env{
		Stdout: &out, Stderr: &err, Getenv: func(string) string { return "" },
		Now: func() time.Time { return time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC) },
	}
	day, _ := model.ParseDate("2027-01-01")
	seen := model.Observed{Roles: map[string]*model.Role{}, Users: map[string]model.ObservedUser{
		"ada":    {Roles: []string{"osmo-user"}},
		"svc-ci": {Roles: []string{"osmo-user"}, Tokens: map[string]model.ObservedToken{"t": {Roles: []string{"osmo-user"}, ExpiresAt: day}}},
	}}
	chosen := importer.Select{IDPrefixes: []string{"svc-"}}
	if e := writeSeen(env, &model.Declarations{}, seen, chosen, false); e != nil {
		t.Fatal(e)
	}
	if want := "service_accounts:\n  svc-ci:\n    roles: [osmo-user]\n    tokens:\n      t:\n        roles: [osmo-user]\n        expires_at: 2027-01-01\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s", out.String())
	}
	if want := "declared: 0 roles, 1 service account and 1 token; comments about what a declaration cannot say: 0\n"; !strings.HasSuffix(err.String(), want) || !strings.Contains(err.String(), "defaults.recipients") {
		t.Errorf("got\n%s", err.String())
	}
	out.Reset()
	declared := &model.Declarations{Accounts: map[string]*model.Account{"svc-ci": {}}}
	if e := writeSeen(env, declared, seen, chosen, false); e != nil || strings.Contains(out.String(), "svc-ci") || !strings.Contains(err.String(), "no user of the server was chosen") {
		t.Errorf("%v\n%s%s", e, out.String(), err.String())
	}
}
