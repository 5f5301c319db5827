package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// onTerminal reports whether what is written to w is shown on a terminal, and returns the terminal's file.
func onTerminal(w io.Writer) (fd int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// colour reports whether to write to w in colour: on a terminal that can, to a user who did not refuse it. NO_COLOR counts
// when it is set to anything: https://no-color.org.
func (c *command) colour(w io.Writer) bool {
	_, ok := onTerminal(w)
	return ok && coloured(c.Getenv)
}

// coloured reports whether the environment allows colour on a terminal.
func coloured(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// narrowest is how few columns text is wrapped to: in fewer, it would be one word a line.
const narrowest = 40

// wrap wraps a text for people to the width of the terminal that it is printed on. What does not go to a terminal keeps its
// lines, so that programs find each sentence on one line, and the output depends on the input and the flags alone.
func (c *command) wrap(text string) string {
	fd, ok := onTerminal(c.Stdout)
	if !ok {
		return text
	}
	width, _, err := term.GetSize(fd)
	if err != nil || width <= 0 {
		return text // the terminal does not know: it wraps itself
	}
	return wrapText(text, max(width, narrowest))
}
