package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A command lives for less than a second: as long as it holds little, half the
// collections of garbage are worth more than the memory that they would free. Where it
// holds much, as the state of 100,000 accounts, collections are few, and three times
// that much is more than a machine may have: then Go's own measure goes. GOGC decides
// otherwise where it is set.
const (
	lightPercent = 200
	heavyPercent = 100
	heavy        = 64 << 20 // bytes that are in use after a collection
)

// memoryLimit is how much memory is taken before collections come more often than the
// measures above say. An estate for which somebody has raised limits holds more than that
// itself, and collecting would take a third of the time and gain nothing.
const memoryLimit, raisedMemoryLimit = 1 << 30, 2 << 30

// tuneCollector sets how much garbage may lie about, and looks again after each
// collection until much is held.
func tuneCollector() {
	debug.SetGCPercent(lightPercent)
	afterCollection(func() (again bool) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if live[0].Value.Uint64() < heavy {
			return true
		}
		debug.SetGCPercent(heavyPercent)
		return false
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
