package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits bound how much a project may declare and how large a plan may get. They
// are far above what people write, and such that whatever keeps to them is
// planned within a minute of processor time and 2 GiB of memory.
//
// They are the operator's: a project file stands in the pull request that it is
// to bound, so nothing in a repository can raise them.
type Limits struct {
	// Files and Megabytes bound the manifests; a single one is bounded by
	// package config.
	Files, Megabytes int
	// Roles, Accounts and Tokens bound what the project declares in all.
	Roles, Accounts, Tokens int
	// AccountTokens and AccountRoles bound one account, the latter a token as
	// well.
	AccountTokens, AccountRoles int
	// RolePolicies bounds one role, PolicyActions and PolicyResources one policy.
	RolePolicies, PolicyActions, PolicyResources int
	// ExternalRoles bounds one role, Labels one account.
	ExternalRoles, Labels int
	// PlanMegabytes bounds a plan, by about what its JSON takes.
	PlanMegabytes int
	// PlanFileMegabytes bounds a plan's file that comes from anybody.
	PlanFileMegabytes int
	// AccessSteps bounds the work of comparing what roles allow: one step is
	// one question asked of one role.
	AccessSteps int
	// StateFiles and StateMegabytes bound the recorded state that is read.
	StateFiles, StateMegabytes int
}

// LimitsVariable is the environment variable that operators raise limits by.
const LimitsVariable = "OSMOCTL_LIMITS"

// DefaultLimits are in force where the operator says nothing.
func DefaultLimits() Limits {
	var l Limits
	for _, k := range limitKinds {
		*k.of(&l) = k.value
	}
	return l
}

// OrDefault is l, or the defaults where nothing was set.
func (l Limits) OrDefault() Limits {
	if l == (Limits{}) {
		return DefaultLimits()
	}
	return l
}

// limitKind is one limit: the name that operators know it by, and its default.
type limitKind struct {
	name  string
	value int
	of    func(*Limits) *int
	what  string
}

var limitKinds = []limitKind{
	{"files", 20_000, func(l *Limits) *int { return &l.Files }, "manifests"},
	{"megabytes", 64, func(l *Limits) *int { return &l.Megabytes }, "MiB of all manifests"},
	{"roles", 5_000, func(l *Limits) *int { return &l.Roles }, "roles"},
	{"accounts", 20_000, func(l *Limits) *int { return &l.Accounts }, "service accounts"},
	{"tokens", 50_000, func(l *Limits) *int { return &l.Tokens }, "tokens"},
	{"account_tokens", 1_000, func(l *Limits) *int { return &l.AccountTokens }, "tokens of an account"},
	{"account_roles", 200, func(l *Limits) *int { return &l.AccountRoles }, "roles of an account or token"},
	{"role_policies", 200, func(l *Limits) *int { return &l.RolePolicies }, "policies of a role"},
	{"policy_actions", 100, func(l *Limits) *int { return &l.PolicyActions }, "actions of a policy"},
	{"policy_resources", 1_000, func(l *Limits) *int { return &l.PolicyResources }, "resources of a policy"},
	{"external_roles", 100, func(l *Limits) *int { return &l.ExternalRoles }, "external roles of a role"},
	{"labels", 100, func(l *Limits) *int { return &l.Labels }, "labels of an account"},
	{"plan_megabytes", 512, func(l *Limits) *int { return &l.PlanMegabytes }, "MiB of a plan as JSON"},
	{"plan_file_megabytes", 16, func(l *Limits) *int { return &l.PlanFileMegabytes }, "MiB of a plan's file that show reads"},
	{"access_steps", 250_000_000, func(l *Limits) *int { return &l.AccessSteps }, "steps to compare what roles allow"},
	{"state_files", 500_000, func(l *Limits) *int { return &l.StateFiles }, "files below state/"},
	{"state_megabytes", 256, func(l *Limits) *int { return &l.StateMegabytes }, "MiB of records below state/"},
}

// highestLimit is as far as a limit can be raised: what is larger is a mistyped
// number.
const highestLimit = 2_000_000_000

// ParseLimits reads the operator's words, such as "accounts=100000,tokens=100000";
// what they do not name stays as it is by default.
func ParseLimits(text string) (Limits, error) {
	l := DefaultLimits()
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		name, number, found := strings.Cut(word, "=")
		if !found {
			return l, errors.New("limits are written NAME=NUMBER, separated by commas, such as accounts=100000,tokens=100000")
		}
		i := slices.IndexFunc(limitKinds, func(k limitKind) bool { return k.name == name })
		if i < 0 {
			return l, fmt.Errorf("there is no limit %q: there are %s", name[:min(len(name), 64)], strings.Join(LimitNames(), ", "))
		}
		value, err := strconv.Atoi(number)
		if err != nil || value < 1 || value > highestLimit {
			return l, fmt.Errorf("the limit %s must be a number from 1 to %d", name, highestLimit)
		}
		*limitKinds[i].of(&l) = value
	}
	return l, nil
}

// LimitNames are the names that [ParseLimits] knows.
func LimitNames() []string {
	names := make([]string, len(limitKinds))
	for i, k := range limitKinds {
		names[i] = k.name
	}
	return names
}

// RaiseHint says how an operator raises a limit so that number fits.
func RaiseHint(name string, number int) string {
	return fmt.Sprintf("if so much is meant, whoever runs osmoctl raises the limit: %s=%s=%d", LimitsVariable, name, number)
}

// LimitTable lists name, default and meaning of every limit, for the command
// line's help.
func LimitTable() [][3]string {
	rows := make([][3]string, len(limitKinds))
	for i, k := range limitKinds {
		rows[i] = [3]string{k.name, strconv.Itoa(k.value), k.what}
	}
	return rows
}
