package scan

import (
	"errors"
	"io"
	"sync/atomic"
)

// Budget is what a run may unpack: all its files and scanners have one between
// them. Without that a few bytes are the work of hours, as archives within
// archives, as one archive a thousand times, or as holes in a file.
//
// Every file may unpack to a number of times its own size, which is more than
// people's archives do, and no other file takes that away from it. What unpacks to
// more draws from the budget, of which there is one in a run. Whatever unpacking
// costs besides bytes is charged in bytes: the members of archives, the memory that
// a format asks for. It may be used by several goroutines.
type Budget struct{ left atomic.Int64 }

const (
	// DefaultBudget is what a run unpacks beyond that, in bytes: the work of about a
	// second.
	DefaultBudget = 64 << 20

	// ownRatio is how much a file may unpack to by itself, in times its size: logs
	// shrink to a fiftieth at best.
	ownRatio = 100

	// What is charged for a member of an archive, and for opening a packed file.
	memberCost = 1 << 10
	openCost   = 16 << 10
	bzip2Cost  = 128 << 10
	zstdCost   = 64 << 10

	// mostTaken is how much is taken at once: what one file has taken and not used
	// yet is refused to the others.
	mostTaken = 64 << 10
)

// NewBudget is a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{}
	b.left.Store(bytes)
	return b
}

// take takes up to n, and returns how much it got.
func (b *Budget) take(n int64) int64 {
	for {
		have := b.left.Load()
		got := max(min(have, n), 0)
		if b.left.CompareAndSwap(have, have-got) {
			return got
		}
	}
}

// errBudget ends what unpacks to too much.
var errBudget = errors.New("it unpacks to more than is searched")

// account is one file's part of a budget.
type account struct {
	*Budget
	// own is what the file's size has earned and nothing has spent.
	own int64
	// out says that something was refused.
	out bool
}

func (a *account) earn(packed int64) {
	const most = 1 << 50 // bytes, which no file has
	a.own += min(packed, most) * ownRatio
}

// grant is what was taken: of what the file has earned, and of the budget.
type grant struct{ own, shared int64 }

func (g grant) bytes() int64 { return g.own + g.shared }

// take returns up to n bytes' worth.
func (a *account) take(n int64) grant {
	g := grant{own: min(a.own, n)}
	a.own -= g.own
	if g.own < n {
		g.shared = a.Budget.take(n - g.own)
	}
	return g
}

// giveBack returns what was not used of a grant.
func (a *account) giveBack(g grant, used int64) {
	unused := g.bytes() - used
	shared := min(g.shared, unused)
	a.left.Add(shared)
	a.own += unused - shared
}

// charge takes all of n, or reports that there is not as much.
func (a *account) charge(n int64) bool {
	g := a.take(n)
	if g.bytes() == n {
		return true
	}
	a.giveBack(g, 0)
	a.out = true
	return false
}

// earning counts what is read of a file as it lies there. What its size is known to
// be has been earned before the first byte: opening it costs.
type earning struct {
	r     io.Reader
	a     *account
	known int64
}

func (e *earning) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	paid := min(e.known, int64(n))
	e.known -= paid
	e.a.earn(int64(n) - paid)
	return n, err
}

// metered counts what is unpacked.
type metered struct {
	r io.Reader
	a *account
}

func (m metered) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	g := m.a.take(min(int64(len(b)), mostTaken))
	if g.bytes() == 0 {
		m.a.out = true
		return 0, errBudget
	}
	n, err := m.r.Read(b[:g.bytes()])
	m.a.giveBack(g, int64(n))
	return n, err
}
