package state

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// File is one file below state/, as git has it.
type File struct {
	// Path is relative to state/.
	Path string
	// Mode is git's: anything but [RegularMode] is refused.
	Mode uint32
	// Data is the content; for ciphertexts it may be left out.
	Data []byte
}

// RegularMode is git's mode of a plain file.
const RegularMode = 0o100644

// The codes of problems that [Decode] reports.
const (
	CodeIrregular    = "state_irregular"         // not a plain file
	CodeUnknownFile  = "state_unknown_file"      // a path that state does not use
	CodeVersion      = "state_version"           // a format of another time
	CodeUnreadable   = "state_unreadable"        // not JSON of the expected shape
	CodeNotCanonical = "state_not_canonical"     // another spelling of valid content
	CodeInconsistent = "state_inconsistent"      // content that contradicts itself or its path
	CodeNoMeta       = "state_meta_missing"      // files but no meta.json
	CodeDigest       = "state_digest"            // the digest does not fit
	CodeNoCiphertext = "state_ciphertext_gone"   // a live generation without its file
	CodeStray        = "state_ciphertext_unused" // a ciphertext that no generation names
)

// hintEdited is what to do about state that osmoctl did not write.
const hintEdited = "state/ is written by osmoctl alone: restore it from the last commit that apply made, with git checkout COMMIT -- state"

// Decode reads a snapshot from the files below state/. No files give the zero
// Snapshot. Every problem is reported; the snapshot is nil when there is one.
func Decode(files []File) (*Snapshot, diag.List) {
	d := newDecoder(len(files))
	meta := d.decode(files)
	if meta != nil && !d.problems.HasErrors() && d.snap.digest() != d.snap.Meta.Digest {
		d.problem(MetaPath, CodeDigest, "the digest does not fit the other files: some were changed, added or removed by hand", hintEdited)
	}
	return d.result()
}

// DecodePart is [Decode] of meta.json and some other files, with all files of each account
// among them, out of a state that was decoded whole before: the digest is over all files,
// so it is not compared. The snapshot lacks what was left out, and cannot be written.
func DecodePart(files []File) (*Snapshot, diag.List) {
	d := newDecoder(len(files))
	d.decode(files)
	d.snap.part = true
	return d.result()
}

func newDecoder(files int) *decoder {
	return &decoder{
		snap:        &Snapshot{Roles: map[string]*Role{}, Accounts: map[string]*Account{}, sums: make(map[string]Sum, files)},
		ciphertexts: make(map[string]bool, files),
		broken:      map[string]bool{},
	}
}

func (d *decoder) result() (*Snapshot, diag.List) {
	if d.problems.HasErrors() {
		return nil, d.problems.Bounded()
	}
	return d.snap, nil
}

// decode decodes the files one by one, holds ciphertexts against accounts, and returns
// meta.json; nil where there is none.
func (d *decoder) decode(files []File) (meta *File) {
	var rest []File
	for i := range files {
		switch f := &files[i]; {
		case f.Mode != RegularMode:
			d.problem(f.Path, CodeIrregular, "this is not a plain file", hintEdited)
		case f.Path == MetaPath:
			meta = f
		case IsCiphertext(f.Path):
			d.ciphertexts[f.Path] = false
		default:
			rest = append(rest, *f)
		}
	}
	d.decodeAll(rest)
	d.meta(meta, len(files) > 0)
	d.pairCiphertexts()
	return meta
}

type decoder struct {
	snap     *Snapshot
	problems diag.List
	// ciphertexts tells for each file whether a generation names it.
	ciphertexts map[string]bool
	// broken has the directories in which a file could not be read.
	broken map[string]bool
}

func (d *decoder) problem(path, code, summary, hint string) {
	d.problems.Add(diag.Diagnostic{Code: code, Summary: summary, Hint: hint, Pos: diag.Position{File: Dir + "/" + path}})
}

