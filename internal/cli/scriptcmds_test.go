package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	gitrepo "github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/programtest"
	"github.com/osmoctl/osmoctl/schemas"
)

// exits CODE COMMAND... runs a command and demands its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := codeOf(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func codeOf(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// stockAge builds the programs of age that go.mod names, and returns their
// directory.
var stockAge = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(programs, "age")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	return dir, build(dir+string(filepath.Separator), "filippo.io/age/cmd/age", "filippo.io/age/cmd/age-keygen")
})

// stock is the command that runs a program of age.
func stock(program string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		dir, err := stockAge()
		ts.Check(err)
		if err := ts.Exec(filepath.Join(dir, program), args...); (err != nil) != neg {
			ts.Fatalf("%s: %v", program, err)
		}
	}
}

// subst FILE OLD NEW replaces text in a file and demands that it was there.
// \n in NEW is a new line.
func subst(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: subst FILE OLD NEW")
	}
	before := ts.ReadFile(args[0])
	after := strings.ReplaceAll(before, args[1], strings.ReplaceAll(args[2], `\n`, "\n"))
	if before == after {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o666))
}

// flip FILE changes one bit in the last byte of a file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip FILE")
	}
	data := []byte(ts.ReadFile(args[0]))
	data[len(data)-1] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// runnable FILE... makes files into programs. They are written anew: chmod alone
// leaves a file that another script may still hold open, which cannot be run.
func runnable(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: runnable FILE...")
	}
	for _, file := range args {
		ts.Check(programtest.Write(ts.MkAbs(file), []byte(ts.ReadFile(file))))
	}
}

// fingerprints is the key of what a script's same has seen.
type fingerprints struct{}

// same NAME DIR remembers a fingerprint of everything below DIR, refs, index,
// objects and work tree, and demands the next time that it is the same.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same NAME DIR")
	}
	now, err := fingerprint(ts.MkAbs(args[1]))
	ts.Check(err)
	seen := ts.Value(fingerprints{}).(map[string]string)
	before, known := seen[args[0]]
	seen[args[0]] = now
	if known && before != now {
		ts.Fatalf("%s has changed:\n%s", args[1], changedLines(before, now))
	}
}

// fingerprint describes every file below root but osmoctl's own lock.
func fingerprint(root string) (string, error) {
	var out strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		if err != nil || strings.Contains(name, filepath.Join(".git", "osmoctl")) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var sum [sha256.Size]byte
		if info.Mode().IsRegular() && info.Size() < 1<<24 {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum = sha256.Sum256(data)
		}
		size := info.Size()
		if d.IsDir() {
			size = 0 // On some file systems it goes by what was ever in there.
		}
		fmt.Fprintf(&out, "%s %s %d %x\n", name, info.Mode(), size, sum[:8])
		return nil
	})
	return out.String(), err
}

func changedLines(before, after string) string {
	var out strings.Builder
	for line := range strings.Lines(before) {
		if !strings.Contains(after, line) {
			out.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(after) {
		if !strings.Contains(before, line) {
			out.WriteString("+ " + line)
		}
	}
	return out.String()
}

// clean demands that git finds nothing wrong with the repository around the
// working directory, and nothing to commit in it.
func clean(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: clean")
	}
	for _, command := range [][]string{{"fsck", "--strict", "--no-dangling"}, {"status", "--porcelain"}} {
		ts.Check(ts.Exec("git", command...))
		if out := ts.ReadFile("stdout"); strings.TrimSpace(out) != "" {
			ts.Fatalf("git %s says: %s", command[0], out)
		}
	}
}

// validates SCHEMA [FILE] demands that a file, by default what was printed last,
// is valid by one of osmoctl's schemas.
func validates(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: validates SCHEMA [FILE]")
	}
	file := "stdout"
	if len(args) == 2 {
		file = args[1]
	}
	ts.Check(validateJSON(args[0], []byte(ts.ReadFile(file))))
}

// validateJSON holds a document against a schema, with a validator that knows
// nothing of osmoctl.
func validateJSON(name string, document []byte) error {
	schema, err := compiled(name)
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return schema.Validate(doc)
}

func compiled(name string) (*jsonschema.Schema, error) {
	text, ok := schemas.Read(name)
	if !ok {
		return nil, fmt.Errorf("there is no schema %s", name)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	url := "https://osmoctl.dev/schemas/" + schemas.FileName(name)
	if err := c.AddResource(url, doc); err != nil {
		return nil, err
	}
	return c.Compile(url)
}

// holdlock DIR takes the lock of the project in DIR until the script ends, as an
// apply that does not finish would.
func holdLock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: holdlock DIR")
	}
	repo, err := gitrepo.Open(ts.MkAbs(args[0]), gitrepo.Options{Env: ts.Getenv})
	ts.Check(err)
	lock, err := gitstore.New(repo, gitstore.Options{}).Lock(context.Background(), gitstore.Holder{Who: "bob", Where: "another-host", Run: "run-17"})
	ts.Check(err)
	ts.Defer(func() {
		_ = lock.Unlock()
		_ = repo.Close()
	})
}

// environment is the key of a script's environment as setup made it.
type environment struct{}

// interrupt TEXT COMMAND... starts a command, sends it SIGINT as soon as it has
// printed TEXT on stderr, and demands exit code 130.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt TEXT COMMAND...")
	}
	program, err := lookPath(args[1], ts.Getenv("PATH"))
	ts.Check(err)
	cmd := exec.Command(program, args[2:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), ts.Value(environment{}).([]string)
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	var said strings.Builder
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), args[0]) {
			ts.Check(cmd.Process.Signal(os.Interrupt))
		}
	}
	if got := codeOf(ts, cmd.Wait()); got != 130 || !strings.Contains(said.String(), args[0]) {
		ts.Fatalf("exit code %d, want 130 after %q; it said:\n%s", got, args[0], said.String())
	}
}

// nosecret FILE DIR... demands that the value in FILE stands in no file below
// the directories and in no object of a git repository there, in none of the
// usual encodings. With ! it demands that it is found.
func noSecret(ts *testscript.TestScript, neg bool, args []string) {
	value := bytes.TrimSpace([]byte(ts.ReadFile(args[0])))
	if len(value) < 20 || len(args) < 2 {
		ts.Fatalf("usage: nosecret FILE DIR..., where the file holds a value")
	}
	for _, dir := range args[1:] {
		where, err := searchDirectory(ts.MkAbs(dir), [][]byte{value}, ts.MkAbs(args[0]))
		ts.Check(err)
		if (where != "") != neg {
			ts.Fatalf("the value was found in: %q", where)
		}
	}
}

// lookPath finds a program in a script's PATH.
func lookPath(name, path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", exec.ErrNotFound
}
