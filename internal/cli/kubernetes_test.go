package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/osmoctl/osmoctl/pkg/kube/kubetest"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// kubernetesSecret FILE KEY=OUT... demands that Kubernetes would accept the
// manifest in FILE, that it has these keys and no other, and writes their
// values.
func kubernetesSecret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: secret FILE KEY=OUT...")
	}
	s, err := kubetest.Secret([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	var keys []string
	for _, pair := range args[1:] {
		key, out, _ := strings.Cut(pair, "=")
		keys = append(keys, key)
		ts.Check(os.WriteFile(ts.MkAbs(out), s.Data[key], 0o600))
	}
	if got := model.Names(s.Data); !slices.Equal(got, model.Set(keys)) {
		ts.Fatalf("the Secret has %q, want %q", got, keys)
	}
}

// apiServer starts what kubectl asks for the kinds that there are, and tells
// kubectl where it is.
func apiServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: apiserver")
	}
	server := httptest.NewServer(http.HandlerFunc(discover))
	ts.Defer(server.Close)
	config := filepath.Join(ts.Getenv("WORK"), "kubeconfig")
	ts.Check(os.WriteFile(config, fmt.Appendf(nil, kubeconfig, server.URL), 0o600))
	ts.Setenv("KUBECONFIG", config)
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
users: [{name: u, user: {}}]
`

// discovery is what an API server that knows Secrets alone says of itself.
var discovery = map[string]string{
	"/api":               `{"kind": "APIVersions", "versions": ["v1"]}`,
	"/apis":              `{"kind": "APIGroupList", "apiVersion": "v1", "groups": []}`,
	"/api/v1":            `{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "secrets", "singularName": "secret", "namespaced": true, "kind": "Secret", "verbs": ["create", "get", "patch"]}]}`,
	"/openapi/v3":        `{"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}}}`,
	"/openapi/v3/api/v1": `{"openapi": "3.0.0", "info": {"title": "k", "version": "v1"}, "paths": {"/api/v1/namespaces/{namespace}/secrets/{name}": {"patch": {"x-kubernetes-group-version-kind": {"group": "", "kind": "Secret", "version": "v1"}, "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}], "responses": {}}}}}`,
}

func discover(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	text, ok := discovery[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		text = `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`
	}
	fmt.Fprint(w, text)
}
