package report

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Overview is a project on one page: the lives of its tokens, who may do what, who can
// read what, what is risky or overdue, and the latest changes. It holds no value and no
// digest of one. The same state gives the same document all day.
type Overview struct {
	FormatVersion version         `json:"format_version"`
	AsOf          AsOf            `json:"as_of"`
	Summary       Summary         `json:"summary"`
	Attention     List[Attention] `json:"attention"`
	Tokens        List[Lifeline]  `json:"tokens"`
	Access        AccessGroups    `json:"access"`
	Keys          List[KeyReach]  `json:"keys"`
	Changes       List[LogEntry]  `json:"changes"`
	// Notes say what could not be told, and why.
	Notes List[string] `json:"notes"`
}

// AsOf is what an overview was made of.
type AsOf struct {
	Date model.Date `json:"date"`
	// Project is the project's folder in its repository, "" at the top.
	Project string `json:"project"`
	// Commit is the one that the state was read from, Serial and Lineage are those of
	// the state; Serial is 0 where nothing was applied.
	Commit  string `json:"commit,omitzero"`
	Serial  int    `json:"serial"`
	Lineage string `json:"lineage,omitzero"`
	// Declarations is the commit whose declarations were linted, "" where none were.
	Declarations string       `json:"declarations,omitzero"`
	Server       model.Server `json:"osmo"`
}

// Summary is the overview in numbers.
type Summary struct {
	// Grade is that of the gravest thing that wants attention, [GradeNone] where
	// nothing does.
	Grade    Grade `json:"grade"`
	Accounts int   `json:"accounts"`
	Tokens   int   `json:"tokens"`
	Keys     int   `json:"keys"`
	// Administrators are accounts that are one at once, ByStep those that become one
	// by a step; EverybodyByStep says that all users do, whatever they hold.
	// AccessKnown says that it was told who may do what; else the three are unknown.
	AccessKnown     bool `json:"access_known"`
	Administrators  int  `json:"administrators"`
	ByStep          int  `json:"administrators_by_step"`
	EverybodyByStep bool `json:"everybody_by_step"`
	// Overdue counts what a past day was to bring, Due what the days up to Until bring.
	Overdue  int        `json:"overdue"`
	Due      int        `json:"due"`
	Until    model.Date `json:"until"`
	Findings int        `json:"findings"`
}

// OverviewFacts is what an overview is made of.
type OverviewFacts struct {
	AsOf  AsOf
	State *state.Snapshot
	// Within is how far to look ahead.
	Within model.Days
	// Moment answers who can do what, nil where that was not to be told.
	Moment *inquiry.Moment
	// Findings are those of lint.
	Findings diag.List
	// Doubts say what is wrong with the history of state.
	Doubts []string
	// Changes are the latest commits of state, newest first.
	Changes []LogEntry
	Notes   []string
}

// OverviewOf makes an overview.
func OverviewOf(f OverviewFacts) Overview {
	o := Overview{AsOf: f.AsOf, Changes: f.Changes, Notes: f.Notes}
	o.AsOf.Serial, o.AsOf.Lineage = f.State.Meta.Serial, f.State.Meta.Lineage
	o.Tokens = lifelinesOf(f.State, f.AsOf.Date)
	o.Keys = keyReaches(f.State)
	if f.Moment != nil {
		o.Access = accessGroupsOf(f.Moment)
	}
	due := ExpiringOf(f.State, "", f.AsOf.Date.Time(), f.Within)
	o.Summary = summaryOf(o, due, len(f.State.AccountNames()))
	o.Summary.AccessKnown, o.Summary.Findings = f.Moment != nil, len(f.Findings)
	o.Attention = attentionOf(f, o, due)
	if len(o.Attention) > 0 {
		o.Summary.Grade = o.Attention[0].Grade
	}
	return o
}

