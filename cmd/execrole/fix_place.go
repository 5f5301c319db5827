package main

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// maxReplacements is how many findings get a fix of their own: each is made, and parsed again, by itself.
const maxReplacements = 100

// replacements returns the function that says what cures a finding in a file of its role. Of an account, the files are answers
// of AWS, and no fix changes them.
func (f *fixing) replacements() func(*check.Verdict, check.Finding) (report.Replacement, bool) {
	if len(f.iam) > 0 {
		return nil
	}
	read := sync.OnceValues(f.sources) // most forms ask for no fix
	n := 0
	return func(v *check.Verdict, finding check.Finding) (report.Replacement, bool) {
		fix := v.FixOf([]check.Finding{finding})
		if n >= maxReplacements || v.Role.Absent || len(fix.Add)+len(fix.Trust) == 0 {
			return report.Replacement{}, false
		}
		n++
		sources, err := read()
		if err != nil {
			return report.Replacement{}, false // a fix is more than was asked for
		}
		fixed, err := emit.Fix(sources, []emit.RoleFix{roleFix(v.Role, fix)})
		if err != nil || len(fixed.Files) != 1 || fixed.Files[0].New {
			return report.Replacement{}, false
		}
		file := fixed.Files[0]
		i := slices.IndexFunc(sources, func(s emit.FixSource) bool { return s.Name == file.Name })
		return replacement(file.Name, sources[i].Data, file.Data), true
	}
}

// replacement returns the text of a file that differs between two versions.
func replacement(name string, before, after []byte) report.Replacement {
	start := 0
	for start < min(len(before), len(after)) && before[start] == after[start] {
		start++
	}
	for start > 0 && start < len(before) && !utf8.RuneStart(before[start]) {
		start--
	}
	end, endAfter := len(before), len(after)
	for end > start && endAfter > start && before[end-1] == after[endAfter-1] {
		end--
		endAfter--
	}
	for end < len(before) && !utf8.RuneStart(before[end]) {
		end++
		endAfter++
	}
	return report.Replacement{Start: placeIn(name, before, start), End: placeIn(name, before, end), Text: string(after[start:endAfter])}
}

// placeIn returns the place of an offset in a text. As everywhere, the byte order mark takes no column.
func placeIn(name string, text []byte, offset int) tree.Place {
	line := bytes.LastIndexByte(text[:offset], '\n') + 1
	if mark := []byte("\ufeff"); line == 0 && bytes.HasPrefix(text[:offset], mark) {
		line = len(mark)
	}
	return tree.Place{File: name, Line: 1 + bytes.Count(text[:offset], []byte("\n")), Column: 1 + offset - line, Offset: offset}
}
