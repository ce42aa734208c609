// Package sign signs commits as git is configured to, and tells who signed one.
//
// # Signing
//
// [New] follows git's own settings: commit.gpgsign decides whether, gpg.format
// and user.signingkey decide how. The program is the one that git would run,
// ssh-keygen or gpg or what the settings name instead, with the arguments that
// git would give it, since agents and hardware keys stand in for those programs
// and know no other way of being called. The settings are the user's; the
// project's files cannot reach them.
//
// A program is run by its absolute path, without a shell, never from a folder
// inside the work tree, in an empty folder of its own. It sees what it needs to
// find its keys, its agent and the person who is to be asked for a passphrase
// (see environment), and nothing else of the environment, because agents that it
// starts live on. Its output and its time are bounded.
//
// What it answers is looked at before it is believed: an SSH signature is
// verified, an OpenPGP one at least has to be one. Where git is configured to
// sign and that fails, the result is an error and never an unsigned commit.
//
// Not followed: gpg.format=x509, and gpg.ssh.defaultKeyCommand, which would be
// one more program to run. Each is refused with what to set instead.
//
// # Verifying
//
// [Signers] are who may sign, read from one text: lines in the format of
// OpenSSH's allowed_signers, armored OpenPGP public keys, or both. Verifying
// runs no program and reads no file: the answer depends on the commit, that text
// and a date.
//
// A signature counts if it was made over exactly this commit, is the commit's
// only one, belongs to a key of the signers, and that key was valid at the date.
// Which answer is which:
//
//	ErrUnsigned           there is no signature
//	*BadSignatureError    there is one, and it does not hold for this commit
//	*UnknownSignerError   the key is nobody's here, or was not valid then
//
// Where git's own verification leaves a choice, the stricter one was taken:
//
//   - SHA-1 signatures, DSA keys and RSA keys below 2048 bits are refused.
//   - Text around a signature, or a second signature, is refused: neither is
//     covered by anything.
//   - Security keys must have been touched.
//   - Certificates and cert-authority lines are refused: name the keys.
//   - Dates of allowed_signers are UTC, not of the machine's time zone, so that
//     two machines agree.
//   - OpenPGP keys are judged by their newest self-signature, at the later of
//     the signature's date and the one asked about. A key revoked as compromised
//     never signed anything; one that was merely retired did, until then.
//
// A commit's date is chosen by whoever makes it: validity dates protect against
// keys that were forgotten, not against a thief who has one. For that, take the
// key out of the signers.
package sign
