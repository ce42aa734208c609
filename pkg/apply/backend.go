package apply

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Backend makes tokens, and keeps roles, users and grants where there is a
// server to keep them. Its methods are called from several goroutines at once; how
// many requests a server is given at a time is for the backend to decide.
//
// An answer is of one of three classes. No error is done: the server did it.
// [ErrRefused] is no: it did not, and will not. Every other error, of which
// [ErrUnknown] is the plain one, is unknown: it may have done it, or may do it
// later, as after a reply that was lost. A backend that is not sure must not say
// ErrRefused.
//
// Package backendtest holds a backend against this contract.
type Backend interface {
	// Server tells whether what is created here is kept by a server, beside
	// state. Without one there is nothing to observe, to ensure or to end, those
	// methods do nothing, and a value that was created and not recorded is as if
	// it had never been.
	Server() bool

	// Observe reads the server's roles, and its users with their grants; the
	// tokens of the users named here too, as far as those exist. It changes
	// nothing and may be repeated.
	Observe(ctx context.Context, users []string) (model.Observed, error)

	// EnsureRole makes the server's role equal to this one; nil external roles are
	// left as they are. It may be repeated. A server that takes no roles refuses
	// one that it has not got just so.
	EnsureRole(ctx context.Context, role *model.Role) error
	// EnsureUser creates a user, without roles. It may be repeated: a user that
	// this backend's own identity has created is left as it is. One that another
	// has created is refused with [ErrForeign].
	EnsureUser(ctx context.Context, name string) error
	// EnsureGrants makes the roles of a user those named here and no other, but for
	// those that are [model.ObservedUser.Synced], which come back by themselves. It
	// may be repeated. A role that is taken away leaves every token of the user.
	EnsureGrants(ctx context.Context, user string, roles []string) error

	// CreateToken creates a token under a name, and returns its value for the
	// caller to wipe; it is not shown again. It is never repeated: a name is
	// used by one call, once. A name that is taken is refused, or unknown, and the
	// token that has it is left as it is.
	CreateToken(ctx context.Context, t NewToken) (secret.Value, error)

	// EndToken ends a token: from then on its value is not valid. It may be
	// repeated. A name that no token has, or one without the lineage's mark, is
	// done, and left as it is; without any mark it is ended where it was adopted.
	EndToken(ctx context.Context, t OldToken) error
	// EndUser deletes a user with its tokens. It may be repeated: a user that is
	// not there is done.
	EndUser(ctx context.Context, name string) error
	// EndRole deletes a role, and takes it from every user and token. It may be
	// repeated: a role that is not there is done.
	EndRole(ctx context.Context, name string) error
}

// NewToken is a token to create.
type NewToken struct {
	// Generation is the token's address with its number.
	Generation model.Address
	// Name is what the server is to call it.
	Name        string
	Description string
	// Roles, sorted, are of those that its user has.
	Roles []string
	// ExpiresAt is the day at whose 00:00 UTC the value dies.
	ExpiresAt model.Date
	// Mark is to stand behind the description.
	Mark model.Mark
}

// OldToken is a token to end.
type OldToken struct {
	User, Name string
	// Lineage is that of the mark which the token must have.
	Lineage string
	// Adopted says that it was taken over from whoever made it: it has no mark.
	Adopted bool
}

// The classes of answers that are not done.
var (
	// ErrRefused says that the server did not do what it was asked for, and will
	// not do it later.
	ErrRefused = errors.New("the server refused")
	// ErrUnknown says that it is not known whether the server did, or will do,
	// what it was asked for.
	ErrUnknown = errors.New("it is not known what became of the request")
	// ErrForeign is [ErrRefused] of a user that another has created.
	ErrForeign error = foreignError{}
)

type foreignError struct{}

func (foreignError) Error() string { return "it exists, and osmoctl did not create it" }

func (foreignError) Unwrap() error { return ErrRefused }

// Serverless is what every backend without a server embeds: it leaves creating
// values to be written.
type Serverless struct{}

// Server is false.
func (Serverless) Server() bool { return false }

// Observe observes nothing.
func (Serverless) Observe(context.Context, []string) (model.Observed, error) {
	return model.Observed{}, nil
}

// EnsureRole does nothing, as does every further method.
func (Serverless) EnsureRole(context.Context, *model.Role) error { return nil }

// EnsureUser does nothing.
func (Serverless) EnsureUser(context.Context, string) error { return nil }

// EnsureGrants does nothing.
func (Serverless) EnsureGrants(context.Context, string, []string) error { return nil }

// EndToken does nothing.
func (Serverless) EndToken(context.Context, OldToken) error { return nil }

// EndUser does nothing.
func (Serverless) EndUser(context.Context, string) error { return nil }

// EndRole does nothing.
func (Serverless) EndRole(context.Context, string) error { return nil }
