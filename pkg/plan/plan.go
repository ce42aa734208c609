// Package plan computes what has to change so that the applied state equals the
// declarations, as data.
//
// [Build] is pure: declarations, a snapshot and a date go in, a [Plan] comes
// out, and the same inputs give the same bytes. It opens no file and no
// connection, holds no secret, and a plan has no closure in it: everything that
// apply will do stands in the plan's changes, and everything that follows from
// them without being written in any YAML stands in its implied effects, its
// access section and its readers.
//
// # What a change holds
//
//	action   before                     after
//	create   -                          the declared object
//	adopt    -                          the declared form of a role that OSMO brings along
//	update   the object as applied      the declared object
//	rotate   the token as applied       the declared token; resolved says which generation comes
//	revoke   the generation             -
//	delete   the object as applied      -
//	forget   the object as applied      - (the server keeps it)
//	reseal   the generation             the generation, with other readers
//
// To seal a value again takes an identity, which apply does not hold: [Build]
// lists such generations as waiting for one, and [BuildReseal] makes a plan of them.
// To adopt is to take into state what is there already, as forget lets go of it.
//
// # How it is made
//
// A basis is what a plan is made from: declarations, state, a day. A planner adds
// what follows from that alone: who takes over from whom, what keys are called, and
// how to compare access by the rules of each server in question. Planning one object
// gives a part, and a draft takes in parts while there is room for them. At the end
// the draft is put in order, access is compared, and the risks are read off, which
// is the same for every [Kind] of plan. What keeps a plan from being applied is for
// package guard to say.
//
// Where a server was looked at, the state is first corrected by what it has, and takes
// in what is declared and there already: see observe.go.
//
// # Order
//
//	roles: create, adopt, update
//	    accounts: create, update
//	        tokens: create, rotate, update
//	        generations: revoke
//	        tokens: delete
//	    accounts: delete
//	roles: delete, forget
//
// Whatever grants comes before what uses it, and what takes away comes last.
//
// # Digest
//
// [Plan.Digest] names what a reviewer agreed to. It covers the changes with
// their durations unresolved, the keys of their readers, and the guardrails in
// force; not reasons, origins, dates or the base. Changes that are due by date
// alone are left out: they come and go with the calendar, not with a review. A
// rotation of that kind which brings a changed declaration along is covered as
// the update that it would be on another day. All that it is made of stands in the
// plan, so whoever has the plan's JSON can compute it again: see [Read].
package plan

