package protocol

// rules are the protocol; each that is set breaks it.
type rules struct {
	noSwap        bool // publish without compare-and-swap
	sameName      bool // ask for the same name again after an unknown answer
	deleteFirst   bool // delete the old one as soon as the new value is at hand
	trustSilence  bool // take a publish without an answer for one that failed
	noMark        bool // delete whatever has the name
	reuseBurned   bool // give a burned number out again
	sweepReserved bool // delete what another run has reserved, without burning it
}

// how is what becomes of a step.
type how string

// The first of these is no fault, nor are those of nobody.
const (
	well        how = ""
	found       how = ": no answer, and it is found to be done"
	heard       how = ": done, no answer"
	unheard     how = ": not done, no answer"
	later       how = ": done later, no answer"
	refused     how = ": refused"
	cut         how = ": interrupted before"
	heardCut    how = ": done, no answer, and interrupted"
	unheardCut  how = ": not done, no answer, and interrupted"
	laterCut    how = ": done later, no answer, and interrupted"
	killed      how = ": killed before"
	heardKill   how = ": done, and killed"
	unheardKill how = ": not done, and killed"
	laterKill   how = ": done later, and killed"
	takesOver   how = ", and takes over from a run at work"
	goesBeside  how = ", only to revoke, beside what is reserved"

	createLands how = "a create lands late"
	pushLands   how = "a push lands late"
	dayPasses   how = "the overlap ends"
	nameTaken   how = "a stranger takes a name"
)

// move is a step of a run, or of nobody, about a number or 0.
type move struct {
	by     int // -1 is nobody
	at     pc
	number uint8
	how    how
}

// isFault tells whether it is one of those that are counted.
func (m move) isFault() bool {
	switch m.how {
	case well, createLands, pushLands, dayPasses:
		return false
	}
	return true
}

var programs = map[pc]string{
	idle: "starts", takeOver: "pushes its take-over", observe: "lists the tokens, and plans", clear: "deletes", reserve: "reserves", post: "asks for",
	publish: "publishes", burn: "burns, and reserves the next after", fail: "burns", giveBack: "gives back", revoke: "ends the old one", record: "records what is gone",
	withdraw: "withdraws", finish: "deletes", confirm: "confirms what is gone",
}

func (m move) String() string {
	what := programs[m.at]
	switch {
	case m.at == idle && m.by < 0:
		return string(m.how)
	case m.by >= 0:
		what = "run " + string('A'+rune(m.by)) + " " + what
	}
	if m.number != 0 {
		what += " " + string('0'+rune(m.number))
	}
	return what + string(m.how)
}

// stepper enumerates what can happen next.
type stepper struct {
	rules
	emit func(m move, next world)
	// violation is called where a step itself breaks an invariant.
	violation func(m move, what string)
}

// steps calls emit for everything that can happen in w. The first that a runner does
// without a fault is what it does undisturbed.
func (s *stepper) steps(w world) {
	for i := range w.runners {
		s.run(w, i)
	}
	s.elsewhere(w)
}

// elsewhere is what happens without a runner: time passes, what is late lands, and a
// stranger takes a name.
func (s *stepper) elsewhere(w world) {
	if w.late.what != idle {
		n := w
		n.apply(w.late, orphan)
		n.runners[0].current, n.runners[1].current = false, false
		s.emit(move{-1, idle, 0, pushLands}, n)
	}
	for i := uint8(1); i <= highest; i++ {
		if !w.numbers[i].late {
			continue
		}
		n := w
		n.numbers[i].late = false
		if n.numbers[i].tenant == nobody {
			n.numbers[i].tenant = ours
		}
		s.emit(move{-1, idle, i, createLands}, n)
	}
	if !w.over {
		n := w
		n.over = true
		s.emit(move{-1, idle, 0, dayPasses}, n)
	}
	if w.faults == 0 || w.held(foreign) != 0 {
		return
	}
	for i := uint8(2); i <= min(w.last()+1, highest); i++ {
		if w.numbers[i].tenant == nobody {
			n := w
			n.faults--
			n.numbers[i].tenant = foreign
			s.emit(move{-1, idle, i, nameTaken}, n)
		}
	}
}

