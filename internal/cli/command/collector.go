package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// percentFor is how much garbage may lie about beside what is in use, in bytes. A command
// lives for less than a second: as long as it holds little, half the collections of garbage
// are worth more than the memory that they would free. Where it holds more, three times that
// much is more than a machine may have, and Go's own measure goes, up to roomy; beyond that,
// as in the commit of 100,000 values, less than half of it. GOGC decides otherwise where it is set.
func percentFor(live uint64) int {
	const roomy = 768 << 20
	if live < 64<<20 {
		return 200
	}
	return min(100, max(40, int(100*roomy/live)-100))
}

// memoryLimit is how much memory is taken before collections come more often than the
// measures above say. An estate for which somebody has raised limits holds more than that
// itself, and collecting would take a third of the time and gain nothing.
const memoryLimit, raisedMemoryLimit = 1 << 30, 2 << 30

// tuneCollector sets how much garbage may lie about, and again after each collection.
func tuneCollector() {
	percent := percentFor(0)
	debug.SetGCPercent(percent)
	afterCollection(func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if now := percentFor(live[0].Value.Uint64()); now != percent {
			percent = now
			debug.SetGCPercent(percent) // This stops the program, if for a moment.
		}
	})
}

// afterCollection calls f after each collection.
func afterCollection(f func()) {
	// An object that nobody holds is found by every collection. It has a pointer, since
	// the runtime puts small ones without any into one block with others, which may live.
	runtime.AddCleanup(&struct{ self *int }{}, func(struct{}) {
		f()
		afterCollection(f)
	}, struct{}{})
}
