package command

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// Beside little in use there may be twice as much garbage, beside much less than half, and
// where more is in use no less memory is taken in all.
func TestPercentFor(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 200, 63 << 20: 200, 64 << 20: 100, 384 << 20: 100, 512 << 20: 50, 768 << 20: 40, 1 << 40: 40} {
		if got := percentFor(live); got != want {
			t.Errorf("%d MiB: %d %%, want %d", live>>20, got, want)
		}
	}
	for live := uint64(65); live < 2000; live++ {
		if taken := func(live uint64) uint64 { return live << 20 / 100 * uint64(100+percentFor(live<<20)) }; taken(live)+8<<20 < taken(live-1) {
			t.Errorf("with %d MiB in use %d MiB are taken, with one less %d", live, taken(live)>>20, taken(live-1)>>20)
		}
	}
}

// What looks after a collection does so after the next ones too.
func TestAfterCollection(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	afterCollection(func() { looks.Add(1) })
	for looks.Load() < 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
