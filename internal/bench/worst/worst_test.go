package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// What any project may cost that a pull request can hold. docs/security.md says
// these figures; a machine that is slower than most by far may need more time.
const (
	maxCPU    = 60         // seconds
	maxMemory = 2048 << 20 // bytes
)

// TestWorst holds the whole program to what docs/security.md says of the worst
// projects: planned, or refused with a sentence, within the bounds.
func TestWorst(t *testing.T) {
	t.Parallel()
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("runs the program for about a minute, under limits that Linux has")
	}
	program := filepath.Join(t.TempDir(), "osmoctl")
	if out, err := exec.Command("go", "build", "-o", program, "../../../cmd/osmoctl").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, c := range Cases {
		t.Run(c.Name, func(t *testing.T) {
			dir, err := os.MkdirTemp(t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			if err := Make(dir, program, c); err != nil {
				t.Fatal(err)
			}
			hold(t, c, Run(program, dir, c, maxCPU))
		})
	}
}

func hold(t *testing.T, c Case, r Result) {
	t.Helper()
	switch failed := r.Err != nil; {
	case failed != (c.Says != ""), !bytes.Contains(r.Output, []byte(c.Says)):
		t.Errorf("%s: %v, want words %q in:\n%.400s", r.Outcome(), r.Err, c.Says, r.Output)
	case bytes.Contains(r.Output, []byte("goroutine ")):
		t.Errorf("it broke down:\n%.400s", r.Output)
	}
	if r.CPU.Seconds() > maxCPU || r.Memory > maxMemory {
		t.Errorf("%.1f s of CPU and %d MiB", r.CPU.Seconds(), r.Memory>>20)
	}
	t.Logf("%.1f s, %d MiB, %s", r.CPU.Seconds(), r.Memory>>20, r.Outcome())
}
