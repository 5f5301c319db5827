package main

import (
	"strings"
	"testing"
	"time"
)

// TestProgress: the line changes at each tick, says what is done, and is gone at the end.
func TestProgress(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out, 3)
	tick := make(chan time.Time)
	go p.show(tick)
	tick <- time.Time{}
	p.step()
	tick <- time.Time{}
	p.write(2)
	p.step()
	tick <- time.Time{}
	p.stop()
	p.stop()
	got := out.String()
	lines := strings.Split(strings.TrimSuffix(got, clearLine), clearLine)
	if !strings.HasSuffix(got, clearLine) || len(lines) != 5 || lines[1] != "execrole: 0 of 3 inputs read" || lines[4] != "execrole: 1 of 2 task definitions done" {
		t.Errorf("%q", got)
	}
	// Where nobody sees it, there is none.
	b := &batch{command: &command{Stderr: &out}, request: &request{}}
	if p := b.startProgress(1); p != nil {
		t.Error("progress without a terminal")
	}
	var none *progress
	none.step()
	none.write(1)
	none.stop()
}
