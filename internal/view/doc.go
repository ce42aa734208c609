// Package view is how osmoctl writes what a person or a program reads: pages and
// documents made of spans, tables, wrapped lines, and all escaping. The packages below
// it lay out one kind of result each, and are called by its noun: plans, tokens,
// accounts, readers, calendar, states, problems, leaks, overview. They are given values, those
// of package report as a rule; neither they nor this package open anything, decide
// anything, or know flags or git.
//
// # Forms
//
// Results go to [View.Out], problems, errors and progress to [View.Err]. Every
// result has a text form for people and a JSON form for programs; plans also
// have Markdown for a pull request's comment, validation also GitHub's
// annotations and SARIF, and what dates bring iCalendar, Markdown and Prometheus's text. Commands that OSMO's own
// CLI has too look as they look there, and their JSON begins with OSMO's keys;
// every other JSON document is an object that begins with "format_version".
//
// # Text that is not ours
//
// Names, descriptions, file names, server replies and error messages may hold
// anything. Each kind of output has one function that makes such text harmless,
// and nothing reaches a writer around it:
//
//   - a terminal: [EscapeTerminal]; control, bidirectional, zero-width and
//     unassigned characters become visible escapes such as \u{202E};
//   - Markdown: [EscapeMarkdown]; foreign text stands in code spans and nowhere
//     else, so it can neither mention, link, embed nor open a block. Of our own
//     sentences the names in them do, and any word that is more than letters;
//   - annotations: [EscapeWorkflowData] and [EscapeWorkflowProperty];
//   - SARIF: the text of a terminal, in which nothing is a link;
//   - iCalendar: the text of a terminal, with the escapes that its values ask for;
//   - HTML: the text of a terminal, which html/template or JSON then escapes, and no
//     script makes markup of;
//   - metrics: [EscapeMetric], the text of a terminal with the escapes of a label;
//   - JSON: the same characters as for a terminal become \u escapes, which mean
//     the same to a parser.
//
// What is shaped like a secret is masked by the same functions. It cannot be
// declared, but it may stand in state or in history, from before it was refused.
//
// A CI runner obeys commands that it finds in any line a step prints. Finished
// lines are searched for such commands, and what would be one is broken apart,
// whoever seems to read: a log or a file is printed again by somebody else. Only
// the annotations that [GitHub] asks for are written as commands.
//
// # Length
//
// What people read is cut where nobody would read on, the risky first and the
// harmless left out, and says exactly how much was left out. JSON is never cut.
//
// Who writes a pull request chooses how long its plan is, and so what would be cut.
// Therefore a vital section is never cut, as a plan's risks are, everything is sorted
// by weight before anything is, and what is heavy is left out last. A comment that has
// no room even for what is vital says so first.
package view
