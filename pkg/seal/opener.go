package seal

import (
	"context"
	"maps"
	"slices"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Opener opens the files of generations that were read before, as [OpenRecorded]
// does. What it asks a person for, it asks once for all, see [Together].
type Opener struct {
	files map[model.Address][]byte
	ids   []age.Identity
	wipe  func()
}

// NewOpener prepares to open files, by their generations.
func NewOpener(ctx context.Context, files map[model.Address][]byte, ids ...age.Identity) *Opener {
	o := &Opener{files: files}
	o.ids, o.wipe = Together(ctx, slices.Collect(maps.Values(files)), ids)
	return o
}

// Open opens the file of a generation. The caller wipes the value.
func (o *Opener) Open(_ context.Context, a model.Address, g *state.Generation) (secret.Value, error) {
	return OpenRecorded(o.files[a], a, g, o.ids...)
}

// Wipe forgets the keys of the files.
func (o *Opener) Wipe() { o.wipe() }