import (
	"slices"
	"strconv"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// FormatVersion is the version of a plan's JSON form.
const FormatVersion = 1

// Action is what a change does.
type Action string

// The actions.
const (
	Create Action = "create" // an object that does not exist
	Update Action = "update" // an object's record, without a new value
	Rotate Action = "rotate" // a new generation of an existing token
	Revoke Action = "revoke" // one generation whose time has come
	Delete Action = "delete" // an object with all its generations
	Reseal Action = "reseal" // the same value to other recipients
	Adopt  Action = "adopt"  // an object that is there already into state
	Forget Action = "forget" // an object out of state, left as it is on the server
)

// Kind is what makes a plan: each answers another question.
type Kind string

// The kinds of plans.
const (
	KindDeclared Kind = "declared" // what the declarations ask for; see [Build]
	KindDue      Kind = "due"      // what dates ask for; see [Due]
	KindRevoke   Kind = "revoke"   // generations that end now; see [RevokeNow]
	KindRestore  Kind = "restore"  // an earlier state that comes back; see [Restore]
	KindReseal   Kind = "reseal"   // values that live, sealed again; see [BuildReseal]
	kindMove     Kind = "move"     // git settings alone; see [Move]
)

// Kind tells which plan it is, by the same fields that a reader of its JSON can
// tell it by.
func (p *Plan) Kind() Kind {
	switch {
	case p.Restored != nil:
		return KindRestore
	case p.Revoked != nil:
		return KindRevoke
	case p.Resealing:
		return KindReseal
	case p.DueOnly:
		return KindDue
	}
	return KindDeclared
}

// Plan is the difference between declarations and state on a day.
type Plan struct {
	FormatVersion int `json:"format_version"`
	// Digest is "sha256:" and hex, see the package comment.
	Digest string `json:"digest"`
	// Date is the day planned for; AsOf is set where it was chosen by
	// --as-of, and such a plan cannot be applied.
	Date model.Date `json:"date"`
	AsOf bool       `json:"as_of,omitzero"`
	Base Base       `json:"base"`
	// Server is the one that the declarations are for. Without a mode, access
	// is answered for both.
	Server model.Server `json:"osmo"`
	// Targets and Replace are the addresses the plan was restricted to, and
	// those it was told to rotate, sorted.
	Targets []model.Address `json:"targets,omitzero"`
	Replace []model.Address `json:"replace,omitzero"`
	// Restored is set where an earlier state comes back; see [Restore].
	Restored *Restored `json:"restored,omitempty"`
	// Revoked is set where generations end now; see [RevokeNow].
	Revoked *Revoked `json:"revoked,omitempty"`
	// Resealing is set where values that live are sealed again; see [BuildReseal].
	Resealing bool `json:"resealing,omitzero"`
	// DueOnly is set where nothing but dates was looked at; see [Due].
	DueOnly bool     `json:"due_only,omitzero"`
	Summary Summary  `json:"summary"`
	Changes []Change `json:"changes"`
	// Implied lists what follows from the changes and stands nowhere in YAML.
	Implied []Implied `json:"implied"`
	Access  []Access  `json:"access"`
	Readers []Readers `json:"readers"`
	// Keys has every key that is declared or can open something.
	Keys []Key `json:"keys"`
	// Rails are the guardrails in force, which the digest covers.
	Rails Rails `json:"guardrails"`
	// GuardrailChanges are differences in the project's settings against
	// those of the last apply: guardrails, recipients, git and backend.
	GuardrailChanges []GuardrailChange `json:"guardrail_changes"`
	// Notices say what the plan could not check, and where it read something
	// elsewhere than one would expect. They stand in the head of every form: a
	// calm answer is worth no more than what was looked at.
	Notices []Notice `json:"notices"`
	// Risks says the gravest of it all again, one by one; see [Risk].
	Risks []Risk `json:"risks"`
	// Lifted are the approvals that let the plan through a guardrail.
	Lifted []Lifted `json:"lifted,omitzero"`
	// Blocked lists what keeps the plan from being applied. It is nil in a plan
	// that was not held against the guardrails yet, which is what this package
	// makes: see package guard.
	Blocked            []Blocked `json:"blocked"`
	WaitingForIdentity []Waiting `json:"waiting_for_identity"`
	// WaitingForHelm is what a server in ConfigMap mode has to be given by Helm.
	WaitingForHelm []HelmWait `json:"waiting_for_helm,omitzero"`
	// Refreshed is set where a server was looked at. Drift is what it has otherwise
	// than the last apply left it, and Undeclared what is not the project's.
	Refreshed  bool         `json:"refreshed,omitzero"`
	Drift      []Drift      `json:"drift,omitzero"`
	Undeclared []Undeclared `json:"undeclared,omitzero"`
	Warnings   []Warning    `json:"warnings"`
	Upcoming   []Upcoming   `json:"upcoming"`
	// Holdings are there where a guardrail is about access.
	Holdings *Holdings `json:"-"`
	// Room is how many bytes more the plan may take as JSON.
	Room int `json:"-"`
	// heirs are what AccountHeirs finds for the declarations and the state that the plan was
	// made from; nil where that was not looked for.
	heirs map[string]string
}

// Base is the state that a plan was made against.
type Base struct {
	Lineage string `json:"lineage"`
	Serial  int    `json:"serial"`
	Commit  string `json:"commit"`
}

// Summary counts changes by action.
type Summary struct {
	Create int `json:"create"`
	Update int `json:"update"`
	Rotate int `json:"rotate"`
	Revoke int `json:"revoke"`
	Delete int `json:"delete"`
	Reseal int `json:"reseal"`
	Adopt  int `json:"adopt"`
	Forget int `json:"forget"`
}

// Words counts the changes in words: "2 create, 1 rotate", or "settings" where
// there is no change of an object.
func (s Summary) Words() string {
	out := ""
	for _, part := range []struct {
		n    int
		word Action
	}{{s.Create, Create}, {s.Update, Update}, {s.Rotate, Rotate}, {s.Revoke, Revoke}, {s.Delete, Delete}, {s.Reseal, Reseal}, {s.Adopt, Adopt}, {s.Forget, Forget}} {
		if part.n == 0 {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += strconv.Itoa(part.n) + " " + string(part.word)
	}
	if out == "" {
		return "settings"
	}
	return out
}

// Change is one step of a plan.
type Change struct {
	Address model.Address `json:"address"`
	Action  Action        `json:"action"`
	// Reasons are for people; nothing branches on them.
	Reasons []string `json:"reasons"`
	// Before and After are as the package comment's table has them.
	Before *Object `json:"before"`
	After  *Object `json:"after"`
	// Fields are the fields in which Before and After differ.
	Fields []Field `json:"fields"`
	// Resolved has what the day and the state decide: numbers and dates.
	Resolved *Resolved `json:"resolved,omitempty"`
	// Due is set where nothing but the date asks for the change.
	Due bool `json:"due,omitzero"`
	// Covered is set of a rotation that is due and brings a changed declaration
	// along: the digest covers it as the update that it would be on another day.
	Covered bool `json:"covered,omitzero"`
	// Origin is where the object is declared; nil where it is not.
	Origin *diag.Position `json:"origin"`
}

// Resolved is what apply needs beside the declaration.
type Resolved struct {
	Generation int `json:"generation,omitzero"`
	// ServerName, Roles and ExpiresAt are those of the generation to issue.
	ServerName string     `json:"server_name,omitzero"`
	Roles      []string   `json:"roles,omitzero"`
	ExpiresAt  model.Date `json:"expires_at,omitzero"`
	// Replaces is the generation that begins to retire, and RevokeAfter its
	// last date.
	Replaces    int        `json:"replaces,omitzero"`
	RevokeAfter model.Date `json:"revoke_after,omitzero"`
	// ReplacedKeeps and ReplacedLoses are set where the generation that begins to
	// retire loses roles with this plan: what it carries until RevokeAfter, and
	// what it loses at once.
	ReplacedKeeps []string `json:"replaced_keeps,omitzero"`
	ReplacedLoses []string `json:"replaced_loses,omitzero"`
	// Requested is the declared generation that the change honours.
	Requested int `json:"requested,omitzero"`
	// Readers are the keys to seal to. They are part of the digest by After.
	Readers []model.Recipient `json:"-"`
}

// Field is one field that differs.
type Field struct {
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Implied is an effect that nobody wrote down.
type Implied struct {
	Address model.Address `json:"address"`
	Effect  string        `json:"effect"`
	// Cause is the change that it follows from.
	Cause model.Address `json:"cause"`
}

// Access says what a subject may do after the plan that it may not do before, and
// the reverse. The subject is an account, a token, or the role osmo-default, which
// stands for everybody.
type Access struct {
	Subject model.Address `json:"subject"`
	// Server is set where the answer depends on it and the project does not
	// say which one it is for: there is an entry for each that differs.
	Server *model.Server  `json:"osmo,omitempty"`
	Gained []access.Grant `json:"gained"`
	Lost   []access.Grant `json:"lost"`
	// EffectiveOn is the day on which the loss is complete: later than the
	// plan's date where an old generation keeps its roles until then.
	EffectiveOn model.Date `json:"effective_on"`
}

// Readers says which keys will be able, and will no longer be able, to open a
// token's future ciphertexts; in a plan of [BuildReseal], those of its live values.
type Readers struct {
	Token  model.Address `json:"token"`
	Gained []Reader      `json:"gained"`
	Lost   []Reader      `json:"lost"`
}

// Reader is one key by name and ID.
type Reader struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Rails are the guardrails of a plan: those that are declared, and those that the last
// apply recorded.
type Rails struct {
	Declared model.Guardrails `json:"declared"`
	Applied  model.Guardrails `json:"applied"`
}

// GuardrailChange is a changed setting of the project file.
type GuardrailChange struct {
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Notice is a statement about how the plan came about. It is no part of what
// would be done, so neither the digest nor a saved plan is compared by it.
type Notice struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Hint says how to get what is missing; empty where nothing is.
	Hint string `json:"hint"`
}

// Blocked is a change that a guardrail forbids.
type Blocked struct {
	Address   *model.Address `json:"address"`
	Guardrail string         `json:"guardrail"`
	Detail    string         `json:"detail"`
	// Flag lifts the guardrail for one run; empty where nothing does.
	Flag string `json:"flag"`
	// Approval is the entry of approvals.yaml that lifts it for this plan, but for
	// its reason; empty where none does.
	Approval string `json:"approval,omitzero"`
}

// Equal reports whether two entries say the same.
func (b Blocked) Equal(o Blocked) bool {
	same := b.Address == o.Address || b.Address != nil && o.Address != nil && *b.Address == *o.Address
	return same && b.Guardrail == o.Guardrail && b.Detail == o.Detail && b.Flag == o.Flag
}

// Lifted is an approval that lets a plan through guardrails. It is no part of the
// digest, which it names.
type Lifted struct {
	Plan   string `json:"plan"`
	Allow  string `json:"allow"`
	Reason string `json:"reason"`
	// Guardrails are the names of those that would block the plan otherwise.
	Guardrails []string      `json:"guardrails"`
	Origin     diag.Position `json:"origin"`
}

// Waiting is a reseal that needs an identity, which apply does not hold.
type Waiting struct {
	Address model.Address `json:"address"`
	Gained  []Reader      `json:"gained"`
}

// Warning is something worth a look that changes nothing.
type Warning struct {
	Code    string         `json:"code"`
	Address *model.Address `json:"address"`
	Message string         `json:"message"`
}

// Event is what a date brings.
type Event string

// The events of [Upcoming].
const (
	EventRotate Event = "rotate"
	EventRevoke Event = "revoke"
	EventExpire Event = "expire"
	// EventExceptionEnds: what a guardrail forbids an account or a token is excepted no
	// longer.
	EventExceptionEnds Event = "exception_ends"
)

// Upcoming is something that a date will bring by itself.
type Upcoming struct {
	Address model.Address `json:"address"`
	Event   Event         `json:"event"`
	Date    model.Date    `json:"date"`
}

// Expect adds what dates bring to what the plan names already.
func (p *Plan) Expect(list ...Upcoming) {
	for _, u := range list {
		if !slices.Contains(p.Upcoming, u) {
			p.Upcoming = append(p.Upcoming, u)
		}
	}
	sortUpcoming(p.Upcoming)
}

// Pending reports whether applying the plan would do anything: it is the one
// definition that text, JSON and exit codes share.
func (p *Plan) Pending() bool {
	return len(p.Changes) > 0 || len(p.GuardrailChanges) > 0 || p.Restored != nil && len(p.Restored.Files) > 0
}
