package state

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

var update = flag.Bool("update", false, "write the golden files of the present format version, where there are none")

// The golden files of a format version are kept for ever: every later version
// must read them, or say that it does not.
func TestGolden(t *testing.T) {
	t.Parallel()
	next, changes := everything(t).Finish()
	dir := filepath.Join("testdata", "v1")
	if *update {
		writeNew(t, dir, changes)
	}
	var files []File
	for _, c := range changes {
		if c.Delete {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(c.Path)))
		if err != nil {
			t.Fatalf("%v: run go test -update ./pkg/state", err)
		}
		written := string(c.Data)
		if c.Path == MetaPath {
			// It is of before it had a sum of itself.
			written = strings.Replace(written, "  \"meta_sha256\": \""+SumOf(ownText(next.Meta)).String()+"\",\n", "", 1)
		}
		if d := cmp.Diff(string(data), written); d != "" {
			t.Errorf("%s is written differently now: %s", c.Path, d)
		}
		files = append(files, File{Path: c.Path, Mode: RegularMode, Data: data})
	}
	got, problems := Decode(files)
	if problems != nil {
		t.Fatal(problems)
	}
	next.Meta.Own = Sum{}
	if d := equal(next, got); d != "" {
		t.Error(d)
	}
}

// summed are files with a meta.json as it is written now, with its own sum.
func summed(files []File) []File {
	s, _ := Decode(files)
	s.Meta.Own = SumOf(ownText(s.Meta))
	return edited(files, MetaPath, func(f *File) { f.Data = encodeMeta(s.Meta) })
}

