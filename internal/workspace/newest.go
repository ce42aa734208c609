package workspace

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/workspace/place"
)

// Newest is the place of the newest state that this clone knows of, for commands
// that say or give out what is applied. Nothing is fetched. It is looked for once
// a command, and said where it is not that of HEAD.
func (w *Workspace) Newest(ctx context.Context) (place.Place, error) {
	if w.newest != nil {
		return *w.newest, nil
	}
	at, a, err := w.places.AtHead(ctx)
	if err != nil {
		return place.Place{}, err
	}
	switch {
	case a == nil:
	case a.Unread || !a.Applied:
		w.warnf("%s: %s", a.Left(), a.Remedy())
	default:
		w.notef("%s.", a.Followed())
		at = a.Place
	}
	w.newest = &at
	return at, nil
}

// PlaceToCheck is the place of the state that a check of HEAD is about: what goes on
// from HEAD is checked with it, but a branch with a state of its own, as of a pull
// request, must not have another checked in its place.
func (w *Workspace) PlaceToCheck(ctx context.Context) (place.Place, error) {
	at, a, err := w.places.AtHead(ctx)
	switch {
	case err != nil || a == nil:
	case a.Applied && a.Contains:
		w.notef("%s.", a.Followed())
		at = a.Place
	default:
		w.warnf("%s: %s", a.Left(), a.Remedy())
	}
	return at, err
}
