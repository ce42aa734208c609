package main

import (
	"fmt"
	"strings"
)

// A Case is a project that was made to be slow or large, and a command that reads
// it. Where says is set, the command refuses the project with these words; else it
// does what it was asked for.
type Case struct {
	Name, What string
	Make       func(*Project)
	Args       []string
	Says       string
}

// Cases is every input of which somebody thought that it might be the worst. All
// stand within the bytes and files that are read; those named "legal" within every
// limit by default, so they must be planned or refused by the plan's own bounds.
var Cases = []Case{
	{"long-names", "two names of 500 kB, one edit apart", longNames, []string{"validate"}, "undeclared_role"},
	{"hints", "90,000 unknown roles, a hint for each among 45,000", hints, []string{"validate"}, "the limit is 200"},
	{"hints-legal", "20,000 unknown roles among 5,000, in 100 files", hintsLegal, []string{"validate"}, "more than these"},
	{"nested-groups", "590 groups of recipients, each of all before", nestedGroups, []string{"validate"}, "at most 99"},
	{"wide-lists", "200 lists of 990 groups of 990 keys", wideLists, []string{"validate"}, "at most 99"},
	{"unknown-readers", "64 MiB of recipients that nobody declared", unknownReaders, []string{"validate"}, "there is no recipient"},
	{"tokens", "4.7 million tokens in 64 MiB", manyTokens, []string{"plan", "-t", "markdown"}, "the limit is 1000"},
	{"tokens-legal", "50,000 tokens of 50 accounts", tokensLegal, []string{"plan", "-t", "json"}, ""},
	{"accounts-legal", "20,000 accounts with a token each", accountsLegal, []string{"plan", "-t", "json"}, ""},
	{"bytes-legal", "20,000 accounts with a comment of 3 kB each, 62 MiB", bytesLegal, []string{"plan"}, ""},
	{"files-legal", "20,000 manifests of one account each", filesLegal, []string{"plan"}, ""},
	{"resources", "85,000 resources in a role that 1,500 accounts hold", manyResources, []string{"plan", "-t", "markdown"}, "the limit is 1000"},
	{"resources-legal", "100,000 resources in a role that 1,500 accounts hold beside one of their own", resourcesLegal, []string{"plan", "-t", "markdown"}, "different sets of roles would have to be compared"},
	{"inherited", "20,000 tokens that inherit 20,000 roles", inherited, []string{"plan", "-t", "json"}, "the limit is 5000"},
	{"inherited-legal", "20,000 tokens that inherit 200 roles", inheritedLegal, []string{"plan", "-t", "json"}, "larger than 512 MiB"},
	{"role-sets-legal", "20,000 accounts, each with 20 roles of 2,000, no two alike", roleSets, []string{"plan", "-t", "json"}, ""},
	{"forbid-legal", "the same against 50 rules about access, in either mode", forbid, []string{"plan", "-t", "json"}, "too many sets of roles"},
	{"large-sets-legal", "10,000 accounts, each with 100 roles of 2,000 with 50 policies each, no two alike", largeSets, []string{"plan"}, "different sets of roles would have to be compared"},
	{"exceptions-legal", "40,000 exceptions from a wildcard, by 40 sets of actions", exceptions, []string{"plan"}, ""},
	{"prefixes-legal", "900 prefixes, each within the one before, against 2,000 roles", prefixes, []string{"plan"}, ""},
	{"readers-legal", "20,000 tokens of 99 readers each", manyReaders, []string{"plan", "-t", "json"}, "larger than 512 MiB"},
	{"heavy-legal", "5,000 accounts with a wildcard each of their own", heavy, []string{"plan"}, "no room for all 30000 risks"},
	{"roles-gone", "1,000 applied roles deleted, which 1,000 accounts hold 100 each of", rolesGone, []string{"plan"}, "deletions"},
	{"roles-lost", "5,000 applied tokens that lose 199 roles each", rolesLost, []string{"plan", "-t", "json"}, ""},
	{"policies", "20,000 applied policies that all change", policies, []string{"plan"}, ""},
	{"problems", "64 MiB of nothing but mistakes", problems, []string{"validate", "-t", "sarif"}, "more than these"},
	{"long-line", "mistakes on one line of 1 MiB", longLine, []string{"validate"}, "more than these"},
	{"quoted-name", "mistakes below a name of 500 kB", quotedName, []string{"validate"}, "more than these"},
	{"pattern", "a pattern of names that compiles to millions of steps", pattern, []string{"plan"}, "multiply"},
	{"brackets", "64 MiB of opening brackets", brackets, []string{"validate"}, "not YAML"},
	{"nested-maps", "64 MiB of maps within maps", nestedMaps, []string{"validate"}, "deep"},
	{"repeated", "64 MiB of one key", repeated, []string{"validate"}, "is repeated"},
	{"folders", "3,000 folders inside one another, by parts", folders, []string{"validate"}, "folders lie inside"},
	{"state-bomb", "a state of 10 million files, of eight git objects", stateBomb, []string{"plan"}, "which is more than osmoctl reads"},
	{"state-large", "a state file of 60 MiB in a few kB of a pack", stateLarge, []string{"plan"}, "state"},
}