// summaryOf counts all but what wants attention, whose grade it leaves open.
func summaryOf(o Overview, due Expiring, accounts int) Summary {
	s := Summary{Grade: GradeNone, Accounts: accounts, Tokens: len(o.Tokens), Keys: len(o.Keys), Until: due.Until()}
	for _, u := range due.List {
		if due.Late(u) {
			s.Overdue++
		} else {
			s.Due++
		}
	}
	s.Administrators, s.ByStep, s.EverybodyByStep = o.Access.countAdministrators()
	return s
}

// Lifeline is a token with all of its generations, live and ended.
type Lifeline struct {
	Address     model.Address `json:"address"`
	UserName    string        `json:"user_name"`
	TokenName   string        `json:"token_name"`
	Description string        `json:"description"`
	Status      string        `json:"status"`
	Roles       List[string]  `json:"roles"`
	// NextRotation is the day on which a date alone asks for a new generation; it may
	// have passed.
	NextRotation model.Date `json:"next_rotation,omitzero"`
	// RenamedTo is the token that takes its place.
	RenamedTo   string         `json:"renamed_to,omitzero"`
	Generations List[LifeSpan] `json:"generations"`
	Ended       List[LifeEnd]  `json:"ended"`
}

// LifeSpan is one live value.
type LifeSpan struct {
	Generation  int        `json:"generation"`
	Status      string     `json:"status"`
	Adopted     bool       `json:"adopted,omitzero"`
	IssuedAt    time.Time  `json:"issued_at"`
	IssuedBy    string     `json:"issued_by"`
	ExpiresAt   model.Date `json:"expires_at"`
	RevokeAfter model.Date `json:"revoke_after,omitzero"`
	// Roles are those that it carries today.
	Roles List[string] `json:"roles"`
	// Keys can open it, FormerKeys could earlier.
	Keys       List[string] `json:"keys"`
	FormerKeys List[string] `json:"former_keys"`
}

// LifeEnd is the end of a value that is only remembered.
type LifeEnd struct {
	Generation int        `json:"generation"`
	EndedOn    model.Date `json:"ended_on"`
	Reason     string     `json:"reason"`
}

// lifelinesOf are the live tokens, by address.
func lifelinesOf(snap *state.Snapshot, today model.Date) (list []Lifeline) {
	for t := range TokensOf(snap, snap.AccountNames(), today).All() {
		l := Lifeline{
			Address: model.TokenAddress(t.UserName, t.TokenName), UserName: t.UserName, TokenName: t.TokenName, Description: t.Description,
			Status: t.Status, Roles: t.Roles, NextRotation: t.NextRotation, RenamedTo: t.RenamedTo,
		}
		recorded := snap.Accounts[t.UserName].Tokens[t.TokenName].Generations
		for i := range recorded {
			g := &recorded[i]
			l.Generations = append(l.Generations, LifeSpan{
				g.Number, string(g.Status(today)), g.Adopted, g.IssuedAt.UTC(), g.IssuedBy, g.ExpiresAt, g.RevokeAfter,
				g.CurrentRoles(), g.Recipients, g.FormerRecipients,
			})
		}
		for _, e := range t.Tombstones {
			l.Ended = append(l.Ended, LifeEnd{e.Generation, e.EndedOn, e.Reason})
		}
		list = append(list, l)
	}
	return list
}

// KeyReach is how many live values a key can open.
type KeyReach struct {
	Key string `json:"key"`
	// Name is that in osmoctl.yaml, "" where no name is known.
	Name string `json:"name"`
	// Declared says that the last apply had it among the recipients.
	Declared bool `json:"declared"`
	// Reads counts the live values that are sealed to it, Formerly those that it could
	// open earlier, and in git's history still can.
	Reads    int `json:"reads"`
	Formerly int `json:"formerly"`
}

