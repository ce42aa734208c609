// Package gitstore writes osmoctl's records into git: the repository is the
// database, the lock and the log. Package git reads them.
//
// # Writing
//
// A commit is made in two steps, so that a push can stand between them.
// [Store.Write] stores blobs, trees and the commit in one pack and flushes it.
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
//	9 .keep, packs that this one has joined,
//	  journal and locks are removed              as 6, with nothing left to do
//
// Everything that 6 makes visible is durable before it. Work tree files are
// not flushed: they are copies, and Recover makes them again.
//
// # Packs
//
// A commit is a pack, and never files of single objects: "git gc --prune=now" removes
// those that nothing points at, beside us between steps 1 and 6, and has no way to be
// told not to. A reference of our own would come too late for a prune that has read the
// references already. A pack with a .keep is safe at every moment, costs three flushes
// instead of one for each object, and takes the fourth part of the room.
//
// So that years of commits do not leave as many packs, each small commit takes small
// packs before it along: what lay in them is written into its pack too, as what differs
// from the newer version of the same file, and they are removed in step 9. A pack joins
// when it has no more objects than all that is written with it, up to 4,096 in all: n
// commits leave some log n packs, which take about the room that git would make of them.
// Git finds an object in its new place as it does after a gc.
//
// Whoever made a pack, if it has few objects, it is joined: a fetch leaves one as well.
// Not those that somebody keeps, or a partial clone was promised, or that cannot be read. A
// commit of more than 500 changes is stored as it is, uncompressed, and joins nothing.
//
// Nor are those joined that git's index of several packs names (multi-pack-index), and that
// index is left as it is. With one of its packs gone, "git fsck" fails, and git misses an
// object that two of them had. Which it names is looked up when packs are chosen and again
// when they are removed; of one that cannot be read, or a chain of several, it is all that
// are not newer. While git is writing one, nothing is joined.
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
// edited, and is left alone and named ([Result.LeftAlone]). It is read for that, unless
// git's index remembers it: then its status says that it is what was committed, as it
// does for "git checkout". Hooks are not run.
//
// # Not defended
//
// "git commit" reads the index before it locks it, and then may write back what
// it read. One that reads before step 5 and locks after step 9 leaves an index
// of before: its commit fails, as HEAD has moved, but "git status" shows our
// files as reverted in the index, until they are added again.
//
// "git multi-pack-index write" lists the packs before it takes its lock, so it may name one
// that step 9 removes in this moment, as one that "git repack -d" removes; "git fsck" says so
// until it is written again. osmoctl finds such objects all the same.
//
// Between comparing a work tree file and renaming the new one over it, an
// editor may save; that save is lost, as it would be beside "git checkout".
// A "git switch" that changes HEAD between our look at it and our commit leaves
// the work tree of the new branch with our files as edits.
package gitstore
