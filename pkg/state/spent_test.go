package state

import (
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// What was used is recorded for as long as it is declared.
func TestSpend(t *testing.T) {
	t.Parallel()
	deletes := model.Approval{Plan: "sha256:02", Allow: "--allow-deletes 7", Reason: "x"}
	empty := model.Approval{Plan: "sha256:01", Allow: "--allow-empty"}
	spend := func(s *Snapshot, used, declared []model.Approval) *Snapshot {
		t.Helper()
		e := s.Edit()
		e.Spend(used, declared)
		next, changes := e.Finish()
		files := filesOf(changes)
		if !slices.ContainsFunc(files, func(f File) bool { return f.Path == MetaPath }) {
			t.Fatal("meta.json is not written")
		}
		return next
	}
	s := spend(first(), []model.Approval{deletes}, []model.Approval{empty, deletes})
	if !s.HasSpent(deletes) || s.HasSpent(empty) {
		t.Errorf("spent are %v", s.Meta.Spent)
	}
	if s.HasSpent(model.Approval{Plan: "sha256:01", Allow: deletes.Allow}) || s.HasSpent(model.Approval{Plan: deletes.Plan, Allow: "--allow-deletes 8"}) {
		t.Error("an approval of something else is taken for it")
	}
	both := spend(s, []model.Approval{empty}, []model.Approval{deletes, empty})
	if want := []Spent{{"sha256:01", "--allow-empty"}, {"sha256:02", "--allow-deletes 7"}}; !slices.Equal(both.Meta.Spent, want) {
		t.Errorf("spent are %v, want %v", both.Meta.Spent, want)
	}
	if gone := spend(both, nil, []model.Approval{empty}); len(gone.Meta.Spent) != 1 || !gone.HasSpent(empty) {
		t.Errorf("spent are %v", gone.Meta.Spent)
	}
	if none := spend(both, nil, nil); none.Meta.Spent != nil {
		t.Errorf("spent are %v", none.Meta.Spent)
	}
}

func TestSpentIsRead(t *testing.T) {
	t.Parallel()
	e := everything(t)
	approvals := []model.Approval{{Plan: "sha256:02", Allow: "--allow-deletes 7"}, {Plan: "sha256:01", Allow: "--allow-empty"}}
	e.Spend(approvals, approvals)
	next, changes := e.Finish()
	files := filesOf(changes)
	got, problems := Decode(files)
	if problems != nil {
		t.Fatal(problems)
	}
	if d := equal(next, got); d != "" {
		t.Error(d)
	}
	for before, after := range map[string]string{
		"sha256:01":   "sha256:03", // out of order
		`"allow"`:     `"allows"`,
		`  "spent"`:   `  "spend"`,
		"sha256:02\"": "sha256:01\"", // then the flags are out of order
	} {
		spoiled := edited(files, MetaPath, func(f *File) { f.Data = []byte(strings.Replace(string(f.Data), before, after, 1)) })
		if snap, problems := Decode(spoiled); snap != nil || problems == nil {
			t.Errorf("%s instead of %s is let pass", after, before)
		}
	}
}
