package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	gittransport "github.com/go-git/go-git/v5/plumbing/transport"
	gitfile "github.com/go-git/go-git/v5/plumbing/transport/file"
	gitgit "github.com/go-git/go-git/v5/plumbing/transport/git"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// client chooses how the built-in transport connects to an address.
func (b *builtin) client(a address) (*gittransport.Endpoint, gittransport.Transport, gittransport.AuthMethod, error) {
	endpoint, err := gittransport.NewEndpoint(string(a))
	if err != nil {
		// The error would quote the address, credentials included.
		return nil, nil, nil, fmt.Errorf("the address of %s (%s) is not one that osmoctl understands", b.remote.name, a)
	}
	switch a.protocol() {
	case protocolHTTP, protocolHTTPS:
		client, auth, err := b.web(a)
		return endpoint, client, auth, err
	case protocolSSH:
		return endpoint, gitssh.NewClient(nil), nil, b.checkSSH()
	case protocolGit:
		return endpoint, gitgit.DefaultClient, nil, nil
	case protocolFile:
		if !b.forced {
			return nil, nil, nil, b.needsGit("it is a folder, which git's own programs have to read")
		}
		return endpoint, gitfile.DefaultClient, nil, nil
	}
	return nil, nil, nil, b.needsGit("osmoctl itself knows only https, ssh and git addresses")
}

// needsGit says that something is beyond the built-in transport.
func (b *builtin) needsGit(why string) error {
	return fmt.Errorf("%s (%s) cannot be used without git: %s; install git", b.remote.name, b.remote.url, why)
}

// checkSSH refuses settings that would change where or as whom we connect.
func (b *builtin) checkSSH() error {
	if b.env.get("GIT_SSH_COMMAND") != "" || b.env.get("GIT_SSH") != "" {
		return b.needsGit("GIT_SSH_COMMAND is set")
	}
	if _, ok := b.conf.Get("core.sshcommand"); ok {
		return b.needsGit("core.sshCommand is set")
	}
	return nil
}

// web is the client for https and http.
func (b *builtin) web(a address) (gittransport.Transport, gittransport.AuthMethod, error) {
	target, err := url.Parse(string(a))
	if err != nil {
		return nil, nil, fmt.Errorf("the address of %s (%s) is not one that osmoctl understands", b.remote.name, a)
	}
	carrier, err := b.carrier(target)
	if err != nil {
		return nil, nil, err
	}
	client := &http.Client{Transport: carrier, CheckRedirect: sameOrigin}
	auth := credentials{user: target.User, headers: b.conf.forURL("extraheader", target)}
	return githttp.NewClient(client), auth, nil
}

// carrier honours the settings for certificates and proxies.
func (b *builtin) carrier(target *url.URL) (*http.Transport, error) {
	if b.conf.last("sslcert", target) != "" || b.env.get("GIT_SSL_CERT") != "" {
		return nil, b.needsGit("a client certificate is configured (http.sslCert)")
	}
	carrier := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialLimit}).DialContext,
		TLSHandshakeTimeout: dialLimit,
		ForceAttemptHTTP2:   true,
		DisableKeepAlives:   true, // a carrier serves one conversation
	}
	if path := cmp.Or(b.env.get("GIT_SSL_CAINFO"), b.conf.last("sslcainfo", target)); path != "" {
		roots, err := readRoots(b.expand(path))
		if err != nil {
			return nil, err
		}
		carrier.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	own, _ := b.conf.Get("remote." + b.remote.name + ".proxy")
	if proxy := cmp.Or(own, b.conf.last("proxy", target)); proxy != "" {
		if !strings.Contains(proxy, "://") {
			proxy = "http://" + proxy
		}
		via, err := url.Parse(proxy)
		if err != nil {
			return nil, errors.New("git's setting http.proxy is not an address")
		}
		carrier.Proxy = http.ProxyURL(via)
	}
	return carrier, nil
}

// expand gives "~/" in a path of git's configuration its meaning.
func (b *builtin) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return b.env.get("HOME") + "/" + rest
	}
	return path
}

// readRoots reads certificates that are trusted instead of the system's, as
// git does.
func readRoots(path string) (*x509.CertPool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificates of http.sslCAInfo: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s, named by http.sslCAInfo, has no certificate in it", path)
	}
	return roots, nil
}

// sameOrigin follows a redirect to another path only: who renames a repository
// may say so, who sends us elsewhere may not.
func sameOrigin(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	if req.URL.Scheme != from.Scheme || !strings.EqualFold(req.URL.Hostname(), from.Hostname()) || port(req.URL) != port(from) {
		return fmt.Errorf("it redirects to another server, %s; if that is right, run: git remote set-url", address(req.URL.String()))
	}
	return nil
}

// credentials sign a request as git would: by the address's user info, and by
// headers that the configuration adds. They cannot be printed.
type credentials struct {
	user    *url.Userinfo
	headers []string
}

func (credentials) Name() string   { return "configured" }
func (credentials) String() string { return "configured" }

// GoString keeps %#v from printing the fields.
func (credentials) GoString() string { return "configured" }

// SetAuth signs a request.
func (c credentials) SetAuth(r *http.Request) {
	if c.user != nil {
		password, _ := c.user.Password()
		r.SetBasicAuth(c.user.Username(), password)
	}
	for _, header := range c.headers {
		if name, value, ok := strings.Cut(header, ":"); ok {
			r.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
}

// failed gives trouble with the server words that help.
func (b *builtin) failed(a address, err error) error {
	if _, ok := errors.AsType[*failure](err); ok || err == nil {
		return err
	}
	switch {
	case errors.Is(err, gittransport.ErrAuthenticationRequired), errors.Is(err, gittransport.ErrAuthorizationFailed):
		return &failure{"the server wants other credentials; " + b.missing(a), err}
	case errors.Is(err, gittransport.ErrRepositoryNotFound) && a.local():
		return &failure{"there is no repository", err}
	case errors.Is(err, gittransport.ErrRepositoryNotFound):
		return &failure{"the server has no such repository, or does not show it to us; " + b.missing(a), err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &failure{"it was interrupted: " + err.Error(), err}
	case a.protocol() == protocolSSH:
		return &failure{b.clean.clean(err.Error()) + "; " + b.missing(a), err}
	}
	return &failure{b.clean.clean(err.Error()), err}
}

// missing says which sources of credentials are used without git, and names the
// configured one that is not.
func (b *builtin) missing(a address) string {
	if a.protocol() == protocolSSH {
		return "without git, osmoctl knows only keys of an ssh-agent and servers in known_hosts; install git to use your ssh settings"
	}
	helper, _ := b.conf.Get("credential.helper")
	askpass, _ := b.conf.Get("core.askpass")
	switch {
	case helper != "":
		return "a credential helper is configured, and only git can use it; install git"
	case cmp.Or(b.env.get("GIT_ASKPASS"), askpass, b.env.get("SSH_ASKPASS")) != "":
		return "GIT_ASKPASS is set, and only git can use it; install git"
	}
	return "without git, osmoctl knows only credentials in the address and in git's setting http.extraHeader; install git to use others"
}
