// Package worktree reads what lies in a work tree and its index, and writes nothing.
//
// A [Draft] shows files as "git add" and "git commit" would store them now, without
// starting a program: attributes, ignore rules, sparse checkouts and marks of the
// index stand between the two, and a pull request may bring them along. The lists
// ([ListUncommitted], [ListIgnored], [ListChanged], [ListStaged]) say in which files
// work tree, index and a commit differ. [DirFS] shows a folder as it is.
//
// A file is not read where git remembers it ([Remembered]). The index has the status that
// the file had when git compared the two, and the kernel changes that with each write; a
// file that is not older than the index may have been written to in the same moment, and
// is read ([SmudgeRacy]). Whoever writes an index anew decides what is remembered.
package worktree