func longNames(p *Project) {
	a := strings.Repeat("a", 500_000)
	p.Put("manifests/x.yaml", "service_accounts:\n  x:\n    roles:\n      - "+a+"\n    tokens:\n      t:\n        roles:\n          - b"+a[1:]+"\n    "+"k: 1\n")
}

func hints(p *Project) {
	p.Put("manifests/x.yaml", "service_accounts:\n  s:\n    roles: ["+list(45_000, "r%05x")+"]\n    tokens:\n      t:\n        roles: ["+list(45_000, "s%05x")+"]\n")
}

func hintsLegal(p *Project) {
	p.Put("manifests/r.yaml", "roles: {"+list(5000, "r%05x: {policies: []}")+"}\n")
	for f := range 100 {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n  s%d:\n    roles: [%s]\n", f, list(200, "r%05xy")))
	}
}

func nestedGroups(p *Project) {
	var b strings.Builder
	names := []string{"a0"}
	b.WriteString("version: 1\nrecipients:\n  a0: [" + strings.Join(p.Keys(990), ", ") + "]\n")
	for i := 1; i < 590; i++ {
		name := fmt.Sprintf("b%03x", i)
		b.WriteString("  " + name + ": [" + strings.Join(names, ",") + "]\n")
		names = append(names, name)
	}
	p.Put("osmoctl.yaml", b.String()+defaults("b001"))
}

func wideLists(p *Project) {
	names := strings.Split(list(990, "b%03x"), ",")
	var b strings.Builder
	b.WriteString("version: 1\nrecipients:\n  a0: [" + strings.Join(p.Keys(990), ", ") + "]\n")
	for _, name := range names {
		b.WriteString("  " + name + ": a0\n")
	}
	p.Put("osmoctl.yaml", b.String()+defaults("a0"))
	b.Reset()
	b.WriteString("service_accounts:\n  s:\n    roles: [osmo-user]\n    tokens:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "      t%d: {recipients: [%s]}\n", i, strings.Join(append(names[i:len(names):len(names)], names[:i]...), ","))
	}
	p.Put("manifests/s.yaml", b.String())
}

// most is how many files of nearly 1 MiB a project may have.
const most = 62

func unknownReaders(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n s%d:\n  roles: [osmo-user]\n  tokens:\n%s\n", f,
			lines(900, "   t%x: {recipients: ["+list(99, "ops%x")+"]}")))
	}
}

func manyTokens(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n s%d:\n  roles: [osmo-user]\n  tokens:\n%s\n", f, lines(76_000, "   t%x: {}")))
	}
}

func tokensLegal(p *Project) {
	for f := range 50 {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n s%d:\n  roles: [osmo-user]\n  tokens:\n%s\n", f, lines(1000, "   t%x: {}")))
	}
}

func accountsLegal(p *Project) {
	for f := range 20 {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), "service_accounts:\n"+lines(1000, fmt.Sprintf(" s%d-%%x: {roles: [osmo-user, osmo-backend], tokens: {t: {}}}", f))+"\n")
	}
}

func manyResources(p *Project) {
	p.Put("manifests/x.yaml", "roles:\n  big:\n    policies:\n      - actions: [\"workflow:*\"]\n        resources: ["+list(85_000, "pool/%05x")+"]\n")
	beside(p, 1500)
}