// keyReaches are the keys that are declared or could ever read a value that lives: those
// that read most first.
func keyReaches(snap *state.Snapshot) []KeyReach {
	names := snap.Meta.Applied.KeyNames()
	reach := map[string]*KeyReach{}
	find := func(id string) *KeyReach {
		if reach[id] == nil {
			reach[id] = &KeyReach{Key: id, Name: names[id]}
		}
		return reach[id]
	}
	for _, ids := range snap.Meta.Applied.Recipients {
		for _, id := range ids {
			find(id).Declared = true
		}
	}
	for _, account := range snap.Accounts {
		for _, t := range account.Tokens {
			for i := range t.Generations {
				for _, id := range t.Generations[i].Recipients {
					find(id).Reads++
				}
				for _, id := range t.Generations[i].FormerRecipients {
					find(id).Formerly++
				}
			}
		}
	}
	list := make([]KeyReach, 0, len(reach))
	for _, id := range model.Names(reach) {
		list = append(list, *reach[id])
	}
	slices.SortStableFunc(list, func(a, b KeyReach) int { return b.Reads - a.Reads })
	return list
}

// AccessGroups is who can do what: subjects that hold the same roles can do the same.
type AccessGroups struct {
	Services List[string] `json:"services"`
	Pools    List[string] `json:"pools"`
	// Groups are sorted by weight, the heaviest first.
	Groups List[AccessGroup] `json:"groups"`
}

// AccessGroup is one set of roles, what it comes to, and who holds it.
type AccessGroup struct {
	Roles  List[string]  `json:"roles"`
	Server model.Server  `json:"server,omitzero"`
	Weight access.Weight `json:"weight"`
	// Services and Pools are weights in the order of those of [AccessGroups].
	Services List[access.Weight] `json:"services"`
	Pools    List[access.Weight] `json:"pools"`
	// Steps are the ways to an administrator's power.
	Steps    List[inquiry.Step] `json:"steps"`
	Subjects List[string]       `json:"subjects"`
}

func accessGroupsOf(m *inquiry.Moment) AccessGroups {
	matrix := m.Matrix()
	out := AccessGroups{Services: matrix.Services, Pools: matrix.Pools}
	roles := map[string][]string{}
	for _, s := range m.Subjects() {
		roles[s.Name] = model.Set(s.Roles)
	}
	ways := map[string][]inquiry.Administrator{}
	for _, a := range m.Administrators() {
		ways[a.Subject] = append(ways[a.Subject], a)
	}
	index := map[string]int{}
	for _, row := range matrix.Rows {
		g := AccessGroup{Roles: roles[row.Subject], Server: row.Server, Weight: row.Weight, Services: row.Services, Pools: row.Pools}
		for _, a := range ways[row.Subject] {
			if a.Server == row.Server || a.Server == (model.Server{}) || row.Server == (model.Server{}) {
				g.Steps = append(g.Steps, a.Steps...)
			}
		}
		// Everybody stands apart from those who hold no role: that is who all are.
		key, _ := json.Marshal([]any{g, row.Subject == inquiry.Everybody}) // of texts and numbers: it cannot fail
		i, known := index[string(key)]
		if !known {
			i = len(out.Groups)
			index[string(key)], out.Groups = i, append(out.Groups, g)
		}
		out.Groups[i].Subjects = append(out.Groups[i].Subjects, row.Subject)
	}
	return out
}

// countAdministrators counts accounts, each once.
func (a AccessGroups) countAdministrators() (atOnce, byStep int, everybody bool) {
	heaviest := map[string]access.Weight{}
	for _, g := range a.Groups {
		for _, s := range g.Subjects {
			heaviest[s] = max(heaviest[s], g.Weight)
		}
	}
	for s, w := range heaviest {
		address, err := model.ParseAddress(s)
		switch {
		case s == inquiry.Everybody:
			everybody = w >= access.AdministratorByStep
		case err != nil || address.Kind != model.KindAccount:
		case w == access.Administrator:
			atOnce++
		case w == access.AdministratorByStep:
			byStep++
		}
	}
	return atOnce, byStep, everybody
}
