package git

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
)

// RepoOptions are the ways in which the outside reaches a Repository.
type Options struct {
	// Env looks up environment variables; nil means os.Getenv.
	Env func(string) string
	// MaxFiles and MaxBytes bound what one call of [Repository.Files] lists and
	// reads. Zero means as much as any process should hold.
	MaxFiles int
	MaxBytes int64
}

// A Repository is read at one project in it: paths are relative to the project's
// folder. It may be used by several goroutines.
type Repository struct {
	Place
	Refs
	*Objects

	config *gitconfig.Config
	env    func(string) string
	index  indexMemory

	maxFiles int
	maxBytes int64
}

// Open finds the repository around the project folder, given by its absolute path,
// and checks that it is one that can be read and written: see [UnsupportedError].
func Open(projectDir string, opts Options) (*Repository, error) {
	if opts.Env == nil {
		opts.Env = os.Getenv
	}
	place, config, err := discover(projectDir, opts.Env)
	if err != nil {
		return nil, err
	}
	return &Repository{
		Place: place, Refs: Refs{own: place.gitDir, common: place.commonDir},
		Objects: &Objects{dir: filepath.Join(place.commonDir, "objects"), whence: adviseMissing(config)},
		config:  config, env: opts.Env,
		maxFiles: min(cmp.Or(opts.MaxFiles, MaxFiles), MaxFiles), maxBytes: cmp.Or(opts.MaxBytes, maxBytes),
	}, nil
}

// Close releases what reading opened.
func (r *Repository) Close() error { return r.Objects.close() }

// Identity returns user.name and user.email as git's configuration has them,
// without a time. It is false unless both are set.
func (r *Repository) Identity() (Signature, bool) {
	name, _ := r.config.Get("user.name")
	email, _ := r.config.Get("user.email")
	return Signature{Name: name, Email: email}, name != "" && email != ""
}

// Config looks up a setting of git's by its name, like "remote.origin.url".
func (r *Repository) Config(key string) (string, bool) {
	return r.config.Get(gitconfig.Canonical(key))
}

// TrustedConfig is Config for what a repository must not say of itself: it looks
// at the settings of the system, the user and the environment only.
func (r *Repository) TrustedConfig(key string) (string, bool) {
	return r.config.Trusted(gitconfig.Canonical(key))
}

// Partial says that the clone is a partial one, which gets contents when git has a
// use for them. It is looked up anew: a fetch can make a clone one.
func (r *Repository) Partial() (bool, error) {
	config, err := r.ReadSettings()
	return err == nil && promisor(config) != "", err
}

// Settings is git's configuration, as it was when the repository was opened.
func (r *Repository) Settings() *gitconfig.Config { return r.config }

// ReadSettings reads git's configuration anew.
func (r *Repository) ReadSettings() (*gitconfig.Config, error) { return r.configuration(r.env) }

// Getenv looks up an environment variable, as the repository was told to.
func (r *Repository) Getenv(name string) string { return r.env(name) }

// promisor is the remote that a partial clone has its objects from, else "".
func promisor(config *gitconfig.Config) string {
	for _, key := range config.Keys("remote") {
		name, promises := strings.CutSuffix(strings.TrimPrefix(key, "remote."), ".promisor")
		if promises && config.Bool(key, false) {
			return name
		}
	}
	return ""
}

// adviseMissing says how to get an object that is missing. A partial clone has none of
// those that git had no use for yet, and go-git does not ask for them.
func adviseMissing(config *gitconfig.Config) string {
	if name := promisor(config); name != "" {
		return "this clone is a partial one; run: osmoctl state fetch, or git fetch --refetch --no-filter " + name
	}
	return "run: git fetch --refetch, or git fsck to see what else is"
}
