package plan

import (
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// rights compares what sets of roles allow before and after the plan. Most
// accounts share their set of roles with others, so each pair of sets is compared
// once, on all processors, and each role is compiled once.
type rights struct {
	before, after map[string]*model.Role
	// changed has the roles whose policies differ between the two.
	changed map[string]bool
	// compiledBefore and compiledAfter hold a role that did not change once,
	// so that what both sides have need not be compared.
	compiledBefore, compiledAfter map[string]*access.Compiled
	// numbers are short names for roles, of which the keys of memo are made.
	numbers map[string]uint32
	memo    map[string]*comparedSets
	queue   []*comparedSets
	// tooMuch and tooLarge are set where the comparisons took more steps, or
	// more bytes, than they may.
	tooMuch, tooLarge bool
}

// comparedSets is a pair of sets of roles and what differs between them.
type comparedSets struct {
	before, after []*access.Compiled
	gained, lost  []access.Grant
	bytes         int
}

// newRights compares the applied roles with the declared ones. kept restricts
// which roles change; nil means all of them.
func newRights(want *model.Declarations, have *state.Snapshot, kept map[model.Address]bool) *rights {
	r := &rights{
		before: map[string]*model.Role{}, after: map[string]*model.Role{}, changed: map[string]bool{},
		compiledBefore: map[string]*access.Compiled{}, compiledAfter: map[string]*access.Compiled{},
		numbers: map[string]uint32{}, memo: map[string]*comparedSets{},
	}
	for _, name := range access.BuiltinNames() {
		role, _ := access.Builtin(name)
		r.before[name], r.after[name] = role, role
	}
	for name, role := range have.Roles {
		r.before[name] = &model.Role{Name: name, Policies: role.Policies}
		_, builtin := access.Builtin(name)
		// A built-in role that is let go stays on the server as it is.
		if stays := kept != nil && !kept[model.RoleAddress(name)]; stays || builtin {
			r.after[name] = r.before[name]
		}
	}
	for name, role := range want.Roles {
		if kept == nil || kept[model.RoleAddress(name)] {
			r.after[name] = role
		}
	}
	for name := range r.before {
		r.note(name)
	}
	for name := range r.after {
		r.note(name)
	}
	return r
}

func (r *rights) note(name string) {
	before, after := r.before[name], r.after[name]
	if before == nil || after == nil || !model.EqualPolicies(before.Policies, after.Policies) {
		r.changed[name] = true
	}
}

// diff is what moving from one set of roles to another gives and takes, with
// the roles' own changes counted in. The answer is there after run.
func (r *rights) diff(before, after []string) *comparedSets {
	if r.same(before, after) {
		return nil
	}
	return r.compare(key{'d', before, after}, r.compiledBefore, r.before)
}

// outlasts is what a generation with the roles held can do, after the plan, that
// one with the roles after cannot, as what is lost. What a changed role takes is
// gone for every generation at once, since tokens refer to roles by name. The
// answer is there after run.
func (r *rights) outlasts(held, after []string) *comparedSets {
	if len(held) == 0 || slices.Equal(held, after) {
		return nil
	}
	return r.compare(key{'o', held, after}, r.compiledAfter, r.after)
}

// key names a comparison.
type key struct {
	kind          byte
	before, after []string
}

func (r *rights) spell(k key) string {
	text := make([]byte, 0, 2+4*(len(k.before)+len(k.after)+1))
	text = append(text, k.kind)
	for _, names := range [][]string{k.before, k.after} {
		for _, name := range names {
			n, known := r.numbers[name]
			if !known {
				n = uint32(len(r.numbers)) + 1
				r.numbers[name] = n
			}
			text = binary.LittleEndian.AppendUint32(text, n)
		}
		text = append(text, 0, 0, 0, 0)
	}
	return string(text)
}

// compare returns the comparison of that name, and queues it where it is new. The
// first set is of roles as compiled and roles have them, the second of those after.
func (r *rights) compare(k key, compiled map[string]*access.Compiled, roles map[string]*model.Role) *comparedSets {
	text := r.spell(k)
	c := r.memo[text]
	if c == nil {
		c = &comparedSets{before: r.compile(k.before, compiled, roles), after: r.compile(k.after, r.compiledAfter, r.after)}
		r.memo[text], r.queue = c, append(r.queue, c)
	}
	return c
}

func (r *rights) compile(names []string, compiled map[string]*access.Compiled, roles map[string]*model.Role) []*access.Compiled {
	out := make([]*access.Compiled, 0, len(names))
	for _, name := range names {
		role := roles[name]
		if role == nil {
			continue
		}
		c := compiled[name]
		if c == nil {
			c = access.Compile(role)
			compiled[name] = c
			if !r.changed[name] {
				r.compiledBefore[name], r.compiledAfter[name] = c, c
			}
		}
		out = append(out, c)
	}
	return out
}

const (
	// maxWorkers bounds how many comparisons are made at the same time, since
	// each may take memory.
	maxWorkers = 8
	// maxOneAccess bounds what one account or token may gain or lose, in bytes.
	maxOneAccess = 64 << 20
)

// run makes the comparisons that are queued, within so many steps and bytes in
// all. What each takes depends on its roles alone, so whether all of them fit does
// not depend on the order in which they are made.
func (r *rights) run(steps, room int) {
	var next, usedSteps, usedBytes atomic.Int64
	var workers sync.WaitGroup
	spent := func() bool { return usedSteps.Load() > int64(steps) || usedBytes.Load() > int64(room) }
	for range min(len(r.queue), runtime.GOMAXPROCS(0), maxWorkers) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(r.queue)) && !spent(); i = next.Add(1) - 1 {
				c := r.queue[i]
				gained, lost, used, ok := access.DiffCompiled(c.before, c.after, access.Work{Steps: steps, Bytes: min(room, maxOneAccess)})
				c.gained, c.lost, c.bytes = gained, lost, used.Bytes
				usedSteps.Add(int64(used.Steps))
				usedBytes.Add(int64(used.Bytes))
				if !ok {
					usedBytes.Add(int64(room) + 1)
				}
			}
		})
	}
	workers.Wait()
	r.queue = nil
	r.tooMuch = usedSteps.Load() > int64(steps)
	r.tooLarge = usedBytes.Load() > int64(room)
}

