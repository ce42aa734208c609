package history

import (
	"context"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Needs are the contents that a check of these commits reads, by their names. It
// reads commits and folders alone, which a partial clone has.
func Needs(ctx context.Context, store Store, commit string, opts Options) ([]string, error) {
	if commit == "" {
		return nil, nil
	}
	c := &checker{store: store, opts: opts, report: &Report{Commit: commit}, apart: endings{}}
	w, err := c.walk(ctx, commit)
	if err != nil {
		return nil, err
	}
	links := slices.Concat(c.links, c.sides)
	if len(w.others) > 0 {
		b := &beside{store: store, shallow: w.shallow, line: w.line, seen: map[string]*aside{}}
		asides, err := b.commits(ctx, w.others, c.base)
		if err != nil {
			return nil, err
		}
		for _, a := range asides {
			if record.Parse(a.Message).ByOsmoctl() {
				links = append(links, link{place{Commit: a.Commit}, place{}})
				links[len(links)-1].before.Hash = first(a.Parents)
			}
		}
	}
	n := &needs{store: store, all: map[string]bool{}}
	for _, k := range links {
		n.differences(ctx, k.before.Hash, k.Hash)
	}
	for _, hash := range append(w.unread, commit, c.end.Hash) {
		n.whole(ctx, hash)
	}
	return model.Names(n.all), n.err
}

// needs collects the names of contents.
type needs struct {
	store Store
	all   map[string]bool
	err   error
}

func (n *needs) differences(ctx context.Context, before, after string) {
	if n.err != nil {
		return
	}
	diffs, err := n.store.Differences(ctx, before, after, state.Dir)
	n.err = err
	for _, d := range diffs {
		n.add(d.Before, d.BeforeMode)
		n.add(d.After, d.AfterMode)
	}
}

// whole adds all of a state: beside what changed, the files of its folder are read.
func (n *needs) whole(ctx context.Context, commit string) {
	if n.err != nil || commit == "" {
		return
	}
	files, err := n.store.Files(ctx, commit, []string{state.Dir}, func(string) bool { return false })
	n.err = err
	for _, f := range files {
		n.add(f.Hash, f.Mode)
	}
}

func (n *needs) add(object string, mode uint32) {
	const submodule = 0o160000
	if object != "" && mode != submodule {
		n.all[object] = true
	}
}
