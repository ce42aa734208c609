package state

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/osmoctl/osmoctl/internal/parallel"
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
	d := NewDecoder()
	d.addAll(files)
	return d.Snapshot()
}

// DecodePart is [Decode] of meta.json and some other files, with all files of each account
// among them, out of a state that was decoded whole before: the digest is over all files,
// so it is not compared. The snapshot lacks what was left out, and cannot be written.
func DecodePart(files []File) (*Snapshot, diag.List) {
	d := NewDecoder()
	d.snap.part = true
	d.addAll(files)
	return d.Snapshot()
}

// DecodeAlone reads an account with its ciphertexts, or a role, out of a state that is not
// looked at otherwise: there is no meta.json, and no digest. That the ciphertexts, whose
// data must be there, are those which the account names is checked, with [CodeDigest].
// Problems are those of [Decode]; with none, one of both is there.
func DecodeAlone(files []File) (account *Account, role *Role, problems diag.List) {
	d := NewDecoder()
	w := aloneWorkers.Get().(*worker)
	defer aloneWorkers.Put(w)
	d.idle = append(d.idle, w)
	for _, f := range files {
		d.Add(f)
	}
	d.pairCiphertexts()
	if !d.problems.HasErrors() {
		d.compareCiphertexts(files)
	}
	if d.problems.HasErrors() {
		return nil, nil, d.problems.Bounded()
	}
	for _, account = range d.snap.Accounts {
	}
	for _, role = range d.snap.Roles {
	}
	return account, role, nil
}

// aloneWorkers know the names that were met before.
var aloneWorkers = sync.Pool{New: func() any { return &worker{names: newNames()} }}

// compareCiphertexts reports ciphertexts that are not those which accounts name.
func (d *Decoder) compareCiphertexts(files []File) {
	named := map[string]Sum{}
	for name, a := range d.snap.Accounts {
		for token, g := range a.sealed() {
			named[CiphertextPath(name, token, g.Number)] = g.Ciphertext
		}
	}
	for _, f := range files {
		if sum, is := named[f.Path]; is && SumOf(f.Data) != sum {
			d.problem(f.Path, CodeDigest, "the ciphertext is not the one that its account's record names", hintEdited)
		}
	}
}

// A Decoder is [Decode] for files that come one by one, in any order. It keeps none of
// them.
type Decoder struct {
	mu       sync.Mutex
	snap     *Snapshot
	problems diag.List
	any      bool
	meta     *File
	// missing are the ciphertexts that a generation names and that did not come yet, and
	// unused those that came and that none has named yet. A reader of git finds the files
	// of an account one after the other, so both are short.
	missing map[string]model.Address
	unused  map[string]bool
	// broken has the directories in which a file could not be read.
	broken map[string]bool
	// idle are the workers that nobody uses, as many as goroutines ever added files.
	idle []*worker
}

// NewDecoder is a decoder of no files yet.
func NewDecoder() *Decoder {
	return &Decoder{
		snap:    newSnapshot(),
		missing: map[string]model.Address{}, unused: map[string]bool{}, broken: map[string]bool{},
	}
}

// Add decodes a file. It may be called from several goroutines. The file's data may be
// used for something else afterwards.
func (d *Decoder) Add(f File) {
	if f.Mode == RegularMode && f.Path != MetaPath && !IsCiphertext(f.Path) {
		w := d.takeWorker()
		d.keep(f.Path, w.decode(f), w)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.any = true
	switch _, named := d.missing[f.Path]; {
	case f.Mode != RegularMode:
		d.problem(f.Path, CodeIrregular, "this is not a plain file", hintEdited)
	case f.Path == MetaPath:
		f.Data = bytes.Clone(f.Data)
		d.meta = &f
	case named:
		delete(d.missing, f.Path)
	default:
		d.unused[f.Path] = true
	}
}

func (d *Decoder) addAll(files []File) {
	parallel.Each(len(files), func(i int) { d.Add(files[i]) })
}

func (d *Decoder) takeWorker() *worker {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := len(d.idle) - 1
	if last < 0 {
		return &worker{names: newNames()}
	}
	w := d.idle[last]
	d.idle = d.idle[:last]
	return w
}

// keep adds what a worker found in a file to the snapshot.
func (d *Decoder) keep(path string, r decoded, from *worker) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.any = true
	d.idle = append(d.idle, from)
	if r.err != nil {
		d.fileProblem(path, r.err)
		d.broken[dirOf(path)] = true
		return
	}
	if r.role != nil {
		d.snap.Roles[r.role.Name], d.snap.roleSums[r.role.Name] = r.role, r.sum
	} else {
		d.snap.Accounts[r.account.Name], d.snap.accountSums[r.account.Name] = r.account, r.sum
	}
	for _, c := range r.ciphertexts {
		if d.unused[c.path] {
			delete(d.unused, c.path)
		} else {
			d.missing[c.path] = c.of
		}
	}
}

