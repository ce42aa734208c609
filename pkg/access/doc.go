// Package access decides by OSMO's rules who may do what, and says what a change
// of roles gives and takes.
//
// A request resolves to an action and a resource ([Resolve]), both possibly
// empty. [Roles.Check] decides about the two: a matching Deny in any role wins,
// else a matching Allow, else the request is refused. The rules, the actions
// ([Actions]) and the built-in roles ([Builtin]) are those of OSMO 6.4.0, quirks
// included; each quirk is named where the code follows it.
package access
