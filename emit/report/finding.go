package report

import "github.com/execrole/execrole/analyze"

// Finding returns a finding as [analyze.Finding.String] does. Color adds the escape sequences of a terminal to its severity.
func Finding(f analyze.Finding, color bool) string { return (&printer{color: color}).finding(f) }
