package history

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// loader reads the steps of a chain of links, oldest first. Of an account it
// reads what changed, and remembers it as the before of the next change.
type loader struct {
	store Store
	// accounts and roles are what was read last of each folder and file.
	accounts map[string]*state.Account
	roles    map[string]*state.Role
	// meta is the last that could be read.
	meta *state.Meta
	// digest is kept up to date where digests are checked, else nil.
	digest *digest
}

func newLoader(store Store) *loader {
	return &loader{store: store, accounts: map[string]*state.Account{}, roles: map[string]*state.Role{}}
}

// begin reads no more than meta.json, for links that stand on this commit.
func (l *loader) begin(ctx context.Context, commit string) error {
	files, err := l.read(ctx, commit, []string{state.MetaPath})
	l.takeMeta(&step{}, touched{meta: true}, files)
	return err
}

// touched are the parts of state in which two commits differ.
type touched struct {
	// accounts are folders, the others files; all relative to state/.
	accounts, roles, others map[string]bool
	meta                    bool
}

func sortOut(diffs []git.Difference) touched {
	t := touched{map[string]bool{}, map[string]bool{}, map[string]bool{}, false}
	for _, d := range diffs {
		name := inState(d.Path)
		switch {
		case name == state.MetaPath:
			t.meta = true
		case strings.HasPrefix(name, "accounts/") && strings.Count(name, "/") == 3:
			t.accounts[path.Dir(name)] = true
		case strings.HasPrefix(name, "roles/") && strings.Count(name, "/") == 1:
			t.roles[name] = true
		default:
			t.others[name] = true
		}
	}
	return t
}

func inState(name string) string { return strings.TrimPrefix(name, state.Dir+"/") }

// names are all folders and files.
func (t touched) names() []string {
	all := maps.Clone(t.others)
	maps.Copy(all, t.accounts)
	maps.Copy(all, t.roles)
	if t.meta {
		all[state.MetaPath] = true
	}
	return model.Names(all)
}

// step reads what a link changed.
func (l *loader) step(ctx context.Context, k link) (*step, error) {
	diffs, err := l.store.Differences(ctx, k.before.Hash, k.Hash, state.Dir)
	if err != nil {
		return nil, err
	}
	t := sortOut(diffs)
	if err := l.knowBefore(ctx, k.before.Hash, t); err != nil {
		return nil, err
	}
	after, err := l.read(ctx, k.Hash, t.names())
	if err != nil {
		return nil, err
	}
	s := &step{commit: k.Hash, base: k.before.Hash, message: record.Parse(k.Message), gone: k.state == "", before: l.meta}
	l.takeMeta(s, t, after)
	l.takeAccounts(s, t, after)
	l.takeRoles(s, t, after)
	for _, name := range model.Names(t.others) {
		_, _, problems := state.DecodeAlone(after[name])
		s.unreadable = append(s.unreadable, problemsOf(problems)...)
	}
	if l.digest != nil {
		l.digest.update(diffs, after)
		sum := l.digest.sum()
		s.digest = &sum
	}
	return s, nil
}

// many is how many folders make it cheaper to read all of state.
const many = 200

// read reads folders and files at a commit, and groups them as sortOut does.
func (l *loader) read(ctx context.Context, commit string, names []string) (map[string][]state.File, error) {
	dirs := make([]string, len(names))
	for i, name := range names {
		dirs[i] = state.Dir + "/" + name
	}
	if len(dirs) > many {
		dirs = []string{state.Dir}
	}
	found, err := l.store.Files(ctx, commit, dirs, nil)
	groups := map[string][]state.File{}
	for _, f := range found {
		name := inState(f.Path)
		group := name
		if strings.HasPrefix(name, "accounts/") && strings.Count(name, "/") == 3 {
			group = path.Dir(name)
		}
		groups[group] = append(groups[group], state.File{Path: name, Mode: f.Mode, Data: f.Data})
	}
	return groups, err
}

// knowBefore reads, of what is about to change, what was not read before.
func (l *loader) knowBefore(ctx context.Context, commit string, t touched) error {
	var missing []string
	for _, name := range t.names() {
		_, account := l.accounts[name]
		_, role := l.roles[name]
		if !account && !role && (name != state.MetaPath || l.meta == nil) {
			missing = append(missing, name)
		}
	}
	if commit == "" || len(missing) == 0 {
		return nil
	}
	files, err := l.read(ctx, commit, missing)
	if err != nil {
		return err
	}
	l.takeMeta(&step{}, t, files)
	for _, name := range missing {
		switch {
		case t.accounts[name]:
			l.account(name, readAlone(files[name]))
		case t.roles[name]:
			l.role(name, readAlone(files[name]))
		}
	}
	return nil
}