// decodeAll decodes the JSON files on all processors; the results are merged in
// the order of the files.
func (d *decoder) decodeAll(files []File) {
	results := parallel(files, decodeFile)
	for i, r := range results {
		path := files[i].Path
		if r.err != nil {
			d.fileProblem(path, r.err)
			d.broken[dirOf(path)] = true
			continue
		}
		d.snap.sums[path] = r.sum
		if r.role != nil {
			d.snap.Roles[r.role.Name] = r.role
		} else {
			d.snap.Accounts[r.account.Name] = r.account
		}
	}
}

// problemError carries a code along with its text.
type problemError struct{ code, text string }

func (e *problemError) Error() string { return e.text }

func (d *decoder) fileProblem(path string, err error) {
	var coded *problemError
	var version *VersionError
	switch {
	case errors.As(err, &coded):
		d.problem(path, coded.code, coded.text, hintEdited)
	case errors.As(err, &version):
		d.problem(path, CodeVersion, err.Error(), "")
	default:
		d.problem(path, CodeUnreadable, "this state file cannot be read: "+err.Error(), hintEdited)
	}
}

type decoded struct {
	role    *Role
	account *Account
	sum     Sum
	err     error
}

func decodeFile(f File) (out decoded) {
	out.sum = SumOf(f.Data)
	var again []byte
	var want string
	switch {
	case strings.HasPrefix(f.Path, "roles/"):
		if out.role, out.err = decodeRole(f.Data); out.err == nil {
			again, want = encodeRole(out.role), RolePath(out.role.Name)
		}
	case strings.HasPrefix(f.Path, "accounts/"):
		if out.account, out.err = decodeAccount(f.Data); out.err == nil {
			again, want = encodeAccount(out.account), AccountPath(out.account.Name)
		}
	default:
		out.err = &problemError{CodeUnknownFile, "osmoctl keeps no such file in state"}
	}
	switch {
	case out.err != nil:
	case want != f.Path:
		out.err = &problemError{CodeInconsistent, fmt.Sprintf("this file's content belongs in %s/%s", Dir, want)}
	case !bytes.Equal(again, f.Data):
		out.err = &problemError{CodeNotCanonical, "this file is not spelled as osmoctl spells it"}
	}
	return out
}

func (d *decoder) meta(f *File, any bool) {
	if f == nil {
		if any {
			d.problem(MetaPath, CodeNoMeta, "state/ has files, but its meta.json is missing", hintEdited)
		}
		return
	}
	m, err := decodeMeta(f.Data)
	if err == nil && !bytes.Equal(encodeMeta(m), f.Data) {
		err = &problemError{CodeNotCanonical, "this file is not spelled as osmoctl spells it"}
	}
	if err != nil {
		d.fileProblem(MetaPath, err)
		return
	}
	d.snap.Meta = m
}

// DecodeMeta reads meta.json alone, to find out where state goes on; nil is what
// cannot be read. Whether the other files fit it is not looked at.
func DecodeMeta(data []byte) *Meta {
	m, err := decodeMeta(data)
	if err != nil || !bytes.Equal(encodeMeta(m), data) {
		return nil
	}
	return &m
}

// pairCiphertexts holds the ciphertexts that are there against those that the
// accounts name. Beside an account that could not be read they tell nothing.
func (d *decoder) pairCiphertexts() {
	for name, a := range d.snap.Accounts {
		dir := accountDir(name)
		for token, t := range a.Tokens {
			for i := range t.Generations {
				g := &t.Generations[i]
				if !g.Known() {
					continue
				}
				d.pair(dir+ciphertextName(token, g.Number), model.TokenAddress(name, token).At(g.Number), g.Ciphertext)
			}
		}
	}
	for path, used := range d.ciphertexts {
		if !used && !d.broken[dirOf(path)] {
			d.problem(path, CodeStray, "no live generation has this ciphertext", hintEdited)
		}
	}
}

func dirOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

