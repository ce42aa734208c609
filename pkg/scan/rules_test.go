package scan_test

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

// What other scanners are told finds every token, and what only looks like one
// seldom.
func TestPattern(t *testing.T) {
	t.Parallel()
	pattern, r := regexp.MustCompile(scan.Pattern()), source(1)
	for range 10_000 {
		v := newToken(r)
		for _, text := range []string{v, "token=" + v, `"\n` + v + `"`, v + "\n", "(" + v + ")", v + "&x=1", v + `\n`} {
			if pattern.FindString(text) != v {
				t.Fatalf("not found in %q", text)
			}
		}
		if entropy(v) < 3.5 {
			t.Errorf("%q has little entropy", v)
		}
	}
	v := newToken(r)
	for _, text := range []string{
		v[:42], v + "x", "osmo-" + v[5:], strings.ToUpper(v[:5]) + v[5:], v[:20] + "-" + v[20:42], v[:37] + "5" + v[38:],
	} {
		if found := pattern.FindString(text); found != "" {
			t.Errorf("found %q in %q", found, text)
		}
	}
}

// entropy is Shannon's, in bits a character.
func entropy(s string) (bits float64) {
	counts := map[rune]float64{}
	for _, c := range s {
		counts[c]++
	}
	for _, n := range counts {
		p := n / float64(len(s))
		bits -= p * math.Log2(p)
	}
	return bits
}

// The detector is YAML with the keys that trufflehog reads.
func TestTrufflehog(t *testing.T) {
	t.Parallel()
	var config struct {
		Detectors []struct {
			Name, Description string
			Keywords          []string
			Regex             map[string]string
			Entropy           float64
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(scan.Trufflehog()))
	decoder.KnownFields(true)
	if err := decoder.Decode(&config); err != nil {
		t.Fatal(err)
	}
	if len(config.Detectors) != 1 || config.Detectors[0].Keywords[0] != "osmo_" {
		t.Fatalf("got %+v", config)
	}
	v := newToken(source(2))
	match := regexp.MustCompile(config.Detectors[0].Regex["token"]).FindStringSubmatch("token=" + v + "&")
	if len(match) != 2 || match[1] != v {
		t.Errorf("the secret is %q", match)
	}
}

func TestGitleaks(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"[[rules]]\n", "\nid = \"", "\nregex = '''" + scan.Pattern() + "'''\n", "\nkeywords = [\"osmo_\"]\n"} {
		if !strings.Contains(scan.Gitleaks(), want) {
			t.Errorf("%q is not in\n%s", want, scan.Gitleaks())
		}
	}
}
