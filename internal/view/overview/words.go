package overview

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// longDate is a day in words, which no reader takes for another.
func longDate(d model.Date) string { return d.Time().Format("2 January 2006") }

// source says what the page was made of.
func source(a report.AsOf) string {
	if a.Serial == 0 {
		return "nothing was applied yet"
	}
	words := "state at serial " + view.Count(a.Serial) + ", commit " + view.EscapeLine(view.ShortCommit(a.Commit))
	switch a.Declarations {
	case "":
		words += "; no declarations"
	case a.Commit:
		words += "; declarations of the same commit"
	default:
		words += "; declarations of commit " + view.EscapeLine(view.ShortCommit(a.Declarations))
	}
	return words
}

// verdict is the one sentence that everybody has to read.
func verdict(s report.Summary) string {
	switch {
	case s.Overdue > 0:
		return view.Plural(s.Overdue, "thing is overdue.", "things are overdue.")
	case s.Grade == report.GradeAct:
		return "Something is broken."
	case s.Due > 0:
		return "Nothing is overdue. " + view.Plural(s.Due, "thing is", "things are") + " due by " + longDate(s.Until) + "."
	}
	return "Nothing is overdue, and nothing is due by " + longDate(s.Until) + "."
}

// risks is the sentence below it.
func risks(s report.Summary) string {
	var words []string
	switch {
	case !s.AccessKnown:
		words = append(words, "Who is an administrator is not known")
	case s.Administrators == 0:
		words = append(words, "No account is an administrator")
	default:
		words = append(words, view.Plural(s.Administrators, "account is an administrator", "accounts are administrators"))
	}
	switch {
	case s.EverybodyByStep:
		words = append(words, "everybody who logs in becomes one by a single request")
	case s.ByStep > 0:
		words = append(words, view.Plural(s.ByStep, "more becomes one", "more become one")+" by a single request")
	}
	if s.Findings > 0 {
		words = append(words, "lint has "+view.Plural(s.Findings, "finding", "findings"))
	}
	return strings.Join(words, "; ") + "."
}

// figures are the numbers, each with the list that it leads to. What is not known is not 0.
func figures(s report.Summary, linted bool) []figure {
	number := func(n int, one, many, link string, grave bool) figure {
		return figure{view.Count(n), model.Noun(n, one, many), link, grave && n > 0}
	}
	known := func(is bool, f figure) figure {
		if !is {
			f.Count = "?"
		}
		return f
	}
	return []figure{
		number(s.Overdue, "overdue", "overdue", "#tab=attention&q=is%3Aoverdue", true),
		number(s.Due, "due by "+s.Until.String(), "due by "+s.Until.String(), "#tab=attention&q=is%3Adue", false),
		known(s.AccessKnown, number(s.Administrators, "administrator", "administrators", "#tab=access&q=is%3Aaccount+is%3Aadministrator", false)),
		known(s.AccessKnown, number(s.ByStep, "by one step", "by one step", "#tab=access&q=is%3Aaccount+is%3Astep", false)),
		known(linted, number(s.Findings, "finding", "findings", "#tab=attention&q=is%3Afinding", false)),
		number(s.Accounts, "account", "accounts", "#tab=access&q=is%3Aaccount", false),
		number(s.Tokens, "token", "tokens", "#tab=tokens", false),
		number(s.Keys, "key", "keys", "#tab=readers", false),
	}
}
