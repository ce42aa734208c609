package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const keys = "keys"

// checkKeys looks for identities, and at what they open. None is shown.
func (p *patient) checkKeys(ctx context.Context, named *identity.Keys) []report.Check {
	declared := p.declaredKeys()
	var list []report.Check
	if p.want != nil && len(declared) == 1 {
		list = append(list, check(keys, "recipients", report.CheckWarning, "declare a key for the day when this one is gone: see docs/recipients.md",
			"tokens are sealed to a single key: whoever loses it loses them all"))
	}
	var said bytes.Buffer
	env := *p.env
	env.Stderr = &said
	ids, err := named.Read(ctx, &env, p.w)
	for line := range strings.Lines(said.String()) {
		list = append(list, check(keys, "identity_file", report.CheckWarning, "", "%s", strings.TrimPrefix(strings.TrimSpace(line), "warning: ")))
	}
	switch {
	case err != nil && !named.AreNamed(&env) && p.env.InCI():
		return append(list, fine(keys, "identity", "there is no age identity here, and a CI needs none"))
	case err != nil && !named.AreNamed(&env):
		return append(list, check(keys, "identity", report.CheckWarning, diag.Hint(err), "there is no age identity here, so no token can be decrypted"))
	case err != nil:
		return append(list, fault(keys, "identity", err))
	case p.env.InCI():
		list = append(list, check(keys, "identity", report.CheckWarning, "take it out of the job, unless it exports tokens", "this CI holds an age identity: plan and apply need none"))
	}
	return append(list, p.checkOpens(ctx, ids, declared))
}

// declaredKeys are the public keys that tokens are sealed to, each once.
func (p *patient) declaredKeys() (list []model.Recipient) {
	if p.want == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, account := range model.Names(p.want.Accounts) {
		for _, token := range model.Names(p.want.Accounts[account].Tokens) {
			for _, r := range p.want.Accounts[account].Tokens[token].Readers {
				if !seen[r.ID()] {
					seen[r.ID()] = true
					list = append(list, r)
				}
			}
		}
	}
	return list
}

// checkOpens seals something random to each declared key and tries to open it, which tells
// whose the identities are, and nothing of the tokens.
func (p *patient) checkOpens(ctx context.Context, ids []age.Identity, declared []model.Recipient) report.Check {
	ready := seal.Quiet(ids)
	if len(ready) == 0 {
		return skip(keys, "opens", "the identity is behind a passphrase or a plugin, and was not tried")
	}
	mine, names := map[string]bool{}, []string{}
	for _, r := range declared {
		if r.Kind != model.RecipientPlugin && opens(ctx, r, ready) {
			mine[r.ID()] = true
			names = append(names, r.Name)
		}
	}
	all, read := 0, 0
	if p.snap != nil {
		for _, a := range p.snap.Accounts {
			for _, t := range a.Tokens {
				for i := range t.Generations {
					if g := &t.Generations[i]; g.Known() {
						all++
						if slices.ContainsFunc(g.Recipients, func(id string) bool { return mine[id] }) {
							read++
						}
					}
				}
			}
		}
	}
	switch {
	case p.want == nil:
		return skip(keys, "opens", "there is an identity, and to whom tokens are sealed cannot be read")
	case len(declared) == 0:
		return skip(keys, "opens", "nothing is sealed to anybody yet")
	case len(mine) == 0:
		return check(keys, "opens", report.CheckWarning, "name another with -i FILE, or ask a reader to add your public key: see docs/recipients.md",
			"the identity here opens nothing that is sealed to the declared recipients")
	case all == 0:
		return fine(keys, "opens", "the identity here is that of %s, and nothing lives that it could open", strings.Join(names, ", "))
	case read < all:
		return check(keys, "opens", report.CheckWarning, "osmoctl secrets reseal, by somebody who can read them, if you should",
			"the identity here is that of %s, and opens %d of %s", strings.Join(names, ", "), read, model.Plural(all, "live value", "live values"))
	}
	return fine(keys, "opens", "the identity here is that of %s, and opens %s", strings.Join(names, ", "), model.Plural(all, "live value", "live values"))
}

func opens(ctx context.Context, r model.Recipient, ids []age.Identity) bool {
	probe := seal.Binding{Account: "doctor", Token: "probe", Generation: 1}
	value := secret.New([]byte(rand.Text()))
	defer value.Wipe()
	sealed, err := seal.NewSealer(seal.Options{}).Seal(ctx, probe, []model.Recipient{r}, value)
	if err != nil {
		return false
	}
	opened, err := seal.Open(sealed, probe, ids...)
	if err == nil {
		opened.Wipe()
	}
	return err == nil
}
