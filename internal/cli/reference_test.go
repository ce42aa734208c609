package cli_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli"
)

var update = flag.Bool("update", false, "write docs/cli.md and testdata/reviews anew")

// TestReference holds docs/cli.md to the grammar that it is made from.
func TestReference(t *testing.T) {
	t.Parallel()
	const path = "../../docs/cli.md"
	want, err := cli.Reference()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("docs/cli.md is not up to date (%v): go test ./internal/cli -run TestReference -update", err)
	}
}
