package bench_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/osmoctl/osmoctl/internal/bench"
	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/token"
)

// All that was planted is found, and nothing else.
func TestLeaks(t *testing.T) {
	t.Parallel()
	var values []string
	missing := map[scan.Sum]bool{}
	for range 3 * len(bench.LeakForms()) {
		v, err := token.Generate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		missing[v.SHA256()] = true
		_ = v.Use(func(b []byte) error {
			values = append(values, string(b))
			return nil
		})
	}
	dir := t.TempDir()
	if err := bench.Leaks(dir, bench.LeakOptions{Megabytes: 16, Values: values}); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	found := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		finds, _, err := scan.New(scan.Options{Issued: func(scan.Sum) bool { return false }}).Reader(f)
		if err != nil {
			t.Error(err)
		}
		_ = f.Close()
		for _, find := range finds {
			found++
			delete(missing, find.Sum)
		}
	}
	if found != len(values) || len(missing) > 0 {
		t.Errorf("found %d of %d, missing %d", found, len(values), len(missing))
	}
}
