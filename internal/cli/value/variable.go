package value

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// DefaultVariable is where a program finds the token that is meant for it.
const DefaultVariable = "OSMO_TOKEN"

var envName = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

// CheckVariable accepts a variable that a token can be given in. A name that
// programs obey is none: its value would be taken for a path, a program or
// options, which at best fails, and says the token in an error.
func CheckVariable(name string) error {
	if !envName().MatchString(name) {
		return command.Usagef("%q is no name of an environment variable: it takes letters, digits and %q, and does not begin with a digit", name, "_")
	}
	if who := findObeyer(name); who != "" {
		return command.Usage(diag.Hinted(fmt.Errorf("%s means something to %s, which would take the token for it, and may say it in an error", name, who),
			"choose a name that only the program reads, such as "+DefaultVariable))
	}
	return nil
}

// obeyed are the variables that mean something else than a secret, by who obeys
// them. A name that ends in * is a beginning.
var obeyed = []struct{ who, names string }{
	{"the loader of programs", "LD_* _RLD* DYLD_* GLIBC_TUNABLES MALLOC_* LIBPATH SHLIB_PATH GCONV_PATH NLSPATH LOCPATH HOSTALIASES RES_OPTIONS LOCALDOMAIN GETCONF_DIR RESOLV_*"},
	{"shells", "PATH PATHEXT HOME SHELL ENV BASH_* BASHOPTS SHELLOPTS POSIXLY_CORRECT IFS CDPATH PS0 PS1 PS2 PS3 PS4 PROMPT_COMMAND PWD OLDPWD FPATH ZDOTDIR HISTFILE MAIL MAILPATH FCEDIT COMSPEC PSMODULEPATH"},
	{"every program", "USER LOGNAME USERNAME TERM TERMCAP TERMINFO* COLUMNS LINES LANG LANGUAGE LC_* TZ TZDIR TMPDIR TMP TEMP TEMPDIR HOSTNAME EDITOR VISUAL PAGER MANPAGER BROWSER LESS* DISPLAY XAUTHORITY XDG_* DBUS_* USERPROFILE APPDATA LOCALAPPDATA HOMEDRIVE HOMEPATH SYSTEMROOT WINDIR SYSTEMDRIVE PROGRAMDATA"},
	{"interpreters", "PYTHON* NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS PERL* RUBYOPT RUBYLIB RUBYSHELL GEM_HOME GEM_PATH BUNDLE_GEMFILE BUNDLE_PATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS JAVA_HOME CLASSPATH PHPRC PHP_INI_SCAN_DIR LUA_* TCLLIBPATH R_HOME R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER R_LIBS ERL_* ELIXIR_* DOTNET_* COMPLUS_* CORECLR_* COR_PROFILER* COR_ENABLE_PROFILING DENO_DIR GOFLAGS GOROOT GOPATH GODEBUG GOTRACEBACK GOENV GOTOOLCHAIN CARGO_HOME RUSTC RUSTC_* RUSTUP_* RUSTFLAGS RUST_LOG AWKPATH AWKLIBPATH MAKEFLAGS MAKEFILES MFLAGS NPM_CONFIG_* PIP_CONFIG_FILE VIRTUAL_ENV"},
	{"git", "GIT_*"},
	{"programs that connect", "SSH_* HTTP_PROXY HTTPS_PROXY ALL_PROXY FTP_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE OPENSSL_* CURL_HOME CURL_CA_BUNDLE WGETRC KUBECONFIG DOCKER_HOST DOCKER_CONFIG DOCKER_CERT_PATH KRB5* GNUPGHOME GPG_TTY GPG_AGENT_INFO"},
	{"osmoctl and its CI", "OSMOCTL_* CI GITHUB_ENV GITHUB_PATH GITHUB_OUTPUT GITHUB_STEP_SUMMARY GITHUB_STATE GITHUB_ACTIONS GITLAB_CI TF_BUILD NO_COLOR"},
}

// findObeyer says who obeys a variable, or returns "". Case does not matter, as on
// Windows, and for the proxies.
func findObeyer(name string) string {
	name = strings.ToUpper(name)
	for _, some := range obeyed {
		for pattern := range strings.FieldsSeq(some.names) {
			beginning, open := strings.CutSuffix(pattern, "*")
			if name == pattern || open && strings.HasPrefix(name, beginning) {
				return some.who
			}
		}
	}
	return ""
}
