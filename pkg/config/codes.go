package config

// The codes of the diagnostics that [Load] makes. They are stable: tools match
// on them and "osmoctl explain" documents them.
const (
	// Files.

	codeMissingProject  = "missing_project"   // the directory has no osmoctl.yaml
	codeNoManifests     = "no_manifests"      // warning: nothing is declared
	codeNotRegular      = "not_regular"       // a symlink, FIFO, device or directory where a file belongs
	codeUnreadableFile  = "unreadable_file"   // a file or directory that cannot be read
	codeFileTooLarge    = "file_too_large"    // above MaxFileSize
	codeProjectTooLarge = "project_too_large" // above model.Limits.Megabytes
	codeTooManyFiles    = "too_many_files"    // above model.Limits.Files
	codeIgnoredFile     = "ignored_file"      // warning: looks like a manifest and is not read
	codeEmptyFile       = "empty_file"        // a file that declares nothing

	// Text.

	codeInvalidUTF8      = "invalid_utf8"      // bytes that are not UTF-8
	codeByteOrderMark    = "byte_order_mark"   // U+FEFF, at the start or inside
	codeControlCharacter = "control_character" // a control character, raw or escaped
	codeHiddenCharacter  = "hidden_character"  // a bidirectional, zero-width or invisible character
	codeLineSeparator    = "line_separator"    // a line end that diffs and editors do not show as one
	codeConflictMarker   = "conflict_marker"   // what an unfinished git merge leaves
	codeLeakedSecret     = "leaked_secret"     // a token, a private key or a JWT

	// YAML.

	codeSyntax         = "yaml_syntax"     // not YAML
	codeTab            = "yaml_tab"        // indented by a tab
	codeSecondDocument = "second_document" // a file holds one document
	codeAnchor         = "yaml_anchor"     // &name
	codeAlias          = "yaml_alias"      // *name
	codeTag            = "yaml_tag"        // !tag
	codeMergeKey       = "yaml_merge_key"  // <<
	codeTooDeep        = "too_deep"        // nested deeper than MaxDepth
	codeNullValue      = "null_value"      // nothing, null or ~ where a value belongs
	codeMultiline      = "multiline_text"  // text of several lines

	// Structure.

	codeWrongKind     = "wrong_kind"     // a list where a map belongs, and the like
	codeUnknownKey    = "unknown_key"    // a key that means nothing here
	codeMissingKey    = "missing_key"    // a key that must be given
	codeDuplicateKey  = "duplicate_key"  // a key twice in one map
	codeDuplicateName = "duplicate_name" // a name declared in two files
	codeCaseCollision = "case_collision" // names that differ only in case
	codeBadName       = "bad_name"       // a name that breaks its pattern
	codeBadNumber     = "bad_number"     // a number out of its range
	codeEmptyList     = "empty_list"     // a list that must hold something
	codeEmptyText     = "empty_text"     // an empty string where a value belongs
	codeRepeatedItem  = "repeated_item"  // the same value twice in one list
	codeTooMany       = "too_many"       // more of something than the operator's limits allow
	codeTooLong       = "too_long"       // a text longer than anything meant

	// Roles.

	codeBadAction        = "bad_action"        // not of OSMO's form
	codeUnknownAction    = "unknown_action"    // warning: well-formed, but OSMO has no such action
	codeBadEffect        = "bad_effect"        // neither Allow nor Deny
	codeBadMode          = "bad_mode"          // not a mode of an OSMO server
	codeBadSyncMode      = "bad_sync_mode"     // not import, force or ignore
	codeNoPolicies       = "no_policies"       // warning: a role that grants nothing
	codeResourcesMissing = "resources_missing" // a policy without resources, which OSMO would widen
	codeImmutable        = "immutable_ignored" // warning: OSMO never stores it
	codeBuiltinRole      = "builtin_role"      // a built-in role declared differently

	// Accounts and tokens.

	codeBadLabel       = "bad_label"       // a label whose key or value breaks its pattern
	codeUndeclaredRole = "undeclared_role" // a role that is neither declared nor built in
	codeTokenRole      = "token_role"      // a token's role that its account lacks
	codeNoRoles        = "no_roles"        // an account with tokens and without roles
	codeGenerationName = "generation_name" // a token named like a generation of another
	codeBadPrevious    = "bad_previous"    // an earlier name that cannot be one
	codeNoRecipients   = "no_recipients"   // a token that nobody could read
	codeBadDate        = "bad_date"        // not a date
	codeExternalRole   = "external_role"   // a role of a server with what only one of the project has
	codeBadDuration    = "bad_duration"    // not a number of days that fits
	codeExpiryConflict = "expiry_conflict" // both expires_at and expires_in
	codeNoExpiry       = "no_expiry"       // neither, and no default
	codeExpiryLimit    = "expiry_beyond_limit"
	codeRotateTooLong  = "rotate_too_long"  // rotate.every that is not below expires_in
	codeOverlapTooLong = "overlap_too_long" // rotate.overlap that is not below every or expires_in

	// Recipients.

	codeBadRecipient      = "bad_recipient"       // not a public key
	codePrivateKey        = "private_key"         // a private key; it must be replaced
	codeUnknownRecipient  = "unknown_recipient"   // a name that osmoctl.yaml does not declare
	codeRecipientCycle    = "recipient_cycle"     // a name that stands for itself
	codeRepeatedRecipient = "repeated_recipient"  // one key under two names
	codeRecipientMix      = "recipient_mix"       // keys that age refuses to mix
	codeWeakRecipient     = "weak_recipient"      // warning: ssh-rsa
	codeTooManyRecipients = "too_many_recipients" // more than anything can be sealed to

	// The project file.

	codeUnsupportedVersion = "unsupported_version" // written for a newer osmoctl
	codeUnsupportedBackend = "unsupported_backend" // a backend that this osmoctl lacks
	codeBadURL             = "bad_url"             // not the address of a server
	codeBadOwns            = "bad_owns"            // not a pattern of accounts or roles
	codeBadPattern         = "bad_pattern"         // not a regular expression of RE2
	codeBadRemote          = "bad_remote"          // not the name of a git remote
	codeBadBranch          = "bad_branch"          // not the name of a git branch

	// The approvals.

	codeBadDigest    = "bad_digest"    // not the digest of a plan
	codeBadAllowance = "bad_allowance" // not a flag that lifts a guardrail

	// codeTooManyProblems closes a list that was cut at maxProblems.
	codeTooManyProblems = "too_many_problems"
)
