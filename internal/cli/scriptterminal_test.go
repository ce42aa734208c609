package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// screen is the file in $WORK that has what a terminal showed.
const screen = "screen"

// terminal COLUMNSxROWS STEPS COMMAND... runs a command on a terminal of that size, as
// the only program there, and leaves in the file $WORK/screen what it showed, and the exit
// code. STEPS is a file of lines "TEXT => KEYS", or "-": each waits until the text is
// shown, and then types the keys, which are as between Go's quotes.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: terminal COLUMNSxROWS STEPS COMMAND...")
	}
	var columns, rows uint16
	_, err := fmt.Sscanf(args[0], "%dx%d", &columns, &rows)
	ts.Check(err)
	var steps [][2]string
	if args[1] != "-" {
		steps = readSteps(ts, args[1])
	}
	path, err := lookPath(args[2], ts.Getenv("PATH"))
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, entry := range ts.Value(environment{}).([]string) {
		name, _, _ := strings.Cut(entry, "=")
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	person, err := startOnTerminal(cmd, columns, rows)
	ts.Check(err)
	defer person.Close()
	// A program that asks for something that no step answers would wait for ever.
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	shown, left := converse(person, steps)
	code := codeOf(ts, cmd.Wait())
	shown = strings.ReplaceAll(shown, "\r\n", "\n")
	ts.Logf("[terminal]\n%s[exit code %d]\n", shown, code)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), screen), []byte(fmt.Sprintf("%s[exit code %d]\n", shown, code)), 0o600))
	if len(left) > 0 {
		ts.Fatalf("%q was not shown", left[0][0])
	}
}

func readSteps(ts *testscript.TestScript, file string) (steps [][2]string) {
	for line := range strings.Lines(ts.ReadFile(file)) {
		text, keys, found := strings.Cut(strings.TrimSuffix(line, "\n"), " => ")
		typed, err := strconv.Unquote(`"` + keys + `"`)
		if !found || err != nil {
			ts.Fatalf("%q is no step", line)
		}
		steps = append(steps, [2]string{text, typed})
	}
	return steps
}

// converse reads what is shown until nothing more will be, and types at each step. It
// returns the steps that were not come to.
func converse(person *os.File, steps [][2]string) (string, [][2]string) {
	var shown strings.Builder
	seen, chunk := 0, make([]byte, 4096)
	for {
		n, err := person.Read(chunk)
		shown.Write(chunk[:n])
		for len(steps) > 0 {
			at := strings.Index(shown.String()[seen:], steps[0][0])
			if at < 0 {
				break
			}
			seen += at + len(steps[0][0])
			_, _ = person.WriteString(steps[0][1])
			steps = steps[1:]
		}
		if err != nil {
			return shown.String(), steps
		}
	}
}
