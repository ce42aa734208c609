package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// warnPrevious names what declarations list under `previously` and nothing has any
// more, by what is found of accounts. Where the object is there, the rename is over and the
// line may go. Where it is not, the name may be misspelt, and what was meant is deleted instead
// of renamed.
func warnPrevious(b basis, accounts part) (out part) {
	for name, role := range b.want.Roles {
		out.warnEarlier(b, model.RoleAddress(name), role.Previously, func(old string) bool { return b.have.Roles[old] != nil })
	}
	out.join(accounts)
	// Few of many objects have such a line, so only what is found is put in order.
	slices.SortFunc(out.warnings, func(v, w Warning) int { return v.Address.Compare(*w.Address) })
	return out
}

// warnPrevious warns about the earlier names of an account and of its tokens.
func (p *part) warnPrevious(b basis, account *model.Account) {
	p.warnEarlier(b, model.AccountAddress(account.Name), account.Previously, func(old string) bool { return b.have.Accounts[old].Live() })
	for _, t := range account.Tokens {
		p.warnEarlier(b, t.Address(), t.Previously, func(old string) bool { return b.hadToken(account, old) })
	}
}

// warnEarlier warns about those of the earlier names of an object that nothing has.
// Nothing was renamed yet in a project that begins.
func (p *part) warnEarlier(b basis, a model.Address, previously []string, isThere func(old string) bool) {
	if len(previously) == 0 || !b.have.Exists() {
		return
	}
	gone := slices.DeleteFunc(slices.Clone(previously), isThere)
	switch {
	case len(gone) == 0:
	case !isApplied(b.have, a):
		p.warn("previous_unknown", a, "nothing that was applied has the earlier name %s, so this is no rename of it; check its spelling", nameFew(gone))
	case len(gone) == len(previously):
		p.warn("previous_unneeded", a, "the rename is over: nothing has the earlier name any more, so previously may be deleted")
	default:
		p.warn("previous_unneeded", a, "nothing has the earlier name %s any more, so it may be taken out of previously", nameFew(gone))
	}
}

// hadToken reports whether an account, or one that it takes over from, has a token that
// lives.
func (b basis) hadToken(account *model.Account, token string) bool {
	return slices.ContainsFunc(append([]string{account.Name}, account.Previously...), func(name string) bool {
		return findToken(b.have, model.TokenAddress(name, token)).Live()
	})
}
