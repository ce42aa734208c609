package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/command"
)

// groups are the headings of --help, in the order of the grammar.
var groups = []kong.Group{
	{Key: "start", Title: "Start:"},
	{Key: "daily", Title: "Every day:"},
	{Key: "read", Title: "Read what was applied:"},
	{Key: "declare", Title: "Declare, as OSMO's own commands are typed (they write nothing, and answer with the YAML to commit):"},
	{Key: "use", Title: "Use, check and end tokens:"},
	{Key: "access", Title: "Who can do what:"},
	{Key: "keys", Title: "Who can read which token:"},
	{Key: "state", Title: "The recorded state:"},
	{Key: "exchange", Title: "To and from others:"},
	{Key: "other", Title: "Other:"},
}

type helpCmd struct {
	Command []string `predictor:"command" arg:"" optional:"" help:"The command, such as token decrypt. Without it, all are listed."`
}

// Run shows what --help shows.
func (c *helpCmd) Run(env *command.Env) error {
	_, _, err := parse(env, append(c.Command, "--help"))
	if errors.Is(err, errAnswered) {
		return nil
	}
	return command.Usage(addUsageHint(err))
}

// showHelp shows help as other long results are shown. It is asked for while the line is
// being read, when no flag has its value yet.
func showHelp(env *command.Env, options kong.HelpOptions, c *kong.Context) error {
	env.NoPager = env.NoPager || slices.ContainsFunc(c.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == "no-pager" })
	end := env.Page()
	defer end()
	if c.Stdout != env.Stdout {
		// Of what is no terminal kong takes it that there are 80 columns.
		options.WrapUpperBound = min(options.WrapUpperBound, env.View().Width)
		c.Stdout = env.Stdout
	}
	return kong.DefaultHelpPrinter(options, c)
}

// showExamples adds the examples of each command to what its --help says.
func showExamples(app *kong.Application) {
	for _, leaf := range app.Leaves(false) {
		list := examples[leaf.Path()]
		if len(list) == 0 {
			continue
		}
		text := "For example:\n"
		for _, line := range list {
			text += "\n    " + line
		}
		leaf.Detail = strings.TrimSpace(leaf.Detail + "\n\n" + text)
	}
}

