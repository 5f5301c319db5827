package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// progress is a line on a terminal that says how many inputs have been read. A nil one says nothing.
type progress struct {
	out     io.Writer
	total   atomic.Int64
	done    atomic.Int64
	writing atomic.Bool // the inputs are read, and their outputs are being written
	once    sync.Once
	quit    chan struct{}
	ended   chan struct{}
}

// The line comes after a second, when somebody begins to wonder, and changes a few times in each.
const progressDelay, progressInterval = time.Second, 200 * time.Millisecond

// clearLine goes to the beginning of the line and clears it.
const clearLine = "\r\x1b[K"

// startProgress returns the progress of a run over inputs; nil where nobody would see it.
func (b *batch) startProgress(total int) *progress {
	if _, ok := onTerminal(b.Stderr); !ok || b.quiet || b.Getenv("TERM") == "dumb" {
		return nil
	}
	p := newProgress(b.Stderr, total)
	delay, ticker := time.NewTimer(progressDelay), time.NewTicker(progressInterval)
	go func() {
		defer delay.Stop()
		defer ticker.Stop()
		select {
		case <-delay.C:
			p.show(ticker.C)
		case <-p.quit:
			close(p.ended)
		}
	}()
	return p
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, quit: make(chan struct{}), ended: make(chan struct{})}
	p.total.Store(int64(total))
	return p
}

// show writes the line at each tick, until the progress is stopped. Then it clears the line.
func (p *progress) show(tick <-chan time.Time) {
	defer close(p.ended)
	for {
		what := "inputs read"
		if p.writing.Load() {
			what = "task definitions done"
		}
		fmt.Fprintf(p.out, "%sexecrole: %d of %d %s", clearLine, p.done.Load(), p.total.Load(), what)
		select {
		case <-tick:
		case <-p.quit:
			fmt.Fprint(p.out, clearLine)
			return
		}
	}
}

// step counts an input. Several goroutines may call it.
func (p *progress) step() {
	if p != nil {
		p.done.Add(1)
	}
}

// write begins to count anew, since all inputs are read and their outputs are written now.
func (p *progress) write(total int) {
	if p != nil {
		p.total.Store(int64(total))
		p.done.Store(0)
		p.writing.Store(true)
	}
}

// stop ends the progress, and leaves no line. It can be called again.
func (p *progress) stop() {
	if p != nil {
		p.once.Do(func() { close(p.quit) })
		<-p.ended
	}
}
