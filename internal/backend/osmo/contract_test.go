package osmo_test

import (
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/osmo"
	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// operator is who osmoctl logs in as.
const operator = "osmoctl-ci"

// modes are the servers that there are, by their letters.
var modes = map[string]osmotest.Options{
	"A": {Version: "6.3.1", Mode: model.ModeDatabase},
	"B": {Version: "6.3.1", Mode: model.ModeConfigMap},
	"C": {Version: "6.4.0", Mode: model.ModeConfigMap},
}

// start serves a double behind its gateway, with a user to log in as.
func start(t *testing.T, o osmotest.Options) (server *osmotest.Server, url string, token string) {
	t.Helper()
	o.Gateway = true
	server = osmotest.New(o)
	server.CreateUser(operator, "admin", "osmo-admin")
	token = server.CreateToken(operator, "ci", "", time.Now().AddDate(0, 0, 30), "osmo-admin")
	return server, server.Serve(t), token
}

// open opens a backend that does not dawdle.
func open(t *testing.T, url, token string, change ...func(*osmo.Options)) *osmo.Backend {
	t.Helper()
	o := osmo.Options{URL: url, Token: secret.New([]byte(token)), Pause: time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	b, err := osmo.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestContract(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			backendtest.Run(t, func(t *testing.T) apply.Backend {
				server, url, token := start(t, withContractRoles(o))
				if mode == "B" {
					for _, r := range withContractRoles(o).Roles {
						server.PutRole(r, "admin")
					}
				}
				return open(t, url, token)
			})
		})
	}
}

// withContractRoles gives a server that takes no roles those that the contract needs.
func withContractRoles(o osmotest.Options) osmotest.Options {
	if o.Mode == model.ModeConfigMap {
		for _, name := range []string{backendtest.FirstRole, backendtest.SecondRole} {
			o.Roles = append(o.Roles, osmotest.Role{Name: name, Description: "words", Policies: []osmotest.Policy{
				{Actions: []string{"pool:List", "workflow:Read"}, Resources: []string{"pool/a"}},
			}})
		}
	}
	return o
}