// Snapshot is what the files say, as [Decode] returns it. The decoder must not be used
// afterwards.
func (d *Decoder) Snapshot() (*Snapshot, diag.List) {
	d.takeMeta()
	d.pairCiphertexts()
	if d.meta != nil && !d.snap.part && !d.problems.HasErrors() && d.snap.digest() != d.snap.Meta.Digest {
		d.problem(MetaPath, CodeDigest, "the digest does not fit the other files: some were changed, added or removed by hand", hintEdited)
	}
	if d.problems.HasErrors() {
		return nil, d.problems.Bounded()
	}
	return d.snap, nil
}

func (d *Decoder) takeMeta() {
	if d.meta == nil {
		if d.any {
			d.problem(MetaPath, CodeNoMeta, "state/ has files, but its meta.json is missing", hintEdited)
		}
		return
	}
	m, err := decodeMeta(d.meta.Data)
	if err == nil && !bytes.Equal(encodeMeta(m), d.meta.Data) {
		err = &problemError{CodeNotCanonical, "this file is not spelled as osmoctl spells it"}
	}
	if err != nil {
		d.fileProblem(MetaPath, err)
		return
	}
	d.snap.Meta = m
}

// pairCiphertexts reports the ciphertexts that accounts name and that are not there, and
// the other way round. Beside an account that could not be read they tell nothing.
func (d *Decoder) pairCiphertexts() {
	for path, of := range d.missing {
		d.problem(path, CodeNoCiphertext, fmt.Sprintf("the ciphertext of %s is missing", of), hintEdited)
	}
	for path := range d.unused {
		if !d.broken[dirOf(path)] {
			d.problem(path, CodeStray, "no live generation has this ciphertext", hintEdited)
		}
	}
}

func dirOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

func (d *Decoder) problem(path, code, summary, hint string) {
	d.problems.Add(diag.Diagnostic{Code: code, Summary: summary, Hint: hint, Pos: diag.Position{File: Dir + "/" + path}})
}

func (d *Decoder) fileProblem(path string, err error) {
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

// problemError carries a code along with its text.
type problemError struct{ code, text string }

func (e *problemError) Error() string { return e.text }

// worker decodes one file after the other.
type worker struct {
	names *names
	again []byte // what was decoded last, encoded
	// compact reads what comes in the compact form.
	compact compactReader
}

type decoded struct {
	role        *Role
	account     *Account
	ciphertexts []ciphertext
	sum         Sum
	err         error
}

// ciphertext is a file that a generation names.
type ciphertext struct {
	path string
	of   model.Address
}

func (w *worker) decode(f File) (out decoded) {
	out.sum = SumOf(f.Data)
	var want string
	switch {
	case strings.HasPrefix(f.Path, "roles/"):
		if out.role, out.err = decodeRole(f.Data, w.names); out.err == nil {
			w.again, want = appendRole(w.again[:0], out.role), RolePath(out.role.Name)
		}
	case strings.HasPrefix(f.Path, "accounts/"):
		if out.account, out.err = decodeAccount(f.Data, w.names); out.err == nil {
			w.again, want = appendAccount(w.again[:0], out.account), AccountPath(out.account.Name)
			out.ciphertexts = ciphertextsOf(out.account, dirOf(f.Path))
		}
	default:
		out.err = &problemError{CodeUnknownFile, "osmoctl keeps no such file in state"}
	}
	switch {
	case out.err != nil:
	case want != f.Path:
		out.err = &problemError{CodeInconsistent, fmt.Sprintf("this file's content belongs in %s/%s", Dir, want)}
	case !bytes.Equal(w.again, f.Data):
		out.err = &problemError{CodeNotCanonical, "this file is not spelled as osmoctl spells it"}
	}
	return out
}

// ciphertextsOf are the files that an account names, which lie in its directory.
func ciphertextsOf(a *Account, dir string) (list []ciphertext) {
	for token, g := range a.sealed() {
		list = append(list, ciphertext{dir + ciphertextName(token, g.Number), model.TokenAddress(a.Name, token).At(g.Number)})
	}
	return list
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
