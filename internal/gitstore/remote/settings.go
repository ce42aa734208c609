package remote

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
)

// settings is git's configuration, as far as remotes are concerned.
type settings struct{ *gitconfig.Config }

// list returns the values of a key; an empty one drops those before it.
func (s settings) list(key string) []string {
	var out []string
	for _, value := range s.All(key) {
		if value == "" {
			out = nil
			continue
		}
		out = append(out, value)
	}
	return out
}

// addresses returns where a remote is fetched from and pushed to. Several
// places to push to are refused: no compare-and-swap spans two servers.
func (s settings) addresses(name string) (fetch, push address, err error) {
	urls, pushURLs := s.list("remote."+name+".url"), s.list("remote."+name+".pushurl")
	if len(urls) == 0 {
		return "", "", fmt.Errorf("git has no remote named %q here; run: git remote add %s ADDRESS: %w", name, name, ErrNoRemote)
	}
	if max(len(urls), len(pushURLs)) > 1 && len(pushURLs) != 1 {
		return "", "", fmt.Errorf("the remote %q has several addresses to push to, and only one can hold the branch; "+
			"name a remote that has one", name)
	}
	fetch = address(s.rewrite(urls[0], "insteadof"))
	if len(pushURLs) == 1 {
		return fetch, address(s.rewrite(pushURLs[0], "insteadof")), nil
	}
	if pushed := s.rewrite(urls[0], "pushinsteadof"); pushed != urls[0] {
		return fetch, address(pushed), nil
	}
	return fetch, fetch, nil
}

// rewrite applies url.BASE.insteadOf, or pushInsteadOf: the longest beginning
// that fits is replaced by its base.
func (s settings) rewrite(raw, key string) string {
	best, base := "", ""
	for _, setting := range s.Keys("url") {
		candidate, ok := strings.CutSuffix(strings.TrimPrefix(setting, "url."), "."+key)
		if !ok {
			continue
		}
		for _, beginning := range s.All(setting) {
			if len(beginning) > len(best) && strings.HasPrefix(raw, beginning) {
				best, base = beginning, candidate
			}
		}
	}
	return base + strings.TrimPrefix(raw, best)
}

// secrets are the values in the configuration that must not be shown.
func (s settings) secrets() []string {
	var out []string
	for _, key := range s.Keys("http") {
		switch {
		case strings.HasSuffix(key, ".extraheader"):
			for _, value := range s.All(key) {
				_, credential, _ := strings.Cut(value, ":")
				out = append(out, strings.TrimSpace(credential))
				out = append(out, strings.Fields(credential)...)
			}
		case strings.HasSuffix(key, ".proxy"):
			for _, value := range s.All(key) {
				out = append(out, address(value).secrets()...)
			}
		}
	}
	return withoutSchemes(out)
}

// withoutSchemes drops the words that say how a credential is encoded.
func withoutSchemes(words []string) []string {
	var out []string
	for _, word := range words {
		switch strings.ToLower(word) {
		case "basic", "bearer", "token":
		default:
			out = append(out, word)
		}
	}
	return out
}
