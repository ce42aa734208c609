package lint

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Rules is the table, sorted by code.
func Rules() []Rule { return slices.Clone(rules) }

// FindRule finds a row by its code.
func FindRule(code string) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == code })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// Codes are those of all rules, and of findings about suppressions.
func Codes() (codes []string) {
	for _, r := range rules {
		codes = append(codes, r.Code)
	}
	return codes
}

// The rules about suppressions. Their findings are made where suppressions are applied.
const (
	badSuppression    = "bad_suppression"
	unusedSuppression = "unused_suppression"
)

func elsewhere(*project) []finding { return nil }

// rules is the table, sorted by code.
var rules = []Rule{
	{"action_without_effect", diag.Warning, "an action of a statement changes nothing: something else says it already", findActionsWithoutEffect},
	{"admin_wildcard", diag.Error, "a statement makes an administrator by a wildcard, whatever its resources", findAdminWildcards},
	{badSuppression, diag.Error, "a suppression lacks its reason, or names no rule", elsewhere},
	{"becomes_somebody_else", diag.Error, "a statement lets its holder make tokens of other users", findTokensOfOthers},
	{"claim_is_role", diag.Warning, "a heavy role is had by whoever has a claim of its name", findClaims},
	{"deny_beyond_scope", diag.Error, "a Deny refuses more than its resources name", findDeniesBeyondScope},
	{"deny_bypassed", diag.Warning, "a Deny is of what OSMO's gateway lets past, or OSMO never asks about", findBypassedDenies},
	{"deny_not_enforced", diag.Error, "in ConfigMap mode a Deny on a prefix of pools refuses no existing workflow", findDeniesNotEnforced},
	{"description_untrue", diag.Warning, "a name or description promises less than the role grants", findUntrueDescriptions},
	{"everybody_holds", diag.Error, "a role is given to everybody who logs in", findHeldByEverybody},
	{"incomplete_task", diag.Warning, "a role allows a part of what people do in one go", findIncompleteTasks},
	{"internal_without_backend", diag.Error, "an account that is no backend operator holds internal actions", findInternalWithoutBackend},
	{"pool_not_enforced", diag.Error, "in ConfigMap mode an Allow on one pool reaches existing workflows of every pool", findPoolsNotEnforced},
	{"prefix_without_workflows", diag.Warning, "in ConfigMap mode an Allow on a prefix of pools reaches no existing workflow", findPrefixesWithoutWorkflows},
	{"resources_without_effect", diag.Warning, "a resource stands beside actions of another scope", findResourcesWithoutEffect},
	{"rewrites_roles", diag.Error, "a statement lets its holder write roles, or the keys of logins", findRoleWriters},
	{"role_merged_back", diag.Warning, "in database mode OSMO adds back at its next start what a built-in role lacks", findMergedBack},
	{"role_unheld", diag.Warning, "no declared account holds the role, and it names no external roles", findUnheld},
	{"same_role", diag.Warning, "two roles mean the same", findSameRoles},
	{"statement_without_effect", diag.Warning, "a statement changes nothing", findStatementsWithoutEffect},
	{"too_much_to_compare", diag.Warning, "roles were too large to be compared with one another, and were left out", findLeftOut},
	{"unknown_action", diag.Warning, "no version of OSMO has such an action, or not the one that the project is for", findUnknownActions},
	{unusedSuppression, diag.Warning, "a suppression suppresses nothing", elsewhere},
	{"wrong_scope", diag.Warning, "no resource of OSMO is called so", findWrongScopes},
}
