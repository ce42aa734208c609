package history

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func TestSoundHistory(t *testing.T) {
	t.Parallel()
	r := story(t)
	for _, opts := range []Options{{}, {Full: true}} {
		report := r.check(opts)
		if diff := cmp.Diff([]Finding(nil), report.Findings); diff != "" {
			t.Errorf("findings:\n%s", diff)
		}
		if report.Checked != 3 || report.Cut || report.Meta.Serial != 3 || report.Commit != r.head {
			t.Errorf("report %+v", report)
		}
	}
}

func TestNothingApplied(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for _, hash := range []string{"", r.commit("Start", nil)} {
		r.head = hash
		if report := r.check(Options{Full: true}); report.Meta != nil || report.Checked != 0 || report.Findings != nil || report.Seen("", "refs/heads/main") != nil {
			t.Errorf("report %+v", report)
		}
	}
}

// tamperings are what somebody may do to the third state of the story. Each is
// committed twice: openly, and by a forger who makes serial, digest and
// trailers fit.
var tamperings = []struct {
	name   string
	change func(t *testing.T, f files)
	// open and forged are the codes found.
	open, forged []string
}{
	{"a role granted", func(t *testing.T, f files) {
		f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
	}, []string{CodeForeign, CodeDigest}, nil},
	{"another value", func(t *testing.T, f files) {
		g := f.account(t, "svc").Tokens["t"].Active()
		f.replace(t, account("svc"), g.Value.String(), strings.Repeat("ab", 32))
	}, []string{CodeForeign, CodeGenerationChanged, CodeDigest}, []string{CodeGenerationChanged}},
	{"other roles of a generation", func(t *testing.T, f files) {
		f.replace(t, account("svc"), "      \"roles\": [\"r1\"]", "      \"roles\": [\"r1\", \"r9\"]")
	}, []string{CodeForeign, CodeGenerationChanged, CodeDigest}, []string{CodeGenerationChanged}},
	{"a longer life", func(t *testing.T, f files) {
		g := f.account(t, "svc").Tokens["t"].Active()
		f.replace(t, account("svc"), g.ExpiresAt.String(), "2099-01-01")
	}, []string{CodeForeign, CodeGenerationChanged, CodeDigest}, []string{CodeGenerationChanged}},
	{"another ciphertext", func(t *testing.T, f files) {
		f[state.CiphertextPath("svc", "t", 2)] = "sealed by somebody else"
	}, []string{CodeForeign, CodeCiphertextChanged, CodeDigest}, []string{CodeCiphertextChanged}},
	{"another ciphertext, recorded", func(t *testing.T, f files) {
		path := state.CiphertextPath("svc", "t", 2)
		before := state.SumOf([]byte(f[path]))
		f[path] = "sealed by somebody else"
		f.replace(t, account("svc"), before.String(), state.SumOf([]byte(f[path])).String())
	}, []string{CodeForeign, CodeCiphertextChanged, CodeDigest}, []string{CodeCiphertextChanged}},
	{"a missing ciphertext", func(_ *testing.T, f files) {
		delete(f, state.CiphertextPath("svc", "t", 2))
	}, []string{CodeForeign, state.CodeNoCiphertext, CodeDigest}, []string{state.CodeNoCiphertext}},
	{"a stray ciphertext", func(_ *testing.T, f files) {
		f[state.CiphertextPath("svc", "t", 1)] = "an old one"
	}, []string{CodeForeign, state.CodeStray, CodeDigest}, []string{state.CodeStray}},
	{"a tombstone forgotten", func(t *testing.T, f files) {
		f.replace(t, account("gone"), cut(f[account("gone")], "\"tombstones\": [", "\n      ]"), "\"tombstones\": []")
	}, []string{CodeForeign, CodeRecordLost, CodeDigest}, []string{CodeRecordLost}},
	{"a tombstone rewritten", func(t *testing.T, f files) {
		value := f.account(t, "svc").Tokens["t"].Tombstones[0].Value
		f.replace(t, account("svc"), value.String(), strings.Repeat("ab", 32))
	}, []string{CodeForeign, CodeRecordLost, CodeDigest}, []string{CodeRecordLost}},
	{"a lower last generation", func(t *testing.T, f files) {
		f.replace(t, account("gone"), cut(f[account("gone")], "\"tombstones\": [", "\n      ]"), "\"tombstones\": []")
		f.replace(t, account("gone"), "\"last_generation\": 1", "\"last_generation\": 0")
	}, []string{CodeForeign, CodeLastGeneration, CodeRecordLost, CodeDigest}, []string{CodeLastGeneration, CodeRecordLost}},
	{"an account's record gone", func(_ *testing.T, f files) {
		delete(f, account("gone"))
	}, []string{CodeForeign, CodeRecordLost, CodeDigest}, []string{CodeRecordLost}},
	{"a revoked value in a new place", func(t *testing.T, f files) {
		revoked, live := f.account(t, "gone").Tokens["x"].Tombstones[0].Value, f.account(t, "svc").Tokens["t"].Active()
		number := strings.Replace(cut(f[account("svc")], "\"generation\": 2,", "\""+live.Value.String()), live.Value.String(), revoked.String(), 1)
		f.replace(t, account("svc"), cut(f[account("svc")], "\"generation\": 2,", "\""+live.Value.String()), strings.Replace(number, "\"generation\": 2", "\"generation\": 3", 1))
		f.replace(t, account("svc"), "\"last_generation\": 2", "\"last_generation\": 3")
		f[state.CiphertextPath("svc", "t", 3)] = f[state.CiphertextPath("svc", "t", 2)]
		delete(f, state.CiphertextPath("svc", "t", 2))
	}, []string{CodeForeign, CodeRecordLost, CodeValueRevived, CodeDigest}, []string{CodeRecordLost, CodeValueRevived}},
	{"another spelling", func(t *testing.T, f files) {
		f.replace(t, account("svc"), "{\n  \"format_version\": 1,", "{\n  \"format_version\":  1,")
	}, []string{CodeForeign, state.CodeNotCanonical, CodeDigest}, []string{state.CodeNotCanonical}},
	{"a file of nobody", func(_ *testing.T, f files) {
		f["notes.txt"] = "remember"
	}, []string{CodeForeign, state.CodeUnknownFile, CodeDigest}, []string{state.CodeUnknownFile}},
	{"a link", func(_ *testing.T, f files) {
		f["roles/r1.json"] = "link to /etc/passwd"
	}, []string{CodeForeign, state.CodeIrregular, CodeDigest}, []string{state.CodeIrregular, CodeDigest}},
	{"another lineage", func(t *testing.T, f files) {
		f.replace(t, state.MetaPath, "lineage-1", "lineage-2")
	}, []string{CodeForeign, CodeLineage}, []string{CodeLineage}},
	{"no meta.json", func(_ *testing.T, f files) { delete(f, state.MetaPath) }, []string{CodeForeign, state.CodeNoMeta}, nil},
	{"another digest", func(t *testing.T, f files) {
		sum, _ := readDigest([]byte(f[state.MetaPath]))
		f.replace(t, state.MetaPath, sum.String(), strings.Repeat("ab", 32))
	}, []string{CodeForeign, CodeDigest}, nil},
	{"nothing left", func(_ *testing.T, f files) { clear(f) }, []string{CodeForeign, CodeRollback, CodeRecordLost}, nil},
}

