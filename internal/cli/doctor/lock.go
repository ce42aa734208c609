package doctor

import (
	"os"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// checkLocks tells who is at work, or was.
func (p *patient) checkLocks() (list []report.Check) {
	const area = "lock"
	locks, err := p.w.LookAtLocks()
	if err != nil {
		list = append(list, fault(area, "lock", err))
	}
	if locks.Held {
		list = append(list, check(area, "lock", report.CheckWarning, "wait for it; the lock ends with the process, however that ends",
			"another osmoctl is at work here: %s", strings.Join(strings.Split(locks.Holder, "\n"), ", ")))
	}
	if locks.Interrupted {
		list = append(list, check(area, "interrupted", report.CheckWarning, "osmoctl plan, or any command that reads state, finishes it; do not commit before",
			"a run was interrupted after its commit, and work tree and index have yet to follow"))
	}
	for _, path := range locks.Git {
		since := ""
		if info, err := os.Lstat(path); err == nil {
			since = " since " + info.ModTime().UTC().Format(time.RFC3339)
		}
		list = append(list, check(area, "git", report.CheckWarning, "if no git is at work here: rm "+model.ShellWord(path), "git's lock %s is there%s: a git command is at work, or was killed", path, since))
	}
	if p.snap != nil {
		if u := p.snap.Underway(); u.Run != "" {
			list = append(list, check(area, "underway", report.CheckWarning, "wait for it, or where it is dead: osmoctl apply --take-over "+u.Run,
				"run %s has reserved %s on the server and has not come to its end", u.Run, model.Plural(len(u.Create), "name", "names")))
		}
	}
	if len(list) == 0 {
		list = append(list, fine(area, "lock", "nobody is at work here, and nothing was interrupted"))
	}
	return list
}
