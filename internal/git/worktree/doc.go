// Package worktree reads what lies in a work tree and its index, and writes nothing.
//
// A [Draft] shows files as "git add" and "git commit" would store them now, without
// starting a program: attributes, ignore rules, sparse checkouts and marks of the
// index stand between the two, and a pull request may bring them along. The lists
// ([ListUncommitted], [ListIgnored], [ListChanged], [ListStaged]) say in which files
// work tree, index and a commit differ. [DirFS] shows a folder as it is.
package worktree
