// Package history checks that nobody but osmoctl wrote the state: it follows
// the commits that touched state/ back to the first, and holds each against the
// one before it.
//
// # Why
//
// With tokens that are issued locally, state is the authority: whoever puts the
// SHA-256 of a value of their own into it has made a token. A reader of one
// commit cannot see that. A reader of two can, because apply changes state in
// few ways, and everything it forgets it forgets never:
//
//   - the serial rises by one, the lineage stays, and the commit's trailers say
//     the same as meta.json;
//   - a generation, once written, keeps its number, value, roles and dates; it
//     begins to retire, loses roles, is sealed to other recipients, and ends;
//   - a key that could once read a live value stays on its record, as a
//     recipient or as a former one;
//   - an ended one leaves a tombstone for ever, and its value and its number
//     never come back.
//
// Each broken rule is a [Problem] with a stable code; all problems of a commit
// are one [Finding], with what the commit did to accounts, tokens and roles.
//
// # Which commits
//
// The walk goes along first parents. Where a merge has another state than its
// first parent, but exactly that of another parent, the walk goes on there, and
// the first parent's state must be met further back: then the merge only brought
// newer applies along. Is it not met, applies were dropped, and the merge is held
// against its first parent like any other commit. What a branch did whose state
// was not taken is not held against the rules.
//
// A commit without trailers that brings back exactly the state before a finding
// undoes it. So does a restore, which is held against the last sound state and
// not against what it repairs, and which has to stand as well on what a merge
// dropped before that merge is settled. A finding can also be accepted: a later apply names it in a trailer
// (see package record), so that every clone knows. Both leave the finding in the
// report, as settled.
//
// # What ended stays ended
//
// A value that osmoctl ended in any ancestor has ended, on whatever parent of a
// merge that was, and also where it was taken back since: see [Report.Ended].
// Neither an undone finding nor an accepted one revives it. The parents that the
// walk does not follow are looked at for that, as far as their commits are on no
// other way, and a merge that left behind what was applied there is a finding.
//
// # What a clone remembers
//
// Going back by git reset or a forced push leaves no commit to find. A clone
// therefore remembers for each branch the newest state that it saw ([Seen]), and
// state that is older, or another with the same serial, is a finding. The same
// note makes the usual check fast: commits that were found sound once are not
// looked at again.
//
// # Not proved
//
// Trailers can be forged by who may push: signatures are the answer to that. A
// shallow clone knows a part of history, and [Report.Cut] says so; a partial one may
// know the messages of commits alone, and [Report.Unread] says so. The quick
// check does not compute the digests of older commits, and sees values that
// moved between accounts only where both accounts changed; the full one does.
package history
