package plan

import (
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Undeclared is something on the server that is not the project's.
type Undeclared struct {
	Address model.Address `json:"address"`
	stamp
}

// describe puts into a plan what was seen.
func (o *observer) describe(p *Plan) {
	u := o.applied.Underway()
	if n := len(u.Numbers()); n > 0 {
		p.Notices = append(p.Notices, Notice{Code: "reserved", Message: fmt.Sprintf("run %s has reserved %s and has not come to its end; an apply waits for it, or gives them up where it is dead", u.Run, model.Plural(n, "new value", "new values"))})
	}
	if !o.observed.Seen() {
		return
	}
	p.Refreshed = true
	p.Drift = ShowDrift(o.drift)
	notices := o.warnOtherServer()
	p.Notices = append(p.Notices, notices...)
	p.Undeclared, notices = o.listUndeclared()
	p.Notices = append(p.Notices, notices...)
	if left := o.leftBehind(); len(left) > 0 {
		names := make([]string, len(left))
		for i, a := range left {
			names[i] = a.String()
		}
		p.Notices = append(p.Notices, Notice{
			Code: "still_on_server", Message: fmt.Sprintf("%s ended here and still on the server: %s", model.Plural(len(left), "object has", "objects have"), nameFew(names)),
			Hint: "osmoctl apply",
		})
	}
}

// maxUndeclared bounds how much a plan lists of what is not the project's.
const maxUndeclared = 100

// listUndeclared lists what nobody declared: roles, and tokens of the project's
// accounts. Users are people too, so they are only counted.
func (o *observer) listUndeclared() (list []Undeclared, notices []Notice) {
	users := 0
	for _, name := range model.Names(o.observed.Roles) {
		if a := model.RoleAddress(name); o.isStrange(a) && o.owned[a] == "" && !access.IsBuiltin(name) && !o.want.Project.Backend.Owned(a) {
			list = append(list, Undeclared{a, stampOf(o.observed.RoleChanges[name])})
		}
	}
	for _, name := range model.Names(o.observed.Users) {
		if a := model.AccountAddress(name); o.isStrange(a) {
			if o.owned[a] == "" && !o.want.Project.Backend.Owned(a) && name != o.observed.Identity {
				users++
			}
			continue
		}
		for _, token := range model.Names(o.observed.Users[name].Tokens) {
			if o.isForeign(name, token, o.observed.Users[name].Tokens[token].Mark) {
				list = append(list, Undeclared{Address: model.TokenAddress(name, token)})
			}
		}
	}
	if n := len(list); n > maxUndeclared {
		list = list[:maxUndeclared]
		notices = append(notices, Notice{Code: "undeclared_cut", Message: fmt.Sprintf("%d roles and tokens on the server are not declared here; the first %d are listed", n, maxUndeclared)})
	}
	if users > 0 {
		notices = append(notices, Notice{
			Code: "undeclared_users", Message: model.Plural(users, "user on the server is", "users on the server are") + " not declared here, and left alone",
			Hint: "osmoctl import osmo --id-prefix PREFIX",
		})
	}
	return list, notices
}

// isForeign reports whether a token of a project's account was made by somebody else
// and is neither adopted nor to be adopted.
func (o *observer) isForeign(account, name string, mark model.Mark) bool {
	if mark.Lineage != "" && mark.Lineage == o.applied.Meta.Lineage {
		return false // A number that was burned or has ended: the next apply takes it away.
	}
	return !o.have.Accounts[account].HasServerName(name)
}

// leftBehind is what state has let go of and the server was not seen to have lost, with
// tokens that have come to be after their number was given up.
func (o *observer) leftBehind() []model.Address {
	list := slices.Clone(o.applied.Underway().Remove)
	for _, d := range o.have.Strays(o.observed, o.today) {
		if !d.Left {
			list = append(list, d.Address)
		}
	}
	return sortAddresses(list)
}
