package diag

// Nearest returns the candidate closest to name by edit distance, or "" when
// none is close enough to be what the writer meant: a third of its length, at
// least one and at most three edits. Of equally close candidates the first
// wins, so callers pass them in a fixed order.
func Nearest(name string, candidates []string) string {
	limit := min(3, max(1, len(name)/3))
	best := ""
	for _, c := range candidates {
		if c == name || len(c)-len(name) > limit || len(name)-len(c) > limit {
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
func distance(a, b string, limit int) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
			low = min(low, cur[j])
		}
		if low > limit {
			return low
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
