// Package house holds the tests of what no single package can see: which
// package may import which, that the pure ones are pure, that schemas and
// examples agree with the code that reads and writes, and that the list of
// dependencies is the one that go.mod has.
//
// The imports are read from the sources with go/parser, not asked of the go
// command: go test remembers a result by the files that the test opened, so a
// bad import is seen in the very next run.
package house
