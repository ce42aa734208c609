package model

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// maxServerURL bounds a server's address, in bytes.
const maxServerURL = 300

// ParseServerURL reads the address of a server, and returns it in the one spelling
// in which two are compared: scheme, host, and the port where it is not the scheme's
// own. Only https will do, or http on a loopback address, since what is sent there is
// a credential.
func ParseServerURL(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > maxServerURL, u.Host == "", u.Opaque != "":
		return "", errors.New("this is not the address of a server")
	case u.User != nil:
		return "", errors.New("the address of a server holds no credentials")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "", errors.New("the address of a server has no path, query or fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname())):
		return "", errors.New("the address of a server begins with https://; http:// is for loopback only")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && port != map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

// IsLoopbackServer reports whether the address of a server, as [ParseServerURL] returns
// it, is on this machine.
func IsLoopbackServer(address string) bool {
	u, err := url.Parse(address)
	return err == nil && IsLoopback(u.Hostname())
}

// IsLoopback reports whether a host is this machine, whatever a name server says.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
