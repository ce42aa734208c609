package local_test

import (
	"context"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/osmoctl/osmoctl/internal/backend/local"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/token"
)

var generation = model.TokenAddress("svc", "deploy").At(2)

func TestCreateToken(t *testing.T) {
	t.Parallel()
	var backend local.Backend
	v, err := backend.CreateToken(context.Background(), apply.NewToken{Generation: generation})
	if err != nil {
		t.Fatal(err)
	}
	w, err := backend.CreateToken(context.Background(), apply.NewToken{Generation: generation})
	if err != nil {
		t.Fatal(err)
	}
	_ = v.Use(func(b []byte) error {
		if !token.Valid(b) {
			t.Error("issued value is not a token")
		}
		return nil
	})
	if v.Equal(w) {
		t.Error("the same value was issued twice")
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, func(*testing.T) apply.Backend { return local.Backend{} })
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (local.Backend{}).CreateToken(canceled, apply.NewToken{Generation: generation}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
	broken := errors.New("no entropy")
	if _, err := (local.Backend{Rand: iotest.ErrReader(broken)}).CreateToken(context.Background(), apply.NewToken{Generation: generation}); !errors.Is(err, broken) {
		t.Errorf("broken source: got %v", err)
	}
	for _, a := range []model.Address{generation.Token(), model.AccountAddress("svc").At(1), model.RoleAddress("r")} {
		if _, err := (local.Backend{}).CreateToken(context.Background(), apply.NewToken{Generation: a}); err == nil {
			t.Errorf("a value was issued for %s", a)
		}
	}
}
