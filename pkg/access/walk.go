package access

import (
	"slices"
	"strings"
)

// rows spells the resources of a field that are granted. Actions with the same
// answers everywhere share the work.
func (f field) rows(granted answers) []row {
	byResource := map[string]actionSet{}
	for _, class := range granted.classes() {
		for _, resource := range f.resources(granted, class) {
			byResource[resource] |= class
		}
	}
	rows := make([]row, 0, len(byResource))
	for resource, actions := range byResource {
		rows = append(rows, row{f.area, resource, actions})
	}
	return rows
}

// classes splits the actions that are granted anywhere into sets that no answer
// tells apart.
func (a answers) classes() []actionSet {
	all := a.unnamed
	for _, set := range a.at {
		all |= set
	}
	classes := split([]actionSet{all}, a.unnamed)
	for _, set := range a.at {
		classes = split(classes, set)
	}
	return classes
}

// split divides every class into what is in set and what is not.
func split(classes []actionSet, set actionSet) []actionSet {
	for i, c := range classes {
		if in := c & set; in != 0 && in != c {
			classes[i] = in
			classes = append(classes, c&^in)
		}
	}
	return slices.DeleteFunc(classes, func(c actionSet) bool { return c == 0 })
}

// resources spells where the actions of class are granted: the fewest prefixes
// and names, each prefix with the exceptions directly below it. This form is
// unique, because a point is named only where the answer changes.
func (f field) resources(granted answers, class actionSet) []string {
	w := walk{field: f, enclosing: []frame{{}}}
	for i, p := range f.points {
		w.visit(p, granted.at[i]&class != 0)
	}
	if granted.unnamed&class != 0 && !w.carries {
		w.open(f.area.root + "?")
	}
	return w.spelled()
}

// walk goes through the points of a field in their order.
type walk struct {
	field field
	// enclosing are the wide points around the present one at which the answer
	// changed, the innermost last. The first is outside of everything.
	enclosing []frame
	entries   []entry
	// carries is set where an entry implies the unnamed resource.
	carries bool
}

type frame struct {
	text    string
	granted bool
	// entry is the index of the frame's entry, if granted.
	entry int
}

// entry is a granted resource and what is not granted below it.
type entry struct {
	resource string
	except   []string
}

func (w *walk) visit(p point, granted bool) {
	top := w.leaveTo(p)
	if granted == top.granted {
		return
	}
	next := frame{text: p.text, granted: granted}
	label := w.field.area.spell(p)
	if granted {
		next.entry = w.open(label)
		w.carries = w.carries || !p.wide || p.text == w.field.area.root
	} else {
		e := &w.entries[top.entry]
		e.except = append(e.except, label)
	}
	if p.wide {
		w.enclosing = append(w.enclosing, next)
	}
}

// leaveTo drops the frames that p is outside of and returns the innermost left.
func (w *walk) leaveTo(p point) frame {
	last := len(w.enclosing) - 1
	for !strings.HasPrefix(p.text, w.enclosing[last].text) {
		last--
	}
	w.enclosing = w.enclosing[:last+1]
	return w.enclosing[last]
}

func (w *walk) open(resource string) (index int) {
	w.entries = append(w.entries, entry{resource: resource})
	return len(w.entries) - 1
}

func (w *walk) spelled() []string {
	out := make([]string, len(w.entries))
	for i, e := range w.entries {
		out[i] = spellExcept(e.resource, e.except)
	}
	return out
}
