package history

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Ended is a value that ended, as a commit of state recorded it.
type Ended struct {
	// Address is the generation that it was when it ended.
	Address model.Address
	// Adopted says that the value was never known; Value is then zero.
	Adopted bool
	Value   state.Sum
	On      model.Date
	Reason  string
	// Commit is one that has it recorded.
	Commit string
}

// Handle is what it is known by wherever it stands.
func (e Ended) Handle() state.Handle {
	stone := e.Tombstone()
	return stone.Handle(e.Address)
}

// Tombstone is what state would have of it.
func (e Ended) Tombstone() state.Tombstone {
	return state.Tombstone{Generation: e.Address.Generation, Adopted: e.Adopted, Value: e.Value, EndedOn: e.On, Reason: e.Reason}
}

// endedText is the form of Ended in the clone's memory.
type endedText struct {
	Address model.Address `json:"address"`
	Adopted bool          `json:"adopted,omitzero"`
	Value   string        `json:"value_sha256,omitzero"`
	On      model.Date    `json:"ended_on"`
	Reason  string        `json:"reason"`
	Commit  string        `json:"commit"`
}

// MarshalJSON writes the value in hex.
func (e Ended) MarshalJSON() ([]byte, error) {
	text := endedText{Address: e.Address, Adopted: e.Adopted, On: e.On, Reason: e.Reason, Commit: e.Commit}
	if !e.Adopted {
		text.Value = e.Value.String()
	}
	return json.Marshal(text)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Ended) UnmarshalJSON(data []byte) error {
	var text endedText
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	var value state.Sum
	if !text.Adopted {
		var ok bool
		if value, ok = parseSum(text.Value); !ok || len(text.Value) != hex.EncodedLen(len(value)) {
			return fmt.Errorf("%q is not a SHA-256", text.Value)
		}
	}
	*e = Ended{text.Address, text.Adopted, value, text.On, text.Reason, text.Commit}
	return nil
}

// endings are values that ended, each as it was first seen.
type endings map[state.Handle]Ended

// learn takes in what an account records at a commit.
func (e endings) learn(a *state.Account, commit string) {
	if a == nil {
		return
	}
	for name, t := range a.Tokens {
		for _, s := range t.Tombstones {
			e.add(Ended{model.TokenAddress(a.Name, name).At(s.Generation), s.Adopted, s.Value, s.EndedOn, s.Reason, commit})
		}
	}
}

// add takes in what others know.
func (e endings) add(list ...Ended) {
	for _, x := range list {
		if _, known := e[x.Handle()]; !known {
			e[x.Handle()] = x
		}
	}
}

// list returns all, by address and value.
func (e endings) list() []Ended {
	return slices.SortedFunc(maps.Values(e), func(a, b Ended) int {
		if c := a.Address.Compare(b.Address); c != 0 {
			return c
		}
		return strings.Compare(a.Value.String(), b.Value.String())
	})
}

// findForgotten finds the values that ended somewhere in the history and of which the
// state at its end does not say so. l has read what the links changed.
func (c *checker) findForgotten(ctx context.Context, l *loader) error {
	all := maps.Clone(c.memory.ended)
	all.add(c.apart.list()...)
	if c.base != nil {
		all.add(c.base.Ended...)
	}
	if s := c.opts.Seen; s != nil && c.report.Meta != nil && s.Lineage == c.report.Meta.Lineage {
		all.add(s.Ended...)
	}
	if err := l.knowAccounts(ctx, c.report.Commit, all); err != nil {
		return err
	}
	missing := endings{}
	for handle, e := range all {
		if !recordsEnd(l.accounts[folderOf(e.Address)], e) {
			missing[handle] = e
		}
	}
	if len(c.report.Open()) > 0 {
		missing.add(findTakenNumbers(l.accounts, all)...)
	}
	c.report.Ended = missing.list()
	return nil
}

func folderOf(a model.Address) string {
	return strings.TrimSuffix(state.AccountPath(a.Account), "/account.json")
}

// recordsEnd tells whether an account says that the value ended.
func recordsEnd(a *state.Account, e Ended) bool {
	if a == nil || a.Tokens[e.Address.Name] == nil {
		return false
	}
	return slices.ContainsFunc(a.Tokens[e.Address.Name].Tombstones, func(s state.Tombstone) bool { return s.Handle(e.Address) == e.Handle() })
}

// findTakenNumbers returns values that live under the number of a generation that ended.
// Somebody put them there by hand, unless their commit was accepted: so this is
// asked only while something is in doubt.
func findTakenNumbers(accounts map[string]*state.Account, all endings) (list []Ended) {
	for _, e := range all {
		a := accounts[folderOf(e.Address)]
		if a == nil || a.Tokens[e.Address.Name] == nil {
			continue
		}
		if g := a.Tokens[e.Address.Name].Generation(e.Address.Generation); g != nil && g.Handle(e.Address) != e.Handle() {
			e.Value, e.Adopted = g.Value, g.Adopted
			list = append(list, e)
		}
	}
	return list
}

// knowAccounts reads the accounts of these at a commit, where that was not done.
func (l *loader) knowAccounts(ctx context.Context, commit string, all endings) error {
	missing := map[string]bool{}
	for _, e := range all {
		if _, known := l.accounts[folderOf(e.Address)]; !known {
			missing[folderOf(e.Address)] = true
		}
	}
	if commit == "" || len(missing) == 0 {
		return nil
	}
	files, err := l.read(ctx, commit, model.Names(missing))
	if err != nil {
		return err
	}
	for folder := range missing {
		l.account(folder, readAlone(files[folder]))
	}
	return nil
}