// same reports that nothing can differ: the same roles, none of them changed.
func (r *rights) same(before, after []string) bool {
	return slices.Equal(before, after) && !slices.ContainsFunc(after, func(s string) bool { return r.changed[s] })
}

func pick(roles map[string]*model.Role, names []string) []*model.Role {
	out := make([]*model.Role, 0, len(names))
	for _, name := range names {
		if role := roles[name]; role != nil {
			out = append(out, role)
		}
	}
	return out
}

// accessCase is a subject whose access may change, with its roles before and
// after. It waits for the end of planning, since a restricted plan leaves out
// some of what would change it.
type accessCase struct {
	subject model.Address
	// cause is the object whose change gives or takes the subject's roles.
	cause         model.Address
	before, after []string
	// held are the roles that a replaced generation carries on with until
	// the day effective.
	held      []string
	effective model.Date
}

func (b *builder) noteAccess(c accessCase) {
	if !b.rights.same(c.before, c.after) {
		b.cases = append(b.cases, c)
	}
}

// accessSection works out what was noted. kept are the objects that a
// restricted plan reaches: whatever else would change stays as it was.
func (b *builder) accessSection(kept map[model.Address]bool) []Access {
	rights := b.rights
	if kept != nil {
		rights = newRights(b.want, b.have, kept)
	}
	b.compared = rights
	type found struct{ outlasts, diff *comparedSets }
	results := make([]found, len(b.cases))
	for i := range b.cases {
		c := &b.cases[i]
		if kept != nil && !kept[c.cause] {
			c.after, c.effective = c.before, b.today
		}
		results[i] = found{rights.outlasts(c.held, c.after), rights.diff(c.before, c.after)}
	}
	if rights.run(b.steps(), b.left); rights.tooMuch || rights.tooLarge {
		b.left = -1
		return nil
	}
	var out []Access
	for i, c := range b.cases {
		outlasts, d := results[i].outlasts, results[i].diff
		if outlasts == nil || len(outlasts.lost) == 0 {
			c.effective = b.today
		}
		if d != nil && len(d.gained)+len(d.lost) > 0 && b.take(entryFrame+d.bytes) {
			out = append(out, Access{Subject: c.subject, Gained: orEmpty(d.gained), Lost: orEmpty(d.lost), EffectiveOn: c.effective})
		}
	}
	return out
}

