package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Exposure says which live values a key could ever read, and how they are
// replaced.
type Exposure struct {
	FormatVersion version `json:"format_version"`
	Query         string  `json:"query"`
	// Keys are those that the query stands for, with the names they ever had.
	Keys []ExposedKey `json:"keys"`
	// Complete says that all of history was looked at: the clone is not
	// shallow, and every record could be read.
	Complete bool `json:"complete"`
	// Commits is how many that changed state were looked at.
	Commits int      `json:"commits"`
	Notes   []string `json:"notes"`
	// Live are the values that still work, by address.
	Live []ExposedValue `json:"live"`
	// Expired and Ended count values that one of the keys could read and that
	// do not work any more. Elsewhere counts those that state does not know,
	// such as what was issued on a branch that was not merged.
	Expired   int `json:"expired"`
	Ended     int `json:"ended"`
	Elsewhere int `json:"elsewhere"`
	// Rotate are tokens to rotate, Revoke generations that no rotation ends.
	Rotate []model.Address `json:"rotate"`
	Revoke []model.Address `json:"revoke"`
	// Commands are what does it, ready to be run.
	Commands []string `json:"commands"`
}

// ExposedKey is a key that was asked about.
type ExposedKey struct {
	Key   string   `json:"key"`
	Names []string `json:"names"`
	// Live is how many live values it could read.
	Live int `json:"live"`
}

// ExposedValue is a live value that one of the keys could read.
type ExposedValue struct {
	Address     model.Address `json:"address"`
	Status      string        `json:"status"`
	ExpiresAt   model.Date    `json:"expires_at"`
	RevokeAfter model.Date    `json:"revoke_after,omitzero"`
	// Keys are those of the keys that could read it.
	Keys []string `json:"keys"`
	// Recipient says that the file at hand is sealed to one of them; else it
	// is history alone that one of them opens.
	Recipient bool `json:"recipient"`
}

// FindKeys are the IDs of the keys that text stands for: all that a name ever had,
// or the one key that it is, whole or as osmoctl abbreviates it.
func FindKeys(known *history.Exposure, text string) ([]string, error) {
	if ids := known.Names[text]; ids != nil {
		return model.Names(ids), nil
	}
	if r, err := seal.ParseRecipient(text); err == nil {
		return []string{r.ID()}, nil
	}
	ids := known.Keys()
	if slices.Contains(ids, text) {
		return []string{text}, nil
	}
	matching := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !abbreviates(text, id) })
	switch len(matching) {
	case 1:
		return matching, nil
	case 0:
		err := fmt.Errorf("no recipient was ever called %q, and no key that was ever recorded begins with it", text)
		return nil, diag.HintNear(err, text, model.Names(known.Names), "osmoctl plan -t json lists all keys under keys")
	}
	return nil, diag.Hinted(fmt.Errorf("%d keys begin with %q", len(matching), text), "give more of it")
}

// shortestKey is how much of a key has to be given.
const shortestKey = 8

// abbreviates tells whether text is the beginning of a key, or its beginning and
// end as osmoctl shows it.
func abbreviates(text, id string) bool {
	for _, gap := range []string{"…", "..."} {
		if begin, end, cut := strings.Cut(text, gap); cut {
			return len(begin)+len(end) >= shortestKey && len(begin)+len(end) <= len(id) &&
				strings.HasPrefix(id, begin) && strings.HasSuffix(id, end)
		}
	}
	return len(text) >= shortestKey && strings.HasPrefix(id, text)
}

// ExposureOf reports what the keys that query stands for could read. want are the
// declarations, nil where they cannot be read.
func ExposureOf(known *history.Exposure, query string, keys []string, snap *state.Snapshot, want *model.Declarations, today model.Date) Exposure {
	e := Exposure{
		Query: query, Keys: make([]ExposedKey, len(keys)), Complete: !known.Cut && len(known.Unreadable) == 0, Commits: known.Commits,
		Live: []ExposedValue{}, Rotate: []model.Address{}, Revoke: []model.Address{}, Commands: []string{},
	}
	for i, id := range keys {
		e.Keys[i] = ExposedKey{Key: id, Names: orEmpty(known.NamesOf(id))}
	}
	here := map[state.Sum]bool{}
	for _, account := range model.Names(snap.Accounts) {
		tokens := snap.Accounts[account].Tokens
		for _, name := range model.Names(tokens) {
			t := tokens[name]
			for i := range t.Generations {
				g := &t.Generations[i]
				if !g.Known() {
					continue // No key ever read it here.
				}
				here[g.Value] = true
				// This state has a record even if it was never committed.
				e.count(model.TokenAddress(account, name).At(g.Number), g, readersAmong(keys, known.Readable[g.Value], g.EverReadable()), today)
			}
			for i := range t.Tombstones {
				if !t.Tombstones[i].Known() {
					continue
				}
				value := t.Tombstones[i].Value
				here[value] = true
				if len(readersAmong(keys, known.Readable[value], nil)) > 0 {
					e.Ended++
				}
			}
		}
	}
	for value, ids := range known.Readable {
		if !here[value] && len(readersAmong(keys, ids, nil)) > 0 {
			e.Elsewhere++
		}
	}
	e.propose(want)
	e.Notes = exposureNotes(e, known, want)
	return e
}

