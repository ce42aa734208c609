package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// generation is live, retires on day 30, and has lost a role.
func generation() state.Generation {
	return state.Generation{
		Number: 1, ServerName: "t", IssuedAt: time.Unix(1_700_000_000, 0).UTC(), IssuedBy: "ada", ExpiresAt: 90, RevokeAfter: 30, Description: "d",
		Roles: []string{"a", "b"}, RemovedRoles: []string{"b"}, Recipients: []string{"age1a"}, FormerRecipients: []string{"age1f"}, Value: state.SumOf([]byte("v")), Ciphertext: state.SumOf([]byte("c")),
	}
}

// account has one token with these generations and tombstones.
func accountWith(name string, live []state.Generation, ended ...state.Tombstone) *state.Account {
	last := 0
	for _, g := range live {
		last = max(last, g.Number)
	}
	for _, s := range ended {
		last = max(last, s.Generation)
	}
	return &state.Account{Name: name, Tokens: map[string]*state.Token{"t": {LastGeneration: last, Generations: live, Tombstones: ended}}}
}

// judged are the codes that an apply's change of accounts gets.
func judged(m *memory, changes ...accountChange) []string {
	meta := func(serial int) *state.Meta { return &state.Meta{Lineage: "lineage-1", Serial: serial} }
	s := &step{message: record.Parse(forged(4)), before: meta(3), after: meta(4), accounts: changes}
	var codes []string
	for _, p := range judge(s, m) {
		codes = append(codes, p.Code)
	}
	return codes
}

