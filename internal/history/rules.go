package history

import (
	"fmt"
	"maps"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The codes of problems. Those that package state gives to files that cannot be
// read come through as they are.
const (
	CodeForeign           = "state_foreign_commit"     // not made by osmoctl
	CodeRollback          = "state_rollback"           // an older state is back
	CodeSerial            = "state_serial"             // not the predecessor's + 1, or not what the trailers say
	CodeLineage           = "state_lineage"            // another lineage
	CodeDigest            = state.CodeDigest           // the digest did not fit
	CodeRecordLost        = "state_record_lost"        // what state must never forget is gone
	CodeGenerationChanged = "state_generation_changed" // what is fixed at issue changed
	CodeGenerationReused  = "state_generation_reused"  // a number was given out twice
	CodeLastGeneration    = "state_last_generation"    // the highest number fell
	CodeValueRevived      = "state_value_revived"      // an ended value is live again
	CodeValueRepeated     = "state_value_repeated"     // one value in two places
	CodeCiphertextChanged = "state_ciphertext_changed" // replaced, and not for other recipients
	CodeReaderForgotten   = "state_reader_forgotten"   // a key that could read a value is no longer known to
	CodeCut               = "state_history_cut"        // a shallow clone cannot prove more
	CodeUnread            = "state_history_unread"     // nor can a partial one without the contents
)

// Problem is one rule that a commit breaks.
type Problem struct {
	Code string
	// Message is one line without a full stop.
	Message string
}

// step is a commit of state beside the one that it is held against, as far as
// the rules need to know it.
type step struct {
	commit  string
	message record.Message
	// base is the commit that it is held against; "" is nothing.
	base string
	// before and after are nil where there is no meta.json that can be read.
	before, after *state.Meta
	// gone says that the commit has no state at all.
	gone     bool
	accounts []accountChange
	roles    []roleChange
	// unreadable are problems of files at this commit.
	unreadable []Problem
	// digest is what meta.json's should be; nil where it was not computed.
	digest *state.Sum
}

// restores tells whether the commit is one of state restore.
func (s *step) restores() bool { return s.message.Restored != "" }

// accountChange is an account on both sides; nil where there is none.
type accountChange struct {
	name          string
	before, after *state.Account
	// broken says that the files after cannot be read; after is then before.
	broken bool
}

type roleChange struct {
	name          string
	before, after *state.Role
}

// judge holds a step against the rules. The memory learns what was there before;
// what came after is for the caller to let it learn, or not.
func judge(s *step, m *memory) []Problem {
	j := &judgement{step: s, memory: m}
	j.checkOrigin()
	j.checkMeta()
	j.add(s.unreadable...)
	for _, c := range s.accounts {
		m.learn(c.before, s.base)
	}
	for _, c := range s.accounts {
		j.checkAccount(c)
	}
	j.checkDigest()
	return j.problems
}

type judgement struct {
	*step
	memory   *memory
	problems []Problem
}

func (j *judgement) add(p ...Problem) { j.problems = append(j.problems, p...) }

func (j *judgement) addf(code, format string, args ...any) {
	j.add(Problem{code, fmt.Sprintf(format, args...)})
}

// checkMessage finds the problems that a commit's message alone shows, after one with
// a serial.
func (j *judgement) checkMessage(before int) []Problem {
	j.checkOrigin()
	if m := j.message; m.ByOsmoctl() && m.Serial <= before {
		j.addf(CodeRollback, "its trailers say serial %d, and serial %d came before: an older state is back", m.Serial, before)
	}
	return j.problems
}

func (j *judgement) checkOrigin() {
	if !j.message.ByOsmoctl() {
		j.addf(CodeForeign, "it changes state/ and was not made by osmoctl")
	}
}

// checkMeta checks what meta.json says against the predecessor and the trailers.
func (j *judgement) checkMeta() {
	switch {
	case j.gone:
		j.addf(CodeRollback, "it removes the state as a whole")
		return
	case j.after == nil:
		return // that it cannot be read is said by unreadable
	}
	j.checkLineage()
	j.checkSerial()
}

func (j *judgement) checkDigest() {
	if j.digest != nil && j.after != nil && *j.digest != j.after.Digest {
		j.addf(CodeDigest, "the digest does not fit the other files: some were changed, added or removed by hand")
	}
}

func (j *judgement) checkLineage() {
	if j.before != nil && j.before.Lineage != j.after.Lineage {
		j.addf(CodeLineage, "the lineage was %s and became %s", j.before.Lineage, j.after.Lineage)
	}
	if m := j.message; m.ByOsmoctl() && m.Lineage != j.after.Lineage {
		j.addf(CodeLineage, "the trailers are of lineage %s, and meta.json of %s", m.Lineage, j.after.Lineage)
	}
}

// serial lets only a restore leave out numbers: it goes beyond the highest that
// was ever seen, so that nobody takes its state for an older one.
func (j *judgement) checkSerial() {
	before := 0
	if j.before != nil {
		before = j.before.Serial
	}
	after := j.after.Serial
	switch {
	case after < before:
		j.addf(CodeRollback, "the serial fell from %d to %d: an older state is back", before, after)
	case !j.message.ByOsmoctl():
		// That says it already: whoever edits by hand leaves the serial alone.
	case after != before+1 && !(j.restores() && after > before):
		j.addf(CodeSerial, "the serial went from %d to %d, and every commit of state raises it by one", before, after)
	}
	if m := j.message; m.ByOsmoctl() && m.Serial != after {
		j.addf(CodeSerial, "the trailers say serial %d, and meta.json says %d", m.Serial, after)
	}
}

func (j *judgement) checkAccount(c accountChange) {
	if c.after == nil && c.before != nil {
		j.addf(CodeRecordLost, "the record of %s is gone", model.AccountAddress(c.name))
	}
	tokens := func(a *state.Account) map[string]*state.Token {
		if a == nil {
			return nil
		}
		return a.Tokens
	}
	before, after := tokens(c.before), tokens(c.after)
	if c.after != nil {
		for _, name := range model.Names(before) {
			j.checkKept(model.TokenAddress(c.name, name), before[name], after[name])
		}
	}
	for _, name := range model.Names(after) {
		j.checkIssued(model.TokenAddress(c.name, name), before[name], after[name])
	}
}

// checkKept checks what must outlive every change.
func (j *judgement) checkKept(a model.Address, before, after *state.Token) {
	if after == nil {
		j.addf(CodeRecordLost, "the record of %s is gone", a)
		return
	}
	if after.LastGeneration < before.LastGeneration {
		j.addf(CodeLastGeneration, "the last generation of %s fell from %d to %d", a, before.LastGeneration, after.LastGeneration)
	}
	for _, s := range before.Tombstones {
		if !slices.Contains(after.Tombstones, s) && after.Generation(s.Generation) == nil {
			j.addf(CodeRecordLost, "that %s has ended is no longer recorded, or otherwise than before", a.At(s.Generation))
		}
	}
	for i := range before.Generations {
		j.checkContinued(a, &before.Generations[i], after)
	}
}

// checkContinued checks what became of a live generation: it goes on, or it ended.
func (j *judgement) checkContinued(a model.Address, before *state.Generation, after *state.Token) {
	a = a.At(before.Number)
	now := after.Generation(before.Number)
	if now == nil {
		ended := slices.ContainsFunc(after.Tombstones, func(s state.Tombstone) bool {
			return s.Generation == before.Number && s.Handle(a) == before.Handle(a)
		})
		if !ended {
			j.addf(CodeRecordLost, "%s was live, and is forgotten without having ended", a)
		}
		return
	}
	if what := nameFixedChange(a, before, now); what != "" {
		j.addf(CodeGenerationChanged, "%s has %s", a, what)
	}
	if now.Handle(a) != before.Handle(a) {
		return // That says it already.
	}
	if !subset(before.EverReadable(), now.EverReadable()) {
		j.addf(CodeReaderForgotten, "a key that could read %s is neither a recipient nor a former one any more", a)
	}
	sealedAgain, sameKeys := now.Ciphertext != before.Ciphertext, slices.Equal(now.Recipients, before.Recipients)
	switch {
	case sealedAgain && sameKeys:
		j.addf(CodeCiphertextChanged, "the ciphertext of %s was replaced, for the same recipients", a)
	case !sealedAgain && !sameKeys:
		j.addf(CodeGenerationChanged, "%s is recorded for other recipients, and its ciphertext is the same", a)
	}
}

// nameFixedChange names what changed of that which is fixed when a generation is
// issued as a, or returns "".
func nameFixedChange(a model.Address, before, now *state.Generation) string {
	switch {
	case now.Handle(a) != before.Handle(a):
		return "another value: " + now.Handle(a).String() + " instead of " + before.Handle(a).String()
	case !slices.Equal(now.Roles, before.Roles):
		return "other roles than it was issued with"
	case now.ExpiresAt != before.ExpiresAt:
		return fmt.Sprintf("another expiry: %s instead of %s", now.ExpiresAt, before.ExpiresAt)
	case !subset(before.RemovedRoles, now.RemovedRoles):
		return "got back a role that its account had lost"
	case before.RevokeAfter != 0 && (now.RevokeAfter == 0 || now.RevokeAfter > before.RevokeAfter):
		return "its revocation put off"
	case now.ServerName != before.ServerName, !now.IssuedAt.Equal(before.IssuedAt), now.IssuedBy != before.IssuedBy, now.Description != before.Description:
		return "another name on the server, description, or note of when and by whom it was issued"
	}
	return ""
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// checkIssued checks the generations that were not live before.
func (j *judgement) checkIssued(a model.Address, before, after *state.Token) {
	for i := range after.Generations {
		g := &after.Generations[i]
		if before != nil && before.Generation(g.Number) != nil {
			continue
		}
		j.value(a.At(g.Number), g)
		j.number(a.At(g.Number), g)
	}
}

// value refuses one that was ended, or is known from another place. One that is
// not known is no other's.
func (j *judgement) value(a model.Address, g *state.Generation) {
	h := g.Handle(a)
	if e, ended := j.memory.ended[h]; ended {
		j.addf(CodeValueRevived, "%s is live again as %s, and was ended as %s", valueWords(g), a, e.Address)
		return
	}
	if at, known := j.memory.issued[h]; known && at != a {
		j.addf(CodeValueRepeated, "%s is live as %s, and is known from %s", valueWords(g), a, at)
	}
}

// number refuses one that was given out before for another value. A restore may
// bring back a generation that a bad commit had lost, under its own number.
func (j *judgement) number(a model.Address, g *state.Generation) {
	if h := g.Handle(a); j.memory.issued[h] == a || j.memory.ended[h].Address == a {
		return
	}
	if highest := j.memory.highest[a.Token()]; g.Number <= highest && !j.restores() {
		j.addf(CodeGenerationReused, "%s is new, and generation %d was given out before", a, highest)
	}
}

// memory is what was ever issued and ended, as far as the walk has come.
type memory struct {
	// issued says where a value was first seen live.
	issued map[state.Handle]model.Address
	ended  endings
	// highest is the highest generation of each token.
	highest map[model.Address]int
}

func newMemory() *memory {
	return &memory{map[state.Handle]model.Address{}, endings{}, map[model.Address]int{}}
}

func (m *memory) clone() *memory {
	return &memory{maps.Clone(m.issued), maps.Clone(m.ended), maps.Clone(m.highest)}
}

// learnAll takes in what a step came to.
func (m *memory) learnAll(s *step) {
	for _, c := range s.accounts {
		m.learn(c.after, s.commit)
	}
}

// learn takes in an account as it is at a commit. Learning the same twice changes
// nothing.
func (m *memory) learn(a *state.Account, commit string) {
	if a == nil {
		return
	}
	for name, t := range a.Tokens {
		address := model.TokenAddress(a.Name, name)
		m.highest[address] = max(m.highest[address], t.LastGeneration)
		for i := range t.Generations {
			g := &t.Generations[i]
			if _, known := m.issued[g.Handle(address)]; !known {
				m.issued[g.Handle(address)] = address.At(g.Number)
			}
		}
	}
	m.ended.learn(a, commit)
}

// rebase lets numbers that an accepted step took back be given out again.
func (m *memory) rebase(s *step) {
	for _, c := range s.accounts {
		if c.after == nil {
			continue
		}
		for name, t := range c.after.Tokens {
			m.highest[model.TokenAddress(c.name, name)] = t.LastGeneration
		}
	}
}
