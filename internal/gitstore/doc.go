// Package gitstore writes osmoctl's records into git: the repository is the
// database, the lock and the log. Package git reads them.
//
// # Writing
//
// A commit is made in two steps, so that a push can stand between them.
// [Store.Write] stores blobs, trees and the commit as one pack and flushes it.
// Nothing points at it yet. [Store.Publish] moves the branch, if it still is
// where the caller read it: this one rename is the commit point. What follows,
// the work tree and the index, can be finished by anybody later.
//
// The order, and what a crash leaves after each step:
//
//	1 pack, its index and a .keep are flushed    an unreachable pack; Recover drops the .keep
//	2 index.lock is taken                        a lock that is known as ours, and removed
//	3 the journal is flushed                     a note of a commit that did not happen, dropped
//	4 REF.lock is taken, the branch compared     as 2 and 3
//	5 the new index is renamed into place        Recover puts the entries back
//	6 the branch is renamed into place, flushed  the commit stands; Recover finishes the rest
//	7 work tree files are written                as 6
//	8 the index is renamed again, with what git
//	  remembers of the files                     as 6
//	9 journal, .keep and locks are removed       as 6, with nothing left to do
//
// Everything that 6 makes visible is durable before it. Work tree files are
// not flushed: they are copies, and Recover makes them again.
//
// # Living beside git
//
// Branches and the index are changed by git's own protocol (a NAME.lock beside
// NAME, then a rename), so a git command running at the same time waits or
// fails as it would beside another git. A lock is made by giving our own lock
// file a second name: the same file means ours, and since our lock file is held
// with flock while we live, one that we meet while holding it is a dead run's
// and is removed. Other people's locks are waited for, and never removed.
//
// The user's work is theirs. Index entries of other paths keep every bit. A
// file of ours that differs from the commit it should have come from has been
// edited, and is left alone and named ([Result.LeftAlone]). Hooks are not run.
//
// # Not defended
//
// "git commit" reads the index before it locks it, and then may write back what
// it read. One that reads before step 5 and locks after step 9 leaves an index
// of before: its commit fails, as HEAD has moved, but "git status" shows our
// files as reverted in the index, until they are added again.
//
// Between comparing a work tree file and renaming the new one over it, an
// editor may save; that save is lost, as it would be beside "git checkout".
// A "git switch" that changes HEAD between our look at it and our commit leaves
// the work tree of the new branch with our files as edits.
package gitstore
