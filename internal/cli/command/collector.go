package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A command lives for less than a second: as long as it holds little, half the
// collections of garbage are worth more than the memory that they would free. Where it
// holds much, as the state of 100,000 accounts, collections are few, and three times
// that much is more than a machine may have: then Go's own measure goes, and half of it
// for the first apply of so many. GOGC decides otherwise where it is set.
const lightPercent = 200

// heavier are the bytes in use after a collection from which less garbage may lie about.
var heavier = []struct {
	live    uint64
	percent int
}{{64 << 20, 100}, {288 << 20, 50}}

// memoryLimit is how much memory is taken before collections come more often than the
// measures above say. An estate for which somebody has raised limits holds more than that
// itself, and collecting would take a third of the time and gain nothing.
const memoryLimit, raisedMemoryLimit = 1 << 30, 2 << 30

// tuneCollector sets how much garbage may lie about, and looks again after each
// collection until as much is held as makes a difference.
func tuneCollector() {
	debug.SetGCPercent(lightPercent)
	levels := heavier
	afterCollection(func() (again bool) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		for len(levels) > 0 && live[0].Value.Uint64() >= levels[0].live {
			debug.SetGCPercent(levels[0].percent)
			levels = levels[1:]
		}
		return len(levels) > 0
	})
}

// afterCollection calls f after the next collection, and after each further one as long
// as it says so.
func afterCollection(f func() (again bool)) {
	// An object that nobody holds is found by every collection. It has a pointer, since
	// the runtime puts small ones without any into one block with others, which may live.
	runtime.AddCleanup(&struct{ self *int }{}, func(struct{}) {
		if f() {
			afterCollection(f)
		}
	}, struct{}{})
}