func TestTamperingInTheOpen(t *testing.T) {
	t.Parallel()
	for _, c := range tamperings {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := story(t)
			f := r.applied()
			c.change(t, f)
			r.commit("Tidy up", f)
			if diff := cmp.Diff(c.open, codes(r.check(Options{Full: true}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTamperingByAForger(t *testing.T) {
	t.Parallel()
	for _, c := range tamperings {
		if _, has := map[string]bool{"no meta.json": true, "nothing left": true}[c.name]; has {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := story(t)
			f := r.applied()
			c.change(t, f)
			f.sound()
			f.serial(t, 3, 4)
			r.commit(forged(4), f)
			if diff := cmp.Diff(c.forged, codes(r.check(Options{Full: true}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const later = lastDeclarations + `
		account more r1
	`

// Every way of going back, and of making up for it.
func TestGoingBack(t *testing.T) {
	t.Parallel()
	revert := func(r *repo) string {
		return r.commit("Revert \"osmoctl: 1 to revoke (serial 3)\"", r.files[secondOf(r)])
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, r *repo)
		want []string
	}{
		"a revert": {func(_ *testing.T, r *repo) { revert(r) }, []string{CodeForeign, CodeRollback, CodeValueRevived}},
		"a revert of the revert": {func(_ *testing.T, r *repo) {
			third := r.head
			revert(r)
			r.commit("Revert the revert", r.files[third])
		}, nil},
		"a revert of the revert, and an apply": {func(_ *testing.T, r *repo) {
			third := r.head
			revert(r)
			r.commit("Revert the revert", r.files[third])
			r.apply(later)
		}, nil},
		"a revert, and an apply": {func(_ *testing.T, r *repo) {
			r.takeOver(revert(r))
			r.apply(later)
		}, []string{CodeForeign, CodeRollback, CodeValueRevived}},
		"a revert, accepted": {func(_ *testing.T, r *repo) {
			reverted := revert(r)
			r.takeOver(reverted)
			r.apply(lastDeclarations, accepting(reverted))
			r.apply(later)
		}, nil},
		"something else accepted": {func(_ *testing.T, r *repo) {
			r.takeOver(revert(r))
			r.apply(later, accepting(strings.Repeat("ab", 20)))
		}, []string{CodeForeign, CodeRollback, CodeValueRevived}},
		"a revert of a rotation, and the rotation again": {func(_ *testing.T, r *repo) {
			r.takeOver(r.commit("Revert two", r.files[firstOf(r)]))
			r.apply(firstDeclarations)
		}, []string{CodeGenerationReused, CodeForeign, CodeRollback, CodeValueRevived, CodeLastGeneration, CodeRecordLost, CodeValueRevived}},
		"an accepted revert of a rotation, and the rotation again": {func(_ *testing.T, r *repo) {
			reverted := r.commit("Revert two", r.files[firstOf(r)])
			r.takeOver(reverted)
			r.apply(firstDeclarations, accepting(reverted))
			r.world.Pass(60)
			r.apply(firstDeclarations)
		}, nil},
		"an edit and its undoing": {func(t *testing.T, r *repo) {
			third, f := r.head, r.applied()
			f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
			r.commit("Tidy up", f)
			f.replace(t, account("svc"), "\"role\": \"r3\"", "\"role\": \"r4\"")
			r.commit("Tidy up", f)
			r.commit("Put it back", r.files[third])
			r.apply(later)
		}, nil},
		"an edit, an apply, and its undoing": {func(t *testing.T, r *repo) {
			f := r.applied()
			f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
			f.sound()
			r.takeOver(r.commit("Tidy up", f))
			r.apply(later)
			r.commit("Put it back", f)
		}, []string{CodeForeign, CodeRollback, CodeRecordLost, CodeForeign}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := story(t)
			c.do(t, r)
			report := r.check(Options{Full: true})
			if diff := cmp.Diff(c.want, codes(report)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, report.Open())
			}
		})
	}
}

// firstOf and secondOf are the commits of serials 1 and 2.
func firstOf(r *repo) string  { return r.serialOf(1) }
func secondOf(r *repo) string { return r.serialOf(2) }

func (r *repo) serialOf(serial int) string {
	for hash, c := range r.commits {
		if record.Parse(c.Message).Serial == serial {
			return hash
		}
	}
	r.tb.Fatalf("there is no serial %d", serial)
	return ""
}

func accepting(commits ...string) func(string) string {
	return func(message string) string {
		for _, c := range commits {
			message += "Osmoctl-Accepted: " + c + "\n"
		}
		return message
	}
}

func TestSerials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serial, says int
		extra        string
		want         []string
	}{
		"the next":               {4, 4, "", nil},
		"one left out":           {5, 5, "", []string{CodeSerial}},
		"the same again":         {3, 3, "", []string{CodeSerial}},
		"an older one":           {2, 2, "", []string{CodeRollback}},
		"other trailers":         {4, 5, "", []string{CodeSerial}},
		"left out by a restore":  {9, 9, "Osmoctl-Restored: " + strings.Repeat("ab", 20) + "\n", nil},
		"going back, as restore": {2, 2, "Osmoctl-Restored: " + strings.Repeat("ab", 20) + "\n", []string{CodeRollback}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := story(t)
			f := r.applied()
			f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
			f.sound()
			f.serial(t, 3, c.serial)
			r.commit(forged(c.says)+c.extra, f)
			if diff := cmp.Diff(c.want, codes(r.check(Options{Full: true}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A history that does not begin at 1 was cut off by somebody.
func TestFirstSerial(t *testing.T) {
	t.Parallel()
	r := story(t)
	f := r.applied()
	r.head = ""
	r.commit(forged(3), f)
	if diff := cmp.Diff([]string{CodeSerial}, codes(r.check(Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestMerges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(t *testing.T, r *repo)
		want []string
	}{
		"a branch without state of its own": {func(_ *testing.T, r *repo) {
			main := r.head
			side := r.commit("Side", r.files[main])
			r.head = main
			r.commit("Merge", r.files[main], side)
		}, nil},
		"newer applies brought to a branch": {func(_ *testing.T, r *repo) {
			base := r.head
			r.apply(later)
			main := r.head
			r.head = base
			r.commit("Side", r.files[base])
			r.commit("Merge main", r.files[main], main)
		}, nil},
		"newer applies brought to an old branch": {func(t *testing.T, r *repo) {
			main := r.head
			r.head = secondOf(r)
			r.commit("Side", r.files[r.head])
			r.commit("Merge main", r.files[main], main)
		}, nil},
		"state brought to a branch from before the first": {func(_ *testing.T, r *repo) {
			main := r.head
			r.head = ""
			r.commit("Other root", nil)
			r.commit("Merge main", r.files[main], main)
		}, nil},
		"applies dropped": {func(_ *testing.T, r *repo) {
			base := r.head
			r.apply(later)
			mine := r.head
			r.head = base
			r.takeOver(base)
			r.world.Pass(1)
			theirs := r.apply(lastDeclarations + "\n account other r1\n")
			r.head = mine
			r.commit("Merge theirs", r.files[theirs], theirs)
		}, []string{CodeRollback, CodeForeign, CodeRecordLost}},
		"older state taken": {func(t *testing.T, r *repo) {
			old := secondOf(r)
			r.commit("Merge old", r.files[old], old)
		}, []string{CodeRollback, CodeForeign, CodeRollback, CodeValueRevived}},
		"both mixed by hand": {func(t *testing.T, r *repo) {
			base := r.head
			mine := r.apply(later)
			f := r.applied()
			f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
			r.head = base
			theirs := r.commit("Side", r.files[base])
			r.head = mine
			r.commit("Merge theirs", f, theirs)
		}, []string{CodeForeign, CodeDigest}},
		"a mixed merge, undone": {func(t *testing.T, r *repo) {
			base := r.head
			f := r.applied()
			f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
			side := r.commit("Side", r.files[base])
			r.head = base
			r.commit("Merge", f, side)
			r.commit("Put it back", r.files[base])
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := story(t)
			c.do(t, r)
			report := r.check(Options{Full: true})
			if diff := cmp.Diff(c.want, codes(report)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, report.Open())
			}
		})
	}
}

// What the clone remembers finds what leaves no commit behind.
func TestSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(t *testing.T, r *repo)
		want []string
	}{
		"nothing happened":    {func(*testing.T, *repo) {}, nil},
		"other commits":       {func(_ *testing.T, r *repo) { r.commit("Docs", r.applied()) }, nil},
		"another apply":       {func(_ *testing.T, r *repo) { r.apply(later) }, nil},
		"a reset":             {func(_ *testing.T, r *repo) { r.head = secondOf(r) }, []string{CodeRollback}},
		"a reset to nothing":  {func(_ *testing.T, r *repo) { r.head = "" }, []string{CodeRollback}},
		"a reset to no state": {func(_ *testing.T, r *repo) { r.head = ""; r.commit("Start", nil) }, []string{CodeRollback}},
		"a reset, and another apply with the serial": {func(_ *testing.T, r *repo) {
			r.head = secondOf(r)
			r.takeOver(r.head)
			r.apply(later)
		}, []string{CodeRollback}},
		"a reset, and more applies": {func(_ *testing.T, r *repo) {
			r.head = secondOf(r)
			r.takeOver(r.head)
			r.apply(later)
			r.apply(lastDeclarations)
		}, []string{CodeRollback}},
		"a reset, and an apply that accepts it": {func(_ *testing.T, r *repo) {
			r.head = secondOf(r)
			r.takeOver(r.head)
			r.apply(later, accepting(r.head))
		}, nil},
		"a reset, and a restore": {func(t *testing.T, r *repo) {
			f := r.applied()
			f.serial(t, 3, 4)
			r.head = secondOf(r)
			r.commit(forged(4)+"Osmoctl-Restored: "+r.head+"\n", f)
		}, nil},
		"a rebase": {func(_ *testing.T, r *repo) {
			third := r.commits[r.head]
			r.head = secondOf(r)
			r.commit("Docs", r.files[r.head])
			r.commit(third.Message, r.files[third.Hash])
		}, nil},
		"another lineage": {func(t *testing.T, r *repo) {
			*r = *newRepo(t)
			f := files{}
			w := story(t)
			for path, data := range w.applied() {
				f[path] = data
			}
			f.replace(t, state.MetaPath, "lineage-1", "lineage-2")
			r.commit(strings.ReplaceAll(forged(3), "lineage-1", "lineage-2"), f)
		}, []string{CodeRollback, CodeSerial}},
		"a revert": {func(_ *testing.T, r *repo) { r.commit("Revert", r.files[secondOf(r)]) }, []string{CodeForeign, CodeRollback, CodeValueRevived}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := story(t)
			seen := r.check(Options{}).Seen("p", "refs/heads/main")
			c.do(t, r)
			report := r.check(Options{Seen: seen})
			if diff := cmp.Diff(c.want, codes(report)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, report.Open())
			}
			if next := report.Seen("p", "refs/heads/main"); (next == nil) != (len(c.want) > 0) {
				t.Errorf("it is remembered as %+v", next)
			}
			full := r.check(Options{Seen: seen, Full: true})
			if diff := cmp.Diff(c.want, codes(full)); diff != "" {
				t.Errorf("the full check (-want +got):\n%s", diff)
			}
		})
	}
}

// An acceptance of old does not cover a new reset.
func TestOldAcceptance(t *testing.T) {
	t.Parallel()
	r := story(t)
	f := r.applied()
	f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
	f.sound()
	edited := r.commit("Tidy up", f)
	r.takeOver(edited)
	fourth := r.apply(later, accepting(edited))
	r.apply(lastDeclarations)
	seen := r.check(Options{}).Seen("", "refs/heads/main")
	r.head = fourth
	if diff := cmp.Diff([]string{CodeRollback}, codes(r.check(Options{Seen: seen}))); diff != "" {
		t.Error(diff)
	}
}

// The quick check looks at what is new, and no further.
func TestQuickCheck(t *testing.T) {
	t.Parallel()
	r := story(t)
	seen := r.check(Options{}).Seen("", "refs/heads/main")
	r.read = 0
	if report := r.check(Options{Seen: seen}); report.Checked != 0 || r.read > 1 || report.Meta.Serial != 3 {
		t.Errorf("nothing new: %d files read, %+v", r.read, report)
	}
	r.apply(later)
	r.read = 0
	if report := r.check(Options{Seen: seen}); report.Checked != 1 || r.read > 6 || report.Meta.Serial != 4 {
		t.Errorf("one apply: %d files read, %+v", r.read, report)
	}
}

func TestShallow(t *testing.T) {
	t.Parallel()
	r := story(t)
	r.cut[secondOf(r)] = true
	if report := r.check(Options{Full: true}); !report.Cut || report.Checked != 0 || report.Open()[0].Commit != r.head || !report.Open()[0].Has(CodeCut) {
		t.Errorf("report %+v", report)
	}
	report := r.check(Options{})
	if !report.Cut || report.Findings != nil {
		t.Errorf("the quick check %+v", report)
	}
	seen := report.Seen("", "refs/heads/main")
	if seen == nil || seen.Whole {
		t.Fatalf("remembered %+v", seen)
	}
	r.apply(later)
	f := r.applied()
	f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
	r.commit("Tidy up", f)
	if diff := cmp.Diff([]string{CodeForeign, CodeDigest, CodeCut}, codes(r.check(Options{Full: true}))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{CodeForeign}, codes(r.check(Options{Seen: seen}))); diff != "" {
		t.Error(diff)
	}
	r.cut = map[string]bool{}
	if report := r.check(Options{Seen: seen}); report.Checked != 5 {
		t.Errorf("after the rest was fetched %d commits are checked", report.Checked)
	}
}

func TestReportNamesTheCulprit(t *testing.T) {
	t.Parallel()
	r := story(t)
	f := r.applied()
	g := f.account(t, "svc").Tokens["t"].Active()
	f.replace(t, account("svc"), "\"role\": \"r2\"", "\"role\": \"r3\"")
	f.replace(t, account("svc"), g.Value.String(), strings.Repeat("ab", 32))
	f.replace(t, "roles/r1.json", "pool:List", "pool:Delete")
	hash := r.commit("Tidy up\n\nNothing to see.", f)
	got := r.check(Options{}).Findings
	want := []Finding{{
		Commit: hash, Author: "Ada", When: r.commits[hash].Committer.When, Subject: "Tidy up",
		Problems: []Problem{
			{CodeForeign, "it changes state/ and was not made by osmoctl"},
			{CodeGenerationChanged, "token/svc/t@2 has another value: sha256:abababab instead of " + g.Value.Short()},
		},
		Effects: []string{
			"account/svc gains r3",
			"token/svc/t@2 has another value, sha256:abababab and the roles r1",
			"role/r1 has other policies",
			"account/svc loses r2",
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
