package plan

import (
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// comparer compares what sets of roles allow before and after the plan, by the rules
// of one server. Most accounts share their set of roles with others, so each pair of
// sets is compared once, on all processors, and each role is compiled once.
type comparer struct {
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
func serversOf(b basis) []*access.Rules {
	out := access.RulesOf(b.server())
	if b.have.Exists() {
		for _, r := range access.RulesOf(b.have.Meta.Applied.Server) {
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

// comparers are those of each server that the plan answers for.
type comparers []*comparer

// newComparers compares by each server's rules. A role that stays for the values
// that carry it is what it was. kept restricts which roles change; nil means all of
// them.
func newComparers(b basis, h heirs, kept map[model.Address]bool) (list comparers) {
	for _, rules := range serversOf(b) {
		r := newComparer(rules, b.want, b.have, kept)
		for name := range h.stays {
			r.after[name] = r.before[name]
			delete(r.changed, name)
		}
		list = append(list, r)
	}
	return list
}

// differ reports whether moving from one set of roles to another may give or take
// anything.
func (l comparers) differ(before, after []string) bool {
	return slices.ContainsFunc(l, func(r *comparer) bool { return !r.isSame(before, after) })
}

// nameServer spells a server as far as the others differ from it.
func (l comparers) nameServer(i int) string {
	server := l[i].rules.Server()
	words := server.Mode.Words()
	if slices.ContainsFunc(l, func(r *comparer) bool { return r.rules.Server().Version != server.Version }) {
		words += " of OSMO " + server.Version
	}
	return words
}

// newComparer compares the applied roles with the declared ones, as far as kept
// lets them change.
func newComparer(rules *access.Rules, want *model.Declarations, have *state.Snapshot, kept map[model.Address]bool) *comparer {
	r := &comparer{
		rules: rules, before: rights.Applied(have, 0).InForce(rules), after: rights.Declared(want).InForce(rules), changed: map[string]bool{},
		compiledBefore: map[string]*access.Compiled{}, compiledAfter: map[string]*access.Compiled{},
		numbers: map[string]uint32{}, memo: map[string]*comparedSets{},
	}
	for name, before := range r.before {
		undeclared, stays := want.Roles[name] == nil, kept != nil && !kept[model.RoleAddress(name)]
		// A built-in role that is let go stays on the server as it is.
		if stays || undeclared && access.IsBuiltin(name) {
			r.after[name] = before
		}
	}
	for name, role := range want.Roles {
		if role.External {
			// It says what it was last seen to say, or that is not known.
			if r.after[name] = r.before[name]; r.after[name] == nil {
				delete(r.after, name)
			}
		}
	}
	for name := range r.after {
		if r.before[name] == nil && kept != nil && !kept[model.RoleAddress(name)] {
			delete(r.after, name)
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

func (r *comparer) note(name string) {
	before, after := r.before[name], r.after[name]
	if before == nil || after == nil || !model.EqualPolicies(before.Policies, after.Policies) {
		r.changed[name] = true
	}
}

// diff is what moving from one set of roles to another gives and takes, with
// the roles' own changes counted in. The answer is there after run.
func (r *comparer) diff(before, after []string) *comparedSets {
	if r.isSame(before, after) {
		return nil
	}
	return r.compare(key{'d', before, after}, r.compiledBefore, r.before)
}

// outlasts is what a generation with the roles held can do, after the plan, that
// one with the roles after cannot, as what is lost. What a changed role takes is
// gone for every generation at once, since tokens refer to roles by name. The
// answer is there after run.
func (r *comparer) outlasts(held, after []string) *comparedSets {
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

func (r *comparer) spell(k key) string {
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
func (r *comparer) compare(k key, compiled map[string]*access.Compiled, roles map[string]*model.Role) *comparedSets {
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
func (r *comparer) withDefault(names []string, compiled map[string]*access.Compiled, roles map[string]*model.Role) []*access.Compiled {
	out := r.compile(minus(names, []string{access.DefaultRole}), compiled, roles)
	return append(out, r.compile([]string{access.DefaultRole}, r.compiledAfter, r.after)...)
}

// compareEverybody is what the change of the role that everybody has gives and takes, nil
// where it does neither. The answer is there after run.
func (r *comparer) compareEverybody() *comparedSets {
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

func (r *comparer) compile(names []string, compiled map[string]*access.Compiled, roles map[string]*model.Role) []*access.Compiled {
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
// not depend on the order in which they are made. Steps are counted before the first is
// taken: a project that asks for too much is told so at once.
func (r *comparer) run(steps, room int) {
	needed := 0
	for _, c := range r.queue {
		if needed += r.rules.CountSteps(c.before, c.after); needed > steps {
			r.queue, r.tooMuch = nil, true
			return
		}
	}
	var next, usedBytes atomic.Int64
	var workers sync.WaitGroup
	spent := func() bool { return usedBytes.Load() > int64(room) }
	for range min(len(r.queue), runtime.GOMAXPROCS(0), maxWorkers) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(r.queue)) && !spent(); i = next.Add(1) - 1 {
				c := r.queue[i]
				gained, lost, used, ok := r.rules.DiffCompiled(c.before, c.after, access.Work{Steps: steps, Bytes: min(room, maxOneAccess)})
				c.gained, c.lost, c.bytes = gained, lost, used.Bytes
				usedBytes.Add(int64(used.Bytes))
				if !ok {
					usedBytes.Add(int64(room) + 1)
				}
			}
		})
	}
	workers.Wait()
	r.queue = nil
	r.tooLarge = usedBytes.Load() > int64(room)
}

// isSame reports that nothing can differ: the same roles, none of them changed.
func (r *comparer) isSame(before, after []string) bool {
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

// errTooMuch is for comparisons that take more steps or bytes than they may.
var errTooMuch = errors.New("too much to compare")

// compareAll works out what cases give and take. kept are the objects that a
// restricted plan reaches: what else would change stays as it was. It stops with
// errTooMuch.
func (l comparers) compareAll(cases []accessCase, kept map[model.Address]bool, today model.Date, steps int, room *room) ([]Access, error) {
	answers := make([][]answer, len(l))
	for i, r := range l {
		answers[i] = r.ask(cases, kept, today)
	}
	for _, r := range l {
		if r.run(steps, room.rest()); r.tooMuch || r.tooLarge {
			return nil, errTooMuch
		}
	}
	var out []Access
	for i := range cases {
		entries, bytes := l.entriesOf(cases[i].subject, i, answers, today)
		for n, e := range entries {
			if !room.take(entryFrame + bytes[n]) {
				return nil, errTooMuch
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// answer is what one server's rules say of a case, once they were asked.
type answer struct {
	outlasts, diff *comparedSets
	effective      model.Date
}

// ask queues the comparisons of every case.
func (r *comparer) ask(cases []accessCase, kept map[model.Address]bool, today model.Date) []answer {
	answers := make([]answer, len(cases))
	for i, c := range cases {
		if kept != nil && !kept[c.cause] {
			c.after, c.effective = c.before, today
		}
		answers[i] = answer{outlasts: r.outlasts(c.held, c.after), effective: c.effective}
		if c.everybody {
			answers[i].diff = r.compareEverybody()
		} else {
			answers[i].diff = r.diff(c.before, c.after)
		}
	}
	return answers
}

// entriesOf is what all servers answer to case i in one entry, or one entry for each
// where they differ, and about what each takes.
func (l comparers) entriesOf(subject model.Address, i int, answers [][]answer, today model.Date) (entries []Access, bytes []int) {
	all := make([]Access, len(answers))
	differ := false
	for n := range answers {
		all[n] = answers[n][i].entry(subject, today)
		differ = differ || n > 0 && !all[n].equals(&all[0])
	}
	for n, e := range all {
		if differ {
			server := l[n].rules.Server()
			e.Server = &server
		} else if n > 0 {
			break
		}
		if len(e.Gained)+len(e.Lost) > 0 {
			entries, bytes = append(entries, e), append(bytes, answers[n][i].diff.size())
		}
	}
	return entries, bytes
}

func (a answer) entry(subject model.Address, today model.Date) Access {
	e := Access{Subject: subject, Gained: []access.Grant{}, Lost: []access.Grant{}, EffectiveOn: today}
	if a.outlasts != nil && len(a.outlasts.lost) > 0 {
		e.EffectiveOn = a.effective
	}
	if a.diff != nil {
		e.Gained, e.Lost = orEmpty(a.diff.gained), orEmpty(a.diff.lost)
	}
	return e
}

// equals reports whether two entries say the same.
func (a *Access) equals(o *Access) bool {
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

// accessNotes notes the cases that the servers may answer otherwise than before.
type accessNotes struct {
	servers comparers
	// held is who held which roles before the plan.
	held  rights.Book
	today model.Date
}

func (n accessNotes) note(out *part, c accessCase) {
	if n.servers.differ(c.before, c.after) {
		out.cases = append(out.cases, c)
	}
}

// move notes how the access of an account or a token moves to the roles after, none
// where it goes, because of the change of an object.
func (n accessNotes) move(out *part, a, cause model.Address, after []string) {
	n.note(out, accessCase{subject: a, cause: cause, before: n.held.Roles(a), after: after, effective: n.today})
}

// overlap is move of a token whose old generation lives on, with the roles that its
// account has left, until a day.
func (n accessNotes) overlap(out *part, a model.Address, after, left []string, until model.Date) {
	before := n.held.Roles(a)
	n.note(out, accessCase{subject: a, cause: a, before: before, after: after, held: intersect(before, left), effective: until})
}
