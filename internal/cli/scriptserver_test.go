package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// osmoServer is the key of a script's OSMO server.
type osmoServer struct{}

// scriptServer is an OSMO server that a script starts and changes by hand.
type scriptServer struct {
	*osmotest.Server
	web  *httptest.Server
	mode string
	// met is closed once a fault was met.
	met chan struct{}
	// release lets go of what is held.
	release func()
	// file are the roles of its ConfigMap.
	file []osmotest.Role
}

// server VERB ARGS... starts an OSMO server, and does to it what people do by hand.
//
//	server start A|B|C               A: 6.3, roles by API; B: 6.3 in ConfigMap mode; C: 6.4.
//	                                 Sets OSMO_URL and OSMO_TOKEN, of user gitops,
//	                                 and OSMO_ALIAS, another address of it
//	server user ID [ROLE...]         somebody creates a user
//	server grant ID ROLE [BY]        gives it a role
//	server revoke ID ROLE            takes one away
//	server deluser ID
//	server token ID NAME DAYS ROLE...
//	server deltoken ID NAME
//	server role NAME ACTION RESOURCE changes a role by API, or in the ConfigMap
//	server delrole NAME
//	server fault METHOD PART KIND [N] has the first N calls go wrong, 1 if it is left out
//	server interrupt COMMAND...      starts a command, sends it SIGINT once a fault was
//	                                 met, and demands exit code 130
//	server edge TEXT                 has each value begin and end with it
//	server met                       waits until a fault was met
//	server release                   lets a call go on that is held
//	server land                      what was to come later comes now
//	server has FILE                  demands what the file lists: users with their roles,
//	                                 and tokens with theirs
//	server duplicates N              demands how often a name was asked for twice
func server(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: server VERB ARGS...")
	}
	verb, args := args[0], args[1:]
	if verb == "start" {
		startServer(ts, args[0])
		return
	}
	s, started := ts.Value(osmoServer{}).(*scriptServer)
	if !started || s.Server == nil {
		ts.Fatalf("no server was started")
	}
	switch verb {
	case "user":
		s.CreateUser(args[0], "admin", args[1:]...)
	case "grant":
		s.Grant(args[0], args[1], append(args[2:], "admin")[0])
	case "revoke":
		s.Revoke(args[0], args[1])
	case "deluser":
		s.DeleteUser(args[0])
	case "token":
		days, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.CreateToken(args[0], args[1], "by hand", time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, days), args[3:]...)
	case "deltoken":
		s.DeleteToken(args[0], args[1])
	case "role":
		s.setRole(osmotest.Role{Name: args[0], SyncMode: "import", Policies: []osmotest.Policy{{Effect: "Allow", Actions: []string{args[1]}, Resources: []string{args[2]}}}})
	case "delrole":
		s.dropRole(args[0])
	case "fault":
		s.fault(ts, args)
	case "met":
		s.wait(ts)
	case "release":
		s.release()
	case "interrupt":
		s.interrupt(ts, args)
	case "edge":
		s.SetEdge(args[0])
	case "land":
		s.Land()
	case "has":
		if got, want := s.list(), ts.ReadFile(args[0]); got != want {
			ts.Fatalf("the server has\n%sand not\n%s", got, want)
		}
	case "duplicates":
		if n := len(s.Counts().Duplicates); strconv.Itoa(n) != args[0] {
			ts.Fatalf("%d names were asked for twice: %q", n, s.Counts().Duplicates)
		}
	default:
		ts.Fatalf("there is no server %s", verb)
	}
}

// wait waits until a fault was met.
func (s *scriptServer) wait(ts *testscript.TestScript) {
	select {
	case <-s.met:
	case <-time.After(time.Minute):
		ts.Fatalf("no call went wrong")
	}
}

