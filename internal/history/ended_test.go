package history

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// gone is the value that the last apply of the story ends, with its account.
func goneValue(t *testing.T, r *repo) state.Sum {
	t.Helper()
	return r.applied().account(t, "gone").Tokens["x"].Tombstones[0].Value
}

// before is the story with its head before the last apply, which is the result.
func before(t *testing.T) (r *repo, last string, value state.Sum) {
	t.Helper()
	r = story(t)
	last = r.head
	r.head = r.commits[last].Parents[0]
	return r, last, goneValue(t, r)
}

func endedValues(r *Report) (list []state.Sum) {
	for _, e := range r.Ended {
		list = append(list, e.Value)
	}
	return list
}

// hiding are ways in which the last apply of the story is an ancestor and its state
// is not in force.
var hiding = map[string]func(r *repo, last string){
	"a revert": func(r *repo, last string) {
		older := r.files[r.head]
		r.head = last
		r.commit("Revert", older)
	},
	"a merge that keeps the older state": func(r *repo, last string) {
		r.commit("Merge", r.files[r.head], last)
	},
	"a merge of what was reverted on the side": func(r *repo, last string) {
		main := r.head
		r.head = last
		aside := r.commit("Revert", r.files[main])
		r.head = main
		r.commit("Merge", r.files[main], aside)
	},
	"a merge of such a merge": func(r *repo, last string) {
		main := r.head
		r.commit("Work", r.files[main])
		aside := r.commit("Merge", r.files[main], last)
		r.head = main
		r.commit("More work", r.files[main])
		r.commit("Merge again", r.files[main], aside)
	},
	"a merge with three parents": func(r *repo, last string) {
		main := r.head
		work := r.commit("Work", r.files[main])
		r.head = main
		r.commit("Merge", r.files[main], work, last)
	},
	"a wrong clock": func(r *repo, last string) {
		c := r.commits[last]
		c.Committer.When = time.Unix(0, 0)
		r.commits[last] = c
		r.commit("Merge", r.files[r.head], last)
	},
}

func TestEndedStaysEnded(t *testing.T) {
	t.Parallel()
	for name, hide := range hiding {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, last, value := before(t)
			// A clone that has seen nothing, and one that has seen what was before.
			seen := r.check(Options{}).Seen("", "refs/heads/main")
			hide(r, last)
			for _, opts := range []Options{{}, {Full: true}, {Seen: seen}, {Sound: []Seen{*seen}}} {
				report := r.check(opts)
				if !slices.Contains(codes(report), CodeRollback) || report.Seen("", "refs/heads/main") != nil {
					t.Errorf("%+v: findings %q", opts, codes(report))
				}
				if !slices.Contains(endedValues(report), value) {
					t.Errorf("%+v: the value is not among the ended ones: %+v", opts, report.Ended)
				}
			}
			accepted(t, r, value)
		})
	}
}

// accepted accepts what was found, and demands that the value stays ended, for a
// clone that looks at all and for one that remembers.
func accepted(t *testing.T, r *repo, value state.Sum) {
	t.Helper()
	var commits []string
	for _, f := range r.check(Options{}).Open() {
		commits = append(commits, f.Commit)
	}
	r.takeOver(r.head)
	r.apply(firstDeclarations+"account new r1\n", accepting(commits...))
	report := r.check(Options{})
	if open := report.Open(); len(open) > 0 {
		t.Fatalf("open after it was accepted: %+v", open)
	}
	seen := report.Seen("", "refs/heads/main")
	r.commit("Nothing", r.applied())
	for _, later := range []*Report{r.check(Options{Seen: seen}), r.check(Options{Sound: []Seen{*seen}}), r.check(Options{Full: true})} {
		if !slices.Contains(endedValues(later), value) {
			t.Errorf("the value is forgotten: %+v", later.Ended)
		}
	}
}

// What is the same under another name, or another project's, is no loss.
func TestNothingLeftBehind(t *testing.T) {
	t.Parallel()
	for name, merge := range map[string]func(r *repo, last string){
		"a branch without applies": func(r *repo, last string) {
			aside := r.commit("Work", r.files[r.head])
			r.head = last
			r.commit("Merge", r.files[last], aside)
		},
		"a branch that has merged": func(r *repo, last string) {
			r.commit("Work", r.files[r.head])
			aside := r.commit("Merge", r.files[last], last)
			r.head = last
			r.commit("Pull request", r.files[last], aside)
		},
		"a copy that was rebased": func(r *repo, last string) {
			copied := r.commit(r.commits[last].Message, r.files[last])
			r.head = last
			r.commit("Merge", r.files[last], copied)
		},
		"another lineage": func(r *repo, last string) {
			main := r.head
			r.head = ""
			f := files{state.MetaPath: r.files[last][state.MetaPath]}
			f.sound()
			other := r.commit(forgedOf("lineage-2", 1), f)
			r.head = last
			r.commit("Merge", r.files[last], other)
			_ = main
		},
	} {
		r, last, _ := before(t)
		seen := r.check(Options{}).Seen("", "refs/heads/main")
		merge(r, last)
		for _, opts := range []Options{{}, {Seen: seen}} {
			if report := r.check(opts); len(report.Findings) > 0 || len(report.Ended) > 0 {
				t.Errorf("%s: %+v, ended %+v", name, report.Findings, report.Ended)
			}
		}
	}
}

