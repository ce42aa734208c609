package config

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const aDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func approve(text string) fstest.MapFS {
	fsys := testProject(projectYAML, "roles: {}\n")
	fsys[ApprovalsFile] = &fstest.MapFile{Data: []byte(text)}
	return fsys
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	fsys := approve("approvals:\n" +
		"  - {plan: \"" + aDigest + "\", allow: \"--allow-deletes 7\", reason: \"the team is gone\"}\n" +
		"  - plan: " + aDigest + "\n    allow: --allow-empty\n    reason: tidy up\n")
	want := []model.Approval{
		{Plan: aDigest, Allow: "--allow-deletes 7", Lifts: model.Allowance{Deletes: new(7)}, Reason: "the team is gone", Origin: diag.Position{File: ApprovalsFile, Line: 2, Column: 5}},
		{Plan: aDigest, Allow: "--allow-empty", Lifts: model.Allowance{Empty: true}, Reason: "tidy up", Origin: diag.Position{File: ApprovalsFile, Line: 3, Column: 5}},
	}
	d, list := Load(fsys, Options{Today: benchDay})
	if list.HasErrors() {
		t.Fatal(list)
	}
	if diff := cmp.Diff(want, d.Approvals); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, LoadApprovals(fsys)); diff != "" {
		t.Error(diff)
	}
	// What is printed for pasting is read as it was meant.
	printed := model.Approval{Plan: aDigest, Allow: `--allow-state-move 'it'\''s "here"'`, Reason: "x"}
	d, list = Load(approve("approvals:\n  - "+printed.Spelling()+"\n"), Options{Today: benchDay})
	if list.HasErrors() || len(d.Approvals) != 1 || d.Approvals[0].Lifts.StateMove != `it's "here"` {
		t.Errorf("%v\n%+v", list, d)
	}
	if d, list := Load(approve("approvals: []\n"), Options{Today: benchDay}); list.HasErrors() || d.Approvals != nil {
		t.Errorf("%v\n%+v", list, d)
	}
}

var badApprovals = []badInput{
	{"empty", "", []string{"empty_file 0:0 delete it"}},
	{"no list", "{}\n", []string{"missing_key 1:1 begin the file"}},
	{"other keys", "approval: []\napprovals: []\n", []string{"unknown_key 1:1"}},
	{"a map", "approvals: {}\n", []string{"wrong_kind 1:12"}},
	{"a text", "approvals: [yes]\n", []string{"wrong_kind 1:13"}},
	{"nothing said", "approvals: [{}]\n", []string{"missing_key 1:13", "missing_key 1:13", "missing_key 1:13"}},
	{"by whom", "approvals:\n  - {plan: \"" + aDigest + "\", allow: --allow-empty, reason: x, by: me}\n", []string{"unknown_key 2:"}},
	{"no reason", "approvals:\n  - {plan: \"" + aDigest + "\", allow: --allow-empty, reason: \"\"}\n", []string{"empty_text 2:"}},
	{"a long reason", "approvals:\n  - {plan: \"" + aDigest + "\", allow: --allow-empty, reason: " + strings.Repeat("x", 501) + "}\n", []string{"too_long 2:"}},
	{"a short digest", "approvals:\n  - {plan: \"sha256:0123\", allow: --allow-empty, reason: x}\n", []string{"bad_digest 2:12 take it"}},
	{"a digest in capitals", "approvals:\n  - {plan: \"" + strings.ToUpper(aDigest) + "\", allow: --allow-empty, reason: x}\n", []string{"bad_digest 2:12"}},
	{"two flags", "approvals:\n  - plan: " + aDigest + "\n    allow: --allow-deletes 7 --allow-empty\n    reason: x\n", []string{"bad_allowance 3:12 write one flag"}},
	{"a flag that lifts nothing", "approvals:\n  - plan: " + aDigest + "\n    allow: --accept-state abc\n    reason: x\n", []string{"bad_allowance 3:12"}},
	{"the same again", "approvals:\n" + strings.Repeat("  - {plan: \""+aDigest+"\", allow: --allow-empty, reason: x}\n", 2), []string{"repeated_item 3:5"}},
	{"many", "approvals:\n" + strings.Repeat("  - {}\n", 101), []string{"too_many 2:3 delete those"}},
	{"a leaked key", "approvals: [] # " + privateKey + "\n", []string{"leaked_secret 1:17"}},
	{"an anchor", "approvals: &a []\n", []string{"yaml_anchor 1:12"}},
}

func TestBadApprovals(t *testing.T) {
	t.Parallel()
	for _, tt := range badApprovals {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkBad(t, approve(tt.text), tt.want)
		})
	}
	fsys := testProject(projectYAML, "roles: {}\n")
	fsys[ApprovalsFile] = &fstest.MapFile{Data: []byte("osmoctl.yaml"), Mode: fs.ModeSymlink}
	checkBad(t, fsys, []string{"not_regular 0:0"})
}

func FuzzApprovals(f *testing.F) {
	for _, tt := range badApprovals {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { fuzzLoad(t, approve(string(text))) })
}
