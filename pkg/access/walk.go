package access

import "slices"

// rows spells the resources of a field that are granted. Actions with the same
// answers everywhere share the work.
func (f field) rows(granted answers, m *meter) []row {
	byResource := map[string]actionSet{}
	for _, class := range granted.classes() {
		for _, resource := range f.resources(granted, class, m) {
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
// unique, because a point is named only where the answer is another than
// around it.
func (f field) resources(granted answers, class actionSet, m *meter) []string {
	w := walk{field: f, granted: granted, class: class, entryOf: make([]int, len(f.points)), meter: m}
	for i := range f.points {
		if w.visit(i); m.left < 0 {
			return nil
		}
	}
	if granted.unnamed&class != 0 && !w.carries {
		w.open(f.area.root + "?")
	}
	out := make([]string, len(w.entries))
	for i, e := range w.entries {
		out[i] = spellExcept(e.resource, e.except)
	}
	return out
}

// walk goes through the points of a field in their order.
type walk struct {
	field   field
	granted answers
	class   actionSet
	entries []entry
	// entryOf holds, for each granted point, the index of the entry that
	// covers it.
	entryOf []int
	// carries is set where an entry stands for the unnamed resource too.
	carries bool
	meter   *meter
}

// entry is a granted resource and what is not granted below it.
type entry struct {
	resource string
	except   []string
}

func (w *walk) visit(i int) {
	around := w.field.around[i]
	isGranted, wasGranted := w.grants(i), i > 0 && w.grants(around)
	switch {
	case isGranted && wasGranted:
		w.entryOf[i] = w.entryOf[around]
	case isGranted:
		w.entryOf[i] = w.open(w.spell(i))
		w.carries = w.carries || i == 0 || !w.field.points[i].wide
	case wasGranted:
		e := &w.entries[w.entryOf[around]]
		e.except = append(e.except, w.spell(i))
	}
}

func (w *walk) spell(i int) string {
	s := w.field.spell(i)
	w.meter.spend(len(s))
	return s
}

func (w *walk) grants(i int) bool { return w.granted.at[i]&w.class != 0 }

// open begins an entry and returns its index.
func (w *walk) open(resource string) int {
	w.entries = append(w.entries, entry{resource: resource})
	return len(w.entries) - 1
}
