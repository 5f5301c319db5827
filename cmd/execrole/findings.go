package main

import (
	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// wholeFile is the place of a finding that is about a file, and not about a part of it.
func wholeFile(name string) taskdef.Ref { return taskdef.Ref{Place: tree.Place{File: name}} }

// note returns a remark on the input.
func note(file, message string) analyze.Finding {
	return analyze.Finding{Severity: analyze.Note, At: wholeFile(file), Message: message}
}
