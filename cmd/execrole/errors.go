package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/execrole/execrole/analyze"
)

// The exit statuses of every command.
const (
	statusDone   = 0 // done
	statusNo     = 1 // done, and the answer is no: there is a difference; with --strict, there were warnings
	statusFailed = 2 // it could not be done
)

// exitError is an error that carries the exit status. Any other error means [statusFailed].
type exitError struct {
	status int
	err    error  // what is printed, one line for each of the joined errors; nil if the output says it all
	help   string // the command that prints the help to read next; "" for none
}

func (e *exitError) Error() string { return fmt.Sprintf("exit status %d: %v", e.status, e.err) }

// errNo says that the answer is no. The output shows why.
var errNo = &exitError{status: statusNo}

// misuse returns the error for all that is wrong with the arguments of a subcommand; "" is the command itself.
func misuse(subcommand string, problems ...error) error {
	return &exitError{statusFailed, errors.Join(problems...), strings.TrimSpace("execrole help " + subcommand)}
}

// exit prints an error to stderr and returns the exit status. It does not print [analyze.Errors]: the report of the
// findings did.
func (c *command) exit(err error) int {
	if err == nil {
		return statusDone
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{status: statusFailed, err: err}
	}
	for _, err := range each(e.err) {
		var findings analyze.Errors
		if !errors.As(err, &findings) {
			c.complain("%v", err)
		}
	}
	if e.help != "" {
		c.complain("%q says how it is used", e.help)
	}
	return e.status
}

// complain prints one line of the command's own to stderr.
func (c *command) complain(format string, args ...any) {
	fmt.Fprintln(c.Stderr, analyze.Printable("execrole: "+fmt.Sprintf(format, args...)))
}

// each returns the errors that [errors.Join] joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, err := range joined.Unwrap() {
			list = append(list, each(err)...)
		}
		return list
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// reason returns an error of the operating system without the operation and the path: the messages name the file
// themselves, as the user gave it.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
