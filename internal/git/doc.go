// Package git reads a repository: where it is and whether it may be used, its
// configuration, references, objects and history, and the files of a commit.
//
// Nothing is written, no lock is taken, and no program is started. What the work
// tree and the index hold is read by package worktree below this one.
//
// # Words
//
// The *project* is the folder with osmoctl.yaml; it may lie anywhere below the
// *root* of the work tree. A [Repository] is opened at a project, and paths are
// relative to it, with slashes. A commit is named by its full hash in hexadecimal;
// "" is the commit that an unborn branch has not got, in which there are no files.
//
// A Repository is made of a [Place], its [Refs] and its [Objects]. A commit is read
// as a whole, either at once ([Repository.Files]) or as a file system that reads
// what is asked for ([Repository.FS]).
//
// # Promises
//
// Content is compared with its name: a wrong byte on the disk does not pass for
// state. What is missing is looked for again, since a "git gc" may be moving it,
// and is [ErrMissingObject] then. Git's index of several packs may lead to an
// object, but that there is none, each pack's own says. Where a shallow clone ends,
// the answer is [ErrShallow] and not that of a whole one. Each call is bounded, in
// files, bytes and depth, whatever a commit holds.
//
// Replace refs and grafts are not applied: state is read as it was written. The
// configuration is that of the system, the user, the repository and the
// environment, by git's own rules; a repository that belongs to another user is
// not even parsed.
package git