// stop ends a run: what it has reserved stays so, and nobody is at work on it.
func (w *world) stop(i int) {
	if w.owner == first+owner(i) {
		w.owner = orphan
	}
	w.runners[i] = runner{}
}

func (s *stepper) run(w world, i int) {
	r := w.runners[i]
	if r.pc != idle && w.faults > 0 {
		defer func() {
			n := w
			n.faults--
			n.stop(i)
			s.emit(move{i, r.pc, 0, killed}, n)
		}()
	}
	switch r.pc {
	case idle:
		s.start(w, i)
	case observe:
		w := w
		w.observe(i, s.sweepReserved)
		s.emit(move{i, r.pc, 0, well}, w)
	case post:
		s.post(w, i)
	case clear, withdraw, finish:
		s.delete(w, i)
	default:
		s.commit(w, i)
	}
}

// start reads the remote. A reservation of a run that has ended is taken over; to take
// over from one that is at work counts as a fault, and to wait for it is to do nothing.
// Somebody who only revokes waits for nobody; that counts as a fault too, since it can
// cost a run at work its number.
func (s *stepper) start(w world, i int) {
	m := move{i, idle, 0, well}
	if w.owner != noOne && w.faults > 0 && !s.sweepReserved {
		n := w
		n.faults--
		n.read(i)
		r := &n.runners[i]
		r.beside, r.goal = true, nothing
		if n.numbers[1].status == retiring {
			r.goal = end
		}
		s.emit(move{i, idle, 0, goesBeside}, n)
	}
	w.runners[i].current = true
	switch {
	case w.owner == noOne:
		w.read(i)
	case w.owner == orphan:
		w.runners[i].pc = takeOver
	case s.sweepReserved:
		w.read(i)
	case w.faults > 0:
		w.faults--
		w.runners[i].pc = takeOver
		m.how = takesOver
	default:
		return
	}
	s.emit(m, w)
}

// read takes from the state what the plan will need: it may be another by then.
func (w *world) read(i int) {
	r := runner{
		pc: observe, current: true, number: w.last(), left: w.with(ended), removed: w.with(ended),
		todo: w.with(ended, gone), seenGone: w.with(active, retiring),
	}
	switch {
	case w.numbers[1].status == active && w.over:
		r.goal = supersede
	case w.numbers[1].status == active, w.with(active) == 0:
		r.goal = replace
	case w.numbers[1].status == retiring && w.over:
		r.goal = end
	}
	w.runners[i] = r
}

// observe lists the tokens and makes the plan.
func (w *world) observe(i int, sweepReserved bool) {
	r := &w.runners[i]
	listed := w.held(ours)
	dead := r.todo
	if sweepReserved {
		dead |= w.with(open)
	}
	r.left |= listed & dead
	missing := r.seenGone.without(listed)
	r.seenGone, r.sawForeign = 0, w.held(foreign) != 0
	if r.goal == nothing && missing != 0 && !r.beside {
		// What it has read is old: it would correct that, and loses the race.
		r.goal = end
	}
	if r.goal == replace || r.goal == supersede {
		r.number = w.next(i)
	} else {
		r.number, r.sawForeign = 0, false
	}
	if r.goal != nothing {
		r.removed = 0
	} else if r.left == 0 {
		w.stop(i)
		return
	}
	r.pc, r.todo = clear, r.left
	w.settle(i)
}

// next is the number after the one in work whose name was not listed.
func (w *world) next(i int) uint8 {
	n := w.runners[i].number + 1
	if w.runners[i].sawForeign && w.numbers[n].tenant == foreign {
		n++
	}
	return n
}