func writeNew(t *testing.T, dir string, changes []Change) {
	t.Helper()
	for _, c := range changes {
		path := filepath.Join(dir, filepath.FromSlash(c.Path))
		if _, err := os.Stat(path); err == nil || c.Delete {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, c.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fixture are the files of everything.
func fixture(tb testing.TB) []File {
	tb.Helper()
	_, changes := everything(tb).Finish()
	return filesOf(changes)
}

// edited is a copy of files in which f changed one.
func edited(files []File, path string, f func(*File)) []File {
	out := slices.Clone(files)
	for i := range out {
		if out[i].Path == path {
			out[i].Data = bytes.Clone(out[i].Data)
			f(&out[i])
		}
	}
	return out
}

func codes(problems diag.List) (out []string) {
	for _, p := range problems {
		out = append(out, strings.TrimPrefix(p.Pos.File, "state/")+" "+p.Code)
	}
	return out
}

// Whatever is done to state by hand is refused, and named.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	account := AccountPath("svc@example.org")
	sealed := CiphertextPath("svc@example.org", "deploy", 2)
	add := func(f File) func() []File {
		return func() []File { return append(slices.Clone(files), f) }
	}
	edit := func(path, before, after string) func() []File {
		return func() []File {
			return edited(files, path, func(f *File) {
				if !bytes.Contains(f.Data, []byte(before)) {
					t.Errorf("%s does not hold %s", path, before)
				}
				f.Data = bytes.Replace(f.Data, []byte(before), []byte(after), 1)
			})
		}
	}
	remove := func(path string) func() []File {
		return func() []File {
			return slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Path == path })
		}
	}
	move := func(from, to string) func() []File {
		return func() []File { return edited(files, from, func(f *File) { f.Path = to }) }
	}
	mode := func(path string, mode uint32) func() []File {
		return func() []File { return edited(files, path, func(f *File) { f.Mode = mode }) }
	}
	const dup = `"protect": true,`
	for _, c := range []struct {
		name  string
		files func() []File
		want  []string
	}{
		{"no meta.json", remove(MetaPath), []string{"meta.json state_meta_missing"}},
		{"a role removed", remove("roles/bare.json"), []string{"meta.json state_digest"}},
		{"a ciphertext removed", remove(sealed), []string{sealed + " state_ciphertext_gone"}},
		{"a ciphertext added", add(File{Path: CiphertextPath("svc@example.org", "deploy", 3), Mode: RegularMode}), []string{CiphertextPath("svc@example.org", "deploy", 3) + " state_ciphertext_unused"}},
		{"a ciphertext of an ended generation", add(File{Path: CiphertextPath("svc@example.org", "deploy", 1), Mode: RegularMode}), []string{CiphertextPath("svc@example.org", "deploy", 1) + " state_ciphertext_unused"}},
		{"a ciphertext elsewhere", add(File{Path: "roles/x.age", Mode: RegularMode}), []string{"roles/x.age state_ciphertext_unused"}},
		{"a file too many", add(File{Path: "notes.txt", Mode: RegularMode}), []string{"notes.txt state_unknown_file"}},
		{"a second meta.json", add(File{Path: "roles/meta.json", Mode: RegularMode, Data: []byte("{}")}), []string{"roles/meta.json state_unreadable"}},
		{"a role moved", move("roles/bare.json", "roles/bear.json"), []string{"roles/bear.json state_inconsistent"}},
		{"a role among accounts", move("roles/bare.json", "accounts/00/x/account.json"), []string{"accounts/00/x/account.json state_unreadable"}},
		{"an account moved", move(account, "accounts/00/svc@example.org/account.json"), []string{
			"accounts/00/svc@example.org/account.json state_inconsistent",
			sealed + " state_ciphertext_unused", CiphertextPath("svc@example.org", "deploy", 4) + " state_ciphertext_unused",
			CiphertextPath("svc@example.org", "old", 1) + " state_ciphertext_unused",
		}},
		{"a symbolic link", mode("roles/bare.json", 0o120000), []string{"roles/bare.json state_irregular"}},
		{"an executable ciphertext", mode(sealed, 0o100755), []string{sealed + " state_irregular", sealed + " state_ciphertext_gone"}},
		{"another role's name", edit("roles/bare.json", `"bare"`, `"bear"`), []string{"roles/bare.json state_inconsistent"}},
		{"a name that leaves the directory", edit("roles/bare.json", `"bare"`, `"../bare"`), []string{"roles/bare.json state_inconsistent"}},
		{"other content", edit("roles/team.json", `"ada"`, `"eve"`), []string{"meta.json state_digest"}},
		{"a key twice", edit(account, dup, dup+"\n  "+dup), []string{account + " state_not_canonical"}},
		{"a key twice, with another value", edit(account, dup, `"protect": false,`+"\n  "+dup), []string{account + " state_not_canonical"}},
		{"a key in another case", edit(account, `"protect"`, `"Protect"`), []string{account + " state_unreadable"}},
		{"an unknown key", edit(account, `"protect"`, `"project"`), []string{account + " state_unreadable"}},
		{"another order", edit("roles/team.json", "\"created_by\": \"ada\",\n  ", ""), []string{"meta.json state_digest"}},
		{"white space", edit("roles/bare.json", `"role": `, `"role":  `), []string{"roles/bare.json state_not_canonical"}},
		{"another escape", edit("roles/team.json", "ü", `\u00fc`), []string{"roles/team.json state_not_canonical"}},
		{"half a surrogate", edit("roles/team.json", "ü", `\ud800`), []string{"roles/team.json state_not_canonical"}},
		{"text after the end", edit("roles/bare.json", "]\n}\n", "]\n}\n{}"), []string{"roles/bare.json state_unreadable"}},
		{"a byte order mark", edit("roles/bare.json", "{\n", "\ufeff{\n"), []string{"roles/bare.json state_unreadable"}},
		{"an effect of no meaning", edit("roles/team.json", `"Deny"`, `"deny"`), []string{"roles/team.json state_inconsistent"}},
		{"a future version", edit("roles/bare.json", `"format_version": 1`, `"format_version": 2`), []string{"roles/bare.json state_version"}},
		{"no version", edit("roles/bare.json", `"format_version": 1,`+"\n  ", ""), []string{"roles/bare.json state_unreadable"}},
		{"a future meta.json", edit(MetaPath, `"format_version": 1`, `"format_version": 17`), []string{"meta.json state_version"}},
		{"a serial of nothing", edit(MetaPath, `"serial": 1`, `"serial": 0`), []string{"meta.json state_inconsistent"}},
		{"a number too large", edit(MetaPath, `"serial": 1`, `"serial": 99999999999`), []string{"meta.json state_unreadable"}},
		{"a zero before a number", edit(MetaPath, `"serial": 1`, `"serial": 01`), []string{"meta.json state_not_canonical"}},
		{"no former recipient", edit(account, `"former_recipients": ["age1bob"]`, `"former_recipients": []`), []string{account + " state_not_canonical"}},
		{"a digest in capitals", edit(MetaPath, `"digest": "`, `"digest": "A`), []string{"meta.json state_unreadable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, problems := Decode(c.files())
			got := codes(problems)
			slices.Sort(c.want)
			slices.Sort(got)
			if d := cmp.Diff(c.want, got); s != nil || d != "" {
				t.Error(d)
			}
		})
	}
}

