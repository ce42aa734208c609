package cli_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// adopts USER/TOKEN commits a declared token of the project in the working directory
// as one that a server had before, as declared, with a value that nobody knows. The
// message is the one that osmoctl would write.
func adopts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: adopts USER/TOKEN")
	}
	dir := ts.MkAbs(".")
	a, err := model.ReadTokenAddress(args[0])
	ts.Check(err)
	day, err := model.ParseDate(ts.Getenv("OSMOCTL_NOW"))
	ts.Check(err)
	want, problems := config.Load(os.DirFS(dir), config.Options{Today: day})
	ts.Check(problems.Err())
	have, problems := state.Decode(stateFiles(ts, dir))
	ts.Check(problems.Err())

	account := want.Accounts[a.Account]
	declared, edit := account.Tokens[a.Name], have.Edit()
	token := edit.Token(a.Account, a.Name)
	token.DeletedOn, token.Spec, token.Honoured = 0, declared.TokenSpec, 1
	number := token.LastGeneration + 1
	edit.Adopt(a, state.Generation{
		Number: number, ServerName: model.ServerName(a.Name, number), IssuedAt: day.Time().Add(12 * time.Hour), IssuedBy: "alice",
		ExpiresAt: declared.Expiry.On(day), Description: declared.Description, Roles: declared.RolesAtIssue(account),
	})
	next, changes := edit.Finish()
	for _, c := range changes {
		ts.Check(os.WriteFile(filepath.Join(dir, state.Dir, filepath.FromSlash(c.Path)), c.Data, 0o644))
	}
	message := record.Message{
		Subject: "osmoctl: 1 to adopt", Changes: []string{"adopt " + a.String()},
		Serial: next.Meta.Serial, Lineage: next.Meta.Lineage, Run: "run-1", Actor: "alice",
	}
	ts.Check(ts.Exec("git", "commit", "-qm", message.String(), "state"))
}

// stateFiles are the files of state in a work tree.
func stateFiles(ts *testscript.TestScript, dir string) (files []state.File) {
	root := os.DirFS(filepath.Join(dir, state.Dir))
	ts.Check(fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		files = append(files, state.File{Path: path.Clean(name), Mode: state.RegularMode, Data: data})
		return err
	}))
	return files
}
