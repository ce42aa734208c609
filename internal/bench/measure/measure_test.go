package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

var update = flag.Bool("update", false, "rewrite golden files")

// made is a session that has measured nothing and has results all the same.
func made() *session {
	took := func(ms, mib int) []usage {
		return []usage{
			{time.Duration(ms) * time.Millisecond, time.Duration(ms/2) * time.Millisecond, int64(mib) << 20},
			{time.Hour, time.Hour, 1 << 40},
			{0, 0, 0},
		}
	}
	s := &session{
		options: options{before: "0716666"}, machine: "a machine",
		osmoctl: []named{{now, "osmoctl"}, {before, "old"}}, skipped: []string{"gitleaks: it is not on PATH"},
	}
	for i, n := range []int{100, 1000, 10_000} {
		s.results = append(s.results,
			result{planSame, now, n, 100, took(20<<(3*i), 20<<i)}, result{planSame, before, n, 100, took(40<<(3*i), 30<<i)},
			result{userGet, now, n, 100, took(12, 18)}, result{userGet, before, n, 100, took(20<<(2*i), 24<<i)},
			result{verifyOne, now, n, 100, took(12+i, 18)}, result{verifyOne, before, n, 100, took(20, 24)})
		if n < 10_000 {
			s.results = append(s.results, result{planSame, "terraform", n, 100, took(250<<(4*i), 70<<i)})
		}
	}
	s.results = append(s.results, result{planSame, now, 10_000, 2500, took(1300, 80)}, result{planSame, before, 10_000, 2500, took(2600, 120)})
	return s
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test ./internal/bench/measure -update):\n%s", name, diff)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	s := made()
	golden(t, "tables.md", []byte(s.markdown()))
	s.osmoctl = s.osmoctl[:1]
	if text := s.markdown(); strings.Contains(text, "before") || !strings.Contains(text, "| `user get` | 12 ms | 6 ms | 18 MiB |") {
		t.Errorf("without another osmoctl:\n%s", text)
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	picture := chart(made().results)
	golden(t, "chart.svg", picture)
	d := xml.NewDecoder(bytes.NewReader(picture))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(picture, []byte("NaN")) || bytes.Contains(picture, []byte("Inf")) || bytes.Contains(chart(nil), []byte("NaN")) {
		t.Error("a place in the chart is not a number")
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	document := "head\n" + markBegin + "old\n" + markEnd + "tail\n"
	got, err := between(document, "new\n")
	if want := "head\n" + markBegin + "\nnew\n\n" + markEnd + "tail\n"; err != nil || got != want {
		t.Errorf("%v, %q", err, got)
	}
	if again, err := between(got, "new\n"); err != nil || again != got {
		t.Errorf("twice: %v, %q", err, again)
	}
	for _, document := range []string{"", markBegin, markEnd, markEnd + markBegin} {
		if _, err := between(document, "new\n"); err == nil {
			t.Errorf("%q has no place for tables", document)
		}
	}
}

// The command of docs/performance.md finds its place there.
func TestDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := between(string(text), ""); err != nil {
		t.Error(err)
	}
}

// Jobs that do the same are run in turn, in the opposite order every other time, and
// what changes nothing once more at first.
func TestSample(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("runs a shell")
	}
	log := filepath.Join(t.TempDir(), "log")
	say := func(word string) []string {
		return []string{"sh", "-c", `printf "$1 $(cat) " >> "$2"`, "sh", word, log}
	}
	input := func(context.Context) (secret.Value, error) { return secret.New([]byte("in")), nil }
	ready := func(context.Context) error { return nil }
	runs, err := sample(t.Context(), []job{{args: say("a"), input: input}, {args: say("b"), ready: ready}}, 3, time.Hour)
	if err != nil || len(runs) != 2 || len(runs[0]) != 3 || len(runs[1]) != 3 {
		t.Fatalf("%v, %v", runs, err)
	}
	if runs[0][0].wall <= 0 || runs[0][0].memory <= 0 {
		t.Errorf("nothing is measured: %+v", runs[0][0])
	}
	got, err := os.ReadFile(log)
	if want := "a in a in b  b  a in a in b  "; err != nil || string(got) != want {
		t.Errorf("%v, got %q, want %q", err, got, want)
	}
	if runs, err := sample(t.Context(), []job{{args: say("a"), ready: ready}}, 3, time.Nanosecond); err != nil || len(runs[0]) != 1 {
		t.Errorf("without patience: %v, %v", runs, err)
	}
	if runs, err := sample(t.Context(), []job{{args: say("a"), ready: ready}, {args: say("b"), ready: ready}}, 3, time.Nanosecond); err != nil || len(runs[0]) != 2 {
		t.Errorf("two without patience: %v, %v", runs, err)
	}
	if _, err := sample(t.Context(), []job{{args: []string{"sh", "-c", "echo no >&2; exit 3"}}}, 1, time.Hour); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("what fails is measured: %v", err)
	}
}

// All commands do their work in a small estate, beside another osmoctl and without
// programs that may not be there.
func TestMeasure(t *testing.T) {
	t.Parallel()
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("builds and runs the program for some seconds")
	}
	var progress bytes.Buffer
	dir := t.TempDir()
	program := filepath.Join(dir, "osmoctl")
	if err := build(t.Context(), ".", program, "cmd/osmoctl"); err != nil {
		t.Fatal(err)
	}
	o, err := parseFlags([]string{"-n=6", "-files=3,6", "-runs=2", "-logs=8", "-loop=6", "-terraform=1", "-now=" + program, "-before=" + program})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSession(t.Context(), dir, o, &progress)
	if err == nil {
		err = s.measure(t.Context())
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	if got := len(s.results); got < 2*(12+3) {
		t.Errorf("%d results\n%s", got, progress.String())
	}
	if text := s.markdown(); !regexp.MustCompile("(?m)^\\| `secrets reseal` of everything \\|( [0-9.]+ m?s \\| [0-9.]+ m?s \\| [0-9.]+ \\|){2}").MatchString(text) {
		t.Error(text)
	}
}
