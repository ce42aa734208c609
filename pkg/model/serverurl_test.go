package model_test

import (
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestParseServerURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://osmo.example.com":      "https://osmo.example.com",
		"https://OSMO.example.com/":     "https://osmo.example.com",
		"https://osmo.example.com:443":  "https://osmo.example.com",
		"https://osmo.example.com:8443": "https://osmo.example.com:8443",
		"http://127.0.0.1:8000":         "http://127.0.0.1:8000",
		"http://localhost":              "http://localhost",
		"http://[::1]:80":               "http://[::1]",
	} {
		if got, err := model.ParseServerURL(text); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "osmo.example.com", "http://osmo.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"ftp://osmo.example.com", "https://user:word@osmo.example.com", "https://osmo.example.com/api", "https://osmo.example.com?",
		"https://osmo.example.com/?x=1", "https://osmo.example.com#x", "https:osmo", "https://", "https://a b", "https://[::1", "//osmo.example.com",
	} {
		if got, err := model.ParseServerURL(text); err == nil {
			t.Errorf("%q is taken for %q", text, got)
		}
	}
}
