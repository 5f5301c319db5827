package analyze_test

import (
	"testing"

	"github.com/execrole/execrole/analyze"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{`C:\a "b" ü 漢 🐄`, `C:\a "b" ü 漢 🐄`},
		{"a\x1b[31mb\r\n\tc", `a\u001b[31mb\r\n\tc`},
		{"a\u202eb", `a\u202eb`},
		{"a\u2028b\u0085", `a\u2028b\u0085`},
		{"a\xffb", `a\xffb`},
		{"a\ufffdb", "a\ufffdb"},
		{"a\u00a0b", `a\u00a0b`},
	} {
		if got := analyze.Printable(c.in); got != c.want {
			t.Errorf("analyze.Printable(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
