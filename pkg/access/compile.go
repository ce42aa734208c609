package access

import (
	"math"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Compiled is a role ready for comparison. It is made once of each role, however
// many sets the role is in; nothing changes it, so goroutines may share it.
type Compiled struct {
	isDefault bool
	// everywhere is what all of its statements say: the empty resource
	// matches whatever resources a statement lists.
	everywhere tally
	// areas has a profile for each of the areas.
	areas []profile
}

// profile is what one role says throughout an area: at each point of its own, with
// what it says around that point counted in.
type profile struct {
	field
	at      []tally
	unnamed tally
}

// Compile prepares a role for [Rules.DiffCompiled], whatever the rules.
func Compile(r *model.Role) *Compiled {
	statements := statementsOf(r)
	c := &Compiled{isDefault: r.Name == DefaultRole, areas: make([]profile, len(areas))}
	for i := range statements {
		c.everywhere.add(&statements[i])
	}
	for i := range areas {
		p := profile{field: newField(&areas[i], statements)}
		p.at, p.unnamed = p.tallies(statements)
		c.areas[i] = p
	}
	return c
}

// Work is what a comparison takes. It depends on the roles alone.
type Work struct {
	// Steps are questions asked of one role about one place, or as much work
	// of another sort.
	Steps int
	// Bytes is what the grants take when they are written down.
	Bytes int
}

// CountSteps is how many steps [Rules.DiffCompiled] takes. To count them costs little.
func (r *Rules) CountSteps(before, after []*Compiled) int {
	return r.sidesOf(r.withDefault(before), r.withDefault(after)).steps()
}

// DiffCompiled is [Rules.Diff] of roles that were compiled before. It gives up
// where it would take more than most.
func (r *Rules) DiffCompiled(before, after []*Compiled, most Work) (gained, lost []Grant, used Work, ok bool) {
	s := r.sidesOf(r.withDefault(before), r.withDefault(after))
	if used.Steps = s.steps(); used.Steps > most.Steps {
		return nil, nil, used, false
	}
	m := meter{left: most.Bytes}
	gained, lost = s.compare(&m)
	used.Bytes = most.Bytes - m.left
	return gained, lost, used, m.left >= 0
}

// meter counts the text of grants down to what may be written at most.
type meter struct{ left int }

// spend reports whether there was room for so much.
func (m *meter) spend(n int) bool {
	m.left -= n
	return m.left >= 0
}

// unmetered is room for whatever single roles can grant.
const unmetered = math.MaxInt

func (r *Rules) withDefault(roles []*Compiled) []*Compiled {
	if slices.ContainsFunc(roles, func(c *Compiled) bool { return c.isDefault }) {
		return roles
	}
	return append(roles[:len(roles):len(roles)], r.compiledDefault)
}

// sides are two sets of roles, sorted by who has a role.
type sides struct {
	rules               *Rules
	both, before, after []*Compiled
}

func (r *Rules) sidesOf(before, after []*Compiled) sides {
	s := sides{rules: r}
	had := make(map[*Compiled]bool, len(before))
	for _, c := range before {
		had[c] = true
	}
	for _, c := range after {
		if had[c] {
			s.both = append(s.both, c)
			delete(had, c)
		} else {
			s.after = append(s.after, c)
		}
	}
	for _, c := range before {
		if had[c] {
			s.before = append(s.before, c)
		}
	}
	return s
}

// visitChanged calls visit for each role that only one side has.
func (s sides) visitChanged(visit func(*Compiled)) {
	for _, list := range [][]*Compiled{s.before, s.after} {
		for _, c := range list {
			visit(c)
		}
	}
}

// steps is about how much work a comparison is: every place is asked of every role that
// both sides have, and what is granted is told apart by actions and written down.
func (s sides) steps() (n int) {
	roles := len(s.both) + len(s.before) + len(s.after)
	for i := range areas {
		points := s.countPoints(i)
		n += points*(len(s.both)+96) + roles
	}
	return n
}

// wide are the outermost regions of an area in which roles that only one side has
// say something about more than one resource, in their order.
func (s sides) wide(i int) []point {
	var regions []point
	s.visitChanged(func(c *Compiled) {
		p := &c.areas[i]
		for j, q := range p.points {
			if q.wide && (j > 0 || p.at[0] != tally{}) {
				regions = append(regions, q)
			}
		}
	})
	slices.SortFunc(regions, comparePoints)
	outermost := regions[:0]
	for _, q := range regions {
		if n := len(outermost); n == 0 || !outermost[n-1].encloses(q) {
			outermost = append(outermost, q)
		}
	}
	if len(outermost) > maxRegions {
		return []point{{areas[i].root, true}}
	}
	return outermost
}

// maxRegions is how many regions are worth telling apart.
const maxRegions = 64

// inside returns the points of the profile that lie in a region, its own root left
// out. They stand together, since points are sorted by their text.
func (p *profile) inside(region point) []point {
	from, _ := slices.BinarySearchFunc(p.points, region, comparePoints)
	from = max(from, 1)
	to, _ := slices.BinarySearchFunc(p.points[from:], region.text, func(q point, prefix string) int {
		if strings.HasPrefix(q.text, prefix) || q.text < prefix {
			return -1
		}
		return 1
	})
	return p.points[from : from+to]
}

func (s sides) countPoints(i int) int {
	n, regions := 1, s.wide(i)
	s.visitChanged(func(c *Compiled) { n += len(c.areas[i].points) - 1 })
	for _, c := range s.both {
		for _, region := range regions {
			n += len(c.areas[i].inside(region))
		}
	}
	return n
}

// field has every point of an area at which the two sides may differ otherwise
// than around it: those of roles that one side alone has, and, of the others',
// those that lie within something that such a role says.
func (s sides) field(i int) field {
	a := &s.rules.areas[i]
	points := append(make([]point, 0, s.countPoints(i)), point{a.root, true})
	s.visitChanged(func(c *Compiled) { points = append(points, c.areas[i].points[1:]...) })
	regions := s.wide(i)
	for _, c := range s.both {
		for _, region := range regions {
			points = append(points, c.areas[i].inside(region)...)
		}
	}
	return fieldOf(a, points)
}

// ask lets both sides answer throughout a field of area i.
func (s sides) ask(i int, f field) (before, after answers) {
	shared, unnamed := tallyUp(s.both, i, f, make([]tally, len(f.points)), tally{})
	b, unnamedB := tallyOwn(s.before, i, f, slices.Clone(shared), unnamed)
	a, unnamedA := tallyOwn(s.after, i, f, shared, unnamed)
	return s.rules.answersOf(f, b, unnamedB), s.rules.answersOf(f, a, unnamedA)
}

func tallyUp(roles []*Compiled, i int, f field, at []tally, unnamed tally) ([]tally, tally) {
	for _, c := range roles {
		unnamed.merge(c.areas[i].unnamed)
		c.areas[i].addTo(at, f.points)
	}
	return at, unnamed
}

// tallyOwn is tallyUp for roles of which every point is one of the field: each counts at
// its own points, which is then handed down to what lies below. So the work grows with
// the points of the roles, and not with roles times points.
func tallyOwn(roles []*Compiled, i int, f field, at []tally, unnamed tally) ([]tally, tally) {
	if len(roles) == 0 {
		return at, unnamed
	}
	for _, c := range roles {
		p := &c.areas[i]
		unnamed.merge(p.unnamed)
		at[0].merge(p.at[0])
		for j, next := 1, 1; j < len(p.points); j++ {
			next = f.index(next, p.points[j])
			at[next].merge(p.at[j])
		}
	}
	for j := range at {
		at[j].merge(at[f.around[j]])
	}
	return at, unnamed
}

// index is where a point stands that is one of the field's, at an index or after it.
func (f field) index(from int, q point) int {
	for range 4 { // mostly it is near
		if f.points[from] == q {
			return from
		}
		from++
	}
	n, _ := slices.BinarySearchFunc(f.points[from:], q, comparePoints)
	return from + n
}

// addTo counts in, at each of the sorted points, what the profile says there: what
// it says at the innermost point of its own that the place is, or is below.
func (p *profile) addTo(at []tally, points []point) {
	if len(p.points) == 1 {
		if p.at[0] != (tally{}) {
			for i := range at {
				at[i].merge(p.at[0])
			}
		}
		return
	}
	next := 0 // the first of the profile's points that comes after the place
	for i, q := range points {
		next = p.after(next, q)
		j := max(next-1, 0)
		for j > 0 && p.points[j] != q && !p.points[j].encloses(q) {
			j = p.around[j]
		}
		at[i].merge(p.at[j])
	}
}

// after returns the index of the first point, from the index on, that comes after q.
func (p *profile) after(from int, q point) int {
	for range 4 { // mostly it is near
		if from == len(p.points) || comparePoints(p.points[from], q) > 0 {
			return from
		}
		from++
	}
	n, found := slices.BinarySearchFunc(p.points[from:], q, comparePoints)
	if found {
		n++
	}
	return from + n
}

// answersOf applies the rules to what was said throughout a field. What the server
// asks about without a place has one answer everywhere.
func (r *Rules) answersOf(f field, at []tally, unnamed tally) answers {
	out := answers{make([]actionSet, len(at)), unnamed.result() & f.area.actions}
	placed, everywhere := f.area.actions&^r.unplaced, out.unnamed&r.unplaced
	for i := range at {
		out.at[i] = at[i].result()&placed | everywhere
	}
	return out
}

// answerGlobal is what each side grants on the empty resource.
func (s sides) answerGlobal() (before, after actionSet) {
	var b, a tally
	for _, c := range s.both {
		b.merge(c.everywhere)
	}
	a = b
	for _, c := range s.before {
		b.merge(c.everywhere)
	}
	for _, c := range s.after {
		a.merge(c.everywhere)
	}
	asked := s.rules.global.actions | unregistered
	return b.result() & asked, a.result() & asked
}