// Content that contradicts itself is refused even where its digest fits.
func TestDecodeRefusesContradictions(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Account){
		"roles out of order":             func(a *Account) { a.Grants[0], a.Grants[1] = a.Grants[1], a.Grants[0] },
		"a role twice":                   func(a *Account) { a.Grants[1] = a.Grants[0] },
		"deleted with roles":             func(a *Account) { a.DeletedOn = 2e4 },
		"deleted with tokens":            func(a *Account) { a.DeletedOn, a.Grants, a.Protect = 2e4, nil, false },
		"a bad token name":               func(a *Account) { a.Tokens["-"] = &Token{} },
		"a token name that is a path":    func(a *Account) { a.Tokens["../t"] = &Token{} },
		"a deleted token's generations":  func(a *Account) { a.Tokens["deploy"].DeletedOn = 2e4 },
		"two active generations":         func(a *Account) { a.Tokens["deploy"].Generations[0].RevokeAfter = 0 },
		"a generation twice":             func(a *Account) { a.Tokens["deploy"].Generations[1].Number = 2 },
		"a generation above the last":    func(a *Account) { a.Tokens["deploy"].LastGeneration = 3 },
		"a tombstone above the last":     func(a *Account) { a.Tokens["gone"].LastGeneration = 0 },
		"a generation both live and not": func(a *Account) { a.Tokens["deploy"].Tombstones[0].Generation = 2 },
		"a recipient that is a former one": func(a *Account) {
			a.Tokens["deploy"].Generations[1].FormerRecipients = []string{"age1alice"}
		},
		"former recipients out of order": func(a *Account) {
			a.Tokens["deploy"].Generations[1].FormerRecipients = []string{"age1z", "age1b"}
		},
		"a tombstone twice": func(a *Account) {
			a.Tokens["deploy"].Tombstones = append(a.Tokens["deploy"].Tombstones, a.Tokens["deploy"].Tombstones[0])
		},
		"no expiry":        func(a *Account) { a.Tokens["deploy"].Generations[0].ExpiresAt = 0 },
		"no server name":   func(a *Account) { a.Tokens["deploy"].Generations[0].ServerName = "" },
		"no time of issue": func(a *Account) { a.Tokens["deploy"].Generations[0].IssuedAt = time.Time{} },
	} {
		e := everything(t)
		a := e.Account("svc@example.org")
		spoil(a)
		if _, err := decodeAccount(encodeAccount(a), newNames()); err == nil {
			t.Errorf("%s is let pass", name)
		}
	}
}

func TestVersionError(t *testing.T) {
	t.Parallel()
	_, err := decodeRole([]byte("{\n  \"format_version\": 2,\n  \"from the future\": {}\n}\n"), nil)
	var version *VersionError
	if !errors.As(err, &version) || version.Version != 2 || !strings.Contains(err.Error(), "newer osmoctl") {
		t.Errorf("a future version is not named: %v", err)
	}
}

// Every edit of a single byte is noticed.
func TestEverySingleByteEdit(t *testing.T) {
	t.Parallel()
	files := summed(fixture(t))
	for _, file := range files {
		if IsCiphertext(file.Path) {
			continue
		}
		for i := range file.Data {
			for _, c := range []byte{file.Data[i] ^ 1, file.Data[i] ^ 0x20, ' ', '"', '0'} {
				if c == file.Data[i] {
					continue
				}
				s, problems := Decode(edited(files, file.Path, func(f *File) { f.Data[i] = c }))
				if !problems.HasErrors() && !s.Meta.IsEdited() {
					t.Fatalf("%s: byte %d as %q passes", file.Path, i, c)
				}
			}
		}
	}
}

// Problems come in one order, whatever order the files come in.
func TestProblemsAreSorted(t *testing.T) {
	t.Parallel()
	files := fixture(t)
	for i := range files {
		if i%2 == 0 {
			files[i].Mode = 0o120000
		}
	}
	_, first := Decode(files)
	slices.Reverse(files)
	_, second := Decode(files)
	if d := cmp.Diff(first, second); d != "" {
		t.Error(d)
	}
}

// fuzz holds one kind of file to the law: whatever decodes, encodes to the same
// bytes, or Decode refuses it for not being canonical; and nothing panics.
func fuzz[T any](f *testing.F, dir string, decode func([]byte) (T, error), encode func(T) []byte) {
	f.Helper()
	_, files := withAdopted(f)
	for _, file := range files {
		if strings.HasPrefix(file.Path, dir) && !IsCiphertext(file.Path) {
			f.Add(file.Data)
		}
	}
	f.Add([]byte(`{"format_version": 1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := decode(b)
		if err != nil {
			return
		}
		canonical := encode(v)
		again, err := decode(canonical)
		if err != nil {
			t.Fatalf("what was read once cannot be read again: %v\n%s", err, canonical)
		}
		if twice := encode(again); !bytes.Equal(canonical, twice) {
			t.Fatalf("encoding is not stable: %s", cmp.Diff(string(canonical), string(twice)))
		}
	})
}

func FuzzDecodeAccount(f *testing.F) {
	fuzz(f, "accounts/", func(b []byte) (*Account, error) { return decodeAccount(b, newNames()) }, encodeAccount)
}

func FuzzDecodeRole(f *testing.F) {
	fuzz(f, "roles/", func(b []byte) (*Role, error) { return decodeRole(b, newNames()) }, encodeRole)
}

func FuzzDecodeMeta(f *testing.F) { fuzz(f, MetaPath, decodeMeta, encodeMeta) }

// FuzzDecode takes any bytes for any file: no panic, and no snapshot but from
// the bytes that encode to themselves.
func FuzzDecode(f *testing.F) {
	_, files := withAdopted(f)
	for i := range files {
		f.Add(uint(i), []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, i uint, b []byte) {
		changed := slices.Clone(files)
		at := &changed[i%uint(len(files))]
		if IsCiphertext(at.Path) {
			return
		}
		before := at.Data
		at.Data = b
		if s, problems := Decode(changed); (s == nil) != problems.HasErrors() {
			t.Fatal("a snapshot and problems, or neither")
		} else if s != nil && at.Path != MetaPath && !bytes.Equal(before, b) {
			t.Fatalf("%s passes with other content", at.Path)
		}
	})
}
