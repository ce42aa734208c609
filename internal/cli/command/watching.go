package command

// Watch lets a person at the terminal see what is being done, as far as say is told, until
// end is called. What is written to stdout and stderr meanwhile stands on lines of its
// own. say is nil where nobody watches.
func (e *Env) Watch() (say func(doing string, done, total int), end func()) {
	if !e.StderrTerminal || e.InCI() || e.Getenv("TERM") == "dumb" {
		return nil, func() {}
	}
	meter := e.View().Progress()
	stdout, stderr := e.Stdout, e.Stderr
	e.Stderr, e.aside = meter.Beside(stderr), meter.Aside
	if e.StdoutTerminal {
		e.Stdout = meter.Beside(stdout)
	}
	return meter.Say, func() {
		meter.Finish()
		e.Stdout, e.Stderr, e.aside = stdout, stderr, nil
	}
}

// Aside keeps the terminal free for a question that is asked there by itself, until back
// is called.
func (e *Env) Aside() (back func()) {
	if e.aside == nil {
		return func() {}
	}
	return e.aside()
}
