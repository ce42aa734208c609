package helm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// NoResource is a resource that no request has. A list that holds nothing else matches
// what a policy without resources matches, requests that are about no resource, and
// stays that narrow when a server with its roles in the database restarts.
const NoResource = "none"

func (r *roleReader) readPolicies(v config.Value) {
	r.role.Policies = []model.Policy{}
	switch {
	case v.IsRefused():
		return
	case v.IsNull():
		r.remark("policies was null: the role allows nothing.")
		return
	case !v.IsList():
		r.failList(v, "policies")
		return
	}
	items := v.Items()
	if !r.bound(v, len(items), r.limits.RolePolicies, "role_policies", "policies of a role") {
		return
	}
	for i, item := range items {
		switch {
		case item.IsRefused():
		case item.IsNull():
			r.remark("Policy %d was null and is left out.", i+1)
		case !item.IsMap():
			r.Fail(item, codeRole, "", "a policy must be a map, not %s", item.Kind())
		default:
			r.readPolicy(i, item)
		}
	}
}

// policyReader reads one policy.
type policyReader struct {
	*roleReader
	// at begins a remark about it.
	at     string
	policy model.Policy
	// resources is set where the policy has some.
	resources bool
	// failed is set where part of it could not be read.
	failed bool
}

func (r *roleReader) readPolicy(i int, v config.Value) {
	p := &policyReader{roleReader: r, at: fmt.Sprintf("Policy %d: ", i+1), policy: model.Policy{Effect: model.Allow}}
	for _, f := range r.Entries(v) {
		switch key := f.Key.Text(); key {
		case "effect":
			p.readEffect(f.Value)
		case "actions":
			p.readActions(f.Value)
		case "resources":
			p.readResources(f.Value)
		default:
			r.remark("%sthe key %s is left out: OSMO has none of this name in a policy, and passes over it.", p.at, quote(key))
		}
	}
	switch {
	case p.failed:
	case len(p.policy.Actions) == 0:
		r.remark("%sit has no actions that OSMO reads, so it decides nothing, and is left out.", p.at)
	default:
		if !p.resources {
			r.remark("%sit had no resources, and so matches only requests that are about none. [%s] keeps that; a server with its roles in the database would make [\"*\"] of it when it restarts, so write that if everything was meant.", p.at, NoResource)
			p.policy.Resources = []string{NoResource}
		}
		r.role.Policies = append(r.role.Policies, p.policy)
	}
}

func (p *policyReader) readEffect(v config.Value) {
	if v.IsNull() || !p.isText(v, "effect") || v.Text() == "" {
		return // OSMO takes none for Allow
	}
	switch effect := model.Effect(v.Text()); effect {
	case model.Allow, model.Deny:
		p.policy.Effect = effect
	default:
		p.failed = true
		p.Fail(v, codeRole, "write Allow or Deny: OSMO minds the case, and passes over a policy with another effect", "there is no effect %s", quote(v.Text()))
	}
}

func (p *policyReader) readResources(v config.Value) {
	switch {
	case v.IsNull():
	case v.IsRefused():
		p.failed = true
	case !v.IsList():
		p.failed = true
		p.failList(v, "resources")
	case p.bound(v, len(v.Items()), p.limits.PolicyResources, "policy_resources", "resources of a policy"):
		p.policy.Resources = p.readTexts(v, "resources", p.at)
		p.resources = len(p.policy.Resources) > 0
		for _, item := range v.Items() {
			if len(item.Text()) > config.MaxResource {
				p.Fail(item, codeRole, "name a pool, backend, user or section", "the resource has %d bytes, and the limit is %d", len(item.Text()), config.MaxResource)
			}
		}
	}
}

func (p *policyReader) readActions(v config.Value) {
	switch {
	case v.IsNull():
		return
	case v.IsRefused():
		p.failed = true
		return
	case !v.IsList():
		p.failed = true
		p.failList(v, "actions")
		return
	}
	items := v.Items()
	if !p.bound(v, len(items), p.limits.PolicyActions, "policy_actions", "actions of a policy") {
		return
	}
	for _, item := range items {
		p.readAction(item)
	}
}

func (p *policyReader) readAction(v config.Value) {
	switch text := v.Text(); {
	case v.IsRefused():
		p.failed = true
	case v.IsMap():
		p.remark("%sthe action %s is of the form before 6.2 and is left out: OSMO passes over it until a server with its roles in the database converts it.", p.at, p.spell(v))
	case !v.IsText() || v.IsNull():
		p.failed = true
		p.Fail(v, codeRole, "write a text such as workflow:Read, or delete the item", "an action is no text")
	case text == "*":
		p.remark(`%sthe action "*" is spelled "*:*", which matches the same and is taken everywhere.`, p.at)
		p.addAction("*:*")
	case access.CheckAction(text) != nil:
		p.failed = true
		p.Fail(v, codeRole, "", "the action %s cannot be used: %v", quote(text), access.CheckAction(text))
	default:
		p.addAction(text)
	}
}

func (p *policyReader) addAction(action string) {
	if slices.Contains(p.policy.Actions, action) {
		p.remark("%s%s is written once in actions.", p.at, quote(action))
		return
	}
	p.policy.Actions = append(p.policy.Actions, action)
}

// spell shows a map of texts.
func (p *policyReader) spell(v config.Value) string {
	var parts []string
	for _, e := range p.Entries(v) {
		if e.Value.IsText() && len(parts) < 4 {
			parts = append(parts, quote(e.Key.Text())+": "+quote(e.Value.Text()))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