func resourcesLegal(p *Project) {
	for f := range 5 {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("roles:\n  big%d:\n    policies:\n%s\n", f,
			lines(20, fmt.Sprintf("      - {actions: [\"workflow:*\"], resources: [%s]}", list(1000, fmt.Sprintf("pool/%d-%%[1]x", f)))+"\n#%x")))
	}
	p.Put("manifests/y.yaml", "roles:\n"+lines(1500, ` r%x: {policies: [{actions: ["pool:List"], resources: ["*"]}, {actions: ["workflow:Read"], resources: [pool/own%[1]x]}]}`)+
		"\nservice_accounts:\n"+lines(1500, " a%x: {roles: [big0,big1,big2,big3,big4,r%[1]x]}")+"\n")
}

// beside declares accounts that hold the role big, each with another beside it.
func beside(p *Project, n int) {
	p.Put("manifests/y.yaml", "roles:\n"+lines(n, ` r%x: {policies: [{actions: ["pool:List"], resources: ["*"]}]}`)+"\nservice_accounts:\n"+lines(n, " a%x: {roles: [big,r%[1]x]}")+"\n")
}

func inherited(p *Project) {
	p.Put("manifests/r.yaml", "roles:\n"+lines(20_000, " r%05x: {policies: []}")+"\n")
	p.Put("manifests/x.yaml", "service_accounts:\n s:\n  roles: ["+list(20_000, "r%05x")+"]\n  tokens:\n"+lines(20_000, "   t%x: {}")+"\n")
}

func inheritedLegal(p *Project) {
	p.Put("manifests/r.yaml", "roles:\n"+lines(200, ` r%05x: {policies: [{actions: ["workflow:Read"], resources: [pool/p%[1]x]}]}`)+"\n")
	for f := range 20 {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n s%d:\n  roles: [%s]\n  tokens:\n%s\n", f, list(200, "r%05x"), lines(1000, "   t%x: {}")))
	}
}

func roleSets(p *Project) {
	p.Put("manifests/r.yaml", "roles:\n"+lines(2000, ` r%x: {policies: [{actions: ["workflow:*"], resources: [pool/p%[1]x-a, pool/p%[1]x-b, "pool/p%[1]x-c*", backend/b%[1]x]}]}`)+"\n")
	for f := range 20 {
		var b strings.Builder
		b.WriteString("service_accounts:\n")
		for i := range 1000 {
			var roles []string
			for j := range 20 {
				roles = append(roles, fmt.Sprintf("r%x", (1000*f+i+j*(97+f))%2000))
			}
			fmt.Fprintf(&b, " s%d-%d: {roles: [%s]}\n", f, i, strings.Join(distinct(roles), ","))
		}
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), b.String())
	}
}

func largeSets(p *Project) {
	for f := range 20 {
		p.Put(fmt.Sprintf("manifests/r%d.yaml", f), "roles:\n"+lines(100, fmt.Sprintf(" r%d-%%x:\n  policies:\n", f)+lines(50, `   - {actions: ["workflow:Read"], resources: ["pool/p`+fmt.Sprint(f)+`-%%[1]x-%x"]}`))+"\n")
		var b strings.Builder
		b.WriteString("service_accounts:\n")
		for i := range 500 {
			roles := make([]string, 100)
			for j := range roles {
				n := (500*f + i + j*(7+f)) % 2000
				roles[j] = fmt.Sprintf("r%d-%x", n/100, n%100)
			}
			fmt.Fprintf(&b, " s%d-%d: {roles: [%s]}\n", f, i, strings.Join(distinct(roles), ","))
		}
		p.Put(fmt.Sprintf("manifests/a%d.yaml", f), b.String())
	}
}

func forbid(p *Project) {
	roleSets(p)
	p.Put("osmoctl.yaml", "version: 1\nrecipients:\n  ops: "+p.Keys(1)[0]+"\n"+defaults("ops")+"guardrails:\n  max_administrators: 3\n  forbid:\n"+
		lines(50, `  - {name: n%x, actions: ["workflow:Exec", "config:*"], resources: [pool/p%[1]x-x, "pool/p%[1]x-c*", config/role], reason: x}`)+"\n")
}

func distinct(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out, seen[s] = append(out, s), true
		}
	}
	return out
}

// verbs are actions on pools and configurations, to be told apart.
var verbs = []string{"workflow:Create", "workflow:Read", "workflow:Update", "workflow:Delete", "workflow:Cancel", "workflow:Exec", "workflow:PortForward", "workflow:Rsync"}

