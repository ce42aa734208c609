// Package report is what osmoctl says, as data: the documents that the schemas
// describe. Each is a value whose JSON form is the document of the schema of its
// name; package view lays the same value out as text. The plan alone is its own
// document, see [plan.Plan.WriteJSON].
//
// A document is computed here from values of the domain: the state, the
// declarations, a plan and what came of it, what history told. Nothing here opens a
// file, asks git, reads a clock or knows a terminal: the day comes in as an argument.
// What a text shows and leaves out for its length is the view's to decide, and what
// is true is decided here.
//
// Documents that OSMO's own CLI has as well (token, user, role and their lists)
// begin with OSMO's keys and in OSMO's order; every other one begins with
// "format_version". A list is never null: where there is nothing it is [].
package report
