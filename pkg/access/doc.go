// Package access decides by OSMO's rules who may do what, and says what a change
// of roles gives and takes. It is pure: roles in, answers out.
//
// # Deciding
//
// A request resolves to an action and a resource ([Rules.Resolve]), both possibly
// empty. [Roles.Check] decides about the two: a matching Deny in any role wins,
// else a matching Allow, else the request is refused. That is the same on every
// server. Which actions there are and what the built-in roles say is not: it depends
// on the server's version, and on where it keeps its roles ([Rules]). Where OSMO
// surprises, it is followed and the code says so; the chief surprises are these:
//
//   - An action without a resource is covered by any policy that names the
//     action, whatever resources that policy lists. A Deny of workflow:* on one
//     pool therefore denies workflow:List altogether.
//   - A policy without resources covers nothing but such actions.
//   - The administration of users and much else has no action
//     ([UnregisteredRequests]); only "*:*" reaches it.
//   - The resource "pool/*" stands for a pool that OSMO cannot tell, such as
//     that of an unknown workflow. A policy on one pool by name covers it too,
//     a policy on "pool/team*" does not.
//   - In ConfigMap mode OSMO cannot tell the pool of any workflow, so whatever is
//     done to one that is there is decided on "pool/*" ([Rules.AsksAbout]): an
//     Allow on one pool reaches the workflows of all, an Allow on "pool/team*"
//     those of none, and a Deny on one pool refuses those of all.
//
// # Servers
//
// A server with its roles in the database makes the built-in ones itself, and adds
// to them at every start what it misses; one in ConfigMap mode takes the file as it
// is, and the Helm chart's built-in roles are wider: there everybody can make
// anybody's token ([Rules.Builtin], [Rules.InForce]). A project that does not say
// which it is for is answered by the rules of both ([RulesOf]).
//
// # Effective access
//
// [Rules.Effective] and [Rules.Diff] look at what policies mean instead of how they are
// written. A resource pattern is one name or a prefix, so the resources that a
// set of policies can tell apart are finitely many: each name, each prefix for
// whatever else begins with it, and each scope's root for all the rest. Asking
// at each of them, for each action, is asking everywhere. The answers are
// written as grants:
//
//	workflow:*                       pool/ml-training
//	workflow:* except workflow:Exec  pool/team-*
//	config:Read                      config/* except config/backend, config/s*
//	pool:List
//	*                                users, roles of users, … and all else without an action
//	*:*                              *
//
// A Grant's action is the name of one, SERVICE:* for all of the service's
// actions that have such a resource, or that with exceptions. Its resource is
// empty for actions without one; else a name, or a prefix and "*", with
// exceptions; what is granted again below an exception is a grant of its own.
// Characters outside [A-Za-z0-9-_.~@:/+=] are percent-encoded in it, so that no
// name, however chosen, reads as another grant. Two further forms stand for
// something that policies have no word for: action "*" on [Unregistered] is every
// request that no action covers, and the resource "*" is everything there is, those
// requests included.
//
// On named resources grants are exact: what they cover is granted, and nothing
// else is. Left over are requests that name no resource where their like do:
// those on "pool/*" above and its kin, and workflow:PortForward at OSMO's web
// server, which has no resource at all. OSMO nearly always lets them follow what
// is granted by name, so a grant on a name or on a whole scope stands for them
// as well. They are written, as "pool/?" and as workflow:PortForward without a
// resource, only where nothing else shown stands for them. So what is shown
// never falls short, and a difference is empty only if nothing differs;
// [Roles.Check] answers for any one request.
//
// # Weight
//
// Every grant weighs as much as the harm that it can do ([Grant.Weight]): reading,
// writing, a wildcard over a whole scope, an administrator by a step, an
// administrator at once. The constants say which fact each rests on. Grants are
// weighed, not policies, so that neither the spelling of a policy nor its being
// split over roles matters, and a Deny counts for what it takes. A grant that
// covers another never weighs less. Weights do not know what a server holds: a
// token of any user counts as an administrator's, and names of pools as equal.
package access
