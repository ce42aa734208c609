package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/bench"
	"github.com/osmoctl/osmoctl/internal/cli"
	"github.com/osmoctl/osmoctl/internal/cli/command"
)

// The benchmarks of the whole program on 10,000 accounts with a token each and
// one recipient, as docs/performance.md gives them. They run commands in this
// process, from arguments to output, on a real repository.
var large = bench.Options{Accounts: 10_000, Recipients: 1}

func BenchmarkPlanUnchanged(b *testing.B) {
	dir := repository(b, large)
	osmoctl(b, dir, "apply", "--auto-approve")
	b.ReportAllocs()
	for b.Loop() {
		osmoctl(b, dir, "plan")
	}
}

func BenchmarkApplyFresh(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		dir := repository(b, large)
		b.StartTimer()
		osmoctl(b, dir, "apply", "--auto-approve")
	}
}

func BenchmarkApplyOneToken(b *testing.B) {
	dir := repository(b, large)
	osmoctl(b, dir, "apply", "--auto-approve")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		extra := fmt.Sprintf("service_accounts:\n  svc-extra:\n    roles: [osmo-user]\n    tokens:\n      extra: {roles: [osmo-user], generation: %d}\n", n)
		if err := os.WriteFile(filepath.Join(dir, "manifests", "extra.yaml"), []byte(extra), 0o666); err != nil {
			b.Fatal(err)
		}
		commit(b, dir)
		b.StartTimer()
		osmoctl(b, dir, "apply", "--auto-approve")
	}
}

// few is an estate that is quick to make, for commands whose cost is looked at apart
// from the size of estates.
var few = bench.Options{Accounts: 1_000, Recipients: 1}

// BenchmarkUserGet looks one account up in a state that this clone knows.
func BenchmarkUserGet(b *testing.B) { benchmarkRead(b, "user", "get", "svc-000500") }

// BenchmarkTokenList lists 1,000 tokens as JSON.
func BenchmarkTokenList(b *testing.B) { benchmarkRead(b, "token", "list", "-t", "json") }

func benchmarkRead(b *testing.B, args ...string) {
	dir := repository(b, few)
	osmoctl(b, dir, "apply", "--auto-approve")
	osmoctl(b, dir, args...)
	b.ReportAllocs()
	for b.Loop() {
		osmoctl(b, dir, args...)
	}
}

// BenchmarkReseal seals 10,000 tokens to another key beside the one that opens
// them.
func BenchmarkReseal(b *testing.B) {
	identity, joins := newIdentity(b), newIdentity(b)
	file := filepath.Join(b.TempDir(), "identity.txt")
	if err := os.WriteFile(file, []byte(identity.String()+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	declare := func(dir, ops string) {
		text := fmt.Sprintf("version: 1\nrecipients: {key-000: %s, joins: %s, ops: [%s]}\n"+
			"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n", identity.Recipient(), joins.Recipient(), ops)
		if err := os.WriteFile(filepath.Join(dir, "osmoctl.yaml"), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
		commit(b, dir)
	}
	for b.Loop() {
		b.StopTimer()
		dir := repository(b, large)
		declare(dir, "key-000")
		osmoctl(b, dir, "apply", "--auto-approve")
		declare(dir, "key-000, joins")
		b.StartTimer()
		osmoctl(b, dir, "secrets", "reseal", "--auto-approve", "-i", file)
	}
}

func newIdentity(b *testing.B) *age.X25519Identity {
	b.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// repository makes a committed project. It is no test's business how, so the
// git program does it.
func repository(b *testing.B, o bench.Options) string {
	b.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		b.Skip("git makes the repository, and is not here")
	}
	dir := b.TempDir()
	if err := bench.Generate(dir, o); err != nil {
		b.Fatal(err)
	}
	git(b, dir, "init", "-q", "-b", "main")
	commit(b, dir)
	return dir
}

func commit(b *testing.B, dir string) {
	b.Helper()
	git(b, dir, "add", "-A")
	git(b, dir, "commit", "-q", "-m", "declare")
}

func git(b *testing.B, dir string, args ...string) {
	b.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func osmoctl(b *testing.B, dir string, args ...string) {
	b.Helper()
	var out, complaints bytes.Buffer
	env := &command.Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints,
		Getenv: func(string) string { return "" }, Now: time.Now, Dir: dir,
	}
	if code := cli.Main(context.Background(), env, args); code != 0 {
		b.Fatalf("osmoctl %s: exit code %d\n%s", strings.Join(args, " "), code, complaints.String())
	}
}
