// Package sample has roles and strings that no golden case has, for the tests of the formats.
package sample

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Strings are strings that some writer or reader of YAML or JSON is known to misread.
var Strings = []string{
	"", " ", "  ", "a b", " a", "a ", "\t", "\ta", "a\t", "\n", "a\n", "\na", "a\nb", "a\n\nb", "a\r\nb", "\r", "a\rb",
	"\x00", "\x01", "\x07", "\b", "\v", "\f", "\x1b[31mred", "\x1f", "\x7f", "a\x00b",
	"\u0080", "\u0085", "a\u0085b", "\u009b31m", "\u00a0", "\u00ad", "\u00e9", "e\u0301",
	"\u200b", "\u200d", "\u200e", "\u202e", "a\u202eb\u202c", "\u2028", "a\u2028b", "\u2029", "\u2066", "\u3000", "\ue000",
	"\ufeff", "a\ufeffb", "\ufffd", "\ufffe", "\uffff", "\U0001f600", "\U0001f468\u200d\U0001f469", "\U0001d11e", "\U000e0001", "\U000f0000", "\U0010ffff", "\U0001fffe",
	"~", "null", "Null", "NULL", "true", "True", "yes", "Yes", "no", "NO", "on", "off", "y", "n", "Y", "N",
	"0", "-1", "+1", "1.0", "1e3", "0x1F", "0o14", "014", "1_000", "190:20:30", ".inf", "-.inf", ".nan", "NaN", "2010-09-09", "2001-12-14t21:59:43.10-05:00",
	"-", "- a", "--- ", "---", "...", "?", "? a", ":", ": a", "a:", "a: b", "a:b", "a::b", "#", "# a", "a #b", "a# b",
	"&a", "*a", "!a", "!Ref x", "!!str a", "|", ">", ">-", "|2", "%", "%YAML 1.2", "@", "`", "=", "<<", "{", "}", "[", "]", "{}", "[]", "{a: b}", "[a, b]", ",", "a,b",
	"'", "''", "'a'", `"`, `""`, `"a"`, `a"b`, `\`, `\\`, `\n`, `\u0041`, `a\`, `\"`, `"\`,
	"$", "$$", "${", "${}", "${*}", "${?}", "${$}", "${!x}", "${AWS::Region}", "a${", "a$", "{a", "{AWS::Region}", "${Literal1}", "$${AWS::Region}", "{{resolve:ssm:a}}", "{{resolve", "{{ x }}",
	"\" # x", "\"\nResources: {}\n", "x\n  Evil: true", "\n- a", "*/", "-->", "'''", `"""`, "<!--", "</script>", "&lt;",
	strings.Repeat("long ", 400), strings.Repeat("\U0001f600", 50), "a\xffb", "\xed\xa0\x80",
}

// Readable reports whether an input can hold a string: it is UTF-8, and has no NUL.
func Readable(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// Writable reports whether every format can write a readable string: CloudFormation would replace a dynamic reference.
func Writable(s string) bool { return Readable(s) && !strings.Contains(s, "{{resolve:") }

// CheckPrintable fails where the output holds anything that a reviewer would not see.
func CheckPrintable(t *testing.T, text []byte) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, r := range string(text) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q in the output:\n%q", r, text)
		}
	}
}
