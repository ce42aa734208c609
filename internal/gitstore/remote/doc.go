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
// # The program
//
// The user's git does the work, since it knows their credential helpers, ssh
// settings and proxies. It is run without a shell, never from a folder inside the
// repository, with the repository named outright, and can ask no questions: it has
// no terminal. Its hooks run (pre-push is the user's), and what it is told beyond
// the user's own configuration is in program.go. Where there is no git on PATH,
// what has to reach the remote fails with [ErrNoGit], and everything else works.
//
// # What leaves this package
//
// No credential: addresses lose their user info, and the text of programs and
// servers is searched for what the configuration keeps secret. Control
// characters in such text are escaped.
package remote
