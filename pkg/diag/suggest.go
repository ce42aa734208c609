package diag

// Hints finds near names within a budget for a whole run: the first problems get
// a hint, and a flood of them, or one among very many names, does not stop the
// run. Neither nil nor the zero value has anything left; make one with [NewHints].
type Hints struct{ left int }

// hintBudget is the number of names that a run compares with others in all.
const hintBudget = 500_000

// NewHints returns what one run may spend on hints.
func NewHints() *Hints { return &Hints{left: hintBudget} }

// Nearest is the function of that name, or "" once the budget is spent. The
// budget ends between two questions, so the same run gives the same hints.
func (h *Hints) Nearest(name string, candidates []string) string {
	if h == nil || len(name) > maxHinted {
		return ""
	}
	if h.left -= len(candidates); h.left < 0 {
		h.left = 0
		return ""
	}
	return Nearest(name, candidates)
}

// maxHinted bounds the names that are compared, in bytes. It is above every name
// that is allowed, and nobody mistypes a longer one by three characters.
const maxHinted = 128

// Nearest returns the candidate closest to name by edit distance, or "" when
// none is close enough to be what the writer meant: a third of its length, at
// least one and at most three edits. Of equally close candidates the first
// wins, so callers pass them in a fixed order. Lengths are looked at before
// anything else: a name may be as long as its file.
func Nearest(name string, candidates []string) string {
	if len(name) > maxHinted {
		return ""
	}
	limit := min(3, max(1, len(name)/3))
	best := ""
	for _, c := range candidates {
		if len(c) > maxHinted || len(c)-len(name) > limit || len(name)-len(c) > limit || c == name {
			continue
		}
		if d := distance(name, c, limit); d <= limit {
			best, limit = c, d-1
			if limit < 1 {
				break
			}
		}
	}
	return best
}

// distance is the optimal string alignment distance between a and b (a swap of
// neighbours is one edit), or more than limit as soon as it is certain to be.
// Only cells within limit of the diagonal can hold as little as that, so only
// they are filled. Both are at most maxHinted long.
func distance(a, b string, limit int) int {
	var rows [3][maxHinted + 1]int
	before, prev, cur := &rows[0], &rows[1], &rows[2]
	far := limit + 1
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return far
	}
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		cur[from-1] = far
		if from == 1 {
			cur[0] = i
		}
		low := cur[from-1]
		for j := from; j <= to; j++ {
			cur[j] = cell(a, b, i, j, before, prev, cur)
			low = min(low, cur[j])
		}
		if to < len(b) {
			cur[to+1] = far
		}
		if low > limit {
			return low
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

// cell is one field of the table: the fewest edits from a[:i] to b[:j].
func cell(a, b string, i, j int, before, prev, cur *[maxHinted + 1]int) int {
	cost := 1
	if a[i-1] == b[j-1] {
		cost = 0
	}
	d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
	if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
		d = min(d, before[j-2]+1)
	}
	return d
}