// settle goes on where there is nothing left to delete.
func (w *world) settle(i int) {
	r := &w.runners[i]
	if r.todo != 0 {
		return
	}
	switch r.pc {
	case withdraw:
		w.stop(i)
	case clear:
		r.left = r.left.without(r.seenGone)
		switch r.goal {
		case replace, supersede:
			r.pc = reserve
		case end:
			r.pc = revoke
		default:
			if r.removed&r.seenGone != 0 {
				r.pc = record
				return
			}
			r.pc, r.todo = finish, r.left
			w.settle(i)
		}
	case finish:
		if r.removed&r.seenGone == 0 {
			w.stop(i)
			return
		}
		*r = runner{pc: confirm, current: r.current, seenGone: r.seenGone}
	}
}

// delete asks the server for the end of one name, in any order. There is no answer
// that would be wrong to ask again.
func (s *stepper) delete(w world, i int) {
	for x := uint8(1); x <= highest; x++ {
		if !w.runners[i].todo.has(x) {
			continue
		}
		done := w
		done.runners[i].todo = done.runners[i].todo.without(set(0).with(x))
		lost := done
		m := move{i, w.runners[i].pc, x, well}
		switch done.numbers[x].tenant {
		case ours:
			done.numbers[x].tenant = nobody
		case foreign:
			if s.noMark {
				s.violation(m, "I8: a stranger's token is deleted")
				return
			}
		}
		silent := done
		done.runners[i].seenGone = done.runners[i].seenGone.with(x)
		done.settle(i)
		s.emit(m, done)
		if w.faults == 0 {
			continue
		}
		lost.faults, silent.faults = w.faults-1, w.faults-1
		dead := silent
		dead.stop(i)
		s.emit(move{i, m.at, x, heardKill}, dead)
		lost.settle(i)
		silent.settle(i)
		s.emit(move{i, m.at, x, unheard}, lost)
		s.emit(move{i, m.at, x, heard}, silent)
	}
}

// post is the one request to create. Every answer but a value is unknown, or no.
func (s *stepper) post(w world, i int) {
	r := w.runners[i]
	m := move{i, post, r.number, well}
	x := &w.numbers[r.number]
	if x.asked {
		s.violation(m, "I3: a name is asked for twice")
		return
	}
	if w.faults > 0 {
		n := w
		n.faults--
		n.runners[i].pc = giveBack
		s.emit(move{i, post, r.number, cut}, n)
	}
	x.asked = true
	created := w
	if x.tenant == foreign {
		s.unanswered(m, w, i)
	} else {
		created.numbers[r.number].tenant = ours
		value := created
		value.runners[i].pc = publish
		if s.deleteFirst {
			value.numbers[1].tenant = nobody
		}
		s.emit(m, value)
	}
	if w.faults == 0 {
		return
	}
	w.faults--
	created.faults--
	no := w
	no.runners[i].pc = fail
	s.emit(move{i, post, r.number, refused}, no)
	late := w
	late.numbers[r.number].late = true
	for _, o := range []struct {
		silent, cut, dead how
		w                 world
	}{{heard, heardCut, heardKill, created}, {unheard, unheardCut, unheardKill, w}, {later, laterCut, laterKill, late}} {
		s.unanswered(move{i, post, r.number, o.silent}, o.w, i)
		n := o.w
		n.runners[i].pc, n.runners[i].cut = fail, true
		s.emit(move{i, post, r.number, o.cut}, n)
		o.w.stop(i)
		s.emit(move{i, post, r.number, o.dead}, o.w)
	}
}

// unanswered burns the number, and goes on with the next unless that was the second.
func (s *stepper) unanswered(m move, w world, i int) {
	r := &w.runners[i]
	switch {
	case s.sameName:
		// It stays where it is.
	case r.tried:
		r.pc = fail
	default:
		r.pc = burn
	}
	s.emit(m, w)
}

