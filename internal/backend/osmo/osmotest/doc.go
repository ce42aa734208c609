// Package osmotest is an OSMO server for tests, in memory: an [http.Handler] that
// answers as a real one was recorded to. Its own test replays every recorded
// exchange against it, in order, and compares status, body and shape.
//
// It is in one of three modes, as servers are:
//
//	A  Database: roles are read and written by the API (6.2, 6.3)
//	B  ConfigMap, before 6.4: roles come from a file, are shown, and cannot be
//	   assigned; only those that the database has besides can
//	C  ConfigMap, from 6.4 on: roles of the file are assigned like any other, and one
//	   that is taken out of it takes every grant with it
//
// Tests look at what is in it, and change it "by hand", behind the back of whoever
// talks to it. A fault can be put on any request: what becomes of it, and what the
// answer is, are two questions ([Fault]). It counts what nobody should do: creating
// a name that is there, creating one twice, asking for too much at once.
package osmotest
