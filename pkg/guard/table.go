package guard

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// The guardrails, by the names that osmoctl.yaml and [plan.Blocked] use.
const (
	TokenLifetime        = "max_token_lifetime"
	TokenRoles           = "require_token_roles"
	AccountName          = "account_name"
	MinRecipients        = "min_recipients"
	RequiredRecipients   = "required_recipients"
	NewReaders           = "max_new_readers"
	Deletes              = "max_deletes"
	Rotations            = "max_rotations"
	Administrators       = "max_administrators"
	Forbid               = "forbid"
	Protect              = "protect"
	DeclarationsVanished = "declarations_vanished"
	StateEdited          = "state_edited"
	StateMoved           = "state_moved"
	BackendChanged       = "backend_changed"
	UnreadRisks          = "unread_risks"
	UnknownAccess        = "unknown_access"
	// BaseNotApplied is about declarations of a base that nobody has applied yet;
	// see [TakenBack].
	BaseNotApplied = "base_not_applied"
)

// Rail is one guardrail. Exactly one of its checks is set; each is pure, and so is
// what else it says.
type Rail struct {
	Name string
	// Setting says that the guardrail is declared in osmoctl.yaml and recorded by
	// apply, as the field of [model.Guardrails] with its name. The others are
	// always in force.
	Setting bool
	// Flag lifts it for one run; empty where nothing does.
	Flag string

	// kinds are the plans that it is asked about.
	kinds []plan.Kind
	// several is set where it can forbid several things about one object.
	several bool
	// once checks the plan by itself, whole by each set of guardrails, change a
	// single change by each of them, and last after all else was asked.
	once   func(input) []plan.Blocked
	whole  func(input) []plan.Blocked
	change func(input, *plan.Change) []plan.Blocked
	last   func(input) []plan.Blocked
	// standing warns of what is there already and would be blocked if it came today.
	standing func(input) []plan.Warning
	// upcoming says what dates bring to it.
	upcoming func(input) []plan.Upcoming
	// loosened tells whether a setting lets more through than before, and words
	// says how, where it is not by another value alone.
	loosened func(before, after model.Guardrails) bool
	words    func(before, after model.Guardrails) string
}

// input is what a check may look at.
type input struct {
	Facts
	plan *plan.Plan
	// rails are the guardrails that the plan is held against.
	rails limits
}

// The kinds of plans that a guardrail is asked about. A revocation is held back by
// findings alone: it only ever takes away.
var (
	applies = []plan.Kind{plan.KindDeclared, plan.KindDue}
	seals   = []plan.Kind{plan.KindDeclared, plan.KindDue, plan.KindReseal}
	takes   = []plan.Kind{plan.KindDeclared, plan.KindDue, plan.KindRestore}
	// What is due gives nobody anything that was not declared and applied before.
	gives = []plan.Kind{plan.KindDeclared, plan.KindRestore}
)

// Table has every guardrail, in the order in which they are asked.
func Table() []Rail { return slices.Clone(table) }

var table = []Rail{
	{Name: StateEdited, kinds: applies, several: true, once: checkStateEdited},
	{Name: StateMoved, Flag: "--allow-state-move", kinds: applies, once: checkStateMoved},
	{Name: BackendChanged, Flag: "--allow-backend-change", kinds: applies, once: checkBackendChanged},
	{Name: DeclarationsVanished, Flag: "--allow-empty", kinds: applies, once: checkVanished},
	{Name: Protect, kinds: takes, several: true, once: checkProtect},
	{Name: Deletes, Setting: true, Flag: "--allow-deletes", kinds: applies, whole: checkDeletes, loosened: loosensDeletes},
	{Name: Rotations, Setting: true, Flag: "--allow-rotations", kinds: applies, whole: checkRotations, loosened: loosensRotations},
	{Name: NewReaders, Setting: true, Flag: "--allow-new-readers", kinds: seals, whole: checkNewReaders, loosened: loosensNewReaders},
	{Name: AccountName, Setting: true, Flag: "--allow", kinds: applies, whole: checkAccountNames, loosened: loosensAccountName, words: accountNameWords},
	{Name: TokenLifetime, Setting: true, Flag: "--allow-lifetime", kinds: applies, change: checkLifetime, loosened: loosensLifetime},
	{Name: TokenRoles, Setting: true, Flag: "--allow", kinds: applies, change: checkTokenRoles, loosened: loosensTokenRoles},
	{Name: MinRecipients, Setting: true, Flag: "--allow", kinds: seals, change: checkMinRecipients, loosened: loosensMinRecipients},
	{Name: RequiredRecipients, Setting: true, Flag: "--allow", kinds: seals, several: true, change: checkRequiredRecipients, loosened: loosensRequiredRecipients, words: requiredRecipientsWords},
	{Name: Administrators, Setting: true, Flag: "--allow-administrators", kinds: gives, several: true, whole: checkAdministrators, standing: warnAdministrators, loosened: loosensAdministrators},
	{Name: Forbid, Setting: true, Flag: "--allow-forbidden", kinds: gives, several: true, whole: checkForbid, standing: warnForbid, upcoming: expectForbid},
	{Name: UnknownAccess, kinds: []plan.Kind{plan.KindDeclared}, several: true, whole: checkUnknown},
	{Name: UnreadRisks, Flag: "--allow-risks", kinds: applies, last: checkUnreadRisks},
}
