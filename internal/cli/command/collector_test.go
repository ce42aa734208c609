package command

import (
	"runtime"
	"testing"
	"time"
)

// What looks after a collection does so as often as it says.
func TestAfterCollection(t *testing.T) {
	t.Parallel()
	const looks = 3
	looked := make(chan int, looks+1)
	n := 0
	afterCollection(func() (again bool) {
		n++
		looked <- n
		return n < looks
	})
	for want := 1; want <= looks; want++ {
		for got := 0; got == 0; {
			runtime.GC()
			select {
			case got = <-looked:
				if got != want {
					t.Fatalf("look %d comes as the %d.", got, want)
				}
			case <-time.After(time.Millisecond):
			}
		}
	}
	runtime.GC()
	runtime.GC()
	select {
	case <-looked:
		t.Error("it looks once more than it says")
	case <-time.After(10 * time.Millisecond):
	}
}
