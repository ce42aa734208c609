package state

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// snapshot decodes everything, as a later run finds it.
func snapshot(tb testing.TB) *Snapshot {
	tb.Helper()
	s, problems := Decode(fixture(tb))
	if problems != nil {
		tb.Fatal(problems)
	}
	return s
}

func paths(changes []Change) (out []string) {
	for _, c := range changes {
		if c.Delete {
			out = append(out, "-"+c.Path)
		} else {
			out = append(out, c.Path)
		}
	}
	return out
}

// edits are one use of every method of Edit on what everything made, each with
// the files that it writes, meta.json left out, or removes, with a minus.
var edits = map[string]struct {
	edit func(*Edit)
	want []string
}{
	"nothing":                 {func(*Edit) {}, nil},
	"SetRole":                 {func(e *Edit) { e.SetRole(&Role{Name: "new"}) }, []string{"roles/new.json"}},
	"SetRole as it was":       {func(e *Edit) { r := *e.Role("team"); e.SetRole(&r) }, nil},
	"DeleteRole":              {func(e *Edit) { e.DeleteRole("team") }, []string{"-roles/team.json"}},
	"DeleteRole of none":      {func(e *Edit) { e.DeleteRole("none") }, nil},
	"SetRole and DeleteRole":  {func(e *Edit) { e.SetRole(&Role{Name: "new"}); e.DeleteRole("new") }, nil},
	"Account looked at":       {func(e *Edit) { e.Account("empty") }, nil},
	"Account changed":         {func(e *Edit) { e.Account("empty").Protect = true }, []string{AccountPath("empty")}},
	"Account labels":          {func(e *Edit) { e.Account("svc@example.org").Labels["team"] = "z" }, []string{AccountPath("svc@example.org")}},
	"Account grants":          {func(e *Edit) { e.Account("svc@example.org").Grants[0].AssignedBy = "z" }, []string{AccountPath("svc@example.org")}},
	"Token changed":           {func(e *Edit) { e.Token("svc@example.org", "deploy").Honoured = 9 }, []string{AccountPath("svc@example.org")}},
	"a generation changed":    {func(e *Edit) { e.Token("svc@example.org", "deploy").Active().RevokeAfter = 2e4 }, []string{AccountPath("svc@example.org")}},
	"Issue":                   {func(e *Edit) { e.Issue(deploy, Generation{Number: 5, Value: Sum{1}}, []byte("sealed")) }, []string{AccountPath("svc@example.org"), CiphertextPath("svc@example.org", "deploy", 5)}},
	"Issue and End":           {func(e *Edit) { e.Issue(deploy, Generation{Number: 5}, []byte("sealed")); e.End(deploy.At(5), 2e4, "") }, []string{AccountPath("svc@example.org")}},
	"Reseal":                  {func(e *Edit) { e.Reseal(deploy.At(4), []byte("sealed again"), []string{"age1z"}) }, []string{AccountPath("svc@example.org"), CiphertextPath("svc@example.org", "deploy", 4)}},
	"End":                     {func(e *Edit) { e.End(deploy.At(2), 2e4, "") }, []string{AccountPath("svc@example.org"), "-" + CiphertextPath("svc@example.org", "deploy", 2)}},
	"End of what ended":       {func(e *Edit) { e.End(deploy.At(1), 2e4, "") }, nil},
	"DeleteToken":             {func(e *Edit) { e.DeleteToken(deploy, 2e4, "") }, []string{AccountPath("svc@example.org"), "-" + CiphertextPath("svc@example.org", "deploy", 2), "-" + CiphertextPath("svc@example.org", "deploy", 4)}},
	"DeleteAccount":           {func(e *Edit) { e.DeleteAccount("svc@example.org", 2e4, "") }, []string{AccountPath("svc@example.org"), "-" + CiphertextPath("svc@example.org", "deploy", 2), "-" + CiphertextPath("svc@example.org", "deploy", 4), "-" + CiphertextPath("svc@example.org", "old", 1)}},
	"SetSettings, SetLineage": {func(e *Edit) { e.SetSettings(Settings{}); e.SetLineage("z") }, nil},
}

var deploy = model.TokenAddress("svc@example.org", "deploy")

func TestFinishWritesWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, c := range edits {
		e := snapshot(t).Edit()
		c.edit(e)
		_, changes := e.Finish()
		if d := cmp.Diff(slices.Sorted(slices.Values(append([]string{MetaPath}, c.want...))), slices.Sorted(slices.Values(paths(changes)))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if !slices.IsSortedFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) }) {
			t.Errorf("%s: the changes are not sorted", name)
		}
	}
}

