package remote

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoRemote says that the clone's configuration has no remote of that name.
var ErrNoRemote = errors.New("no such remote")

// ErrNoGit says that a call has to reach the remote, and that the program that does
// it is not on PATH. Nothing was sent, and nothing has changed.
var ErrNoGit = errors.New("cannot be used without git, and there is none on PATH outside of this repository; install git, and run the command again")

// A MovedError says that a push was too late: the branch on the remote is no
// longer where the pushed commit expects it, and does not contain the commit.
type MovedError struct {
	// Remote and Branch name the place.
	Remote, Branch string
	// Tip is where the branch is now, "" if it is gone.
	Tip string
}

func (e *MovedError) Error() string {
	if e.Tip == "" {
		return fmt.Sprintf("%s is gone from %s; somebody has deleted it meanwhile", e.Branch, e.Remote)
	}
	return fmt.Sprintf("%s on %s has moved to %s meanwhile", e.Branch, e.Remote, e.Tip)
}

// A RefusedError says that the server, or a hook of the user's, did not want
// the push. The branch is where it was; trying again would not help.
type RefusedError struct {
	// Remote and Branch name the place.
	Remote, Branch string
	// URL is the remote's address, without credentials.
	URL string
	// Words are what the server said: lines without control characters, at
	// most 4 KiB. What its hooks printed begins with "remote: ".
	Words string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s (%s) does not accept the push to %s%s", e.Remote, e.URL, e.Branch, clause(e.Words))
}

// An UnreachableError says that the remote could not be reached, or did not
// let us in. A push that ended so has not moved the branch when we looked.
type UnreachableError struct {
	// Remote names the remote, and URL is its address, without credentials.
	Remote, URL string
	// Words are what git or the server said, as in [RefusedError].
	Words string

	cause error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s (%s) cannot be reached, or does not let us in%s", e.Remote, e.URL, clause(e.Words))
}

// Unwrap gives the cause, context.Canceled for instance.
func (e *UnreachableError) Unwrap() error { return e.cause }

// An UnknownError says that a push ended in an error, and that looking at the
// remote did too: the branch may have moved or not.
type UnknownError struct {
	// Remote, Branch and Commit are what was to be pushed where.
	Remote, Branch, Commit string
	// Push and Look are the two errors.
	Push, Look error
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("it is unknown whether commit %s has arrived: the push to %s ended with %q, and looking there with %q; "+
		"when %[2]s can be reached again, run: git fetch %[2]s %[5]s && git branch -r --contains %[1]s; "+
		"if that names %[2]s/%[5]s, it has",
		e.Commit, e.Remote, e.Push, e.Look, e.Branch)
}

// Unwrap gives both causes.
func (e *UnknownError) Unwrap() []error { return []error{e.Push, e.Look} }

// clause puts lines into a sentence.
func clause(words string) string {
	lines := strings.FieldsFunc(words, func(c rune) bool { return c == '\n' })
	if len(lines) == 0 {
		return ""
	}
	return ": " + strings.Join(lines, "; ")
}

// The ways in which a transport's push ends short of success. Any other error
// says nothing of what the server did.

// A refusal is the answer no, from whoever had to be asked.
type refusal struct{ words string }

func (e *refusal) Error() string { return "refused" + clause(e.words) }

// An unsent push ended before anything could have reached the server.
type unsent struct{ error }

func (e *unsent) Unwrap() error { return e.error }

// A failure is trouble with the connection, the program or the server. Its
// words are clean.
type failure struct {
	words string
	cause error
}

func (e *failure) Error() string { return strings.TrimPrefix(clause(e.words), ": ") }

func (e *failure) Unwrap() error { return e.cause }
