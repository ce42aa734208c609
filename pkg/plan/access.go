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

// rights compares what sets of roles allow before and after the plan, by the rules
// of one server. Most accounts share their set of roles with others, so each pair of
// sets is compared once, on all processors, and each role is compiled once.
type rights struct {
	rules *access.Rules
	// before and after have the roles as the server has them in force.
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

// serversOf are the servers that the plan has to answer for: those that the project
// may be for, and, where the last apply recorded others, those too, so that nobody
// hides a gain by saying that the server is another.
func serversOf(want *model.Declarations, have *state.Snapshot) []*access.Rules {
	out := access.RulesOf(want.Project.Server)
	if have.Exists() {
		for _, r := range access.RulesOf(have.Meta.Applied.Server) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// comparedSets is a pair of sets of roles and what differs between them.
type comparedSets struct {
	before, after []*access.Compiled
	gained, lost  []access.Grant
	bytes         int
}

// allRights are the rights by each server's rules. A role that stays for the values
// that carry it is what it was.
func (b *builder) allRights(kept map[model.Address]bool) (list []*rights) {
	for _, rules := range serversOf(b.want, b.have) {
		r := newRights(rules, b.want, b.have, kept)
		for name := range b.heirs.stays {
			r.after[name] = r.before[name]
			delete(r.changed, name)
		}
		list = append(list, r)
	}
	return list
}

// newRights compares the applied roles with the declared ones. kept restricts
// which roles change; nil means all of them.
func newRights(rules *access.Rules, want *model.Declarations, have *state.Snapshot, kept map[model.Address]bool) *rights {
	r := &rights{
		rules: rules, before: map[string]*model.Role{}, after: map[string]*model.Role{}, changed: map[string]bool{},
		compiledBefore: map[string]*access.Compiled{}, compiledAfter: map[string]*access.Compiled{},
		numbers: map[string]uint32{}, memo: map[string]*comparedSets{},
	}
	for _, name := range access.BuiltinNames() {
		role, _ := rules.Builtin(name)
		r.before[name], r.after[name] = role, role
	}
	for name, role := range have.Roles {
		r.before[name] = rules.InForce(&model.Role{Name: name, Policies: role.Policies})
		// A built-in role that is let go stays on the server as it is.
		if stays := kept != nil && !kept[model.RoleAddress(name)]; stays || access.IsBuiltin(name) {
			r.after[name] = r.before[name]
		}
	}
	for name, role := range want.Roles {
		if kept == nil || kept[model.RoleAddress(name)] {
			r.after[name] = rules.InForce(role)
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
		c = &comparedSets{before: r.withDefault(k.before, compiled, roles), after: r.withDefault(k.after, r.compiledAfter, r.after)}
		r.memo[text], r.queue = c, append(r.queue, c)
	}
	return c
}

// withDefault compiles roles and the one that everybody has. What changes in that
// is said once, of everybody, so both sides have it as it is after the plan.
func (r *rights) withDefault(names []string, compiled map[string]*access.Compiled, roles map[string]*model.Role) []*access.Compiled {
	out := r.compile(minus(names, []string{access.DefaultRole}), compiled, roles)
	return append(out, r.compile([]string{access.DefaultRole}, r.compiledAfter, r.after)...)
}

// everybody is what the change of the role that everybody has gives and takes, nil
// where it does neither. The answer is there after run.
func (r *rights) everybody() *comparedSets {
	name := []string{access.DefaultRole}
	if !r.changed[access.DefaultRole] {
		return nil
	}
	text := r.spell(key{'e', name, name})
	c := r.memo[text]
	if c == nil {
		c = &comparedSets{before: r.compile(name, r.compiledBefore, r.before), after: r.compile(name, r.compiledAfter, r.after)}
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
				gained, lost, used, ok := r.rules.DiffCompiled(c.before, c.after, access.Work{Steps: steps, Bytes: min(room, maxOneAccess)})
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
	// everybody is set where the subject is the role that everybody has.
	everybody bool
}

func (b *builder) noteAccess(c accessCase) {
	if slices.ContainsFunc(b.rights, func(r *rights) bool { return !r.same(c.before, c.after) }) {
		b.cases = append(b.cases, c)
	}
}

// accessSection works out what was noted. kept are the objects that a
// restricted plan reaches: whatever else would change stays as it was.
func (b *builder) accessSection(kept map[model.Address]bool) []Access {
	b.compared = b.rights
	if kept != nil {
		b.compared = b.allRights(kept)
	}
	answers := make([][]answer, len(b.compared))
	for i, r := range b.compared {
		answers[i] = b.queue(r, kept)
	}
	for _, r := range b.compared {
		if r.run(b.steps(), b.left); r.tooMuch || r.tooLarge {
			b.left = -1
			return nil
		}
	}
	var out []Access
	for i := range b.cases {
		out = b.appendAccess(out, i, answers)
	}
	return out
}

// answer is what one server's rules say of a case, once they were asked.
type answer struct {
	outlasts, diff *comparedSets
	effective      model.Date
}

// queue asks by one server's rules about every case.
func (b *builder) queue(r *rights, kept map[model.Address]bool) []answer {
	answers := make([]answer, len(b.cases))
	for i, c := range b.cases {
		if kept != nil && !kept[c.cause] {
			c.after, c.effective = c.before, b.today
		}
		answers[i] = answer{outlasts: r.outlasts(c.held, c.after), effective: c.effective}
		if c.everybody {
			answers[i].diff = r.everybody()
		} else {
			answers[i].diff = r.diff(c.before, c.after)
		}
	}
	return answers
}

// appendAccess adds what all servers answer to case i in one entry, or one entry
// for each where they differ.
func (b *builder) appendAccess(out []Access, i int, answers [][]answer) []Access {
	subject := b.cases[i].subject
	entries := make([]Access, len(answers))
	bytes := make([]int, len(answers))
	differ := false
	for n := range answers {
		entries[n], bytes[n] = b.accessOf(subject, answers[n][i]), answers[n][i].diff.size()
		differ = differ || n > 0 && !entries[n].says(&entries[0])
	}
	for n, e := range entries {
		if differ {
			server := b.compared[n].rules.Server()
			e.Server = &server
		} else if n > 0 {
			break
		}
		if len(e.Gained)+len(e.Lost) > 0 && b.take(entryFrame+bytes[n]) {
			out = append(out, e)
		}
	}
	return out
}

func (b *builder) accessOf(subject model.Address, a answer) Access {
	e := Access{Subject: subject, Gained: []access.Grant{}, Lost: []access.Grant{}, EffectiveOn: b.today}
	if a.outlasts != nil && len(a.outlasts.lost) > 0 {
		e.EffectiveOn = a.effective
	}
	if a.diff != nil {
		e.Gained, e.Lost = orEmpty(a.diff.gained), orEmpty(a.diff.lost)
	}
	return e
}

// says reports whether two entries say the same.
func (a *Access) says(o *Access) bool {
	return a.EffectiveOn == o.EffectiveOn && sameGrants(a.Gained, o.Gained) && sameGrants(a.Lost, o.Lost)
}

func sameGrants(a, b []access.Grant) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// size is about what the comparison takes in the plan.
func (c *comparedSets) size() int {
	if c == nil {
		return 0
	}
	return c.bytes
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
		after = b.rolesOf(want)
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
	b.noteAccess(accessCase{subject: a, cause: a, before: before, after: after, held: intersect(before, b.rolesOf(account)), effective: until})
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
