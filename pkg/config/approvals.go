package config

import (
	"errors"
	"io/fs"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const (
	// maxApprovals bounds the entries of the file: one is for one plan, so those of
	// a few changes under review are all that there ever is a use for.
	maxApprovals = 100
	// maxReason bounds why, in bytes.
	maxReason = 500
)

var approvalsKeys = keys{"approvals"}

const (
	approvalPlan = iota
	approvalAllow
	approvalReason
)

var approvalKeys = keys{"plan", "allow", "reason"}

// LoadApprovals reads approvals.yaml alone, as far as it can be read: for what other
// declarations have it compared with.
func LoadApprovals(fsys fs.FS) []model.Approval {
	return newLoader(fsys, Options{}).loadApprovals()
}

func (l *loader) loadApprovals() []model.Approval {
	text, err := readFile(l.fsys, ApprovalsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	r := &approvalReader{reader{file: ApprovalsFile, problems: problems{hints: l.problems.hints}}}
	defer func() { l.problems.merge(&r.problems) }()
	if err != nil {
		r.add(fileProblem(ApprovalsFile, err))
		return nil
	}
	defer r.checkLeaks(text)
	return r.read(r.root(text))
}

// approvalReader reads the file of approvals.
type approvalReader struct{ reader }

func (r *approvalReader) read(root *node) (list []model.Approval) {
	if root == nil {
		return nil
	}
	f, ok := r.fields(root, ApprovalsFile, approvalsKeys)
	if !ok {
		return nil
	}
	if !f[0].isSet() {
		r.fail(root, codeMissingKey, "begin the file with \"approvals:\", or delete it", "%s lacks its approvals", ApprovalsFile)
		return nil
	}
	items := r.items(f[0].value, `"approvals"`)
	if len(items) > maxApprovals {
		r.fail(f[0].value, codeTooMany, "delete those of plans that were applied", "there are %d approvals, and the limit is %d", len(items), maxApprovals)
		return nil
	}
	first := map[string]diag.Position{}
	for _, item := range items {
		a, ok := r.readApproval(item)
		if !ok {
			continue
		}
		key := a.Plan + " " + a.Allow
		if at, known := first[key]; known {
			r.failTwice(item, codeRepeatedItem, "delete one of the two", "this approves the same as another entry", at, "the first one")
			continue
		}
		first[key] = a.Origin
		list = append(list, a)
	}
	return list
}

func (r *approvalReader) readApproval(n *node) (a model.Approval, ok bool) {
	before := r.errors
	f, ok := r.fields(n, "an approval", approvalKeys)
	if !ok {
		return a, false
	}
	for i, key := range approvalKeys {
		if !f[i].isSet() {
			r.fail(n, codeMissingKey, "osmoctl plan prints the entry for each guardrail that blocks it; the reason is yours to give", "an approval lacks its %s", key)
		}
	}
	a.Origin = r.pos(n)
	a.Plan = r.word(f[approvalPlan].value, `"plan"`)
	if a.Plan != "" && !model.IsDigest(a.Plan) {
		r.fail(f[approvalPlan].value, codeBadDigest, "take it from the last lines of osmoctl plan: sha256: and 64 digits from 0 to f", `"plan" is not the digest of a plan`)
	}
	a.Allow = r.word(f[approvalAllow].value, `"allow"`)
	if a.Allow != "" {
		var err error
		if a.Lifts, err = model.ParseAllowance(a.Allow); err != nil {
			r.fail(f[approvalAllow].value, codeBadAllowance, "write one flag as osmoctl plan names it, such as \"--allow-deletes 7\"", `"allow": %v`, err)
		}
	}
	a.Reason = r.readReason(f[approvalReason].value)
	return a, r.errors == before
}
