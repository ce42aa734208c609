// Package osmo is the [apply.Backend] of a real OSMO server: what osmoctl asks it
// over HTTP, and what an answer means.
//
// # Classes
//
// Every answer is of one class, and one table says which ([verdicts]): done, no, or
// unknown. It is written so that whatever it does not list is unknown. "No" is said
// only of what the server cannot have done: a create that was answered so may be
// forgotten, one of which nothing is known has used up its name. So a name that is
// "already there" is unknown too: the server repeats an insert of its own that
// failed, and may meet the row that it has just made. A request that was never
// written, since no connection came about, is a no; one that was given up is not.
//
// # What is sent, and how often
//
// A duplicate key makes OSMO drop its database connections, and other people's
// requests with them. So what is to be created is looked for first, no call that
// creates is ever sent twice, and a token's name is used by one call of a backend.
// Everything else may be repeated, and is, twice at most, where the class is unknown
// or the server asks for patience. If one of several tries may have been done, a
// later "no" is unknown as well. Four requests are under way at once, however many
// goroutines call: more are slower on a real server.
//
// # Who we are
//
// The token of the operator is exchanged for a JWT of five minutes, which is
// renewed a minute before it ends, by the local monotonic clock and the life that
// the JWT itself states, and once where the gateway does not take it. The user in
// it is read and not verified: it is only compared with who created a user, and a
// server that lies about one can lie about the other. No redirect is followed, so
// the credential reaches the one address that was named.
//
// # Text from the server
//
// Replies are bounded: 32 MiB for what is read, 64 KiB for what is changed. Of an
// error's words only the message, or where a 422 found what, is kept, since its
// body echoes the request and that of a database error echoes SQL. The words are
// cut, lose their control characters, and are withheld where they hold the
// credential, a JWT or a value that was created here, in any encoding that
// [secret.Detector] knows. Names are data: what no declaration could have as a name
// is left out, and nothing but names of a harmless alphabet is put into a path.
package osmo
