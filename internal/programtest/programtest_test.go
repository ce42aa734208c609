package programtest_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/osmoctl/osmoctl/internal/programtest"
)

// Programs that are written and run while others are started do run.
func TestWrittenProgramsRun(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("programs are shell scripts here")
	}
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := range 8 {
				program := filepath.Join(dir, fmt.Sprintf("%d-%d", i, n%2))
				if err := programtest.Write(program, []byte("#!/bin/sh\nexit 0\n")); err != nil {
					t.Error(err)
					return
				}
				if err := exec.Command(program).Run(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