func (d *decoder) pair(path string, a model.Address, sum Sum) {
	if _, ok := d.ciphertexts[path]; !ok {
		d.problem(path, CodeNoCiphertext, fmt.Sprintf("the ciphertext of %s is missing", a), hintEdited)
		return
	}
	d.ciphertexts[path] = true
	d.snap.sums[path] = sum
}

func decodeMeta(b []byte) (m Meta, err error) {
	r := &reader{b: string(b)}
	err = r.document(func(key string) bool {
		switch key {
		case "lineage":
			m.Lineage = r.text()
		case "serial":
			m.Serial = r.number()
		case "digest":
			m.Digest = r.sum()
		case "applied":
			m.Applied = decodeSettings(r)
		case "spent":
			r.array(func() { m.Spent = append(m.Spent, decodeSpent(r)) })
		case "underway":
			m.Underway = decodeUnderway(r)
		default:
			return false
		}
		return true
	})
	if err == nil && (m.Serial < 1 || m.Lineage == "") {
		err = &problemError{CodeInconsistent, "lineage and a serial of at least 1 are missing"}
	}
	if err == nil && m.Underway != nil {
		err = checkUnderway(m.Underway)
	}
	if err == nil {
		err = checkSpent(m.Spent)
	}
	return m, err
}

func decodeSpent(r *reader) (s Spent) {
	r.object(func(key string) bool {
		switch key {
		case "plan":
			s.Plan = r.text()
		case "allow":
			s.Allow = r.text()
		default:
			return false
		}
		return true
	})
	return s
}

func decodeUnderway(r *reader) *Underway {
	u := &Underway{}
	r.object(func(key string) bool {
		switch key {
		case "run":
			u.Run = r.text()
		case "create":
			r.array(func() { u.Create = append(u.Create, r.address()) })
		case "remove":
			r.array(func() { u.Remove = append(u.Remove, r.address()) })
		default:
			return false
		}
		return true
	})
	return u
}

func decodeSettings(r *reader) (s Settings) {
	s.Recipients = map[string][]string{}
	r.object(func(key string) bool {
		switch key {
		case "backend":
			r.object(func(key string) bool { return decodeBackend(r, &s.Backend, key) })
		case "git":
			r.object(func(key string) bool { return decodeGit(r, &s.Git, key) })
		case "guardrails":
			r.object(func(key string) bool { return decodeGuardrail(r, &s.Guardrails, key) })
		case "osmo":
			r.object(func(key string) bool { return decodeServer(r, &s.Server, key) })
		case "recipients":
			r.object(func(name string) bool {
				s.Recipients[name] = r.list()
				return true
			})
		default:
			return false
		}
		return true
	})
	return s
}

func decodeBackend(r *reader, b *model.Backend, key string) bool {
	switch key {
	case "kind":
		b.Kind = r.text()
	case "url":
		b.URL = r.text()
	case "owns":
		b.Owns = r.list()
	default:
		return false
	}
	return true
}

func decodeServer(r *reader, s *model.Server, key string) bool {
	switch key {
	case "version":
		s.Version = r.text()
	case "mode":
		s.Mode = model.Mode(r.text())
	default:
		return false
	}
	return true
}

func decodeGit(r *reader, g *model.Git, key string) bool {
	switch key {
	case "push":
		g.Push = r.text()
	case "branch":
		g.Branch = r.text()
	case "state_branch":
		g.StateBranch = r.text()
	default:
		return false
	}
	return true
}

// decodeGuardrail reads each field of [model.Guardrails] by its type.
func decodeGuardrail(r *reader, g *model.Guardrails, key string) bool {
	i := 0
	for name := range g.All() {
		if name == key {
			break
		}
		i++
	}
	settings := reflect.ValueOf(g).Elem()
	if i == settings.NumField() {
		return false
	}
	switch to := settings.Field(i).Addr().Interface().(type) {
	case *model.Days:
		*to = r.days()
	case *string:
		*to = r.text()
	case *int:
		*to = r.number()
	case *[]string:
		*to = r.list()
	case **int:
		*to = new(r.number())
	case **bool:
		*to = new(r.boolean())
	case **model.Limit:
		*to = decodeLimit(r)
	case *[]model.Forbid:
		r.array(func() { *to = append(*to, decodeForbid(r)) })
	default:
		panic("state: no guardrail is read as " + settings.Field(i).Type().String())
	}
	return true
}