func (s *scriptServer) interrupt(ts *testscript.TestScript, args []string) {
	program, err := lookPath(args[0], ts.Getenv("PATH"))
	ts.Check(err)
	cmd := exec.Command(program, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(slices.Clone(ts.Value(environment{}).([]string)), "OSMO_URL="+ts.Getenv("OSMO_URL"), "OSMO_TOKEN="+ts.Getenv("OSMO_TOKEN"))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	ts.Check(cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	s.wait(ts)
	ts.Check(cmd.Process.Signal(os.Interrupt))
	code := codeOf(ts, cmd.Wait())
	ts.Logf("[output]\n%s", said.String())
	if code != 130 {
		ts.Fatalf("exit code %d, want 130", code)
	}
}

func startServer(ts *testscript.TestScript, mode string) {
	options := map[string]osmotest.Options{
		"A": {Mode: model.ModeDatabase, Version: "6.3.1", Gateway: true},
		"B": {Mode: model.ModeConfigMap, Version: "6.3.1", Gateway: true},
		"C": {Mode: model.ModeConfigMap, Version: "6.4.1", Gateway: true},
	}[mode]
	s := ts.Value(osmoServer{}).(*scriptServer)
	s.Server, s.mode = osmotest.New(options), mode
	s.file = nil
	for _, name := range access.BuiltinNames() {
		if r := s.Role(name); r != nil {
			s.file = append(s.file, *r)
		}
	}
	s.CreateUser("gitops", "admin", "osmo-admin")
	token := s.CreateToken("gitops", "ci", "", time.Now().AddDate(0, 6, 0), "osmo-admin")
	s.web = httptest.NewServer(s.Server)
	ts.Defer(s.web.Close)
	ts.Setenv("OSMO_URL", s.web.URL)
	ts.Setenv("OSMO_ALIAS", strings.Replace(s.web.URL, "127.0.0.1", "localhost", 1))
	ts.Setenv("OSMO_TOKEN", token)
}

// setRole changes a role where the server keeps it.
func (s *scriptServer) setRole(r osmotest.Role) {
	s.file = append(slices.DeleteFunc(s.file, func(o osmotest.Role) bool { return o.Name == r.Name }), r)
	if s.mode == "A" {
		s.PutRole(r, "admin")
		return
	}
	s.SetRoles(s.file...)
}

func (s *scriptServer) dropRole(name string) {
	s.file = slices.DeleteFunc(s.file, func(o osmotest.Role) bool { return o.Name == name })
	if s.mode == "A" {
		s.DeleteRole(name, "admin")
		return
	}
	s.SetRoles(s.file...)
}

// faults are what a script may call for: what becomes of a request, and what is said.
var faults = map[string]osmotest.Fault{
	"lost":     {Do: osmotest.Now, Answer: osmotest.Reset},
	"never":    {Do: osmotest.Never, Answer: osmotest.Reset},
	"late":     {Do: osmotest.Late, Answer: osmotest.Reset},
	"database": {Do: osmotest.Now, Answer: osmotest.Database},
	"internal": {Do: osmotest.Never, Answer: osmotest.Internal},
	"refused":  {Do: osmotest.Never, Answer: osmotest.Forbidden},
	"login":    {Do: osmotest.Never, Answer: osmotest.Redirect},
	"page":     {Do: osmotest.Never, Answer: osmotest.Page},
	"echo":     {Do: osmotest.Never, Answer: osmotest.Echo},
	"cut":      {Do: osmotest.Now, Answer: osmotest.Cut},
	"slow":     {Delay: time.Hour},
	"busy":     {Do: osmotest.Never, Answer: osmotest.TooMany, RetryAfter: 0},
}

func (s *scriptServer) fault(ts *testscript.TestScript, args []string) {
	method, part, left := args[0], args[1], int64(1)
	f, known := faults[args[2]]
	held := args[2] == "held"
	if !known && !held {
		ts.Fatalf("there is no fault %s", args[2])
	}
	if len(args) > 3 {
		n, err := strconv.Atoi(args[3])
		ts.Check(err)
		left = int64(n)
	}
	var hits atomic.Int64
	var first sync.Once
	met := make(chan struct{})
	release := make(chan struct{})
	s.met, s.release = met, sync.OnceFunc(func() { close(release) })
	ts.Defer(s.release)
	s.SetFault(func(r *http.Request) osmotest.Fault {
		if r.Method == method && strings.Contains(r.URL.Path, part) && hits.Add(1) <= left {
			first.Do(func() { close(met) })
			if held {
				<-release
			}
			return f
		}
		return osmotest.Fault{}
	})
}

// list is what the server has but for its administrators, a line each.
func (s *scriptServer) list() string {
	var text strings.Builder
	line := func(name string, roles []string) {
		fmt.Fprintln(&text, strings.TrimSpace(name+" "+strings.Join(roles, ",")))
	}
	for _, id := range s.Users() {
		if id != "admin" && id != "gitops" {
			line(id, s.Grants(id))
		}
	}
	tokens := s.Tokens()
	for _, name := range model.Names(tokens) {
		if !strings.HasPrefix(name, "gitops/") {
			line(name, tokens[name].Roles)
		}
	}
	return text.String()
}