func exceptions(p *Project) {
	var b strings.Builder
	b.WriteString("roles:\n  big:\n    policies:\n      - {actions: [\"workflow:*\"], resources: [\"pool/*\"]}\n")
	for i := range 40 {
		set := []string{verbs[i%8], verbs[(i/8+i+1)%8], verbs[(i/3)%8]}
		fmt.Fprintf(&b, "      - {effect: Deny, actions: [%s], resources: [%s]}\n", `"`+strings.Join(distinct(set), `", "`)+`"`, list(1000, fmt.Sprintf("pool/%d-%%x", i)))
	}
	p.Put("manifests/x.yaml", b.String())
	beside(p, 5)
}

func prefixes(p *Project) {
	var b strings.Builder
	b.WriteString("roles:\n  big:\n    policies:\n")
	for i := range 900 {
		if i%5 == 0 {
			effect := []string{"Allow", "Deny"}[i/5%2]
			fmt.Fprintf(&b, "      - effect: %s\n        actions: [\"workflow:Read\"]\n        resources:\n", effect)
		}
		fmt.Fprintf(&b, "          - \"pool/%s*\"\n", strings.Repeat("a", i+1))
	}
	p.Put("manifests/x.yaml", b.String())
	p.Put("manifests/y.yaml", "roles:\n"+lines(2000, ` r%x: {policies: [{actions: ["workflow:Read"], resources: [pool/aaaa%[1]x]}]}`)+"\nservice_accounts:\n"+lines(2000, " a%x: {roles: [big,r%[1]x]}")+"\n")
}

func manyReaders(p *Project) {
	keys := p.Keys(99)
	p.Put("osmoctl.yaml", "version: 1\nrecipients:\n  ops: ["+strings.Join(keys, ", ")+"]\n"+defaults("ops"))
	for f := range 20 {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n s%d:\n  roles: [osmo-user]\n  tokens:\n%s\n", f, lines(1000, "   t%x: {}")))
	}
}

func heavy(p *Project) {
	p.Put("manifests/x.yaml", "roles:\n"+lines(5000, ` r%x: {policies: [{actions: ["workflow:*"], resources: ["pool/*"]}, {effect: Deny, actions: ["workflow:Exec"], resources: [pool/p%[1]x]}]}`)+"\n")
	p.Put("manifests/y.yaml", "service_accounts:\n"+lines(5000, " a%x: {roles: [r%[1]x], tokens: {t: {}}}")+"\n")
}

func rolesGone(p *Project) {
	p.Put("manifests/r.yaml", "roles:\n"+lines(1000, ` r%x: {policies: [{actions: ["workflow:Read"], resources: [pool/p%[1]x]}]}`)+"\n")
	var b strings.Builder
	b.WriteString("service_accounts:\n")
	for i := range 1000 {
		var roles []string
		for j := range 100 {
			roles = append(roles, fmt.Sprintf("r%x", (i*7+j*(i%9+1))%1000))
		}
		fmt.Fprintf(&b, " a%d: {roles: [%s]}\n", i, strings.Join(distinct(roles), ","))
	}
	p.Put("manifests/x.yaml", b.String())
	p.Apply()
	p.Put("manifests/r.yaml", "roles: {}\n")
	p.Put("manifests/x.yaml", "service_accounts:\n"+lines(1000, " a%d: {}")+"\n")
}

func rolesLost(p *Project) {
	p.Put("manifests/r.yaml", "roles:\n"+lines(200, ` r%05x: {policies: [{actions: ["workflow:Read"], resources: [pool/p%[1]x]}]}`)+"\n")
	accounts := func(roles string) {
		for f := range 5 {
			p.Put(fmt.Sprintf("manifests/x%d.yaml", f), fmt.Sprintf("service_accounts:\n s%d:\n  roles: [%s]\n  tokens:\n%s\n", f, roles, lines(1000, "   t%x: {}")))
		}
	}
	accounts(list(200, "r%05x"))
	p.Apply()
	accounts("r00000")
}

