package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type secretsExposureCmd struct {
	textOrJSON
	Key string `arg:"" placeholder:"NAME|KEY" help:"A recipient's name, present or past, or a public key, whole or as osmoctl abbreviates it."`
}

// Help is the long description of the command.
func (secretsExposureCmd) Help() string {
	return `For a key that was lost, or whose owner left. Looked at is every commit that this clone has, of every branch and tag, merged or not: who could fetch one has its files. A name stands for every key that it ever had. Listed are the values that still work and were ever sealed to one of the keys, with the commands that replace them. It goes by what was recorded, and needs no key.

A shallow clone cannot tell all; the result then says so.`
}

// Run lists what a key could read.
func (c *secretsExposureCmd) Run(env *Env) error {
	if seal.IsPrivateKey(c.Key) {
		return usage(seal.ErrPrivateKey)
	}
	return env.withState(func(p *project, snap *state.Snapshot) error {
		known, err := p.exposure(env.Context)
		if err != nil {
			return err
		}
		known.AddNames(snap.Meta.Applied.Recipients)
		want := env.declaredRecipients(p)
		if want != nil {
			known.AddNames(state.SettingsOf(want.Project).Recipients)
		}
		keys, err := c.keys(known)
		if err != nil {
			return err
		}
		day, err := env.today()
		if err != nil {
			return err
		}
		e := exposed{Exposure: known, snap: snap, want: want, day: day, keys: keys}
		return env.view().Exposure(e.view(c.Key), c.format())
	})
}

// exposure reads every commit that the clone has.
func (p *project) exposure(ctx context.Context) (*history.Exposure, error) {
	tips, err := p.store.Tips()
	if err != nil {
		return nil, err
	}
	known, err := history.Expose(ctx, p.store, tips)
	if err != nil {
		return nil, fmt.Errorf("read the history of state: %w", err)
	}
	return known, nil
}

// keys are the IDs that the argument stands for: all that a name ever had, or
// the one key.
func (c *secretsExposureCmd) keys(known *history.Exposure) ([]string, error) {
	if ids := known.Names[c.Key]; ids != nil {
		return model.Names(ids), nil
	}
	if r, err := seal.ParseRecipient(c.Key); err == nil {
		return []string{r.ID()}, nil
	}
	ids := known.Keys()
	if slices.Contains(ids, c.Key) {
		return []string{c.Key}, nil
	}
	matching := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !abbreviates(c.Key, id) })
	switch len(matching) {
	case 1:
		return matching, nil
	case 0:
		return nil, unknownRecipient(c.Key, known)
	}
	return nil, diag.Hinted(fmt.Errorf("%d keys begin with %q", len(matching), c.Key), "give more of it")
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

func unknownRecipient(text string, known *history.Exposure) error {
	err := fmt.Errorf("no recipient was ever called %q, and no key that was ever recorded begins with it", text)
	if near := diag.Nearest(text, model.Names(known.Names)); near != "" {
		return diag.Hinted(err, fmt.Sprintf("did you mean %q?", near))
	}
	return diag.Hinted(err, "osmoctl plan -t json lists all keys under keys")
}

// exposed is what a view is made of.
type exposed struct {
	*history.Exposure
	snap *state.Snapshot
	// want is nil where the declarations cannot be read.
	want *model.Declarations
	day  model.Date
	// keys are those that are asked about.
	keys []string
}

func (e *exposed) view(query string) view.Exposure {
	v := view.Exposure{
		Query: query, Keys: make([]view.ExposedKey, len(e.keys)), Complete: !e.Cut && len(e.Unreadable) == 0, Commits: e.Commits,
		Notes: []string{}, Live: []view.ExposedValue{}, Rotate: []model.Address{}, Revoke: []model.Address{}, Commands: []string{},
	}
	for i, id := range e.keys {
		v.Keys[i] = view.ExposedKey{Key: id, Names: e.NamesOf(id)}
		if v.Keys[i].Names == nil {
			v.Keys[i].Names = []string{}
		}
	}
	e.values(&v)
	e.remedy(&v)
	e.notes(&v)
	return v
}