// steps is how many the comparisons may take.
func (b *builder) steps() int {
	if b.room == unlimited {
		return math.MaxInt
	}
	return b.opts.Limits.OrDefault().AccessSteps
}

func (b *builder) accountAccess(want *model.Account, have *state.Account) {
	var before, after []string
	name := ""
	if have.Live() {
		name = have.Name
		before = have.Roles()
	}
	if want != nil {
		name = want.Name
		after = want.Roles
	}
	a := model.AccountAddress(name)
	b.noteAccess(accessCase{subject: a, cause: a, before: before, after: after, effective: b.today})
}

// tokenAccess notes how a token's access moves to the roles after, none where
// the token goes. have is nil where it comes.
func (b *builder) tokenAccess(a, cause model.Address, after []string, have *state.Token) {
	b.noteAccess(accessCase{subject: a, cause: cause, before: b.rolesNow(have), after: after, effective: b.today})
}

// overlapAccess is tokenAccess where the old generation lives on, with what its
// account leaves it, until a day.
func (b *builder) overlapAccess(a model.Address, after []string, have *state.Token, account *model.Account, until model.Date) {
	before := b.rolesNow(have)
	b.noteAccess(accessCase{subject: a, cause: a, before: before, after: after, held: intersect(before, account.Roles), effective: until})
}

// rolesNow are the roles of a token's active generation.
func (b *builder) rolesNow(have *state.Token) []string {
	var before []string
	if have.Live() {
		if g := have.Active(); g != nil && g.ExpiresAt > b.today {
			before = g.CurrentRoles()
		}
	}
	return before
}

func (b *builder) tokenReaders(a model.Address, want []model.Recipient, have []string) {
	r := Readers{Token: a, Gained: []Reader{}, Lost: []Reader{}}
	known := members(have)
	for i, id := range b.idsOf(want) {
		if !known.has(id) {
			r.Gained = append(r.Gained, Reader{Name: want[i].Name, Key: id})
		}
	}
	for _, id := range b.lostKeys(want, have) {
		r.Lost = append(r.Lost, Reader{Name: b.names[id], Key: id})
	}
	b.addReaders(r)
}

func (b *builder) addReaders(r Readers) {
	if len(r.Gained)+len(r.Lost) > 0 && b.take(entryFrame+sizeOfReaders(r.Gained)+sizeOfReaders(r.Lost)) {
		b.readers = append(b.readers, r)
	}
}

// idsOf are the IDs of recipients, in their order. Thousands of tokens share a
// list, and the ID of a long key takes its time.
func (b *builder) idsOf(list []model.Recipient) []string {
	if len(list) == 0 {
		return nil
	}
	if ids := b.ids[&list[0]]; len(ids) == len(list) {
		return ids
	}
	if b.ids == nil {
		b.ids = map[*model.Recipient][]string{}
	}
	ids := model.IDs(list)
	b.ids[&list[0]] = ids
	return ids
}

// memberSet tells quickly what is in a list that is asked about many times. Most
// lists are short, and of the long ones most are sorted. It is a value, since one
// is made for each of many thousands of tokens.
type memberSet struct {
	list   []string
	sorted bool
}

func members(list []string) memberSet {
	if len(list) <= 8 {
		return memberSet{list, false}
	}
	if !slices.IsSorted(list) {
		list = model.Set(list)
	}
	return memberSet{list, true}
}

func (m memberSet) has(s string) bool {
	if m.sorted {
		_, found := slices.BinarySearch(m.list, s)
		return found
	}
	return slices.Contains(m.list, s)
}

// missesAny reports whether any of list is no member.
func (m memberSet) missesAny(list []string) bool {
	for _, s := range list {
		if !m.has(s) {
			return true
		}
	}
	return false
}
