package remote

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore/gitconfig"
)

// settings is git's configuration, as far as remotes are concerned.
type settings struct{ *gitconfig.Config }

func loadSettings(o Options, env func(string) string) (settings, error) {
	config, err := gitconfig.Load(gitconfig.Sources{
		Env: env, GitDir: o.GitDir, CommonDir: o.CommonDir, Given: o.Given,
	})
	return settings{config}, err
}

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

// forURL returns the values of http.KEY and of the http.URL.KEY that fit the
// target. As in git, a more specific place beats a less specific one that
// stands after it, and an empty value drops all before it.
func (s settings) forURL(key string, target *url.URL) []string {
	var best specificity
	var out []string
	for _, setting := range s.Keys("http") {
		fit, ok := fits(setting, key, target)
		if !ok || fit.less(best) {
			continue
		}
		best = fit
		for _, value := range s.All(setting) {
			if value == "" {
				out = nil
				continue
			}
			out = append(out, value)
		}
	}
	return out
}

// last is the value of http.KEY that holds for the target, or "".
func (s settings) last(key string, target *url.URL) string {
	values := s.forURL(key, target)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// A specificity tells how closely a pattern fits: host first, then path, then
// user.
type specificity struct{ host, path, user int }

func (s specificity) less(t specificity) bool {
	return cmp.Or(cmp.Compare(s.host, t.host), cmp.Compare(s.path, t.path), cmp.Compare(s.user, t.user)) < 0
}

// fits tells whether http.KEY or http.PATTERN.KEY applies to the target.
func fits(setting, key string, target *url.URL) (specificity, bool) {
	if setting == "http."+key {
		return specificity{}, true
	}
	raw, ok := strings.CutSuffix(strings.TrimPrefix(setting, "http."), "."+key)
	if !ok {
		return specificity{}, false
	}
	pattern, err := url.Parse(raw)
	if err != nil || !strings.EqualFold(pattern.Scheme, target.Scheme) || port(pattern) != port(target) {
		return specificity{}, false
	}
	fit := specificity{host: hostFit(pattern.Hostname(), target.Hostname()), path: pathFit(pattern.Path, target.Path)}
	if pattern.User != nil {
		fit.user = 1
		if target.User == nil || target.User.Username() != pattern.User.Username() {
			return specificity{}, false
		}
	}
	return fit, fit.host > 0 && fit.path > 0
}

// hostFit compares hosts label by label, where "*" stands for one label. Zero
// is no fit; an exact one counts more than any with a star.
func hostFit(pattern, host string) int {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == host {
		return len(host) + 1
	}
	wanted, got := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(wanted) != len(got) {
		return 0
	}
	for i := range wanted {
		if wanted[i] != "*" && wanted[i] != got[i] {
			return 0
		}
	}
	return min(len(pattern), len(host))
}

// pathFit compares paths by whole names. Zero is no fit.
func pathFit(pattern, path string) int {
	pattern = strings.TrimSuffix(pattern, "/")
	if path == pattern || strings.HasPrefix(path, pattern+"/") || pattern == "" {
		return len(pattern) + 1
	}
	return 0
}

// port is the port that a connection will use.
func port(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{protocolHTTP: "80", protocolHTTPS: "443"}[strings.ToLower(u.Scheme)])
}
