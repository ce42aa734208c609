package known_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/known"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func tree(i int) object.ID { return object.IDOf(object.Tree, fmt.Append(nil, i)) }

func TestStates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if known.Has(dir, tree(0)) {
		t.Error("an empty clone knows a state")
	}
	for i := range 100 {
		for range 2 {
			if err := known.Add(dir, tree(i)); err != nil {
				t.Fatal(err)
			}
		}
		if !known.Has(dir, tree(i)) || known.Has(dir, tree(i+1)) {
			t.Fatalf("state %d is not the last that is known", i)
		}
	}
	if known.Has(dir, tree(35)) || !known.Has(dir, tree(36)) {
		t.Error("the list does not hold the last 64")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "osmoctl", "*")); len(left) != 1 {
		t.Errorf("there is more than the list: %q", left)
	}
}

// holding is a state of accounts with one token each, with these values.
func holding(values map[string]state.Sum) *state.Snapshot {
	s := &state.Snapshot{Accounts: map[string]*state.Account{}}
	for name, value := range values {
		s.Accounts[name] = &state.Account{Name: name, Tokens: map[string]*state.Token{
			"t": {Tombstones: []state.Tombstone{{Generation: 1, Value: value}}},
		}}
	}
	return s
}

func TestHolders(t *testing.T) {
	t.Parallel()
	dir, values := t.TempDir(), map[string]state.Sum{}
	for i := range 300 {
		values[fmt.Sprintf("svc-%d", i)] = state.SumOf(fmt.Append(nil, i))
	}
	// Two that the index cannot tell apart, and one that nobody has.
	values["twin"] = values["svc-7"]
	twin := values["twin"]
	twin[31]++
	values["twin"] = twin
	if err := known.SaveValues(dir, "", tree(1), holding(values)); err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		if got := known.Holders(dir, "", tree(1), value); !slices.Contains(got, name) || len(got) > 2 {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := known.Holders(dir, "", tree(1), state.SumOf([]byte("nobody"))); got != nil {
		t.Errorf("a value of nobody: got %q", got)
	}
	if got := known.Holders(dir, "", tree(2), values["svc-1"]); got != nil {
		t.Errorf("a value of another state: got %q", got)
	}
}

// Whatever the index holds, reading it ends, and names nothing that could be no account.
func FuzzHolders(f *testing.F) {
	dir, value := f.TempDir(), state.SumOf([]byte("value"))
	if err := known.SaveValues(dir, "", tree(1), holding(map[string]state.Sum{"svc-ci": value, "svc-train": state.SumOf(nil)})); err != nil {
		f.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(dir, "osmoctl", "known-values"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(index)
	f.Add(index[:len(index)-3])
	f.Add(append([]byte(fmt.Sprintf("osmoctl values 1 %s %10d\n", tree(1), 9999999999)), index[60:]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "osmoctl"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "osmoctl", "known-values"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range known.Holders(dir, "", tree(1), value) {
			if name == "" || filepath.Base(name) != name {
				t.Errorf("named %q", name)
			}
		}
	})
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	dir, snap := t.TempDir(), holding(map[string]state.Sum{"svc-a": state.SumOf(nil), "svc-b": state.SumOf([]byte("b"))})
	folders, want := map[string]object.ID{}, known.Accounts{}
	for folder, data := range snap.CompactFolders() {
		folders[folder] = tree(len(folders))
		want[folders[folder]] = data
	}
	if len(known.LoadAccounts(dir, "")) > 0 {
		t.Error("an empty clone knows accounts")
	}
	if err := known.SaveAccounts(dir, "", folders, snap); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, known.LoadAccounts(dir, "")); d != "" {
		t.Error(d)
	}
	// Another project of the repository has accounts of its own.
	if len(known.LoadAccounts(dir, "teams/b")) > 0 {
		t.Error("another project knows them")
	}
	if err := known.SaveAccounts(dir, "teams/b", nil, &state.Snapshot{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, known.LoadAccounts(dir, "")); d != "" {
		t.Error(d)
	}
	// What was cut off is not there, and the rest is as it was.
	path := filepath.Join(dir, "osmoctl", "known-accounts")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		if err := os.WriteFile(path, file[:i], 0o600); err != nil {
			t.Fatal(err)
		}
		got := known.LoadAccounts(dir, "")
		for id, data := range got {
			if d := cmp.Diff(want[id], data); d != "" {
				t.Errorf("cut at %d: %s", i, d)
			}
		}
		if len(got) == len(want) {
			t.Errorf("cut at %d: all are there", i)
		}
	}
}
