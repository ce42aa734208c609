package overview

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
)

// visit is what a browser made of a page.
type visit struct {
	// dom is the page as the script left it, console what was said of errors.
	dom, console string
	// addresses are those that the page asked for, and log is that of the network.
	addresses []string
	log       string
}

// findBrowser is Chromium, which Debian's package of that name brings.
func findBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("what is tried is the page, in a program of others")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no chromium on PATH")
	return ""
}

// browse loads a page in a browser without a window. Names resolve to nothing, so that what
// the browser itself would like to know costs no time.
func browse(t *testing.T, browser, page, fragment string) visit {
	t.Helper()
	dir := t.TempDir()
	network := filepath.Join(dir, "network.json")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--user-data-dir=" + filepath.Join(dir, "profile"), "--log-net-log=" + network, "--enable-logging=stderr", "--dump-dom", "file://" + filepath.ToSlash(page) + fragment,
	}
	if os.Getuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // Its sandbox is not for root, who runs containers.
	}
	cmd := exec.CommandContext(ctx, browser, args...)
	var said strings.Builder
	cmd.Stderr = &said
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	log, err := os.ReadFile(network)
	if err != nil {
		t.Fatal(err)
	}
	v := visit{dom: string(dom), addresses: requests(t, log), log: string(log)}
	for line := range strings.Lines(said.String()) {
		if strings.Contains(line, "CONSOLE") {
			v.console += line
		}
	}
	return v
}

// requests are the addresses that a page asked for, from a log of the network. The
// browser's own requests have no page as their initiator.
func requests(t *testing.T, text []byte) (list []string) {
	t.Helper()
	var log struct {
		Events []struct {
			Params struct {
				URL       string `json:"url"`
				Initiator string `json:"initiator"`
			} `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatal(err)
	}
	for _, e := range log.Events {
		if e.Params.Initiator != "" && e.Params.Initiator != "not an origin" {
			list = append(list, e.Params.URL)
		}
	}
	return list
}

// rows counts the rows of the list that is shown.
func rows(shown string) int { return len(regexp.MustCompile(`<tr><td`).FindAllString(shown, -1)) }

// visible is what a page shows, without the data that it shows it of.
func visible(dom string) string {
	_, rest, _ := strings.Cut(dom, `<div id="app">`)
	shown, _, _ := strings.Cut(rest, `<script type="application/json"`)
	return shown
}

// evil is an address that no page is to ask for.
const evil = "http://evil.example/x"

// showPage writes an overview as a page, loads it, and requires that it asked the network
// for nothing, and that its script came to its end without an error.
func showPage(t *testing.T, o report.Overview, fragment string) (shown string) {
	t.Helper()
	browser := findBrowser(t)
	text := pageOf(t, o)
	t.Logf("the page has %d bytes", len(text))
	page := filepath.Join(t.TempDir(), "report.html")
	viewtest.Must(t, os.WriteFile(page, []byte(text), 0o600))
	v := browse(t, browser, page, fragment)
	if v.console != "" {
		t.Errorf("the browser says %s", v.console)
	}
	if len(v.addresses) > 0 || strings.Contains(v.log, "evil.example") {
		t.Errorf("the page asks for %q", v.addresses)
	}
	if !strings.Contains(v.dom, `data-ready="yes"`) || strings.Contains(v.dom, "<img") || !strings.Contains(v.dom, "<title>infra/accounts: service accounts on 23 November 2026</title>") {
		t.Error("the script did not come to its end, or another one ran")
	}
	return visible(v.dom)
}

// Ten thousand accounts are searched by the page's address.
func TestBrowserSearches(t *testing.T) {
	t.Parallel()
	shown := showPage(t, viewtest.Fleet(t, 10_000), "#tab=tokens&q=svc-vision-0050+role%3Aosmo-vision&sort=-Token")
	if n := rows(shown); n != 2 {
		t.Errorf("%d rows are shown, want 2", n)
	}
	for _, words := range []string{
		"2 of 10,000 in", `Time line <span class="count">2</span>`, `Who may do what <span class="count">4</span>`, `Latest changes <span class="count">0</span>`,
		`aria-label="generation 2 from`, `aria-sort="descending"`,
	} {
		if !strings.Contains(shown, words) {
			t.Errorf("%q is not shown", words)
		}
	}
	if first, second := strings.Index(shown, "svc-vision-00505/"), strings.Index(shown, "svc-vision-00500/"); first < 0 || second < first {
		t.Error("the rows are not sorted as the address asks")
	}
}

// Whatever text a project has, the browser takes it for text.
func TestBrowserShowsHostileTextAsText(t *testing.T) {
	t.Parallel()
	const attack = `"><img src=` + evil + ` onerror=alert(1)></script><script>document.title="taken"</script>`
	facts := viewtest.FleetFacts(t, 20)
	facts.State.Accounts["svc-vision-00000"].Tokens["deploy"].Spec.Description = attack
	facts.Changes[0].Summary = attack
	shown := showPage(t, report.OverviewOf(facts), "#tab=changes&q=document.title")
	if n := rows(shown); n != 1 || !strings.Contains(shown, "&lt;/script&gt;&lt;script&gt;document.title") {
		t.Errorf("the text is not shown, in %d rows", n)
	}
}

// A page that loads something, or runs what it should not, is found out by the same means.
func TestBrowserSeesWhatIsForbidden(t *testing.T) {
	t.Parallel()
	browser := findBrowser(t)
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	loads := `<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'none'"><img src="` + evil + `"><script>document.title="taken"</script>`
	viewtest.Must(t, os.WriteFile(page, []byte(loads), 0o600))
	v := browse(t, browser, page, "")
	if !slices.Contains(v.addresses, evil) || !strings.Contains(v.console, "Content Security Policy") {
		t.Errorf("the browser asked for %q and said %q", v.addresses, v.console)
	}
}
