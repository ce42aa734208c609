package calendar

import (
	"bytes"
	"fmt"
	"time"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// family is one metric: what it is called, what it means, and its value for a token,
// false where the token has none.
type family struct {
	name, help string
	value      func(report.TokenDates) (int64, bool)
}

// families are the metrics of tokens, in the order in which they are written. A time is
// the one at which something happens and not how far away it is, so that a file which
// nobody writes any more does not stand still.
var families = []family{
	{"osmoctl_token_generation", "Number of the value of a token that was not replaced; 0 where no such value lives.", func(t report.TokenDates) (int64, bool) {
		return int64(t.Generation), !t.Renamed
	}},
	{"osmoctl_token_expiry_timestamp_seconds", "When the value of a token that was not replaced dies.", func(t report.TokenDates) (int64, bool) {
		return midnight(t.ExpiresAt)
	}},
	{"osmoctl_token_rotation_due_timestamp_seconds", "From when on the next apply rotates a token.", func(t report.TokenDates) (int64, bool) {
		return midnight(t.RotationDue)
	}},
	{"osmoctl_token_revocation_due_timestamp_seconds", "From when on the next apply revokes a replaced value of a token, the earliest one.", func(t report.TokenDates) (int64, bool) {
		return midnight(t.RevocationDue)
	}},
}

func midnight(d model.Date) (int64, bool) { return d.Time().Unix(), d != 0 }

// encodeMetrics is Prometheus's text format, as node_exporter's textfile collector reads
// it. Every series says of which lineage it is, so that the files of two projects can lie
// side by side.
func encodeMetrics(e report.Expiring) []byte {
	var b bytes.Buffer
	lineage := `lineage="` + view.EscapeMetric(e.Lineage) + `"`
	for _, f := range families {
		begun := false
		for _, t := range e.Tokens {
			if value, has := f.value(t); has {
				if !begun {
					writeFamily(&b, f.name, f.help)
					begun = true
				}
				fmt.Fprintf(&b, "%s{%s,account=\"%s\",token=\"%s\"} %d\n", f.name, lineage, view.EscapeMetric(t.Address.Account), view.EscapeMetric(t.Address.Name), value)
			}
		}
	}
	for _, m := range projectMetrics(e) {
		writeFamily(&b, m.name, m.help)
		fmt.Fprintf(&b, "%s{%s} %d\n", m.name, lineage, m.value)
	}
	return b.Bytes()
}

func writeFamily(b *bytes.Buffer, name, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// projectMetric is a metric that has one value.
type projectMetric struct {
	name, help string
	value      int64
}

func projectMetrics(e report.Expiring) (list []projectMetric) {
	list = append(list, projectMetric{"osmoctl_state_serial", "Number of commits of state; 0 where nothing was applied.", int64(e.Serial)})
	if e.LastApply != (time.Time{}) {
		list = append(list, projectMetric{"osmoctl_last_apply_timestamp_seconds", "When osmoctl last made a commit of state. An apply with nothing to do makes none.", e.LastApply.Unix()})
	}
	if e.Server != nil {
		list = append(list, projectMetric{"osmoctl_server_drift", "How many things the OSMO server has otherwise than the state.", int64(len(e.Server.Drift))})
	}
	return list
}
