package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// one is a list of one entry.
func one(a *model.Address, flag, format string, args ...any) []plan.Blocked {
	return []plan.Blocked{{Address: a, Flag: flag, Detail: fmt.Sprintf(format, args...)}}
}

func checkStateEdited(in input) (list []plan.Blocked) {
	for _, path := range in.StateEdited {
		list = append(list, one(nil, "", "%s differs from the state that the plan is made against: state is written by apply alone, so take the file from there", path)...)
	}
	return list
}

// checkStateMoved keeps a change of the git settings from deciding by itself which
// state everything else is compared with: who may push any branch could prepare
// one, with other rails and other protections.
func checkStateMoved(in input) []plan.Blocked {
	moves := slices.ContainsFunc(in.plan.GuardrailChanges, func(c plan.GuardrailChange) bool { return strings.HasPrefix(c.Path, "git.") })
	if !moves || in.Declared == nil {
		return nil
	}
	before, after := in.Applied.Meta.Applied.Git, in.Declared.Project.Git
	to := moveTarget(before, after)
	if in.Allow.StateMove == to {
		return nil
	}
	return one(nil, "--allow-state-move "+model.ShellWord(to), "the git settings changed, so state would move from %s to %s: it is planned against the state where the last apply recorded it", before.Place(), to)
}

// moveTarget names a move for its flag: the place, and the branch of the
// declarations where that changes beside a state branch, which the place does not
// tell.
func moveTarget(before, after model.Git) string {
	if after.StateBranch == "" || before.Branch == after.Branch {
		return after.Place()
	}
	branch := after.Branch
	if branch == "" {
		branch = "HEAD"
	}
	return after.Place() + "#" + branch
}

// StateMoveFlag is the flag that lets state move to where the settings say.
func StateMoveFlag(to model.Git) string { return "--allow-state-move " + model.ShellWord(to.Place()) }

// checkBackendChanged keeps a change of one line from replacing every value there is.
// State says what the old backend has issued. Held against another server it all looks
// gone, and would be issued anew there, while the old values live on where nobody
// looks any more. A plan with --target records no setting, so it would mix the two.
func checkBackendChanged(in input) []plan.Blocked {
	if in.Declared == nil || !in.Applied.Exists() {
		return nil
	}
	before, after := in.Applied.Meta.Applied.Backend, in.Declared.Project.Backend
	from, to, whole := before.String(), after.String(), len(in.plan.Targets) == 0
	if from == to || whole && in.Allow.BackendChange == to {
		return nil
	}
	detail := fmt.Sprintf("tokens were issued by %s so far, and would be by %s: what is not there is taken for gone and issued anew, and what %s has issued lives on there", from, to, from)
	if n := len(in.Applied.Underway().Remove); n > 0 {
		detail += fmt.Sprintf("; %s ended and not taken away from it yet", model.Plural(n, "object is", "objects are"))
	}
	if !whole {
		return one(nil, "", "%s; a plan with --target does not record that", detail)
	}
	return one(nil, "--allow-backend-change "+model.ShellWord(to), "%s", detail)
}

// checkVanished keeps a project whose declarations are gone, by a bad merge or a
// moved directory, from deleting everything.
func checkVanished(in input) []plan.Blocked {
	deletes := in.plan.Summary.Delete + in.plan.Summary.Forget
	if deletes == 0 || in.Declared == nil || len(in.Declared.Roles)+len(in.Declared.Accounts) > 0 || in.Allow.Empty {
		return nil
	}
	return one(nil, "--allow-empty", "no role and no service account is declared any more, which would delete all %d objects", deletes)
}

const protectHint = "declare protect: false, apply that, and then make this change"

// checkProtect keeps protected accounts, their last token and their roles. What
// binds is what state recorded: protection ends once an apply recorded its end.
func checkProtect(in input) (list []plan.Blocked) {
	heirs := in.plan.AccountHeirs(in.Declared, in.Applied)
	for _, old := range model.Names(heirs) {
		if heir := in.Declared.Accounts[heirs[old]]; in.Applied.Accounts[old].Protect && !heir.Protect {
			a := model.AccountAddress(old)
			list = append(list, one(&a, "", "the account is protected, and account/%s, which takes over from it, is not: declare protect: true there", heir.Name)...)
		}
	}
	for i := range in.plan.Changes {
		c := &in.plan.Changes[i]
		switch {
		case c.Address.Kind == model.KindAccount && c.Before != nil && c.Before.Protect:
			// The one that takes over is looked at when a rename begins.
			if c.Action != plan.Delete || heirs[c.Address.Name] == "" {
				list = append(list, protectAccount(in, c)...)
			}
		case c.Address.Kind == model.KindToken && c.Action == plan.Delete:
			list = append(list, protectLastToken(in, c)...)
		}
	}
	return list
}

