// Package protocol is a model of how tokens are created on a server, and its tests
// explore everything that can happen in it. It has no code but tests.
//
//	go test -v ./pkg/apply/protocol -args -faults 3
//
// # What there is
//
// One token; two runs in two clones; the remote branch, which takes a commit if it
// was not moved meanwhile; the server; strangers. Each number of the token is never
// used, open, active, retiring, ended (or burned, which is the same from then on) or
// gone in state, and its name on the server is nobody's, ours or a stranger's. A run
// is where it is in its program, and what it knows; what it knows may be old. That is
// a world in 165 bits. The runs are alike, so two worlds that differ in which of them
// is the first are one.
//
// # What can go wrong
//
// A run is killed, at any point, before a request, or with one on its way that is
// done, not done, or done later. An answer is lost, of the reservation, the request to
// create, the publish or any other commit, a delete; what was asked for is done, not
// done, or done later: then at any later moment, whoever is at work. 400 DATABASE and
// "already exists" after success are such answers. A push is refused by policy; a
// create is refused; a run is interrupted by its user; another run takes over from one
// that is at work, or only revokes beside it; a stranger takes a name. Each of these is
// one fault. No fault is that days pass, that another run waits or begins, and that it
// takes over from a run that has ended.
//
// # What must hold
//
// In every world:
//
//   - I1: a token that is alive under a name of ours has a number that state has as
//     active, retiring, open, or ended or burned, so that it is found by it and swept;
//   - I2: what state calls active or retiring is alive, with the value that was sealed:
//     the value of a number is that of the one request there was;
//   - I3: no name is asked for twice, so no number has two values;
//   - I4: the old generation is alive until a new one is published;
//   - I8: a stranger's token is not deleted.
//
// And from every world, without a further fault, everything comes to be as declared:
// one new generation active, nothing else alive, nothing underway; another run then
// changes nothing.
//
// # The model beside package apply
//
// The steps are those of apply.Run.Apply and apply.Run.TakeOver for one token, and it
// is tested that they are: runs of the real code are held at each call, and let go as
// a way through the model has it; after each step state and server are the model's.
// There is such a way for every kind of step.
//
//	model      package apply
//	start      the caller reads the state; TakeOver where numbers are reserved, unless
//	           the plan creates nothing: that leaves them as they are
//	takeOver   TakeOver's commit: all that is open is burned
//	observe    Backend.Observe, plan.Build; leftovers: what state has in remove, and
//	           names that are listed whose number is dead by the state that was read
//	clear      end(leftovers): failures are passed over
//	reserve    reserve: underway.create, and what is gone leaves underway.remove
//	post       createBatch: one request. sortOut: an unknown answer burns the number
//	           and goes on with the next; after two, or a no, the token has failed
//	publish    publish: the number active, the old one retiring, or ended with it
//	burn       publish of a number burned, with its successor reserved
//	fail       publish of a number burned, with none
//	giveBack   publish of an interrupted run that has not asked: nothing is reserved
//	revoke     publish where the plan creates nothing and ends something
//	record     publish where the plan does nothing, and leftovers are gone
//	withdraw   publish after ErrNotCommitted: the own name is deleted, the run ends
//	finish     end(leftovers that are left, and underway.remove)
//	confirm    confirm
//
// A commit has three outcomes, as apply.Store has them: it is there; it is certainly
// not (apply.ErrNotCommitted), which is a lost race or a refusal; or it is not known,
// and then the run ends and deletes nothing. To take the third for the second is one
// of the mutants.
//
// Where the model is not the code:
//
//   - Roles, users, grants, other tokens and batches are left out. Deletes come one
//     after the other in every order; in the code some are asked for at once.
//   - Listing is one moment. The client asks page by page and user by user. What a plan
//     makes of a difference between state and server is left out: there is one only
//     where the state was read before another run went on, and such a run loses its
//     next race.
//   - EndToken is one moment too. The client lists, looks at the mark, and deletes by
//     name: a stranger who takes a name of ours just between loses the token. The
//     server has no call that would prevent it. For the same reason no delete is done
//     later than its answer here: only dead names are deleted, and we never ask for
//     one again.
//   - Commits of other files are put below ours by the store, and are not seen. A race
//     that was lost for state ends the run; the caller plans again, which is a new run.
//   - Waiting for another run, and for how long, is courtesy: here one may take over at
//     any moment. After that a run goes on; the command reads and plans again.
//   - At most one push at a time is on its way without an answer.
//   - An interrupt while leftovers are deleted is like a kill: nothing follows it.
//   - A branch that is rewound is package history's, and a date that passes kills a
//     value whatever state says of it.
//
// Where both differ from the page they were made from: a burned name is deleted at the
// end of the run and not before the next number is asked for, which leaves it alive a
// moment longer and is as safe, since its number is dead; and a stranger's token under
// a reserved name is met as a name that exists, so that the number is burned, and
// nothing is deleted since the mark is not ours.
//
// # The model beside the scenes of package backendtest
//
// Those run the real code, with many tokens, roles, users and grants, values that
// have to be wiped, and files of state; the other run there does all of its work at
// one call of the first. Here it may stop anywhere, go on later, or be killed, and
// fail as well; what is late lands at any moment and not at the end; a push may be
// late, or be done without the run ever knowing; strangers take any name at any time;
// all sequences of three faults are tried, of four if asked for; and the goal is asked
// for from every world, not from those that a scene ends with.
package protocol
