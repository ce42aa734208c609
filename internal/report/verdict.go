package report

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
	"github.com/osmoctl/osmoctl/pkg/token"
)

// Verdict says whose value was shown, and whether it is valid. Where the value
// is unknown, everything but Valid, Reason and Fingerprint is empty.
type Verdict struct {
	FormatVersion version `json:"format_version"`
	Valid         bool    `json:"valid"`
	// Reason says in a few words why the value is valid or is not.
	Reason     string `json:"reason"`
	User       string `json:"user_name,omitzero"`
	Token      string `json:"token_name,omitzero"`
	Generation int    `json:"generation,omitzero"`
	// Status is that of the generation, or "ended".
	Status      string       `json:"status,omitzero"`
	ExpiresAt   model.Date   `json:"expires_at,omitzero"`
	RevokeAfter model.Date   `json:"revoke_after,omitzero"`
	Roles       List[string] `json:"roles"`
	// Fingerprint is the short SHA-256 of the value, sha256:xxxxxxxx.
	Fingerprint string `json:"fingerprint"`
	// EndedOn and EndedReason are set for an ended generation.
	EndedOn     model.Date `json:"ended_on,omitzero"`
	EndedReason string     `json:"ended_reason,omitzero"`
}

// MaxValue is the longest input, in bytes, that is looked at as a token's value.
const MaxValue = 4 << 10

// VerdictOn finds a value by its digest. Digests are public, so looking one up
// by plain comparison tells nobody anything.
func VerdictOn(value secret.Value, snap *state.Snapshot, today model.Date) Verdict {
	sum := state.Sum(value.SHA256())
	for _, account := range model.Names(snap.Accounts) {
		tokens := snap.Accounts[account].Tokens
		for _, name := range model.Names(tokens) {
			if v, ok := verdictIn(account, name, tokens[name], sum, today); ok {
				return v
			}
		}
	}
	v := Verdict{Fingerprint: sum.Short()}
	_ = value.Use(func(b []byte) error {
		v.Reason = strangerReason(b, FindUnknown(snap))
		return nil
	})
	return v
}

// FindUnknown finds the live generations whose values are not known, sorted: what
// is shown may be the value of one of them.
func FindUnknown(snap *state.Snapshot) (list []model.Address) {
	for _, account := range model.Names(snap.Accounts) {
		for _, name := range model.Names(snap.Accounts[account].Tokens) {
			for i := range snap.Accounts[account].Tokens[name].Generations {
				if g := &snap.Accounts[account].Tokens[name].Generations[i]; !g.Known() {
					list = append(list, model.TokenAddress(account, name).At(g.Number))
				}
			}
		}
	}
	return list
}

// Verdicts are those on every value that a state knows, by its digest.
func Verdicts(snap *state.Snapshot, today model.Date) map[state.Sum]Verdict {
	verdicts := map[state.Sum]Verdict{}
	for account, a := range snap.Accounts {
		for name, t := range a.Tokens {
			add := func(sum state.Sum) {
				verdicts[sum], _ = verdictIn(account, name, t, sum, today)
			}
			for i := range t.Generations {
				if t.Generations[i].Known() {
					add(t.Generations[i].Value)
				}
			}
			for i := range t.Tombstones {
				if t.Tombstones[i].Known() {
					add(t.Tombstones[i].Value)
				}
			}
		}
	}
	return verdicts
}

// verdictIn is the verdict on a value of this token; ok is false where it is none.
func verdictIn(account, name string, t *state.Token, sum state.Sum, today model.Date) (v Verdict, ok bool) {
	v = Verdict{User: account, Token: name, Fingerprint: sum.Short()}
	for i := range t.Generations {
		if g := &t.Generations[i]; g.Known() && g.Value == sum {
			v.Generation, v.Status, v.ExpiresAt, v.RevokeAfter, v.Roles = g.Number, string(g.Status(today)), g.ExpiresAt, g.RevokeAfter, g.CurrentRoles()
			v.Valid, v.Reason = g.Status(today) != state.Expired, DescribeStatus(g, today)
			return v, true
		}
	}
	for i := range t.Tombstones {
		if s := &t.Tombstones[i]; s.Known() && s.Value == sum {
			v.Generation, v.Status, v.EndedOn, v.EndedReason = s.Generation, StatusEnded, s.EndedOn, s.Reason
			v.Reason = "it was ended on " + s.EndedOn.String() + ": " + s.Reason
			if !t.Live() && t.DeletedOn != s.EndedOn {
				v.Reason += "; the token was deleted on " + t.DeletedOn.String()
			}
			return v, true
		}
	}
	return Verdict{}, false
}

// DescribeStatus says what a live generation is on a day, and until when.
func DescribeStatus(g *state.Generation, today model.Date) string {
	switch g.Status(today) {
	case state.Expired:
		return "expired since " + g.ExpiresAt.String()
	case state.Retiring:
		return "retiring: a newer generation replaced it, and it is revoked on " + g.RevokeAfter.String()
	}
	return "active"
}

// strangerReason says what a value is that state does not know, and nothing of it.
// unknown are the generations that it may be the value of.
func strangerReason(b []byte, unknown []model.Address) string {
	switch {
	case len(b) == 0:
		return "nothing came on stdin"
	case len(b) > MaxValue:
		return "it is too long for a token"
	case token.Valid(b):
		return "this project never issued it, though it has the form of a token that osmoctl issues"
	case len(unknown) == 1:
		return fmt.Sprintf("this project never issued it; it may be the value of %s, which was adopted, so that its value is not known", unknown[0])
	case len(unknown) > 1:
		return fmt.Sprintf("this project never issued it; it may be the value of one of %d tokens that were adopted, %s among them: their values are not known", len(unknown), unknown[0])
	}
	return "this project never issued it"
}