func protectAccount(in input, c *plan.Change) (list []plan.Blocked) {
	applied := in.Applied.Accounts[c.Address.Name]
	if !applied.Live() || c.Action == plan.Forget {
		return nil // It was not applied, or is gone from the server.
	}
	if c.Action == plan.Delete {
		return one(&c.Address, "", "the account is protected from deletion: %s", protectHint)
	}
	for _, role := range c.Before.Roles {
		if applied.Holds(role) && !slices.Contains(c.After.Roles, role) && !applied.Spent(role, in.plan.Date) {
			list = append(list, one(&c.Address, "", "the account is protected and would lose role %s: %s", role, protectHint)...)
		}
	}
	return list
}

func protectLastToken(in input, c *plan.Change) []plan.Blocked {
	if in.Declared == nil || !in.Applied.Accounts[c.Address.Account].Live() || !in.Applied.Accounts[c.Address.Account].Protect {
		return nil
	}
	if want := in.Declared.Accounts[c.Address.Account]; want == nil || len(want.Tokens) > 0 {
		return nil
	}
	return one(&c.Address, "", "this is the last token of a protected account: %s", protectHint)
}

// checkDeletes bounds deletions. The percentage counts from the second one on:
// in a project of three accounts any single deletion would be above it.
func checkDeletes(in input) []plan.Blocked {
	n := 0
	for i := range in.plan.Changes {
		// What a rename leaves behind goes by date: it was counted as declared.
		if c := &in.plan.Changes[i]; c.Action == plan.Delete && !c.Due && !slices.Contains(in.Allow.Delete, c.Address) {
			n++
		}
	}
	return checkLimit(deletesOrDefault(in.rails.MaxDeletes), n, "deletions", "--allow-deletes", in.Allow.Deletes, func() int { return countObjects(in.Applied) })
}

// checkRotations bounds new generations that a change asks for; those due by date
// are left out, since they come whether or not anybody changes anything.
func checkRotations(in input) []plan.Blocked {
	n := 0
	for i := range in.plan.Changes {
		if c := &in.plan.Changes[i]; c.Action == plan.Rotate && !c.Due {
			n++
		}
	}
	return checkLimit(limitOrNone(in.rails.MaxRotations), n, "rotations", "--allow-rotations", in.Allow.Rotations, func() int { return countTokens(in.Applied) })
}

// checkLimit blocks n changes that are more than limit. total counts what there is,
// which takes its time and is rarely asked for.
func checkLimit(limit model.Limit, n int, what, flag string, allowed *int, total func() int) []plan.Blocked {
	if n == 0 || (allowed != nil && n <= *allowed) {
		return nil
	}
	flag = fmt.Sprintf("%s %d", flag, n)
	are := model.Plural(n, strings.TrimSuffix(what, "s")+" is", what+" are")
	switch {
	case limit.Count != nil && n > *limit.Count:
		return one(nil, flag, "%s more than the limit of %d", are, *limit.Count)
	case limit.Percent != nil && n > 1 && n*100 > *limit.Percent*total():
		return one(nil, flag, "%d %s of %d objects are more than the limit of %d%%", n, what, total(), *limit.Percent)
	}
	return nil
}

func countObjects(s *state.Snapshot) int {
	n := len(s.Roles) + countTokens(s)
	for _, a := range s.Accounts {
		if a.Live() {
			n++
		}
	}
	return n
}

func countTokens(s *state.Snapshot) (n int) {
	for _, a := range s.Accounts {
		for _, t := range a.Tokens {
			if t.Live() {
				n++
			}
		}
	}
	return n
}

// checkNewReaders bounds the keys that could read nothing before and will read
// something after. A key counts once: from the apply that recorded it for a
// token on it is known, although it waits for a reseal or a rotation. The first
// apply of a project has nothing to compare with.
func checkNewReaders(in input) []plan.Blocked {
	limit := in.rails.MaxNewReaders
	if limit == nil || !in.Applied.Exists() {
		return nil
	}
	known := readersIn(in.Applied)
	var names []string
	for _, r := range in.plan.Readers {
		for _, k := range r.Gained {
			if !known[k.Key] {
				known[k.Key] = true
				names = append(names, model.KeyName(k.Name, k.Key))
			}
		}
	}
	n := len(names)
	if n <= *limit || in.Allow.NewReaders != nil && n <= *in.Allow.NewReaders {
		return nil
	}
	return one(nil, fmt.Sprintf("--allow-new-readers %d", n), "%s that read nothing so far would read tokens, the limit is %d: %s", model.Plural(n, "key", "keys"), *limit, strings.Join(names, ", "))
}