// examples are lines to type, for every command whose long description has none. What stands behind a pipe is the shell's.
var examples = map[string][]string{
	"init": {
		"osmoctl init --apply osmo-accounts",
		"osmoctl init --ci github osmo-accounts",
		"osmoctl init --recipient age15hp4qk3jmswstdn4x7aycvt2g25hjvfm9vmgszz4e3kjx5vkwqeqfe6pz5 osmo-accounts",
	},
	"doctor":   {"osmoctl doctor", "osmoctl doctor --offline -t json"},
	"explain":  {"osmoctl explain unknown_key", "osmoctl explain"},
	"help":     {"osmoctl help", "osmoctl help token decrypt"},
	"validate": {"osmoctl validate", "osmoctl validate -t github"},
	"plan": {
		"osmoctl plan",
		"osmoctl plan --out plan.json --detailed-exitcode",
		"osmoctl plan --state-ref origin/main -t markdown",
		"osmoctl plan --replace svc-ci/ci-token",
	},
	"show": {"osmoctl show plan.json", "osmoctl show plan.json -t markdown"},
	"apply": {
		"osmoctl apply",
		"osmoctl apply plan.json",
		"osmoctl apply --expect sha256:f0bd9fd0898ee5db7902e31805a6b62b3336767b0eae083a4cd210965bc9b84b",
		"osmoctl apply --due-only --auto-approve",
	},
	"expiring": {"osmoctl expiring --within 14d", "osmoctl expiring -t icalendar > tokens.ics"},
	"log":      {"osmoctl log -n 5", "osmoctl log svc-ci/ci-token"},

	"user list": {"osmoctl user list", "osmoctl user list --id-prefix svc- --roles osmo-user"},
	"user get":  {"osmoctl user get svc-ci", "osmoctl user get svc-ci -t json"},
	"user create": {
		"osmoctl user create svc-monitoring --roles osmo-user",
		"osmoctl user create svc-monitoring --roles osmo-user osmo-ctrl > manifests/svc-monitoring.yaml",
	},
	"user update": {"osmoctl user update svc-ci --add-roles osmo-ctrl --remove-roles osmo-user"},
	"user delete": {"osmoctl user delete svc-ci"},
	"role list":   {"osmoctl role list"},
	"role get":    {"osmoctl role get osmo-user"},

	"report":      {"osmoctl report -o accounts.html"},
	"token list":  {"osmoctl token list", "osmoctl token list --user svc-ci -t json"},
	"token get":   {"osmoctl token get svc-ci/ci-token"},
	"token roles": {"osmoctl token roles ci-token --user svc-ci", "osmoctl token roles svc-ci/ci-token@1 -t json"},
	"token decrypt": {
		"osmoctl token decrypt svc-ci/ci-token -o ~/ci-token",
		"osmoctl token decrypt svc-ci/ci-token@1 -i ~/key.txt | osmoctl token verify",
	},
	"token revoke": {"osmoctl token revoke svc-ci/ci-token --reason 'in the log of build 17'", "osmoctl token revoke svc-ci/ci-token@1 --reason leaked --auto-approve"},
	"token exec":   {"osmoctl token exec svc-ci/ci-token -- sh -c 'curl -K config'", "osmoctl token exec svc-ci/ci-token --env OSMO_PAT -- make deploy"},
	"token verify": {"osmoctl token verify < ~/ci-token"},
	"token set":    {"osmoctl token set ci-token --user svc-ci --expires-at 2027-01-31 --description 'CI pipelines' --roles osmo-user"},
	"token delete": {"osmoctl token delete ci-token --user svc-ci"},
	"token scan":   {"osmoctl token scan build.log logs/", "kubectl logs deploy/api | osmoctl token scan -", "osmoctl token scan --history ."},

	"access who":  {"osmoctl access who workflow:Exec pool/prod", "osmoctl access who --administrator"},
	"access show": {"osmoctl access show account/svc-ci", "osmoctl access show --matrix"},
	"access lint": {"osmoctl access lint", "osmoctl access lint --severity error -t sarif"},
	"access test": {"osmoctl access test access-test.yaml"},

	"secrets who":      {"osmoctl secrets who svc-ci/ci-token"},
	"secrets exposure": {"osmoctl secrets exposure bob", "osmoctl secrets exposure age15hp4qk3jmswstdn4x7aycvt2g25hjvfm9vmgszz4e3kjx5vkwqeqfe6pz5"},
	"secrets reseal":   {"osmoctl secrets reseal", "osmoctl secrets reseal -i ~/key.txt --target svc-ci/ci-token"},

	"state show":    {"osmoctl state show", "osmoctl state show svc-ci/ci-token"},
	"state verify":  {"osmoctl state verify", "osmoctl state verify --history --signers allowed-signers"},
	"state fetch":   {"osmoctl state fetch"},
	"state restore": {"osmoctl state restore 3096f1245459"},

	"export k8s-secret":     {"osmoctl export k8s-secret svc-ci/ci-token -n ml -o - | kubectl apply --server-side -f -"},
	"export backend-secret": {"osmoctl export backend-secret backend-operator/backend-token -n osmo -o - | kubectl apply --server-side -f -"},
	"export dotenv":         {"osmoctl export dotenv svc-ci/ci-token -o ~/ci.env"},
	"export helm-values":    {"osmoctl export helm-values > roles.yaml"},
	"import osmo":           {"osmoctl import osmo --id-prefix svc- > manifests/imported.yaml"},
	"import helm-values":    {"osmoctl import helm-values values.yaml > manifests/roles.yaml"},

	"schema":     {"osmoctl schema", "osmoctl schema plan"},
	"completion": {"osmoctl completion bash > ~/.local/share/bash-completion/completions/osmoctl"},
	"man":        {"osmoctl man > osmoctl.1", "osmoctl man token decrypt | man -l -"},
	"version":    {"osmoctl version", "osmoctl version -t json"},
}
