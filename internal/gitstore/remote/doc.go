// Package remote moves commits between a clone and the place it was cloned
// from: it looks where a branch is there, fetches it, and pushes one commit.
//
// # Words
//
// A *remote* is one that the clone's configuration names; never an address
// from a file of the project. The *tip* is the commit that a branch on the
// remote points at. The *tracking reference* refs/remotes/NAME/BRANCH is what
// the clone remembers of the tip.
//
// # Promises
//
// A push is a compare-and-swap: the branch moves from one named commit, or from
// not existing, to ours, or not at all. The server does the comparing. Nothing
// is forced, and a commit that does not follow the old one is not even sent.
//
// After any error of a push the remote is looked at, also when the caller's
// context has ended, and the outcome follows from where the branch is, never
// from the words of an error:
//
//	our commit, or one that contains it    the push has succeeded
//	another commit                         [MovedError]: somebody was faster
//	where it was                           [RefusedError] with the server's words,
//	                                       or [UnreachableError]
//	not to be found out                    [UnknownError]
//
// One gap remains. If the connection ends while the server still works, the
// branch may move after we have looked; such a push is reported as an
// [UnreachableError], and the next fetch brings its commit.
//
// # Two transports
//
// The user's git does the work where there is one on PATH, since it knows their
// credential helpers, ssh settings and proxies. It is run without a shell, never
// from a folder inside the repository, with the repository named outright, and
// can ask no questions: it has no terminal. Its hooks run (pre-push is the
// user's), and what it is told beyond the user's own configuration is in
// program.go.
//
// Without git the built-in transport does what it can: https with credentials
// from the address or from http.extraHeader, ssh with an agent and known_hosts.
// It honours url.insteadOf, included configuration files, http.proxy and
// http.sslCAInfo. Where it meets something that only git knows, it says what is
// missing. It follows redirects within one origin only. Fetched packs are
// flushed before a reference leads to them.
//
// # What leaves this package
//
// No credential: addresses lose their user info, and the text of programs and
// servers is searched for what the configuration keeps secret. Control
// characters in such text are escaped.
package remote