// readersAmong are those of the keys that are in either list of readers.
func readersAmong(keys []string, ever map[string]bool, recorded []string) (list []string) {
	for _, id := range keys {
		if ever[id] || slices.Contains(recorded, id) {
			list = append(list, id)
		}
	}
	return list
}

// count takes in a generation that these of the keys could read.
func (e *Exposure) count(a model.Address, g *state.Generation, readers []string, today model.Date) {
	status := g.Status(today)
	switch {
	case len(readers) == 0:
		return
	case status == state.Expired:
		e.Expired++
		return
	}
	for i := range e.Keys {
		if slices.Contains(readers, e.Keys[i].Key) {
			e.Keys[i].Live++
		}
	}
	e.Live = append(e.Live, ExposedValue{
		Address: a, Status: string(status), ExpiresAt: g.ExpiresAt, RevokeAfter: g.RevokeAfter, Keys: readers,
		Recipient: slices.ContainsFunc(readers, func(id string) bool { return slices.Contains(g.Recipients, id) }),
	})
}

// propose says what replaces the values: a rotation of each active one that is
// declared, an early end of the others.
func (e *Exposure) propose(want *model.Declarations) {
	for i := range e.Live {
		a := e.Live[i].Address
		if e.Live[i].Status == string(state.Active) && NextReaders(want, a) != nil {
			e.Rotate = append(e.Rotate, a.Token())
		} else {
			e.Revoke = append(e.Revoke, a)
		}
	}
	if len(e.Rotate) > 0 {
		command := "osmoctl apply --auto-approve"
		for _, a := range e.Rotate {
			command += " \\\n  --replace " + a.String()
		}
		e.Commands = append(e.Commands, command)
	}
	if len(e.Revoke) > 0 {
		command := "osmoctl token revoke --auto-approve --reason 'readable by " + quotable(e.Query) + "'"
		for _, a := range e.Revoke {
			command += " \\\n  " + strings.TrimPrefix(a.String(), "token/")
		}
		e.Commands = append(e.Commands, command)
	}
}

// maxQuoted bounds what is quoted of a key in a reason, which is one short line:
// a post-quantum key has two thousand bytes.
const maxQuoted = 100

// quotable is text that may stand in single quotes, the beginning of a long one.
func quotable(text string) string {
	text = strings.ReplaceAll(text, "'", "")
	if len(text) > maxQuoted {
		text = strings.ToValidUTF8(text[:maxQuoted], "") + "..."
	}
	return text
}

func exposureNotes(e Exposure, known *history.Exposure, want *model.Declarations) []string {
	notes := []string{}
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if known.Cut {
		note("this clone is shallow: what older commits recorded is not in it; git fetch --unshallow brings them")
	}
	for _, file := range known.Unreadable {
		note("%s cannot be read", file)
	}
	var still []string
	for _, k := range e.Keys {
		if isDeclared(want, k.Key) {
			still = append(still, append(known.NamesOf(k.Key), k.Key)[0])
		}
	}
	if len(still) > 0 && len(e.Rotate) > 0 {
		note("the key of %s is still declared: take it out of osmoctl.yaml first, or the new values are sealed to it as well; the plan then rotates all that it knows", strings.Join(still, ", "))
	}
	if len(e.Rotate) > 0 {
		note("what is rotated works until its overlap ends: osmoctl token revoke ends a value at once, and with rotate: {overlap: 0d} the rotation does")
	}
	if want == nil {
		note("the declarations cannot be read, so no rotation is proposed: osmoctl validate says why")
	}
	return notes
}

// isDeclared reports whether a key is a recipient's.
func isDeclared(want *model.Declarations, id string) bool {
	if want == nil {
		return false
	}
	for _, keys := range want.Project.Recipients {
		if slices.ContainsFunc(keys, func(k model.Recipient) bool { return k.ID() == id }) {
			return true
		}
	}
	return false
}