func decodeForbid(r *reader) (f model.Forbid) {
	r.object(func(key string) bool {
		switch key {
		case "name":
			f.Name = r.text()
		case "subjects":
			r.object(func(key string) bool { return decodeSubjects(r, &f.Subjects, key) })
		case "actions":
			f.Actions = r.list()
		case "resources":
			f.Resources = r.list()
		case "reason":
			f.Reason = r.text()
		case "except":
			r.array(func() { f.Except = append(f.Except, decodeException(r)) })
		default:
			return false
		}
		return true
	})
	return f
}

func decodeSubjects(r *reader, s *model.ForbidSubjects, key string) bool {
	switch key {
	case "accounts":
		s.Accounts = r.list()
	case "labels":
		s.Labels = decodeLabels(r)
	default:
		return false
	}
	return true
}

func decodeLabels(r *reader) map[string]string {
	labels := map[string]string{}
	r.object(func(key string) bool {
		labels[key] = r.text()
		return true
	})
	return labels
}

func decodeException(r *reader) (e model.Exception) {
	r.object(func(key string) bool {
		switch key {
		case "subjects":
			r.array(func() { e.Subjects = append(e.Subjects, r.address()) })
		case "owner":
			e.Owner = r.text()
		case "reason":
			e.Reason = r.text()
		case "until":
			e.Until = r.date()
		default:
			return false
		}
		return true
	})
	return e
}

func decodeLimit(r *reader) *model.Limit {
	l := &model.Limit{}
	r.object(func(key string) bool {
		n := 0
		switch key {
		case "count":
			l.Count = &n
		case "percent":
			l.Percent = &n
		default:
			return false
		}
		n = r.number()
		return true
	})
	return l
}

