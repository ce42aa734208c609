package workspace

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// noticeMaintenance is the code of the notice about what git has not joined.
const noticeMaintenance = "maintenance_due"

// MaintenanceHint is the command that joins what git has not joined.
const MaintenanceHint = "git maintenance run"

// DescribeClutter says that git's maintenance of this clone is due; "" is that it is not.
func (w *Workspace) DescribeClutter() (string, error) {
	clutter, due, err := w.repo.MaintenanceDue()
	if err != nil || !due {
		return "", err
	}
	return fmt.Sprintf("git's maintenance of this clone is due: there are about %d loose objects and %s",
		clutter.Loose, model.Plural(clutter.Packs, "pack", "packs")), nil
}

// warnClutter tells of it in a plan. What cannot be counted is no matter of the plan's.
func (w *Workspace) warnClutter() []plan.Notice {
	what, err := w.DescribeClutter()
	if err != nil || what == "" {
		return nil
	}
	return []plan.Notice{{Code: noticeMaintenance, Message: "Joining what lies in many files would make git and osmoctl quicker: " + what, Hint: MaintenanceHint}}
}
