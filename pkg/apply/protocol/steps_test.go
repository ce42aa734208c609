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

// move is what happened: by whom (-1 is nobody), with a name for people, and whether
// it was a fault.
type move struct {
	by    int
	what  string
	fault bool
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
		s.emit(move{-1, "a late push lands", false}, n)
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
		s.emit(move{-1, "a late create lands", false}, n)
	}
	if !w.over {
		n := w
		n.over = true
		s.emit(move{-1, "the overlap ends", false}, n)
	}
	if w.faults == 0 || w.held(foreign) != 0 {
		return
	}
	for i := uint8(2); i <= min(w.last()+1, highest); i++ {
		if w.numbers[i].tenant == nobody {
			n := w
			n.faults--
			n.numbers[i].tenant = foreign
			s.emit(move{-1, "a stranger takes a name", true}, n)
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
			s.emit(move{i, "is killed", true}, n)
		}()
	}
	switch r.pc {
	case idle:
		s.start(w, i)
	case observe:
		w := w
		w.observe(i, s.sweepReserved)
		s.emit(move{i, "lists the tokens, and plans", false}, w)
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
func (s *stepper) start(w world, i int) {
	m := move{i, "starts", false}
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
		m = move{i, "starts, and takes over from a run at work", true}
	default:
		return
	}
	s.emit(m, w)
}

// read takes from the state what the plan will need: it may be another by then.
func (w *world) read(i int) {
	r := runner{pc: observe, current: true, number: w.last(), left: w.with(ended), todo: w.with(ended, gone)}
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
	r.sawForeign = w.held(foreign) != 0
	if r.goal == replace || r.goal == supersede {
		r.number = w.next(i)
	} else {
		r.number = 0
	}
	if r.goal == nothing && r.left == 0 {
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
			if w.with(ended)&r.seenGone != 0 {
				r.pc = record
				return
			}
			r.pc, r.todo = finish, r.left
			w.settle(i)
		}
	case finish:
		if w.with(ended)&r.seenGone == 0 {
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
		m := move{i, "deletes " + string('0'+x), false}
		switch done.numbers[x].tenant {
		case ours:
			done.numbers[x].tenant = nobody
		case foreign:
			if s.noMark {
				s.violation(m, "I8: a stranger's token is deleted")
				return
			}
		}
		unheard := done
		done.runners[i].seenGone = done.runners[i].seenGone.with(x)
		done.settle(i)
		s.emit(m, done)
		if w.faults == 0 {
			continue
		}
		lost.faults, unheard.faults = w.faults-1, w.faults-1
		killed := unheard
		killed.stop(i)
		s.emit(move{i, m.what + ", and is killed", true}, killed)
		lost.settle(i)
		unheard.settle(i)
		s.emit(move{i, m.what + ": not done, no answer", true}, lost)
		s.emit(move{i, m.what + ": done, no answer", true}, unheard)
	}
}

// post is the one request to create. Every answer but a value is unknown, or no.
func (s *stepper) post(w world, i int) {
	r := w.runners[i]
	m := move{i, "asks for " + string('0'+r.number), false}
	x := &w.numbers[r.number]
	if x.asked {
		s.violation(m, "I3: a name is asked for twice")
		return
	}
	if w.faults > 0 {
		n := w
		n.faults--
		n.runners[i].pc = giveBack
		s.emit(move{i, "is interrupted before it asks", true}, n)
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
	s.emit(move{i, m.what + ": refused", true}, no)
	late := w
	late.numbers[r.number].late = true
	for _, o := range []struct {
		what string
		w    world
	}{{": done, no answer", created}, {": not done, no answer", w}, {": done later, no answer", late}} {
		s.unanswered(move{i, m.what + o.what, true}, o.w, i)
		cut := o.w
		cut.runners[i].pc, cut.runners[i].cut = fail, true
		s.emit(move{i, m.what + o.what + ", and is interrupted", true}, cut)
		o.w.stop(i)
		s.emit(move{i, m.what + o.what + ", and is killed", true}, o.w)
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

var commits = map[pc]string{
	takeOver: "take-over", reserve: "reservation", publish: "publish", burn: "burning", fail: "burning", giveBack: "giving back", revoke: "revocation", record: "record of what is gone", confirm: "confirmation",
}

// commit pushes a commit, if the remote is as the run knows it.
func (s *stepper) commit(w world, i int) {
	r := w.runners[i]
	what := commits[r.pc]
	p := push{what: r.pc, number: r.number, seenGone: r.seenGone, ends: r.goal == supersede && !r.cut}
	if r.pc == burn {
		p.next = w.next(i)
	}
	if !r.current && (!s.noSwap || r.pc != publish) {
		w.lose(i)
		s.emit(move{i, "loses the race of its " + what, false}, w)
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
	s.emit(move{i, "pushes its " + what, false}, next)
	if w.faults == 0 {
		return
	}
	s.disturb(w, done, next, i, p)
}

// disturb is what can go wrong with a push.
func (s *stepper) disturb(w, done, next world, i int, p push) {
	what := "pushes its " + commits[p.what]
	w.faults--
	done.faults--
	next.faults--
	s.emit(move{i, what + ": no answer, and it finds it there", true}, next)
	unknown := done
	if s.trustSilence {
		unknown.lose(i)
	} else {
		unknown.stop(i)
	}
	s.emit(move{i, what + ": done, and it cannot be found out, or it is killed", true}, unknown)
	refused := w
	refused.lose(i)
	s.emit(move{i, what + ": refused by policy", true}, refused)
	if w.late.what == idle {
		late := w
		late.late = p
		late.stop(i)
		s.emit(move{i, what + ": done later, no answer", true}, late)
	}
	if p.what == publish {
		cut := w
		cut.runners[i].cut = true
		s.emit(move{i, "is interrupted with the value at hand", true}, cut)
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
		*r = runner{pc: finish, current: r.current, todo: r.left | w.with(ended)}
		w.settle(i)
	}
}
