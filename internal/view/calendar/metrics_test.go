package calendar

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	prometheus "github.com/prometheus/common/model"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// readMetrics reads metrics as node_exporter does.
func readMetrics(t *testing.T, e report.Expiring) (families map[string]*dto.MetricFamily, text string) {
	t.Helper()
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, e, view.Metrics))
	parser := expfmt.NewTextParser(prometheus.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(s.Stdout.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, s.Stdout.String())
	}
	return families, s.Stdout.String()
}

// find is the value of a metric for a token, or the only one where token is empty.
func find(t *testing.T, families map[string]*dto.MetricFamily, name, token string) (float64, bool) {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		if token == "" || labelsOf(m)["token"] == token {
			return m.GetGauge().GetValue(), true
		}
	}
	return 0, false
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

func TestMetricsAreReadByOthers(t *testing.T) {
	t.Parallel()
	e := viewtest.Expiring(t)
	e.Server = &report.Server{}
	families, _ := readMetrics(t, e)
	for name, f := range families {
		if f.GetType() != dto.MetricType_GAUGE || f.GetHelp() == "" || !strings.HasPrefix(name, "osmoctl_") {
			t.Errorf("%s is a %s, with the help %q", name, f.GetType(), f.GetHelp())
		}
	}
	const day = 86_400
	today := float64(e.Today.Time().Unix())
	for _, c := range []struct {
		name, token string
		want        float64
		absent      bool
	}{
		{name: "osmoctl_token_generation", token: "backend-token", want: 4},
		{name: "osmoctl_token_generation", token: "revoked", want: 0},
		{name: "osmoctl_token_generation", token: "former", absent: true},
		{name: "osmoctl_token_expiry_timestamp_seconds", token: "backend-token", want: today + 90*day},
		{name: "osmoctl_token_expiry_timestamp_seconds", token: "revoked", absent: true},
		{name: "osmoctl_token_rotation_due_timestamp_seconds", token: "backend-token", want: today - day},
		{name: "osmoctl_token_rotation_due_timestamp_seconds", token: "dated", absent: true},
		{name: "osmoctl_token_revocation_due_timestamp_seconds", token: "former", want: today},
		{name: "osmoctl_last_apply_timestamp_seconds", want: float64(e.LastApply.Unix())},
		{name: "osmoctl_state_serial", want: 7},
		{name: "osmoctl_server_drift", want: 0},
	} {
		if got, has := find(t, families, c.name, c.token); got != c.want || has == c.absent {
			t.Errorf("%s of %q is %v, %v; want %v", c.name, c.token, got, has, c.want)
		}
	}
}

// Whatever a name holds comes out of the metrics as a terminal shows it.
func TestMetricLabelsAreEscaped(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"plain", `a\b"c`, "a\nosmoctl_state_serial 9\nb", "\x1b[31m\x00\xff", `",evil="x`, "} 1", "日本", strings.Repeat(`\`, 9), "::error ::x", "##[error]x",
	} {
		e := viewtest.Expiring(t)
		e.Tokens = []report.TokenDates{{Address: model.TokenAddress(name, name), Generation: 3}}
		families, text := readMetrics(t, e)
		list := families["osmoctl_token_generation"].GetMetric()
		if len(list) != 1 {
			t.Fatalf("%q makes %d series in\n%s", name, len(list), text)
		}
		labels, want := labelsOf(list[0]), view.EscapeTerminal(name)
		if strings.ContainsAny(name, ":#") {
			want = labels["account"] // spelled otherwise, so that no runner takes it for a command
			if strings.Contains(text, "::error") || strings.Contains(text, "##[") {
				t.Errorf("a runner obeys\n%s", text)
			}
		}
		if labels["account"] != want || labels["token"] != want || labels["lineage"] != e.Lineage {
			t.Errorf("the labels of %q are %q", name, labels)
		}
	}
}

var metricWord = regexp.MustCompile(`osmoctl_[a-z_]+`)

// The page that explains the metrics names those that there are, and no others.
func TestMonitoringNamesTheMetrics(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	e := viewtest.Expiring(t)
	e.Server = &report.Server{}
	families, _ := readMetrics(t, e)
	named := map[string]bool{}
	for _, word := range metricWord.FindAllString(string(text), -1) {
		named[word] = true
		if families[word] == nil {
			t.Errorf("docs/monitoring.md names %s, which is no metric", word)
		}
	}
	for name := range families {
		if !named[name] {
			t.Errorf("docs/monitoring.md does not name %s", name)
		}
	}
}
