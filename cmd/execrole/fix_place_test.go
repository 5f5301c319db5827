package main

import "testing"

// TestReplacement puts replacements into texts by their lines and columns, and compares the result with what it is to be.
func TestReplacement(t *testing.T) {
	tests := []struct {
		name, before, after string
		line, column        int // where it starts
	}{
		{"inserted", "{\n  1\n}\n", "{\n  1,\n  2\n}\n", 2, 4},
		{"replaced", "a = 1\n", "a = 2\n", 1, 5},
		{"appended", "a\n", "a\nb\n", 2, 1},
		{"into nothing", "", "a\n", 1, 1},
		{"repeated", "[1, 1]", "[1, 1, 1]", 1, 6},
		{"characters that begin with the same byte", "x é\n", "x è\n", 1, 3},
		{"characters that end with the same byte", "x é\n", "x \u0269\n", 1, 3},
		{"after CRLF", "{\r\n}\r\n", "{\r\n1\r\n}\r\n", 2, 1},
		{"byte order mark", "\ufeffab", "\ufeffaxb", 1, 2},
	}
	for _, tt := range tests {
		r := replacement("role.json", []byte(tt.before), []byte(tt.after))
		if got := tt.before[:r.Start.Offset] + r.Text + tt.before[r.End.Offset:]; got != tt.after {
			t.Errorf("%s: %q", tt.name, got)
		}
		if r.Start.Line != tt.line || r.Start.Column != tt.column {
			t.Errorf("%s: at %d:%d", tt.name, r.Start.Line, r.Start.Column)
		}
	}
}