// commit pushes a commit, if the remote is as the run knows it.
func (s *stepper) commit(w world, i int) {
	r := w.runners[i]
	m := move{i, r.pc, r.number, well}
	p := push{what: r.pc, number: r.number, seenGone: r.seenGone, ends: r.goal == supersede && !r.cut}
	if r.pc == burn {
		p.next = w.next(i)
	}
	if !r.current && (!s.noSwap || r.pc != publish) {
		w.lose(i)
		s.emit(m, w)
		return
	}
	done := w
	done.apply(p, first+owner(i))
	if s.reuseBurned && (r.pc == burn || r.pc == fail || r.pc == takeOver) {
		done.forget(w.with(open))
	}
	for j := range done.runners {
		done.runners[j].current = done.runners[j].pc != idle && j == i
	}
	next := done
	next.proceed(i)
	s.emit(m, next)
	if w.faults > 0 {
		s.disturb(w, done, next, m, p)
	}
}

// disturb is what can go wrong with a push.
func (s *stepper) disturb(w, done, next world, m move, p push) {
	i := m.by
	as := func(h how) move { return move{i, m.at, m.number, h} }
	w.faults--
	done.faults--
	next.faults--
	s.emit(as(found), next)
	unknown := done
	if s.trustSilence {
		unknown.lose(i)
	} else {
		unknown.stop(i)
	}
	s.emit(as(heard), unknown)
	no := w
	no.lose(i)
	s.emit(as(refused), no)
	if w.late.what == idle {
		late := w
		late.late = p
		late.stop(i)
		s.emit(as(later), late)
	}
	if p.what == publish && !w.runners[i].cut {
		n := w
		n.runners[i].cut = true
		s.emit(as(cut), n)
	}
}

// lose is what a run does that has certainly not committed: it withdraws what it
// has created, and ends.
func (w *world) lose(i int) {
	r := &w.runners[i]
	switch r.pc {
	case publish, burn, fail:
		*r = runner{pc: withdraw, todo: set(0).with(r.number)}
	default:
		w.stop(i)
	}
}

// apply makes a commit's change to the state.
func (w *world) apply(p push, by owner) {
	w.late = push{}
	for n := uint8(1); n <= highest; n++ {
		if w.numbers[n].status == ended && p.seenGone.has(n) {
			w.numbers[n].status = gone
		}
	}
	switch p.what {
	case takeOver:
		for n := range w.numbers {
			if w.numbers[n].status == open {
				w.numbers[n].status = ended
			}
		}
		w.owner = noOne
	case reserve:
		w.numbers[p.number].status, w.owner = open, by
	case publish:
		if w.numbers[1].status == active {
			w.numbers[1].status = retiring
			if p.ends {
				w.numbers[1].status = ended
			}
		}
		w.numbers[p.number].status, w.owner = active, noOne
	case burn:
		w.numbers[p.number].status, w.numbers[p.next].status, w.owner = ended, open, by
	case fail:
		w.numbers[p.number].status, w.owner = ended, noOne
	case giveBack:
		w.numbers[p.number].status, w.owner = unused, noOne
	case revoke:
		w.numbers[1].status = ended
	}
}

// forget is a mutant's: what was burned is as if it had never been given out.
func (w *world) forget(burned set) {
	for n := uint8(1); n <= highest; n++ {
		if burned.has(n) {
			w.numbers[n].status = unused
		}
	}
}

// proceed is what a run does after its commit.
func (w *world) proceed(i int) {
	r := &w.runners[i]
	r.seenGone = 0
	switch r.pc {
	case takeOver:
		w.read(i)
	case reserve:
		r.pc = post
	case burn:
		r.number, r.pc, r.tried = w.next(i), post, true
	case confirm:
		w.stop(i)
	default:
		if r.cut || r.pc == giveBack {
			w.stop(i)
			return
		}
		// What has no part in what follows would only make more worlds of one.
		*r = runner{pc: finish, current: r.current, todo: r.left | w.with(ended), removed: w.with(ended)}
		w.settle(i)
	}
}
