package state

import (
	"fmt"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// large issues two tokens for each of many accounts.
func large(b *testing.B, accounts int) *Edit {
	b.Helper()
	at := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	e := (&Snapshot{}).Edit()
	e.SetLineage("0123456789abcdef")
	for i := range accounts {
		name := fmt.Sprintf("svc-%d", i)
		a := e.Account(name)
		a.CreatedAt, a.CreatedBy, a.Labels = at, "ada", map[string]string{"team": "platform"}
		a.Grants = []Grant{{Role: "bare", AssignedAt: at, AssignedBy: "ada"}, {Role: "team", AssignedAt: at, AssignedBy: "ada"}}
		for _, token := range []string{"ci", "deploy"} {
			address := model.TokenAddress(name, token)
			e.Token(name, token).Spec = model.TokenSpec{Roles: []string{"bare"}, Expiry: model.Expiry{In: 90}, Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"ops", "recovery"}}
			e.Issue(address, generation(b, 1, token), []byte(address.String()))
		}
	}
	return e
}

func BenchmarkDecode(b *testing.B) {
	_, changes := large(b, 10_000).Finish()
	files := filesOf(changes)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Decode(files); problems != nil {
			b.Fatal(problems)
		}
	}
}

// BenchmarkFinish writes 10,000 accounts at once.
func BenchmarkFinish(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		e := large(b, 10_000)
		b.StartTimer()
		e.Finish()
	}
}

// BenchmarkFinishOne changes one account of 10,000.
func BenchmarkFinishOne(b *testing.B) {
	s, _ := large(b, 10_000).Finish()
	b.ReportAllocs()
	for b.Loop() {
		e := s.Edit()
		e.Account("svc-7").Protect = true
		if _, changes := e.Finish(); len(changes) != 2 {
			b.Fatal(len(changes))
		}
	}
}

// BenchmarkAddCompact reads 10,000 accounts from their compact form.
func BenchmarkAddCompact(b *testing.B) {
	s, _ := large(b, 10_000).Finish()
	size := 0
	folders := map[string][]byte{}
	for folder, data := range s.CompactFolders() {
		folders[folder] = data
		size += len(data)
	}
	b.ReportAllocs()
	for b.Loop() {
		d := NewDecoder()
		for folder, data := range folders {
			if _, err := d.AddCompact(folder, data); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(size), "B/state")
}
