package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkServer applies many new accounts with a token each to a server that takes
// 20 ms for an answer. x-ideal is how often longer it takes than the calls alone, four
// at a time.
//
//	go test ./internal/cli -run - -bench Server -benchtime 1x -timeout 30m
func BenchmarkServer(b *testing.B) {
	const latency = 20 * time.Millisecond
	for _, n := range []int{200, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				var manifest strings.Builder
				manifest.WriteString("service_accounts:\n")
				for i := range n {
					fmt.Fprintf(&manifest, "  svc-%04d: {roles: [osmo-user], tokens: {t: {roles: [osmo-user]}}}\n", i)
				}
				o := newOnline(b, "service_accounts: {}\n", manifest.String())
				o.server.SetLatency(latency)
				before := o.server.Counts().Requests
				b.StartTimer()
				began := time.Now()
				r := o.run(o.dir, "apply", "--auto-approve")
				took := time.Since(began)
				b.StopTimer()
				if r.code != 0 {
					b.Fatalf("%d\n%s", r.code, r.stderr)
				}
				calls := o.server.Counts().Requests - before
				b.ReportMetric(float64(took)/(float64(calls)*float64(latency)/4), "x-ideal")
				b.ReportMetric(float64(calls)/float64(n), "calls/account")
			}
		})
	}
}
