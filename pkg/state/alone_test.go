package state

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// noMeta are the files of a part of a state, without its meta.json.
func noMeta(files []File) []File {
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Path == MetaPath })
}

// What is read alone is what the whole state has.
func TestDecodeAlone(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	whole, problems := Decode(files)
	if problems != nil {
		t.Fatal(problems)
	}
	for name, want := range whole.Accounts {
		account, role, problems := DecodeAlone(noMeta(filesBelow(files, AccountDir(name))))
		if d := cmp.Diff(want, account); d != "" || role != nil || problems != nil {
			t.Errorf("%s: role %v, %v, %s", name, role, problems, d)
		}
	}
	for name, want := range whole.Roles {
		account, role, problems := DecodeAlone(noMeta(filesBelow(files, RolePath(name))))
		if d := cmp.Diff(want, role); d != "" || account != nil || problems != nil {
			t.Errorf("%s: account %v, %v, %s", name, account, problems, d)
		}
	}
}

// A ciphertext is held against the account that names it, and every file is one of its.
func TestDecodeAloneRefuses(t *testing.T) {
	t.Parallel()
	name, part := sealedAccount(t)
	part = noMeta(part)
	ciphertext := slices.IndexFunc(part, func(f File) bool { return IsCiphertext(f.Path) })
	stray := part[ciphertext]
	stray.Path = AccountDir(name) + "/other.7.age"
	for want, files := range map[string][]File{
		CodeDigest:       edited(part, part[ciphertext].Path, func(f *File) { f.Data = append(slices.Clone(f.Data), 'x') }),
		CodeNoCiphertext: slices.Delete(slices.Clone(part), ciphertext, ciphertext+1),
		CodeStray:        append(slices.Clone(part), stray),
		CodeIrregular:    edited(part, AccountPath(name), func(f *File) { f.Mode = 0o120000 }),
		CodeNotCanonical: edited(part, AccountPath(name), func(f *File) { f.Data = append(slices.Clone(f.Data), '\n') }),
	} {
		if account, role, problems := DecodeAlone(files); account != nil || role != nil || !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Code == want }) {
			t.Errorf("%s: got %v, %v, %v", want, account, role, codes(problems))
		}
	}
}
