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
	Value   state.Sum
	On      model.Date
	Reason  string
	// Commit is one that has it recorded.
	Commit string
}

// endedText is the form of Ended in the clone's memory.
type endedText struct {
	Address model.Address `json:"address"`
	Value   string        `json:"value_sha256"`
	On      model.Date    `json:"ended_on"`
	Reason  string        `json:"reason"`
	Commit  string        `json:"commit"`
}

// MarshalJSON writes the value in hex.
func (e Ended) MarshalJSON() ([]byte, error) {
	return json.Marshal(endedText{e.Address, e.Value.String(), e.On, e.Reason, e.Commit})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Ended) UnmarshalJSON(data []byte) error {
	var text endedText
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	value, ok := parseSum(text.Value)
	if !ok || len(text.Value) != hex.EncodedLen(len(value)) {
		return fmt.Errorf("%q is not a SHA-256", text.Value)
	}
	*e = Ended{text.Address, value, text.On, text.Reason, text.Commit}
	return nil
}

// endings are values that ended, each as it was first seen.
type endings map[state.Sum]Ended

// learn takes in what an account records at a commit.
func (e endings) learn(a *state.Account, commit string) {
	if a == nil {
		return
	}
	for name, t := range a.Tokens {
		for _, s := range t.Tombstones {
			if _, known := e[s.Value]; !known {
				e[s.Value] = Ended{model.TokenAddress(a.Name, name).At(s.Generation), s.Value, s.EndedOn, s.Reason, commit}
			}
		}
	}
}

// add takes in what others know.
func (e endings) add(list ...Ended) {
	for _, x := range list {
		if _, known := e[x.Value]; !known {
			e[x.Value] = x
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
	for value, e := range all {
		if !recordsEnd(l.accounts[folderOf(e.Address)], e) {
			missing[value] = e
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
	return slices.ContainsFunc(a.Tokens[e.Address.Name].Tombstones, func(s state.Tombstone) bool { return s.Value == e.Value })
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
		if g := a.Tokens[e.Address.Name].Generation(e.Address.Generation); g != nil && g.Value != e.Value {
			e.Value = g.Value
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
		l.account(folder, files[folder])
	}
	return nil
}
