package state

import (
	"reflect"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// rememberings are what is known to have ended, each with what is then left of
// the state that first makes.
var rememberings = map[string]struct {
	ending Ending
	// live are the live generations of svc/deploy.
	live int
	// status of the value {1, 'd'}, which first issues.
	ended bool
}{
	"the live value":              {Ending{token.At(1), Tombstone{Generation: 1, Value: Sum{1, 'd'}, EndedOn: restoreDay, Reason: "leaked"}}, 0, true},
	"the live value elsewhere":    {Ending{model.TokenAddress("other", "x").At(4), Tombstone{Generation: 4, Value: Sum{1, 'd'}, EndedOn: restoreDay, Reason: "leaked"}}, 0, true},
	"another value of the number": {Ending{token.At(1), Tombstone{Generation: 1, Value: Sum{9}, EndedOn: restoreDay, Reason: "leaked"}}, 1, false},
	"an unknown token":            {Ending{model.TokenAddress(svc, "x").At(3), Tombstone{Generation: 3, Value: Sum{9}, EndedOn: restoreDay, Reason: "leaked"}}, 1, false},
	"an unknown account":          {Ending{model.TokenAddress("gone", "x").At(3), Tombstone{Generation: 3, Value: Sum{9}, EndedOn: restoreDay, Reason: "leaked"}}, 1, false},
}

func TestRemember(t *testing.T) {
	t.Parallel()
	for name, c := range rememberings {
		s := first()
		before := s.Accounts[svc].clone()
		got := s.Remember([]Ending{c.ending})
		if live := len(got.Accounts[svc].Tokens["deploy"].Generations); live != c.live {
			t.Errorf("%s: %d generations live, want %d", name, live, c.live)
		}
		if tomb := tombstoneOf(got, c.ending.Value); tomb == nil || tomb.Reason != "leaked" {
			t.Errorf("%s: the value is not recorded as ended: %v", name, tomb)
		}
		if ended := tombstoneOf(got, Sum{1, 'd'}) != nil; ended != c.ended {
			t.Errorf("%s: the live value ended: %v", name, ended)
		}
		if !reflect.DeepEqual(before, s.Accounts[svc]) {
			t.Errorf("%s: the snapshot was changed", name)
		}
		if again := got.Remember([]Ending{c.ending}); !reflect.DeepEqual(again.Accounts, got.Accounts) {
			t.Errorf("%s: remembering twice differs", name)
		}
	}
	if s := first(); s.Remember(nil) != s {
		t.Error("with nothing to remember, the snapshot is another")
	}
}

func tombstoneOf(s *Snapshot, value Sum) *Tombstone {
	for _, a := range s.Accounts {
		for _, t := range a.Tokens {
			for i := range t.Tombstones {
				if t.Tombstones[i].Value == value {
					return &t.Tombstones[i]
				}
			}
		}
	}
	return nil
}