func decodeRole(b []byte) (*Role, error) {
	r := &reader{b: string(b)}
	role := &Role{}
	err := r.document(func(key string) bool {
		switch key {
		case "role":
			role.Name = r.text()
		case "created_at":
			role.CreatedAt = r.time()
		case "created_by":
			role.CreatedBy = r.text()
		case "description":
			role.Description = r.text()
		case "sync_mode":
			role.SyncMode = model.SyncMode(r.text())
		case "external":
			role.External = r.boolean()
		case "external_roles":
			role.ExternalRoles = r.list()
		case "policies":
			r.array(func() { role.Policies = append(role.Policies, decodePolicy(r)) })
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = checkRole(role)
	}
	return role, err
}

func decodePolicy(r *reader) (p model.Policy) {
	r.object(func(key string) bool {
		switch key {
		case "effect":
			p.Effect = model.Effect(r.text())
		case "actions":
			p.Actions = r.list()
		case "resources":
			p.Resources = r.list()
		default:
			return false
		}
		return true
	})
	return p
}

func decodeAccount(b []byte) (*Account, error) {
	r := &reader{b: string(b)}
	a := &Account{Tokens: map[string]*Token{}}
	err := r.document(func(key string) bool { return decodeAccountField(r, a, key) })
	if err == nil {
		err = checkAccount(a)
	}
	return a, err
}

func decodeAccountField(r *reader, a *Account, key string) bool {
	switch key {
	case "account":
		a.Name = r.text()
	case "created_at":
		a.CreatedAt = r.time()
	case "created_by":
		a.CreatedBy = r.text()
	case "deleted_on":
		a.DeletedOn = r.date()
	case "description":
		a.Description = r.text()
	case "labels":
		a.Labels = decodeLabels(r)
	case "protect":
		a.Protect = r.boolean()
	case "roles":
		r.array(func() { a.Grants = append(a.Grants, decodeGrant(r)) })
	case "tokens":
		r.object(func(name string) bool {
			a.Tokens[name] = decodeToken(r)
			return true
		})
	default:
		return false
	}
	return true
}

func decodeGrant(r *reader) (g Grant) {
	r.object(func(key string) bool {
		switch key {
		case "role":
			g.Role = r.text()
		case "assigned_at":
			g.AssignedAt = r.time()
		case "assigned_by":
			g.AssignedBy = r.text()
		case "kept":
			g.Kept = r.boolean()
		default:
			return false
		}
		return true
	})
	return g
}

func decodeToken(r *reader) *Token {
	t := &Token{}
	r.object(func(key string) bool {
		switch key {
		case "deleted_on":
			t.DeletedOn = r.date()
		case "declared":
			t.Spec = decodeSpec(r)
		case "renamed_to":
			t.RenamedTo = r.text()
		case "honoured_generation":
			t.Honoured = r.number()
		case "last_generation":
			t.LastGeneration = r.number()
		case "generations":
			r.array(func() { t.Generations = append(t.Generations, decodeGeneration(r)) })
		case "tombstones":
			r.array(func() { t.Tombstones = append(t.Tombstones, decodeTombstone(r)) })
		default:
			return false
		}
		return true
	})
	return t
}

func decodeSpec(r *reader) (s model.TokenSpec) {
	r.object(func(key string) bool {
		switch key {
		case "description":
			s.Description = r.text()
		case "roles":
			s.Roles = r.list()
		case "expires_at":
			s.Expiry.At = r.date()
		case "expires_in":
			s.Expiry.In = r.days()
		case "rotate_every":
			s.Rotate.Every = r.days()
		case "overlap":
			s.Rotate.Overlap = r.days()
		case "recipients":
			s.Recipients = r.list()
		default:
			return false
		}
		return true
	})
	s.Inherit = s.Roles == nil
	return s
}

func decodeGeneration(r *reader) (g Generation) {
	r.object(func(key string) bool {
		switch key {
		case "generation":
			g.Number = r.number()
		case "server_name":
			g.ServerName = r.text()
		case "issued_at":
			g.IssuedAt = r.time()
		case "issued_by":
			g.IssuedBy = r.text()
		case "expires_at":
			g.ExpiresAt = r.date()
		case "revoke_after":
			g.RevokeAfter = r.date()
		case "description":
			g.Description = r.text()
		case "roles":
			g.Roles = r.list()
		case "removed_roles":
			g.RemovedRoles = r.list()
		case "recipients":
			g.Recipients = r.list()
		case "former_recipients":
			g.FormerRecipients = r.list()
		case "adopted":
			g.Adopted = r.boolean()
		case "value_sha256":
			g.Value = r.sum()
		case "ciphertext_sha256":
			g.Ciphertext = r.sum()
		default:
			return false
		}
		return true
	})
	return g
}

func decodeTombstone(r *reader) (s Tombstone) {
	r.object(func(key string) bool {
		switch key {
		case "generation":
			s.Generation = r.number()
		case "ended_on":
			s.EndedOn = r.date()
		case "reason":
			s.Reason = r.text()
		case "adopted":
			s.Adopted = r.boolean()
		case "value_sha256":
			s.Value = r.sum()
		default:
			return false
		}
		return true
	})
	return s
}

// digest computes what meta.json's digest must be.
func (s *Snapshot) digest() Sum {
	type line struct {
		path string
		sum  Sum
	}
	lines := make([]line, 0, len(s.sums))
	for path, sum := range s.sums {
		lines = append(lines, line{path, sum})
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.path, b.path) })
	buf := make([]byte, 0, len(lines)*128)
	for i := range lines {
		buf = hex.AppendEncode(buf, lines[i].sum[:])
		buf = append(buf, "  "+lines[i].path+"\n"...)
	}
	return SumOf(buf)
}
