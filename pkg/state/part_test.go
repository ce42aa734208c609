package state

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An account that is read by itself is the one that the whole state has, in all of its
// parts, and what was left out is not there.
func TestPart(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	whole, problems := Decode(files)
	if problems != nil {
		t.Fatal(problems)
	}
	for name, want := range whole.Accounts {
		part, problems := DecodePart(filesBelow(files, AccountDir(name)))
		if problems != nil {
			t.Fatalf("%s: %v", name, problems)
		}
		if d := cmp.Diff(map[string]*Account{name: want}, part.Accounts); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if len(part.Roles) > 0 || part.Meta.Digest != whole.Meta.Digest {
			t.Errorf("%s: %d roles, digest %v", name, len(part.Roles), part.Meta.Digest)
		}
	}
	for name, want := range whole.Roles {
		part, problems := DecodePart(filesBelow(files, RolePath(name)))
		if d := cmp.Diff(want, part.Roles[name]); d != "" || problems != nil {
			t.Errorf("%s: %v %s", name, problems, d)
		}
	}
}

// filesBelow are meta.json and what lies at or below a path.
func filesBelow(files []File, path string) (part []File) {
	for _, f := range files {
		if f.Path == MetaPath || f.Path == path || strings.HasPrefix(f.Path, path+"/") {
			part = append(part, f)
		}
	}
	return part
}

// sealedAccount is an account that has a ciphertext, with its files and meta.json.
func sealedAccount(t *testing.T) (name string, part []File) {
	t.Helper()
	files := fixture(t)
	whole, _ := Decode(files)
	names := whole.AccountNames()
	name = names[slices.IndexFunc(names, func(name string) bool { return len(whole.Accounts[name].LiveTokens()) > 0 })]
	part = filesBelow(files, AccountDir(name))
	if !slices.ContainsFunc(part, func(f File) bool { return IsCiphertext(f.Path) }) {
		t.Fatalf("%s has no ciphertext", name)
	}
	return name, part
}

// What is wrong with an account is wrong with a part that has it.
func TestPartRefuses(t *testing.T) {
	t.Parallel()
	name, part := sealedAccount(t)
	ciphertext := slices.IndexFunc(part, func(f File) bool { return IsCiphertext(f.Path) })
	stray := part[ciphertext]
	stray.Path = AccountDir(name) + "/other.7.age"
	for want, files := range map[string][]File{
		CodeNoCiphertext: slices.Delete(slices.Clone(part), ciphertext, ciphertext+1),
		CodeStray:        append(slices.Clone(part), stray),
		CodeNoMeta:       slices.DeleteFunc(slices.Clone(part), func(f File) bool { return f.Path == MetaPath }),
		CodeNotCanonical: edited(part, AccountPath(name), func(f *File) { f.Data = append(slices.Clone(f.Data), '\n') }),
	} {
		if s, problems := DecodePart(files); s != nil || len(problems) != 1 || problems[0].Code != want {
			t.Errorf("%s: got %v", want, codes(problems))
		}
	}
}

// A part cannot be written, whatever was done to it.
func TestPartIsNotWritten(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	part, problems := DecodePart(filesBelow(files, MetaPath))
	if problems != nil {
		t.Fatal(problems)
	}
	defer func() {
		if recover() == nil {
			t.Error("a part of a state was written as a whole one")
		}
	}()
	part.Edit().Snapshot().Edit().Finish()
}