// readersIn are the keys that some token was sealed to or recorded for.
func readersIn(s *state.Snapshot) map[string]bool {
	known := map[string]bool{}
	for _, a := range s.Accounts {
		for _, t := range a.Tokens {
			ids := s.Granted(t)
			for i := range t.Generations {
				ids = append(ids, t.Generations[i].Recipients...)
			}
			for _, id := range ids {
				known[id] = true
			}
		}
	}
	return known
}

func checkAccountNames(in input) (list []plan.Blocked) {
	matches := nameRule(in.rails.AccountName)
	for i := range in.plan.Changes {
		c := &in.plan.Changes[i]
		if c.Address.Kind == model.KindAccount && c.Action == plan.Create && !matches(c.Address.Name) && !in.allows(c.Address) {
			list = append(list, one(&c.Address, "--allow "+c.Address.String(), "the name does not match %s", in.rails.AccountName)...)
		}
	}
	return list
}

// nameRule is the test that a pattern of account names stands for. A pattern
// that does not compile, or would take too long, matches nothing: config refuses
// it, and a rail must not vanish where state holds one all the same.
func nameRule(pattern string) func(string) bool {
	if pattern == "" {
		return func(string) bool { return true }
	}
	rule, err := model.CompilePattern(pattern)
	if err != nil {
		return func(string) bool { return false }
	}
	return rule.MatchString
}

// allows reports whether an object was named for this run.
func (in *input) allows(a model.Address) bool { return slices.Contains(in.Allow.Objects, a) }

// issues reports whether a change makes a new value.
func issues(c *plan.Change) bool {
	return c.Action == plan.Rotate || c.Action == plan.Create && c.Address.Kind == model.KindToken
}

func checkLifetime(in input, c *plan.Change) []plan.Blocked {
	if !issues(c) {
		return nil
	}
	limit := lifetimeOrDefault(in.rails.MaxTokenLifetime)
	life := in.plan.Date.Until(c.Resolved.ExpiresAt)
	if life <= max(limit, in.Allow.Lifetime) {
		return nil
	}
	return one(&c.Address, "--allow-lifetime "+life.String(), "the token would live %s, the limit is %s", life, limit)
}

func checkTokenRoles(in input, c *plan.Change) []plan.Blocked {
	required := in.rails.RequireTokenRoles
	if !issues(c) || required == nil || !*required || c.After.Roles != nil || in.allows(c.Address) {
		return nil
	}
	return one(&c.Address, "--allow "+c.Address.String(), "the token lists no roles of its own")
}

// findSealed finds the token whose value a change seals, anew or again.
func findSealed(in input, c *plan.Change) (token model.Address, ok bool) {
	token = c.Address.Token()
	return token, (issues(c) || c.Action == plan.Reseal) && !in.allows(token)
}

func checkMinRecipients(in input, c *plan.Change) []plan.Blocked {
	token, ok := findSealed(in, c)
	if !ok || len(c.After.Readers) >= in.rails.MinRecipients {
		return nil
	}
	return one(&token, "--allow "+token.String(), "the token would have %s, at least %d are asked for",
		model.Plural(len(c.After.Readers), "recipient", "recipients"), in.rails.MinRecipients)
}

func checkRequiredRecipients(in input, c *plan.Change) (list []plan.Blocked) {
	token, ok := findSealed(in, c)
	if !ok || len(in.rails.RequiredRecipients) == 0 {
		return nil
	}
	reads := make(map[string]bool, len(c.After.Readers))
	for _, r := range c.After.Readers {
		reads[r.Key] = true
	}
	for _, name := range in.rails.RequiredRecipients {
		for _, key := range in.rails.keys[name] {
			if !reads[key] {
				list = append(list, one(&token, "--allow "+token.String(), "recipient %s could not read the token", model.KeyName(name, key))...)
			}
		}
	}
	return list
}

// checkUnreadRisks blocks a plan whose risks a reviewer is not shown. It is the
// same for every format, so that what a review was shown and what apply does never
// differ.
func checkUnreadRisks(in input) []plan.Blocked {
	n := len(in.plan.Risks) - len(in.plan.Lifted) // An approval of so many is none of them.
	if in.RisksFit == nil || in.RisksFit(in.plan) || in.Allow.Risks != nil && n <= *in.Allow.Risks {
		return nil
	}
	return one(nil, fmt.Sprintf("--allow-risks %d", n), "a comment on a pull request has no room for all %d risks: osmoctl plan shows them as text", len(in.plan.Risks))
}