// A clone that has seen what a reset took away remembers what ended there.
func TestEndedBeforeAReset(t *testing.T) {
	t.Parallel()
	r, last, value := before(t)
	main := r.head
	r.head = last
	seen := r.check(Options{}).Seen("", "refs/heads/main")
	r.head = main
	if report := r.check(Options{Seen: seen}); !slices.Contains(endedValues(report), value) || !slices.Contains(codes(report), CodeRollback) {
		t.Errorf("ended %+v, findings %q", report.Ended, codes(report))
	}
	r.cut[last] = true // git gc has taken it away
	if report := r.check(Options{Seen: seen}); !slices.Contains(codes(report), CodeRollback) {
		t.Errorf("findings %q", codes(report))
	}
}

// Another value under the number of an ended generation is not valid either, until
// somebody accepts it.
func TestTakenNumber(t *testing.T) {
	t.Parallel()
	r, last, value := before(t)
	older := r.files[r.head]
	r.head = last
	f := files{}
	for path, data := range older {
		f[path] = data
	}
	forgery := state.SumOf([]byte("mine"))
	f.replace(t, account("gone"), value.String(), forgery.String())
	f.sound()
	r.commit("Tidy up", f)
	report := r.check(Options{})
	if got := endedValues(report); !slices.Contains(got, forgery) || !slices.Contains(got, value) {
		t.Errorf("ended %+v", report.Ended)
	}
}

// A sound history has nothing that ended and is forgotten.
func TestNothingForgotten(t *testing.T) {
	t.Parallel()
	r := story(t)
	for _, opts := range []Options{{}, {Full: true}} {
		if report := r.check(opts); len(report.Ended) > 0 {
			t.Errorf("ended %+v", report.Ended)
		}
	}
}

// Without contents, what the messages show is found, and nothing is remembered as
// whole.
func TestMessagesAlone(t *testing.T) {
	t.Parallel()
	r := story(t)
	r.lost = map[string]bool{}
	for hash := range r.commits {
		r.lost[hash] = hash != r.head
	}
	report := r.check(Options{})
	if !report.Unread || report.Whole() || len(report.Findings) > 0 || report.Meta == nil || report.Seen("", "") != nil {
		t.Errorf("report %+v", report)
	}
	if seen := report.Seen("", "refs/heads/main"); seen == nil || seen.Whole {
		t.Errorf("remembered is %+v", seen)
	}
	if got := codes(r.check(Options{Full: true})); !slices.Equal(got, []string{CodeUnread}) {
		t.Errorf("a full check finds %q", got)
	}
	sound := r.head
	r.commit("Tidy up", files{state.MetaPath: "x"})
	if got := codes(r.check(Options{})); !slices.Equal(got, []string{CodeForeign}) {
		t.Errorf("an edit: %q", got)
	}
	r.commit("Revert", r.files[sound])
	if got := codes(r.check(Options{})); got != nil {
		t.Errorf("undone: %q", got)
	}
	first := r.commits[sound].Parents[0]
	r.commit(r.commits[first].Message, r.files[first])
	r.commit(r.commits[sound].Message, r.files[r.commits[first].Parents[0]])
	if got := codes(r.check(Options{})); !slices.Contains(got, CodeRollback) {
		t.Errorf("an older apply again: %q", got)
	}
}

// What a check needs is what it reads: with that alone it is whole.
func TestNeeds(t *testing.T) {
	t.Parallel()
	r, last, _ := before(t)
	hiding["a merge of what was reverted on the side"](r, last)
	needed, err := Needs(context.Background(), r, r.head, Options{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{last, r.head} {
		for _, f := range r.below(hash, state.Dir) {
			if !slices.Contains(needed, f.Hash) {
				t.Errorf("%s of %.8s is not among what is needed", f.Path, hash)
			}
		}
	}
	if none, err := Needs(context.Background(), r, "", Options{}); len(none) > 0 || err != nil {
		t.Errorf("of nothing: %v, %v", none, err)
	}
}

func TestEndedText(t *testing.T) {
	t.Parallel()
	want := Ended{model.TokenAddress("svc", "t").At(2), false, state.SumOf([]byte("x")), 20600, "leaked", "c0ffee"}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Ended
	if err := json.Unmarshal(data, &got); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%s: %+v, %v", data, got, err)
	}
	for _, bad := range []string{`{}`, `{"value_sha256": "ab"}`, `[]`, `{"address": "x"}`} {
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
