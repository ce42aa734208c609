package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// appliedReport is what an apply did, for people.
func appliedReport(p *plan.Plan, r *apply.Result) document {
	if r.Commit == "" && p.Restored != nil {
		return document{head: [][]span{{say(strong, restoreHeadline(p))}}}
	}
	if r.Commit == "" && p.Revoked != nil {
		return document{head: [][]span{{say(strong, revokeHeadline(p))}}, sections: []section{warningsSection(p)}}
	}
	if r.Commit == "" && p.DueOnly {
		return document{head: [][]span{{say(strong, nothingDue)}}, sections: []section{warningsSection(p)}}
	}
	if r.Commit == "" {
		return document{head: [][]span{{say(strong, "Nothing to do. State equals the declarations.")}}}
	}
	d := document{
		head:     [][]span{{say(adds, appliedHeadline(p))}},
		sections: []section{issuedSection(r), risksSection(p), keySection(p)},
		foot:     appliedFoot(p, r),
	}
	if p.DueOnly {
		d.sections = append(d.sections, changesSection(p), warningsSection(p))
	}
	if p.Revoked != nil {
		// Nobody was shown a plan where nobody was asked.
		d.sections = []section{changesSection(p), accessSection(p), impliedSection(p), warningsSection(p)}
	}
	return d
}

func appliedHeadline(p *plan.Plan) string {
	if p.Restored != nil {
		return restoredHeadline(p)
	}
	if len(p.Changes) == 0 {
		return "Applied: project settings recorded."
	}
	return "Applied: " + summaryWords(p.Summary, done) + "."
}

func restoredHeadline(p *plan.Plan) string {
	words := plural(len(p.Restored.Files), "file", "files") + " put back"
	if len(p.Changes) > 0 {
		words = summaryWords(p.Summary, done)
	}
	return "Restored commit " + shortCommit(p.Restored.Commit) + ": " + words + "."
}

func issuedSection(r *apply.Result) section {
	return sectionOf("Issued", r.Issued, maxChanges, func(g apply.Issued) item {
		i := item{mark: "+", tone: adds, head: []span{quoteAs(strong, g.Address.String()), say(plain, " expires on "+g.ExpiresAt.String())}}
		i.add(say(plain, "sealed in "), quote(g.Path))
		return i
	})
}

func appliedFoot(p *plan.Plan, r *apply.Result) [][]span {
	foot := [][]span{
		{say(plain, "Commit "), quote(shortCommit(r.Commit)), say(plain, ", state serial "+strconv.Itoa(r.Serial)+".")},
		{say(plain, "Digest: "), quote(p.Digest)},
	}
	if len(r.Issued) > 0 {
		a := r.Issued[0].Address
		foot = append(foot, []span{say(plain, "Next: "), run("osmoctl token decrypt " + a.Account + "/" + a.Name + " -o " + model.ShellWord("~/"+a.Name))})
	}
	if n := len(p.WaitingForIdentity); n > 0 {
		foot = append(foot, []span{say(warn, "Waiting"), say(plain, ": new readers reach "+plural(n, "token", "tokens")+" with the next rotation, or by "), run("osmoctl secrets reseal"), say(plain, ".")})
	}
	return foot
}