func TestEditLeavesItsBaseAlone(t *testing.T) {
	t.Parallel()
	for name, c := range edits {
		base, same := snapshot(t), snapshot(t)
		e := base.Edit()
		c.edit(e)
		if d := equal(same, base); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		next, _ := e.Finish()
		if d := equal(same, base); d != "" {
			t.Errorf("Finish after %s: %s", name, d)
		}
		if next.Meta.Serial != base.Meta.Serial+1 {
			t.Errorf("%s: serial %d", name, next.Meta.Serial)
		}
	}
}

// Reading back what an edit leaves gives the snapshot that Finish returned, so
// the digest and all sums are those of the files.
func TestFinishAgreesWithDecode(t *testing.T) {
	t.Parallel()
	for name, c := range edits {
		if strings.HasPrefix(name, "Issue") || name == "SetSettings, SetLineage" {
			continue // these leave values that no apply writes
		}
		files := map[string]File{}
		for _, f := range fixture(t) {
			files[f.Path] = f
		}
		e := snapshot(t).Edit()
		c.edit(e)
		next, changes := e.Finish()
		for _, change := range changes {
			if delete(files, change.Path); !change.Delete {
				files[change.Path] = File{Path: change.Path, Mode: RegularMode, Data: change.Data}
			}
		}
		var all []File
		for _, path := range model.Names(files) {
			all = append(all, files[path])
		}
		got, problems := Decode(all)
		if problems != nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		if d := equal(next, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// The digest is what the package comment's command prints.
func TestDigestIsThatOfSha256sum(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	var sums bytes.Buffer
	for _, f := range files {
		if f.Path != MetaPath {
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(f.Data), f.Path)
		}
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(sums.Bytes())); snapshot(t).Meta.Digest.String() != want {
		t.Errorf("the digest is %s, sha256sum says %s", snapshot(t).Meta.Digest, want)
	}
}

// What must outlive a token or an account does: numbers go on where they
// stopped, and no ended value is forgotten.
func TestTombstonesOutliveEverything(t *testing.T) {
	t.Parallel()
	s := &Snapshot{}
	a := model.TokenAddress("a", "t")
	ends := map[string]func(*Edit){
		"End":           func(e *Edit) { e.End(a.At(e.Token("a", "t").LastGeneration), 2e4, "ended") },
		"DeleteToken":   func(e *Edit) { e.DeleteToken(a, 2e4, "deleted") },
		"DeleteAccount": func(e *Edit) { e.DeleteAccount("a", 2e4, "account deleted") },
	}
	number := 0
	for range 3 {
		for _, name := range model.Names(ends) {
			e := s.Edit()
			e.Account("a").DeletedOn = 0
			token := e.Token("a", "t")
			token.DeletedOn = 0
			if token.LastGeneration != number {
				t.Fatalf("after %s the last number is %d, want %d", name, token.LastGeneration, number)
			}
			number++
			e.Issue(a, Generation{Number: number, Value: SumOf(fmt.Append(nil, number))}, []byte("sealed"))
			ends[name](e)
			s, _ = e.Finish()
		}
	}
	stones := s.Accounts["a"].Tokens["t"].Tombstones
	if len(stones) != number || !slices.IsSortedFunc(stones, func(a, b Tombstone) int { return a.Generation - b.Generation }) {
		t.Errorf("%d tombstones of %d, or out of order", len(stones), number)
	}
	for i, stone := range stones {
		if stone.Generation != i+1 || stone.Value != SumOf(fmt.Append(nil, i+1)) || stone.EndedOn != 2e4 || stone.Reason == "" {
			t.Errorf("tombstone %d is %+v", i, stone)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	// printf %s svc | sha256sum begins with 82.
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("svc")))[:2]
	for got, want := range map[string]string{
		RolePath("a"):                 "roles/a.json",
		AccountPath("svc"):            "accounts/" + sum + "/svc/account.json",
		CiphertextPath("svc", "t", 3): "accounts/" + sum + "/svc/t.3.age",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if !IsCiphertext(CiphertextPath("a", "t", 1)) || IsCiphertext(AccountPath("a.age")) || IsCiphertext(RolePath("x.age")) {
		t.Error("ciphertexts and other files are confused")
	}
}
