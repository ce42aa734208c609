package history

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Exposure is what became readable to which key, over every commit that a clone
// has: whoever could fetch one of them has the sealed file too, whatever branch
// it was on and whether or not it was merged.
//
// It goes by what was recorded, in records that were valid or not: a key in a
// record that somebody edited by hand may have read the value. What nobody
// recorded it cannot know.
type Exposure struct {
	// Names has for each name that recipients ever had the IDs of its keys.
	Names map[string]map[string]bool
	// Readable has for each value the IDs of the keys that it was sealed to.
	Readable map[state.Sum]map[string]bool
	// Commits counts those that changed state.
	Commits int
	// Cut says that the clone is shallow: older commits are not in it.
	Cut bool
	// Unreadable are files, as COMMIT:PATH, that could not be read.
	Unreadable []string
}

// Expose reads the commits that tips lead back to. Of each it reads the files
// that differ from its first parent, and no content twice.
func Expose(ctx context.Context, store Store, tips []string) (*Exposure, error) {
	e := &exposing{
		store: store, seen: map[string]bool{}, interned: map[string]string{},
		Exposure: &Exposure{Names: map[string]map[string]bool{}, Readable: map[state.Sum]map[string]bool{}},
	}
	shallow, err := store.Shallow()
	if err != nil {
		return nil, err
	}
	e.shallow = shallow
	for queue := slices.Clone(tips); len(queue) > 0; {
		next := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if e.seen[next] {
			continue
		}
		e.seen[next] = true
		parents, err := e.commit(ctx, next)
		if err != nil {
			return nil, err
		}
		queue = append(queue, parents...)
	}
	return e.Exposure, nil
}

// exposing is a walk over commits.
type exposing struct {
	*Exposure
	store   Store
	shallow bool
	// seen are commits, and the contents that were read.
	seen map[string]bool
	// interned has each key once, since thousands of records name the same.
	interned map[string]string
}

// commit reads what a commit changed, and returns its parents.
func (e *exposing) commit(ctx context.Context, hash string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := e.store.Commit(hash)
	if e.shallow && errors.Is(err, git.ErrMissingObject) {
		e.Cut = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	before := ""
	if len(c.Parents) > 0 {
		before = c.Parents[0]
	}
	if before != "" && e.shallow {
		if _, err := e.store.Commit(before); errors.Is(err, git.ErrMissingObject) {
			before = ""
		}
	}
	return c.Parents, e.changes(ctx, before, hash)
}

func (e *exposing) changes(ctx context.Context, before, after string) error {
	was, err := e.id(before)
	if err != nil {
		return err
	}
	is, err := e.id(after)
	if err != nil || was == is {
		return err
	}
	e.Commits++
	diffs, err := e.store.Differences(ctx, before, after, state.Dir)
	if err != nil {
		return err
	}
	var names []string
	for _, d := range diffs {
		if d.After != "" && !e.seen[d.After] && isRecord(d.Path) {
			e.seen[d.After] = true
			names = append(names, d.Path)
		}
	}
	return e.read(ctx, after, names)
}

func (e *exposing) id(commit string) (string, error) {
	if commit == "" {
		return "", nil
	}
	return e.store.ID(commit, state.Dir)
}

// isRecord tells the files that name keys.
func isRecord(file string) bool {
	return path.Base(file) == "account.json" || file == state.Dir+"/"+state.MetaPath
}

func (e *exposing) read(ctx context.Context, commit string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	dirs, wanted := names, map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	if len(names) > many {
		dirs = []string{state.Dir}
	}
	files, err := e.store.Files(ctx, commit, dirs, func(name string) bool { return wanted[name] })
	for _, f := range files {
		if wanted[f.Path] && !e.record(f) {
			e.Unreadable = append(e.Unreadable, commit+":"+f.Path)
		}
	}
	return err
}

// record takes in a file, and tells whether it could be read. It is less strict
// than package state: a spelling that no apply writes is evidence all the same.
func (e *exposing) record(f git.File) bool {
	if path.Base(f.Path) != "account.json" {
		return e.meta(f.Data)
	}
	var account struct {
		Tokens map[string]struct {
			Generations []struct {
				Adopted          bool     `json:"adopted"`
				Value            string   `json:"value_sha256"`
				Recipients       []string `json:"recipients"`
				FormerRecipients []string `json:"former_recipients"`
			} `json:"generations"`
		} `json:"tokens"`
	}
	if json.Unmarshal(f.Data, &account) != nil {
		return false
	}
	whole := true
	for _, t := range account.Tokens {
		for _, g := range t.Generations {
			if g.Adopted && g.Value == "" {
				continue // Nobody could read it here.
			}
			value, ok := parseSum(g.Value)
			if whole = whole && ok; ok {
				e.addSealed(value, g.Recipients)
				e.addSealed(value, g.FormerRecipients)
			}
		}
	}
	return whole
}

func parseSum(text string) (sum state.Sum, ok bool) {
	b, err := hex.DecodeString(text)
	return sum, err == nil && copy(sum[:], b) == len(sum) && len(b) == len(sum)
}

func (e *exposing) addSealed(value state.Sum, keys []string) {
	for _, id := range keys {
		if e.Readable[value] == nil {
			e.Readable[value] = make(map[string]bool, len(keys))
		}
		e.Readable[value][e.intern(id)] = true
	}
}

func (e *exposing) intern(id string) string {
	if known, ok := e.interned[id]; ok {
		return known
	}
	e.interned[id] = id
	return id
}

func (e *exposing) meta(data []byte) bool {
	var meta struct {
		Applied struct {
			Recipients map[string][]string `json:"recipients"`
		} `json:"applied"`
	}
	if json.Unmarshal(data, &meta) != nil {
		return false
	}
	e.AddNames(meta.Applied.Recipients)
	return true
}

// AddNames adds names that are known from elsewhere, such as the declarations.
func (e *Exposure) AddNames(recipients map[string][]string) {
	for name, ids := range recipients {
		if e.Names[name] == nil {
			e.Names[name] = map[string]bool{}
		}
		for _, id := range ids {
			e.Names[name][id] = true
		}
	}
}

// Keys are the IDs of all keys that are known, sorted.
func (e *Exposure) Keys() []string {
	all := map[string]bool{}
	for _, ids := range e.Names {
		for id := range ids {
			all[id] = true
		}
	}
	for _, ids := range e.Readable {
		for id := range ids {
			all[id] = true
		}
	}
	return model.Names(all)
}

// NamesOf are the names that a key ever stood under, sorted: those of their own
// before those of groups.
func (e *Exposure) NamesOf(id string) (names []string) {
	for _, name := range model.Names(e.Names) {
		if e.Names[name][id] {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return len(e.Names[a]) - len(e.Names[b]) })
	return names
}
