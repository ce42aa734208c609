package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// markdown is everything that was measured, as tables.
func (s *session) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "On %s. Medians of %s of the whole program", s.machine, runsOf(s.results))
	if len(s.osmoctl) > 1 {
		fmt.Fprintf(&b, "; before is %s, run in turn with the other, and the ratios are before by now: above 1 is better now", s.before)
	}
	b.WriteString(".\n")
	for _, k := range estatesOf(s.results) {
		fmt.Fprintf(&b, "\n%s accounts with a token each, %s:\n\n", grouped(k.n), k.files())
		if len(s.osmoctl) > 1 {
			compareWithBefore(&b, s.results, k)
		} else {
			listNow(&b, s.results, k)
		}
	}
	compareWithOthers(&b, s.results)
	for i, why := range s.skipped {
		if i == 0 {
			b.WriteString("\nNot measured:\n\n")
		}
		fmt.Fprintf(&b, "- %s\n", why)
	}
	return b.String()
}

// estateKey says which estates were alike.
type estateKey struct{ n, perFile int }

func (k estateKey) files() string {
	if k.perFile >= k.n {
		return "all in one file"
	}
	return grouped(k.perFile) + " in a file"
}

func estatesOf(results []result) []estateKey {
	var out []estateKey
	for _, r := range results {
		if k := (estateKey{r.n, r.perFile}); r.by == now && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func find(results []result, name, by string, k estateKey) (result, bool) {
	i := slices.IndexFunc(results, func(r result) bool {
		return r.name == name && r.by == by && r.n == k.n && r.perFile == k.perFile
	})
	if i < 0 {
		return result{}, false
	}
	return results[i], true
}

func compareWithBefore(b *strings.Builder, results []result, k estateKey) {
	b.WriteString("| what | time before | now | ratio | CPU before | now | ratio | peak memory before | now | ratio |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range results {
		old, both := find(results, r.name, before, k)
		if r.by != now || r.n != k.n || r.perFile != k.perFile || !both {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.name,
			seconds(old.wall()), seconds(r.wall()), ratio(old.wall(), r.wall()),
			seconds(old.cpu()), seconds(r.cpu()), ratio(old.cpu(), r.cpu()),
			mebibytes(old.memory()), mebibytes(r.memory()), ratio(old.memory(), r.memory()))
	}
}

func listNow(b *strings.Builder, results []result, k estateKey) {
	b.WriteString("| what | time | CPU | peak memory |\n| --- | --- | --- | --- |\n")
	for _, r := range results {
		if r.by == now && r.n == k.n && r.perFile == k.perFile {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.name, seconds(r.wall()), seconds(r.cpu()), mebibytes(r.memory()))
		}
	}
}

// compareWithOthers has a row for each thing that another program does too, and a
// column for each that was there.
func compareWithOthers(b *strings.Builder, results []result) {
	var programs []string
	type row struct {
		name string
		k    estateKey
	}
	var rows []row
	for _, r := range results {
		if r.by == now || r.by == before {
			continue
		}
		if !slices.Contains(programs, r.by) {
			programs = append(programs, r.by)
		}
		if at := (row{r.name, estateKey{r.n, r.perFile}}); !slices.Contains(rows, at) {
			rows = append(rows, at)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\nBeside other programs, as time, CPU and peak memory of the largest process:\n\n| what | accounts | osmoctl | %s |\n| --- | --- | --- |%s\n", strings.Join(programs, " | "), strings.Repeat(" --- |", len(programs)))
	for _, at := range rows {
		fmt.Fprintf(b, "| %s | %s |", at.name, grouped(at.k.n))
		for _, by := range append([]string{now}, programs...) {
			cell := ""
			if r, ok := find(results, at.name, by, at.k); ok {
				cell = fmt.Sprintf(" %s, %s, %s", seconds(r.wall()), seconds(r.cpu()), mebibytes(r.memory()))
			}
			b.WriteString(cell + " |")
		}
		b.WriteString("\n")
	}
}

// runsOf says how often commands were run.
func runsOf(results []result) string {
	least, most := 0, 0
	for _, r := range results {
		if n := len(r.runs); least == 0 || n < least {
			least = n
		}
		most = max(most, len(r.runs))
	}
	if least == most {
		return fmt.Sprintf("%d runs", most)
	}
	return fmt.Sprintf("%d to %d runs", least, most)
}

func ratio[T ~int64](old, young T) string {
	if young == 0 {
		return ""
	}
	r := float64(old) / float64(young)
	if r < 9.95 {
		return fmt.Sprintf("%.1f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

func seconds(d time.Duration) string {
	switch {
	case d < 999500*time.Microsecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

// grouped writes 10000 as 10,000.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
