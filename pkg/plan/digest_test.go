package plan_test

import (
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// digestBase is what every case of the digest's tests differs from.
const digestBase = "recipients ops=alice rec=dave\nguard max_deletes=9 max_rotations=9\n" + roles +
	"account a r1,r2 text=x label=k:v\ntoken t roles=r1 text=y to=ops\naccount b r3\ntoken u"

func TestDigestChangesWithWhatItCovers(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("role r1 pool:List@pool/*")
	seen := map[string]string{w.Plan("role r1 pool:List@pool/*").Digest: "nothing"}
	for name, text := range map[string]string{
		"base":               digestBase,
		"policy":             digestBase + "\nrole r2 workflow:Create@pool/b",
		"role description":   digestBase + "\nrole r2 workflow:Create@pool/a text=z",
		"external roles":     digestBase + "\nrole r2 workflow:Create@pool/a ext=z",
		"account":            digestBase + "\naccount c r1",
		"account roles":      digestBase + "\naccount b r1,r3\ntoken u",
		"account text":       digestBase + "\naccount b r3 text=z\ntoken u",
		"account label":      digestBase + "\naccount b r3 label=k:z\ntoken u",
		"protection":         digestBase + "\naccount b r3 protect\ntoken u",
		"token":              digestBase + "\ntoken v",
		"token roles":        digestBase + "\ntoken u roles=r3",
		"token text":         digestBase + "\ntoken u text=z",
		"lifetime":           digestBase + "\ntoken u in=80d",
		"fixed date":         digestBase + "\ntoken u at=" + on(80),
		"every":              digestBase + "\ntoken u every=50d",
		"overlap":            digestBase + "\ntoken u overlap=6d",
		"counter":            digestBase + "\ntoken u gen=2",
		"recipient names":    digestBase + "\ntoken u to=ops,rec",
		"recipient keys":     digestBase + "\nrecipients ops=mallory rec=dave",
		"guardrail":          digestBase + "\nguard max_deletes=10",
		"another guardrail":  digestBase + "\nguard min_recipients=1",
		"remote":             digestBase + "\ngit push=origin",
		"a role left out":    "recipients ops=alice rec=dave\nguard max_deletes=9 max_rotations=9\nrole r1 pool:List@pool/*",
		"a role that goes":   "recipients ops=alice rec=dave",
		"an undeclared role": "guard max_deletes=9",
	} {
		digest := w.Plan(text).Digest
		if other, repeated := seen[digest]; repeated {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[digest] = name
	}
}

// The first apply has no settings to differ from, and its guardrails count.
func TestDigestOfTheFirstApply(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	if w.Plan(digestBase).Digest == w.Plan(digestBase+"\nguard max_deletes=99").Digest {
		t.Error("guardrails have no part in the digest")
	}
}

// The calendar alone does not change what was agreed to, until it makes an
// answer of its own necessary.
func TestDigestIsTheSameOnOtherDays(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(digestBase)
	changed := digestBase + "\ntoken u text=z overlap=3d\naccount c r1\ntoken t every=20d"
	nothing, something := w.Plan(digestBase).Digest, w.Plan(changed).Digest
	for range 89 {
		w.Pass(1)
		if got := w.Plan(digestBase).Digest; got != nothing {
			t.Fatalf("%s: a plan without changes has another digest", w.Today)
		}
		if got := w.Plan(changed).Digest; got != something {
			t.Fatalf("%s: the same changes have another digest", w.Today)
		}
	}
	w.Apply(digestBase)
	w.Pass(7)
	if p := w.Plan(digestBase); p.Summary.Revoke != 2 || p.Digest != nothing {
		t.Error("revocations that are due have a part in the digest")
	}
}

// Whoever expects an empty plan agrees to rotations that are due, not to what a
// changed declaration would make of them.
func TestDigestCoversWhatADueRotationBringsAlong(t *testing.T) {
	t.Parallel()
	const base = "recipients ops=alice eve=eve\n" + roles + "account a r1\n"
	w := applytest.New(t)
	w.Apply(base + "token t")
	w.Pass(60)
	empty := w.Plan(base + "token t").Digest
	for _, changed := range []string{"token t to=ops,eve", "token t text=z", "token t in=365d every=50d", "token t overlap=50d"} {
		p := w.Plan(base + changed)
		if p.Summary.Rotate != 1 || !p.Changes[0].Due {
			t.Fatalf("%q is not a rotation due by date: %q", changed, lines(p, nil))
		}
		if p.Digest == empty {
			t.Errorf("%q passes for a plan without changes", changed)
		}
	}
	target := func(o *applytest.Options) { o.Targets = []model.Address{model.TokenAddress("a", "t")} }
	if p := w.Plan("recipients ops=alice,eve eve=eve\n"+roles+"account a r1\ntoken t", target); p.Digest == w.Plan(base+"token t", target).Digest {
		t.Error("a key that no apply recorded passes for a plan without changes")
	}
}
