package scan

import (
	"io"
	"sync/atomic"
)

// What an input may unpack to by itself, as a multiple of its own bytes: logs shrink
// to a fiftieth at best. Whatever unpacks to more takes from the run's [Budget].
const ownRatio = 100

// DefaultBudget is what a run unpacks beyond that, in bytes.
const DefaultBudget = 64 << 20

// memberCost is what a member of an archive counts for beside its bytes, so that
// very many empty ones come to an end as well.
const memberCost = 512

// Budget bounds what all inputs of a run together unpack to. A few hundred bytes may
// unpack to more than a day's work, and a thousand files of that kind must cost no
// more than one. It may be used by several goroutines.
type Budget struct{ left atomic.Int64 }

// NewBudget is a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{}
	b.left.Store(bytes)
	return b
}

// take takes up to n bytes, and returns how many it got.
func (b *Budget) take(n int64) int64 {
	left := b.left.Add(-n)
	if left >= 0 {
		return n
	}
	back := min(n, -left)
	b.left.Add(back)
	return n - back
}

func (b *Budget) give(n int64) { b.left.Add(n) }

// counted counts what was read of an input.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// room is how many of n bytes may be unpacked now: of what the input has earned by
// its own size, else of the run's budget, from which shared are taken.
func (u *unpacker) room(n int64) (room, shared int64) {
	if own := u.own(); own > 0 {
		return min(n, own), 0
	}
	shared = u.budget.take(n)
	return shared, shared
}

// own is what the input may still unpack to by itself.
func (u *unpacker) own() int64 {
	size := u.size
	if u.raw != nil {
		size = max(size, u.raw.n)
	}
	return size*ownRatio - u.unpacked
}

// spend accounts for n bytes, of room and shared as [unpacker.room] gave them.
func (u *unpacker) spend(n, shared int64) {
	u.unpacked += n
	if shared > 0 {
		u.budget.give(shared - n)
		u.unpacked -= n // It was no part of the input's own.
	}
}

// member accounts for a member, and says whether there is room for it.
func (u *unpacker) member() bool {
	room, shared := u.room(memberCost)
	u.spend(room, shared)
	u.spent = u.spent || room == 0
	return room > 0
}
