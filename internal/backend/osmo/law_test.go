package osmo_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// misfortune makes a random fault of about every fourth request.
func misfortune(seed uint64) func(*http.Request) osmotest.Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return func(*http.Request) osmotest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(4) > 0 {
			return osmotest.Fault{}
		}
		f := osmotest.Fault{Do: osmotest.Do(random.IntN(3)), Answer: osmotest.Answer(1 + random.IntN(int(osmotest.Echo)))}
		switch f.Answer {
		case osmotest.TooMany, osmotest.Unauthorized, osmotest.Forbidden, osmotest.Echo:
			f.Do = osmotest.Never // That is what these answers say.
		}
		return f
	}
}

// Whatever goes wrong, what the classes say is true, nothing is created twice, and
// asking again until it works ends with what was wanted.
func TestLaws(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		for _, mode := range []string{"A", "C"} {
			t.Run(fmt.Sprint(mode, seed), func(t *testing.T) {
				t.Parallel()
				b := makeBed(t, modes[mode])
				b.server.SetFault(misfortune(seed))
				made := make([]map[string]state, 6)
				var wg sync.WaitGroup
				for i := range made {
					wg.Go(func() { made[i] = struggle(t, b, fmt.Sprintf("svc-%d", i)) })
				}
				wg.Wait()
				checkLaws(t, b, made)
			})
		}
	}
}

// state is what is known of a name that was to be created.
type state struct {
	class int
	sum   [sha256.Size]byte
}

// struggle makes an account with one token, through all faults.
func struggle(t *testing.T, b bed, user string) map[string]state {
	again := func(what string, do func() error) {
		t.Helper()
		var err error
		for range 200 {
			if err = do(); err == nil {
				return
			}
		}
		t.Errorf("%s: %s never works: %v", user, what, err)
	}
	again("user", func() error { return b.EnsureUser(t.Context(), user) })
	again("grants", func() error { return b.EnsureGrants(t.Context(), user, []string{"osmo-backend", "osmo-user"}) })
	names := map[string]state{}
	for n := 1; n < 200; n++ {
		name := model.ServerName("t", n)
		v, err := b.CreateToken(t.Context(), tokenOf(user, name))
		names[name] = state{classOf(err), v.SHA256()}
		v.Wipe()
		if err == nil {
			break
		}
		if errors.Is(err, apply.ErrUnknown) {
			again("end", func() error { return b.EndToken(t.Context(), oldToken(user, name)) })
		}
	}
	again("grants", func() error { return b.EnsureGrants(t.Context(), user, []string{"osmo-user"}) })
	return names
}

func checkLaws(t *testing.T, b bed, made []map[string]state) {
	t.Helper()
	b.server.SetFault(nil)
	for i, names := range made {
		user := fmt.Sprintf("svc-%d", i)
		for name, s := range names {
			got, there := b.server.Tokens()[user+"/"+name]
			switch {
			case s.class == isDone && (!there || got.Sum != s.sum):
				t.Errorf("%s/%s was created, and is there with the value: %t", user, name, there)
			case s.class == isRefused && there:
				t.Errorf("%s/%s was refused, and is there", user, name)
			}
		}
	}
	// What comes late, comes; each run looks for it.
	b.server.Land()
	seen, err := b.Observe(t.Context(), []string{"svc-0", "svc-1", "svc-2", "svc-3", "svc-4", "svc-5"})
	if err != nil {
		t.Fatal(err)
	}
	for i, names := range made {
		user := fmt.Sprintf("svc-%d", i)
		for name := range seen.Users[user].Tokens {
			switch names[name].class {
			case isRefused:
				t.Errorf("%s/%s was refused, and came", user, name)
			case isUnknown:
				if err := b.EndToken(t.Context(), oldToken(user, name)); err != nil {
					t.Error(err)
				}
			}
		}
		if err := b.EnsureGrants(t.Context(), user, []string{"osmo-user"}); err != nil {
			t.Error(err)
		}
		left := 0
		for _, token := range b.server.Tokens() {
			if token.User == user {
				left++
			}
		}
		if got := b.server.Grants(user); left != 1 || !slices.Equal(got, []string{"osmo-user"}) || b.server.CreatedBy(user) != operator {
			t.Errorf("%s has %d tokens and the roles %q", user, left, got)
		}
	}
	for name, n := range b.server.Counts().Creates {
		if n > 1 && strings.Contains(name, "/") {
			t.Errorf("the token %s was to be created %d times", name, n)
		}
	}
}