// values sorts the values that the keys could read by whether they still work.
func (e *exposed) values(v *view.Exposure) {
	here := map[state.Sum]bool{}
	for _, account := range model.Names(e.snap.Accounts) {
		tokens := e.snap.Accounts[account].Tokens
		for _, name := range model.Names(tokens) {
			t := tokens[name]
			for i := range t.Generations {
				here[t.Generations[i].Value] = true
				e.value(v, model.TokenAddress(account, name), &t.Generations[i])
			}
			for i := range t.Tombstones {
				here[t.Tombstones[i].Value] = true
				if len(e.readers(t.Tombstones[i].Value, nil)) > 0 {
					v.Ended++
				}
			}
		}
	}
	for value := range e.Readable {
		if !here[value] && len(e.readers(value, nil)) > 0 {
			v.Elsewhere++
		}
	}
}

func (e *exposed) value(v *view.Exposure, token model.Address, g *state.Generation) {
	readers := e.readers(g.Value, g)
	status := g.Status(e.day)
	switch {
	case len(readers) == 0:
		return
	case status == state.Expired:
		v.Expired++
		return
	}
	for i := range v.Keys {
		if slices.Contains(readers, v.Keys[i].Key) {
			v.Keys[i].Live++
		}
	}
	v.Live = append(v.Live, view.ExposedValue{
		Address: token.At(g.Number), Status: string(status), ExpiresAt: g.ExpiresAt, RevokeAfter: g.RevokeAfter, Keys: readers,
		Recipient: slices.ContainsFunc(readers, func(id string) bool { return slices.Contains(g.Recipients, id) }),
	})
}

// readers are those of the keys that could ever read a value. g is its record
// where it is live, which this state has even if it was never committed.
func (e *exposed) readers(value state.Sum, g *state.Generation) (list []string) {
	for _, id := range e.keys {
		if e.Readable[value][id] || g != nil && slices.Contains(g.EverReadable(), id) {
			list = append(list, id)
		}
	}
	return list
}

// remedy is what replaces the values: a rotation of each active one that is
// declared, an early end of the others.
func (e *exposed) remedy(v *view.Exposure) {
	for i := range v.Live {
		a := v.Live[i].Address
		if v.Live[i].Status == string(state.Active) && nextReaders(e.want, a) != nil {
			v.Rotate = append(v.Rotate, a.Token())
		} else {
			v.Revoke = append(v.Revoke, a)
		}
	}
	if len(v.Rotate) > 0 {
		command := "osmoctl apply --auto-approve"
		for _, a := range v.Rotate {
			command += " \\\n  --replace " + a.String()
		}
		v.Commands = append(v.Commands, command)
	}
	if len(v.Revoke) > 0 {
		command := "osmoctl token revoke --auto-approve --reason 'readable by " + quotable(v.Query) + "'"
		for _, a := range v.Revoke {
			command += " \\\n  " + strings.TrimPrefix(a.String(), "token/")
		}
		v.Commands = append(v.Commands, command)
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

func (e *exposed) notes(v *view.Exposure) {
	note := func(format string, args ...any) { v.Notes = append(v.Notes, fmt.Sprintf(format, args...)) }
	if e.Cut {
		note("this clone is shallow: what older commits recorded is not in it; git fetch --unshallow brings them")
	}
	for _, file := range e.Unreadable {
		note("%s cannot be read", file)
	}
	var still []string
	for _, id := range e.keys {
		if e.declared(id) {
			still = append(still, or(strings.Join(e.NamesOf(id)[:1], ""), id))
		}
	}
	if len(still) > 0 && len(v.Rotate) > 0 {
		note("the key of %s is still declared: take it out of osmoctl.yaml first, or the new values are sealed to it as well; the plan then rotates all that it knows", strings.Join(still, ", "))
	}
	if len(v.Rotate) > 0 {
		note("what is rotated works until its overlap ends: osmoctl token revoke ends a value at once, and with rotate: {overlap: 0d} the rotation does")
	}
	if e.want == nil {
		note("the declarations cannot be read, so no rotation is proposed: osmoctl validate says why")
	}
}

func (e *exposed) declared(id string) bool {
	if e.want == nil {
		return false
	}
	for _, keys := range e.want.Project.Recipients {
		if slices.ContainsFunc(keys, func(k model.Recipient) bool { return k.ID() == id }) {
			return true
		}
	}
	return false
}