func TestWhatMayChangeOfAGeneration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(g *state.Generation)
		want   []string
	}{
		"nothing":           {func(*state.Generation) {}, nil},
		"revoked earlier":   {func(g *state.Generation) { g.RevokeAfter = 20 }, nil},
		"another role lost": {func(g *state.Generation) { g.RemovedRoles = []string{"a", "b"} }, nil},
		"sealed to others": {func(g *state.Generation) {
			g.Recipients, g.FormerRecipients, g.Ciphertext = []string{"age1b"}, []string{"age1a", "age1f"}, state.Sum{1}
		}, nil},
		"sealed to more": {func(g *state.Generation) { g.Recipients, g.Ciphertext = []string{"age1a", "age1b"}, state.Sum{1} }, nil},
		"sealed to a former one": {func(g *state.Generation) {
			g.Recipients, g.FormerRecipients, g.Ciphertext = []string{"age1a", "age1f"}, nil, state.Sum{1}
		}, nil},
		"a reader forgotten":            {func(g *state.Generation) { g.Recipients, g.Ciphertext = []string{"age1b"}, state.Sum{1} }, []string{CodeReaderForgotten}},
		"a former reader forgotten":     {func(g *state.Generation) { g.FormerRecipients = nil }, []string{CodeReaderForgotten}},
		"sealed to the same":            {func(g *state.Generation) { g.Ciphertext = state.Sum{1} }, []string{CodeCiphertextChanged}},
		"recorded for more, not sealed": {func(g *state.Generation) { g.Recipients = []string{"age1a", "age1b"} }, []string{CodeGenerationChanged}},
		"recorded for a former one, not sealed": {func(g *state.Generation) {
			g.Recipients, g.FormerRecipients = []string{"age1a", "age1f"}, nil
		}, []string{CodeGenerationChanged}},
		"a role given back":   {func(g *state.Generation) { g.RemovedRoles = nil }, []string{CodeGenerationChanged}},
		"revocation put off":  {func(g *state.Generation) { g.RevokeAfter = 31 }, []string{CodeGenerationChanged}},
		"revocation lifted":   {func(g *state.Generation) { g.RevokeAfter = 0 }, []string{CodeGenerationChanged}},
		"another value":       {func(g *state.Generation) { g.Value = state.Sum{1} }, []string{CodeGenerationChanged}},
		"another expiry":      {func(g *state.Generation) { g.ExpiresAt = 91 }, []string{CodeGenerationChanged}},
		"other roles":         {func(g *state.Generation) { g.Roles = []string{"a", "b", "c"} }, []string{CodeGenerationChanged}},
		"another server name": {func(g *state.Generation) { g.ServerName = "u" }, []string{CodeGenerationChanged}},
		"another issuer":      {func(g *state.Generation) { g.IssuedBy = "bob" }, []string{CodeGenerationChanged}},
		"another time":        {func(g *state.Generation) { g.IssuedAt = g.IssuedAt.Add(time.Second) }, []string{CodeGenerationChanged}},
		"another description": {func(g *state.Generation) { g.Description = "e" }, []string{CodeGenerationChanged}},
	} {
		after := generation()
		c.change(&after)
		got := judged(newMemory(), accountChange{
			name: "svc", before: accountWith("svc", []state.Generation{generation()}), after: accountWith("svc", []state.Generation{after}),
		})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestValuesAndNumbers(t *testing.T) {
	t.Parallel()
	live := func(number int, value byte) []state.Generation {
		g := generation()
		g.Number, g.Value = number, state.Sum{value}
		return []state.Generation{g}
	}
	ended := func(number int, value byte) state.Tombstone {
		return state.Tombstone{Generation: number, Value: state.Sum{value}, EndedOn: 10, Reason: "r"}
	}
	for name, c := range map[string]struct {
		known, before, after *state.Account
		want                 []string
	}{
		"the first":              {nil, nil, accountWith("svc", live(1, 1)), nil},
		"the next":               {nil, accountWith("svc", live(1, 1)), accountWith("svc", append(live(1, 1), live(2, 2)...)), nil},
		"one left out":           {nil, accountWith("svc", live(1, 1)), accountWith("svc", append(live(1, 1), live(3, 2)...)), nil},
		"ended and the next":     {nil, accountWith("svc", live(1, 1)), accountWith("svc", live(2, 2), ended(1, 1)), nil},
		"ended with another sum": {nil, accountWith("svc", live(1, 1)), accountWith("svc", live(2, 2), ended(1, 3)), []string{CodeRecordLost}},
		"a number again":         {nil, accountWith("svc", live(2, 2), ended(1, 1)), accountWith("svc", append(live(1, 3), live(2, 2)...)), []string{CodeGenerationReused}},
		"a value again":          {nil, accountWith("svc", live(2, 2), ended(1, 1)), accountWith("svc", append(live(2, 2), live(3, 1)...), ended(1, 1)), []string{CodeValueRevived}},
		"a value twice":          {nil, accountWith("svc", live(1, 1)), accountWith("svc", append(live(1, 1), live(2, 1)...)), []string{CodeValueRepeated}},
		"another's value":        {accountWith("other", live(1, 1)), nil, accountWith("svc", live(1, 1)), []string{CodeValueRepeated}},
		"another's ended value":  {accountWith("other", nil, ended(1, 1)), nil, accountWith("svc", live(1, 1)), []string{CodeValueRevived}},
		"a token forgotten":      {nil, accountWith("svc", nil, ended(1, 1)), &state.Account{Name: "svc"}, []string{CodeRecordLost}},
		"a number once known":    {accountWith("svc", live(4, 4)), nil, accountWith("svc", live(4, 5)), []string{CodeGenerationReused}},
		"a known one again":      {accountWith("svc", live(4, 4)), nil, accountWith("svc", live(4, 4)), nil},
	} {
		m := newMemory()
		m.learn(c.known, "")
		if diff := cmp.Diff(c.want, judged(m, accountChange{name: "svc", before: c.before, after: c.after})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What was in doubt and undone is not held against later applies.
func TestUndoneLeavesNoTrace(t *testing.T) {
	t.Parallel()
	r := story(t)
	third, f := r.head, r.applied()
	f.replace(t, account("svc"), "\"last_generation\": 2", "\"last_generation\": 99")
	r.commit("Tidy up", f)
	f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
	r.commit("Tidy up more", f)
	r.commit("Put it back", r.files[third])
	r.world.Pass(60)
	r.apply(lastDeclarations)
	if report := r.check(Options{Full: true}); len(report.Open()) > 0 || len(report.Findings) != 2 {
		t.Errorf("findings %+v", report.Findings)
	}
}

// What was in doubt and built upon counts as known.
func TestDoubtsThatWereBuiltUponAreKnown(t *testing.T) {
	t.Parallel()
	r := story(t)
	value := r.applied().account(t, "svc").Tokens["kept"].Generations[0].Value
	without := strings.ReplaceAll(lastDeclarations, "token kept every=80d", "")
	r.apply(without, func(string) string { return "Amended" })
	r.apply(without + "\n account more r1\n  token m\n")
	f := r.applied()
	mine := f.account(t, "more").Tokens["m"].Generations[0]
	f.replace(t, account("more"), mine.Value.String(), value.String())
	f.replace(t, account("more"), "\"generation\": 1,", "\"generation\": 2,")
	f.replace(t, account("more"), "\"last_generation\": 1", "\"last_generation\": 2")
	f[state.CiphertextPath("more", "m", 2)] = f[state.CiphertextPath("more", "m", 1)]
	delete(f, state.CiphertextPath("more", "m", 1))
	f.sound()
	f.serial(t, 5, 6)
	r.commit(forged(6), f)
	if diff := cmp.Diff([]string{CodeRecordLost, CodeValueRevived, CodeForeign}, codes(r.check(Options{Full: true}))); diff != "" {
		t.Error(diff)
	}
}

// A merge in the new part of a history may lead to what was checked before.
func TestQuickCheckOfMerges(t *testing.T) {
	t.Parallel()
	r := story(t)
	main := r.head
	r.head = secondOf(r)
	side := r.commit("Side", r.files[r.head])
	r.head = main
	seen := r.check(Options{}).Seen("", "refs/heads/main")
	r.head = side
	r.commit("Merge main", r.files[main], main)
	for _, opts := range []Options{{Seen: seen}, {Seen: seen, Full: true}, {}} {
		want := 3
		if opts.Seen != nil && !opts.Full {
			want = 0
		}
		if report := r.check(opts); report.Checked != want || len(report.Findings) > 0 {
			t.Errorf("%+v: %+v", opts, report)
		}
	}
}

// Changes of hundreds of accounts take another way to the same digest.
func TestManyAccounts(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	text := "guard max_deletes=999/99% max_rotations=999\n"
	few := text + "account a0 osmo-user\n  token t\n"
	for i := range many + 20 {
		text += fmt.Sprintf("account a%d osmo-user\n  token t\n", i)
	}
	r.apply(text)
	r.apply(few)
	r.apply(text)
	for _, opts := range []Options{{}, {Full: true}} {
		if report := r.check(opts); len(report.Findings) > 0 || report.Checked != 3 {
			t.Errorf("report %+v", report)
		}
	}
	f := r.applied()
	delete(f, account("a7"))
	delete(f, state.CiphertextPath("a7", "t", 2))
	r.commit("Tidy up", f)
	if diff := cmp.Diff([]string{CodeForeign, CodeRecordLost, CodeDigest}, codes(r.check(Options{Full: true}))); diff != "" {
		t.Error(diff)
	}
}

func TestEffects(t *testing.T) {
	t.Parallel()
	grants := func(roles ...string) (out []state.Grant) {
		for _, r := range roles {
			out = append(out, state.Grant{Role: r})
		}
		return out
	}
	changed := accountWith("svc", []state.Generation{generation()})
	changed.Grants, changed.Protect = grants("a"), true
	now := accountWith("svc", nil, state.Tombstone{Generation: 1, Value: generation().Value})
	now.Grants = grants("a", "b")
	got := effects(&step{
		before: &state.Meta{}, after: &state.Meta{Applied: state.Settings{Backend: model.Backend{Kind: "local"}}},
		accounts: []accountChange{
			{name: "svc", before: changed, after: now},
			{name: "new", after: accountWith("new", []state.Generation{generation()})},
			{name: "torn", broken: true},
		},
		roles: []roleChange{
			{name: "r1", after: &state.Role{}},
			{name: "r2", before: &state.Role{}},
			{name: "r3", before: &state.Role{}, after: &state.Role{Policies: []model.Policy{{}}}},
			{name: "r4", before: &state.Role{}, after: &state.Role{Description: "d"}},
		},
	})
	want := []string{
		"account/svc gains b",
		"account/svc is no longer protected",
		"account/new appears",
		"token/new/t@1 is live with the value " + generation().Value.Short() + " and the roles a",
		"account/torn cannot be read any more",
		"role/r1 appears",
		"role/r3 has other policies",
		"the settings last applied (guardrails, recipients, git or backend) are others",
		"token/svc/t@1 is no longer live",
		"role/r2 disappears",
		"role/r4 is described or mapped otherwise",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
