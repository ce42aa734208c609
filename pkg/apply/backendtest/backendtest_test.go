package backendtest_test

import (
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
)

func TestServer(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, func(*testing.T) apply.Backend { return new(backendtest.Server).Session("osmoctl") })
}

func TestServerless(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, func(*testing.T) apply.Backend { return &applytest.Backend{Seed: "seed"} })
}