func policies(p *Project) {
	put := func(suffix string) {
		for f := range 10 {
			p.Put(fmt.Sprintf("manifests/r%d.yaml", f), "roles:\n"+lines(10, fmt.Sprintf(" r%d-%%x:\n  policies:\n%s", f,
				lines(200, "   - {actions: [workflow:Read, pool:List, workflow:Exec, workflow:Cancel], resources: [pool/p%d"+suffix+"]}")))+"\n")
		}
	}
	put("a")
	p.Apply()
	put("b")
}

func bytesLegal(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), "service_accounts:\n"+lines(320, fmt.Sprintf(" s%d-%%x: {roles: [osmo-user, osmo-backend], tokens: {t: {}}} # "+strings.Repeat("words ", 520), f))+"\n")
	}
}

func filesLegal(p *Project) {
	for f := range 20_000 {
		p.Put(fmt.Sprintf("manifests/d%d/x%d.yaml", f/200, f), fmt.Sprintf("service_accounts: {s%d: {roles: [osmo-user], tokens: {t: {}}}}\n", f))
	}
}

func problems(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%02d.yaml", f), fmt.Sprintf("service_accounts:\n%s\n", lines(15_000, fmt.Sprintf(" s%d-%%x: {rolse: [], tokens: {t-: {role: 1}}}", f))))
	}
}

func longLine(p *Project) {
	p.Put("manifests/x.yaml", "service_accounts: {a: {roles: [x], tokens: {"+list(900, "t%x: {roles: [y%[1]x, z], rolse: [a]}")+", x: {recipients: ["+list(40_000, "r%x")+"]}}}}\n")
}

func quotedName(p *Project) {
	long := strings.Repeat("n", 500_000)
	p.Put("manifests/x.yaml", "service_accounts:\n  ? "+long+"\n  : roles: ["+list(200, "r%x")+"]\n    tokens:\n"+lines(1000, "      t%x: {roles: ["+list(30, "x%x")+"]}")+"\n")
}

func pattern(p *Project) {
	p.Put("osmoctl.yaml", "version: 1\nrecipients:\n  ops: "+p.Keys(1)[0]+"\nguardrails:\n  account_name: \"(?:(?:[a-z0-9]?){30}(?:x?){30}){30}y\"\n"+defaults("ops"))
	accountsLegal(p)
}

func brackets(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), "roles: "+strings.Repeat("[", 1_000_000))
	}
}

func nestedMaps(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), "roles: "+strings.Repeat(strings.Repeat("{a: ", 33)+"b"+strings.Repeat("}", 33), 1)+"\nservice_accounts: ["+
			strings.Repeat(strings.Repeat("[", 40)+strings.Repeat("]", 40)+",", 10_000)+"]\n")
	}
}

func repeated(p *Project) {
	for f := range most {
		p.Put(fmt.Sprintf("manifests/x%d.yaml", f), "service_accounts:\n"+strings.Repeat("  a: {}\n", 19_000)+strings.Repeat("  # \n", 100_000))
	}
}

func folders(p *Project) {
	for i := range 100 {
		p.Put("manifests/"+strings.Repeat(fmt.Sprintf("d%d/", i), 60)+"a.yaml", "roles: {}\n")
	}
}

func stateBomb(p *Project) {
	tree := p.Tree("100644 blob " + p.Blob("{}\n") + "\tmeta.json\n")
	for range 7 {
		var b strings.Builder
		for i := range 10 {
			fmt.Fprintf(&b, "040000 tree %s\t%d\n", tree, i)
		}
		tree = p.Tree(b.String())
	}
	p.CommitState(tree)
}

func stateLarge(p *Project) {
	blob := p.Blob(strings.Repeat(" ", 60<<20))
	accounts := p.Tree("100644 blob " + blob + "\ta.json\n100644 blob " + blob + "\tb.json\n")
	p.CommitState(p.Tree("040000 tree " + p.Tree("040000 tree "+accounts+"\t00\n") + "\taccounts\n100644 blob " + p.Blob("{}\n") + "\tmeta.json\n"))
}

// list writes n items by a form with a number in it, separated by commas.
func list(n int, form string) string { return repeat(n, form, ",") }

// lines writes n lines.
func lines(n int, form string) string { return repeat(n, form, "\n") }

func repeat(n int, form, between string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(form, i)
	}
	return strings.Join(items, between)
}

func defaults(reader string) string {
	return "defaults:\n  recipients: [" + reader + "]\n  token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}\n"
}
