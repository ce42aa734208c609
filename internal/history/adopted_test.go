package history

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// unknownGeneration is generation without a value.
func unknownGeneration(number int) state.Generation {
	g := generation()
	g.Number, g.Adopted, g.Value, g.Ciphertext, g.Recipients, g.FormerRecipients = number, true, state.Sum{}, state.Sum{}, nil, nil
	return g
}

// An unknown value is no other's: what it is known by is its place.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	unknown := func(numbers ...int) (list []state.Generation) {
		for _, n := range numbers {
			list = append(list, unknownGeneration(n))
		}
		return list
	}
	known := func(number int) []state.Generation {
		g := generation()
		g.Number = number
		return []state.Generation{g}
	}
	ended := func(number int) state.Tombstone {
		return state.Tombstone{Generation: number, Adopted: true, EndedOn: 10, Reason: "r"}
	}
	wrong := state.Tombstone{Generation: 1, Value: state.Sum{1}, EndedOn: 10, Reason: "r"}
	for name, c := range map[string]struct {
		known, before, after *state.Account
		want                 []string
	}{
		"adopted":                   {nil, nil, accountWith("svc", unknown(1)), nil},
		"adopted beside another":    {accountWith("other", unknown(1)), nil, accountWith("svc", unknown(1)), nil},
		"another's has ended":       {accountWith("other", nil, ended(1)), nil, accountWith("svc", unknown(1)), nil},
		"it goes on":                {nil, accountWith("svc", unknown(1)), accountWith("svc", unknown(1)), nil},
		"replaced":                  {nil, accountWith("svc", unknown(1)), accountWith("svc", append(unknown(1), known(2)...)), nil},
		"ended":                     {nil, accountWith("svc", unknown(1)), accountWith("svc", known(2), ended(1)), nil},
		"ended as another":          {nil, accountWith("svc", unknown(1)), accountWith("svc", known(2), wrong), []string{CodeRecordLost}},
		"a known one ended as it":   {nil, accountWith("svc", known(1)), accountWith("svc", known(2)[:0], ended(1)), []string{CodeRecordLost}},
		"it gets a value":           {nil, accountWith("svc", unknown(1)), accountWith("svc", known(1)), []string{CodeGenerationChanged}},
		"a value is taken from one": {nil, accountWith("svc", known(1)), accountWith("svc", unknown(1)), []string{CodeGenerationChanged}},
		"forgotten":                 {nil, accountWith("svc", unknown(1, 2)), accountWith("svc", unknown(2)), []string{CodeRecordLost}},
		"revived":                   {accountWith("svc", nil, ended(1)), nil, accountWith("svc", unknown(1)), []string{CodeValueRevived}},
		"its number again":          {accountWith("svc", unknown(1, 2)), nil, accountWith("svc", known(2)), []string{CodeGenerationReused}},
		"the number of a known one": {accountWith("svc", known(2)), nil, accountWith("svc", unknown(2)), []string{CodeGenerationReused}},
	} {
		m := newMemory()
		m.learn(c.known, "")
		if diff := cmp.Diff(c.want, judged(m, accountChange{name: "svc", before: c.before, after: c.after})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// adopted is a project whose last commit ends one of two adopted tokens.
func adopted(t *testing.T) (r *repo, last string) {
	t.Helper()
	const declared = "role r1 pool:List@*\naccount svc r1\n token mine every=60d\n"
	with := declared + " token theirs in=90d\n token other in=90d\n"
	r = newRepo(t)
	r.apply(declared)
	for _, token := range []string{"theirs", "other"} {
		r.world.Adopt(with, "svc", token)
		r.commit(r.world.Store.Commits[len(r.world.Store.Commits)-1].Message, r.applied())
	}
	return r, r.apply(declared + " token other in=90d\n")
}

// What was adopted and ended has ended, and stays so where a commit takes that back;
// the other one lives.
func TestEndedUnknownValueStaysEnded(t *testing.T) {
	t.Parallel()
	r, last := adopted(t)
	if report := r.check(Options{Full: true}); len(report.Findings) > 0 || len(report.Ended) > 0 {
		t.Fatalf("findings %+v, ended %+v", report.Findings, report.Ended)
	}
	older := r.files[r.commits[last].Parents[0]]
	r.commit("Revert", older)
	report := r.check(Options{})
	want := model.TokenAddress("svc", "theirs").At(1)
	if len(report.Ended) != 1 || report.Ended[0].Address != want || !report.Ended[0].Adopted || !slices.Contains(codes(report), CodeValueRevived) {
		t.Errorf("ended %+v, findings %q", report.Ended, codes(report))
	}
	for _, f := range report.Open() {
		if text := strings.Join(f.Effects, "\n"); strings.Contains(text, "sha256:00") || !strings.Contains(text, want.String()+" is live with an unknown value") {
			t.Errorf("effects:\n%s", text)
		}
	}
}

// A value under the number of an adopted generation that ended is somebody's forgery.
func TestTakenNumberOfUnknownValue(t *testing.T) {
	t.Parallel()
	r, last := adopted(t)
	f := files{}
	for path, data := range r.files[r.commits[last].Parents[0]] {
		f[path] = data
	}
	theirs := f[account("svc")][strings.Index(f[account("svc")], `"theirs"`):]
	forged := strings.Replace(theirs, `"adopted": true`, `"value_sha256": "`+state.SumOf(nil).String()+`",
          "ciphertext_sha256": "`+state.SumOf([]byte("mine")).String()+`"`, 1)
	f.replace(t, account("svc"), theirs, forged)
	f[state.CiphertextPath("svc", "theirs", 1)] = "mine"
	f.sound()
	r.commit("Tidy up", f)
	report := r.check(Options{})
	if got := endedValues(report); !slices.Contains(got, state.SumOf(nil)) || len(got) != 2 {
		t.Errorf("ended %+v, findings %q", report.Ended, codes(report))
	}
}

// Nobody could read it, so no record of it is unreadable.
func TestExposureOfUnknownValues(t *testing.T) {
	t.Parallel()
	r, last := adopted(t)
	if e := r.expose(last); len(e.Unreadable) > 0 || len(e.Readable) != 1 || e.Readable[state.Sum{}] != nil {
		t.Errorf("%+v", e)
	}
}

func TestEndedTextOfUnknownValue(t *testing.T) {
	t.Parallel()
	want := Ended{model.TokenAddress("svc", "t").At(2), true, state.Sum{}, 20600, "leaked", "c0ffee"}
	data, err := json.Marshal(want)
	if err != nil || strings.Contains(string(data), "sha256") {
		t.Fatalf("%s, %v", data, err)
	}
	var got Ended
	if err := json.Unmarshal(data, &got); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%s: %+v, %v", data, got, err)
	}
}
