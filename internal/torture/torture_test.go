package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// A few kills of each kind, so that the command is known to work; it is run
// with hundreds by hand. See docs/reliability.md.
func TestSmoke(t *testing.T) {
	if testing.Short() {
		t.Skip("what is killed is another program, built for it")
	}
	t.Parallel()
	for _, program := range []string{"go", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("there is no " + program + " program")
		}
	}
	o, err := parse([]string{"-kills", "2", "-accounts", "5", "-applies", "2", "-scenario", "first,rotate,one,publish,recover,reseal,beside"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(&out, o); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if n := strings.Count(out.String(), "kills survived: 2 of 2"); n != 6 {
		t.Errorf("%d of 6 scenarios went through:\n%s", n, out.String())
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	if _, err := parse([]string{"-scenario", "first", "extra", "-kills", "x"}); err != nil {
		t.Error("what follows the flags is not theirs to judge:", err)
	}
	o, err := parse(nil)
	if err != nil || len(o.scenarios) != len(scenarios) {
		t.Error(o, err)
	}
	o.scenarios = []string{"fisrt"}
	if err := run(&bytes.Buffer{}, o); err == nil || !strings.Contains(err.Error(), "first, rotate") {
		t.Errorf("a scenario that there is not: %v", err)
	}
}
