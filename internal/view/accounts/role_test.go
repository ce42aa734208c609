package accounts

import (
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestPolicyWords(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]model.Policy{
		"Allow pool:List on pool/a, pool/b":              {Actions: []string{"pool:List"}, Resources: []string{"pool/a", "pool/b"}},
		"Deny pool:List where no resource is named":      {Effect: model.Deny, Actions: []string{"pool:List"}},
		"Allow nothing where no resource is named":       {},
		"deny workflow:* on *":                           {Effect: "deny", Actions: []string{"workflow:*"}, Resources: []string{"*"}},
		"Allow workflow:*, pool:List on pool/ml-infer-1": {Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/ml-infer-1"}},
	} {
		if got := PolicyWords(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
