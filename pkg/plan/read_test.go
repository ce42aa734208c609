package plan_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

func writePlan(to io.Writer, p *plan.Plan) error { return p.WriteJSON(to) }

// savedPlan is the file of a plan that has something of most kinds.
func savedPlan(t testing.TB) []byte {
	w := applytest.New(t)
	w.Apply("recipients ops=alice rec=dave\nguard max_deletes=9\n" + roles + "account a r1,r2 protect\ntoken t roles=r1 to=ops\naccount b r3\ntoken u")
	p := w.Plan("recipients ops=alice,bob rec=dave\nguard max_deletes=5 max_rotations=9\ngit push=origin\n" + roles + "role r9 *:*@*\naccount a r1,r9 label=k:v\ntoken t roles=r1 to=ops,rec")
	b, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What a file says otherwise than osmoctl writes it is refused, wherever that is.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := string(savedPlan(t))
	if _, err := plan.Read([]byte(good), "p", model.Limits{}, writePlan); err != nil {
		t.Fatal(err)
	}
	many := `"labels": {` + strings.Repeat(`"k": "v", `, 3)
	for name, c := range map[string]struct{ old, new, want string }{
		"digest":                {`"digest": "sha256:`, `"digest": "sha256:0`, "its content has another one"},
		"a change":              {`"action": "delete"`, `"action": "forget"`, "its content has another one"},
		"an action":             {`"action": "delete"`, `"action": "explode"`, "is none that a plan has"},
		"nothing after":         {`"action": "create"`, `"action": "delete"`, "is none that a plan has"},
		"a guardrail":           {`"count": 5`, `"count": 500`, "its content has another one"},
		"a setting":             {`"after": "origin"`, `"after": "evil"`, "its content has another one"},
		"a setting of no kind":  {`"path": "git.push"`, `"path": "git.pull"`, "no plan has a field"},
		"a setting's kind":      {`"after": "origin"`, `"after": {"a": 1}`, "a value that it cannot have"},
		"a change made due":     {`"action": "create",`, `"due": true, "action": "create",`, "its content has another one"},
		"an unknown key":        {`"format_version": 1,`, `"format_version": 1, "x": 1,`, `unknown field "x"`},
		"a key twice":           {`"format_version": 1,`, `"format_version": 1, "risks": [],`, "from here on it is not"},
		"a key in capitals":     {`"summary"`, `"Summary"`, "from here on it is not"},
		"a field in capitals":   {`"path": "git.push"`, `"Path": "git.push"`, "from here on it is not"},
		"the summary":           {`"create": 1`, `"create": 0`, "from here on it is not"},
		"another layout":        {"\n", "\n\n", "from here on it is not"},
		"something behind it":   {"\n}\n", "\n}\n{}", "is not a plan"},
		"an end too soon":       {"\n}\n", "", "is not a plan"},
		"a text for a number":   {`"serial": 1`, `"serial": "1"`, "cannot be a string"},
		"a number out of range": {`"serial": 1`, `"serial": 99999999999999999999`, "cannot be a number"},
		"a bad address":         {`"address": "account/b"`, `"address": "account/b c"`, "p"},
		"a bad date":            {`"date": "`, `"date": "x`, "p"},
		"another format":        {`"format_version": 1,`, `"format_version": 2,`, "format version 2"},
		"a reseal":              {`"summary"`, `"resealing": true, "summary"`, `of the kind "reseal"`},
		"a list":                {"{\n", "[{\n", "is not a plan"},
		"labels":                {`"labels": {`, many, "from here on it is not"},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Errorf("%s: the plan has no %q", name, c.old)
			continue
		}
		_, err := plan.Read([]byte(bad), "p", model.Limits{}, writePlan)
		switch {
		case err == nil:
			t.Errorf("%s: it was read", name)
		case !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "p"):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case strings.Contains(err.Error(), "plan.") || strings.Contains(err.Error(), "Go "):
			t.Errorf("%s: the error names a type: %v", name, err)
		}
	}
}

// More of anything than a declaration may have is refused before it is laid out.
func TestReadRefusesCrowds(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("role r1 pool:List@pool/*")
	p := w.Plan("role r1 pool:List@pool/*\nrole r2 pool:List@pool/*")
	policy := p.Changes[0].After.Policies[0]
	for range 300 {
		p.Changes[0].After.Policies = append(p.Changes[0].After.Policies, policy)
	}
	b, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Read(b, "p", model.Limits{}, writePlan); err == nil || !strings.Contains(err.Error(), "has 301 policies, more than the 200") {
		t.Error(err)
	}
}

// The part that is reviewed is what the digest covers, and nothing else.
func TestReviewed(t *testing.T) {
	t.Parallel()
	p, err := plan.Read(savedPlan(t), "p", model.Limits{}, writePlan)
	if err != nil {
		t.Fatal(err)
	}
	part := p.Reviewed()
	if part.Summary != p.Summary || len(part.Changes) != len(p.Changes) || len(part.GuardrailChanges) != len(p.GuardrailChanges) {
		t.Errorf("it has %+v of %+v", part, p)
	}
	if len(part.Risks)+len(part.Access)+len(part.Implied)+len(part.Warnings) > 0 || part.Changes[0].Reasons != nil || part.Changes[0].Origin != nil {
		t.Errorf("it has what the digest does not cover: %+v", part)
	}
	gains := false
	for _, r := range part.Readers {
		gains = gains || r.Token == model.TokenAddress("a", "t") && len(r.Gained) == 2
	}
	if !gains {
		t.Errorf("readers: %+v", part.Readers)
	}
}

// Nobody's file makes it panic, and whatever it reads it would write the same.
func FuzzRead(f *testing.F) {
	good := savedPlan(f)
	f.Add(good)
	f.Add([]byte(`{"format_version": 1}`))
	f.Add(bytes.Replace(good, []byte(`"before": null`), []byte(`"before": {}`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Read(data, "p", model.Limits{}, writePlan)
		if err != nil {
			return
		}
		again, err := p.JSON()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("it reads %q and writes %q (%v)", data, again, err)
		}
		p.Reviewed()
	})
}