func (l *loader) takeMeta(s *step, t touched, files map[string][]state.File) {
	f := files[state.MetaPath]
	switch {
	case !t.meta:
		s.after = l.meta
		return
	case len(f) == 0 || f[0].Mode != state.RegularMode:
		if !s.gone {
			s.unreadable = append(s.unreadable, Problem{state.CodeNoMeta, "state/ has files, but its meta.json is missing"})
		}
		return
	}
	meta, problems := decodeMeta(f[0].Data)
	s.unreadable = append(s.unreadable, problemsOf(problems)...)
	if s.after = meta; meta != nil {
		l.meta = meta
	}
}

func (l *loader) takeAccounts(s *step, t touched, files map[string][]state.File) {
	folders := model.Names(t.accounts)
	read := parallel.Map(folders, func(folder string) alone { return readAlone(files[folder]) })
	for i, folder := range folders {
		c := accountChange{name: path.Base(folder), before: l.accounts[folder]}
		problems := l.account(folder, read[i])
		c.after, c.broken = l.accounts[folder], len(problems) > 0
		s.unreadable = append(s.unreadable, problems...)
		s.accounts = append(s.accounts, c)
	}
	slices.SortFunc(s.accounts, func(a, b accountChange) int { return strings.Compare(a.name, b.name) })
}

// alone is what was read of the files of one account or role; all of it is nil where there
// are none.
type alone struct {
	account  *state.Account
	role     *state.Role
	problems []Problem
}

func readAlone(files []state.File) alone {
	if len(files) == 0 {
		return alone{}
	}
	account, role, problems := state.DecodeAlone(files)
	return alone{account, role, problemsOf(problems)}
}

// account takes in a folder. What was known of one that cannot be read stays.
func (l *loader) account(folder string, read alone) []Problem {
	if len(read.problems) == 0 {
		l.accounts[folder] = read.account
	}
	return read.problems
}

func (l *loader) takeRoles(s *step, t touched, files map[string][]state.File) {
	for _, name := range model.Names(t.roles) {
		c := roleChange{name: strings.TrimSuffix(path.Base(name), ".json"), before: l.roles[name]}
		s.unreadable = append(s.unreadable, l.role(name, readAlone(files[name]))...)
		c.after = l.roles[name]
		s.roles = append(s.roles, c)
	}
}

func (l *loader) role(name string, read alone) []Problem {
	if len(read.problems) == 0 {
		l.roles[name] = read.role
	}
	return read.problems
}

// problemsOf turns what state says of files into problems of their commit.
func problemsOf(list diag.List) []Problem {
	var out []Problem
	for _, d := range list.Errors() {
		p := Problem{d.Code, d.Pos.File + ": " + d.Summary}
		if d.Code == state.CodeDigest {
			p = Problem{CodeCiphertextChanged, "a ciphertext is not the one that its account's record names"}
		}
		out = append(out, p)
	}
	return slices.Compact(out)
}

// digest keeps the lines that meta.json's digest is made of, sorted by path.
type digest struct{ lines []string }

func (d *digest) update(diffs []git.Difference, groups map[string][]state.File) {
	sums := map[string]state.Sum{}
	for _, files := range groups {
		for _, f := range files {
			sums[f.Path] = state.SumOf(f.Data)
		}
	}
	if len(diffs) > many {
		d.rebuild(diffs, sums)
		return
	}
	for _, f := range diffs {
		name := inState(f.Path)
		if name == state.MetaPath {
			continue
		}
		sum, there := sums[name]
		d.set(name, sum, there)
	}
}

func (d *digest) set(name string, sum state.Sum, there bool) {
	line := digestLine(name, sum)
	i, found := slices.BinarySearchFunc(d.lines, line, compareLines)
	switch {
	case found && there:
		d.lines[i] = line
	case found:
		d.lines = slices.Delete(d.lines, i, i+1)
	case there:
		d.lines = slices.Insert(d.lines, i, line)
	}
}

// rebuild is for changes so large that setting line by line would move the
// others about too often.
func (d *digest) rebuild(diffs []git.Difference, sums map[string]state.Sum) {
	changed := make(map[string]bool, len(diffs))
	for _, f := range diffs {
		changed[inState(f.Path)] = true
	}
	d.lines = slices.DeleteFunc(d.lines, func(line string) bool {
		return changed[strings.TrimSuffix(pathOf(line), "\n")]
	})
	for name := range changed {
		if sum, there := sums[name]; there && name != state.MetaPath {
			d.lines = append(d.lines, digestLine(name, sum))
		}
	}
	slices.SortFunc(d.lines, compareLines)
}

func (d *digest) sum() state.Sum { return digestOf(d.lines) }
