// Package scan finds token values in bytes: in what people commit, log, archive
// and paste.
//
// Two kinds of values are looked for. One is anything of the form that osmoctl
// issues: the prefix and the checksum make it certain with no list to compare
// with. The other is a value without a prefix, as a server issues them: nothing
// can be told from its form, so the SHA-256 of every maximal run of 43
// characters (or 64 in hex) is looked up among those that were issued.
//
// # How it is fast
//
// Nothing is decoded to see whether something is in it. What a token must begin
// with is known in every encoding, so one pass looks for all of these
// beginnings at once: every third byte is looked at, with the two after it,
// and all but a few places are ruled out by one bit of a table that fits the
// processor's nearest cache. Only where a beginning stands is its neighbourhood
// decoded, and searched again: encodings within encodings need no code of their
// own.
//
// A second pass finds long runs of base64. Looking for runs of at least n
// characters it needs to look at every n-th byte only, and to go back from
// there to where the run begins. A run is decoded from its beginning, across the
// breaks of lines, and what comes out is searched again. That finds values
// without a prefix in base64, and beginnings that a line break cut in two.
//
// With [Options.Deep] everything that could be an encoding is decoded at every
// offset.
//
// # What a find is
//
// A find never holds the value, only where it is and its SHA-256. Whose it is,
// and whether it is valid today, is for the caller to look up.
//
// Input of any length is read in overlapping pieces, in bounded memory, and a
// value on the border of two pieces is found once.
package scan
