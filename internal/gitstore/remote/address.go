package remote

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// An address is where a remote is, as git writes it: a URL, host:path for ssh,
// or a path. It may hold credentials; String does not.
type address string

// The protocols that an address can name. Any other scheme is git's business.
const (
	protocolFile   = "file"
	protocolSSH    = "ssh"
	protocolHTTP   = "http"
	protocolHTTPS  = "https"
	protocolGit    = "git"
	protocolHelper = "helper" // NAME::ADDRESS, which runs git-remote-NAME
)

// protocol names how the address is reached, by git's rules: a colon before
// the first slash makes host:path of what has no scheme.
func (a address) protocol() string {
	s := string(a)
	if scheme, _, ok := strings.Cut(s, "://"); ok && isWord(scheme) {
		return strings.ToLower(scheme)
	}
	if name, _, ok := strings.Cut(s, "::"); ok && isWord(name) {
		return protocolHelper
	}
	colon, slash := strings.IndexByte(s, ':'), strings.IndexByte(s, '/')
	drive := runtime.GOOS == "windows" && colon == 1
	if colon < 0 || drive || slash >= 0 && slash < colon {
		return protocolFile
	}
	return protocolSSH
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '+' && r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// local tells whether the remote is on this machine's file system.
func (a address) local() bool { return a.protocol() == protocolFile }

// resolve makes a relative path absolute.
func (a address) resolve(root string) address {
	if !a.local() || strings.Contains(string(a), "://") || filepath.IsAbs(string(a)) {
		return a
	}
	return address(filepath.Join(root, string(a)))
}

// String is the address for people: without user info, query and fragment. The
// login name of an ssh address is no secret, and is kept.
func (a address) String() string {
	scheme, _, ok := strings.Cut(string(a), "://")
	if !ok {
		return escape(string(a))
	}
	u, err := url.Parse(string(a))
	if err != nil {
		return escape(scheme) + "://…" // it may hide a password in an unexpected place
	}
	user := ""
	if a.protocol() == protocolSSH && u.User != nil {
		user = u.User.Username() + "@"
	}
	return escape(scheme + "://" + user + u.Host + u.Path)
}

// secrets are the parts of the address that must not be shown.
func (a address) secrets() []string {
	u, err := url.Parse(string(a))
	if err != nil || u.User == nil || a.protocol() == protocolSSH && u.User.String() == u.User.Username() {
		return nil
	}
	out := []string{u.User.String()}
	if password, ok := u.User.Password(); ok {
		return append(out, password, url.QueryEscape(password), url.PathEscape(password))
	}
	return append(out, u.User.Username())
}
