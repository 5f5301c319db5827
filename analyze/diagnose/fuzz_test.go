package diagnose

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzRead: no text makes the reader fail, and what it finds is valid.
func FuzzRead(f *testing.F) {
	for _, c := range textCases(f) {
		f.Add(c.input)
	}
	f.Add("{\"tasks\": [{\"stoppedReason\": \"\\u001b[31mCannotPullContainerError: \"}]}")
	f.Add(strings.Repeat("is not authorized to perform: ", 100))
	f.Fuzz(func(t *testing.T, s string) {
		list, err := Read("input", []byte(s))
		if err != nil {
			return
		}
		d := Diagnose(list, Options{})
		for i := range d.Answers {
			a := &d.Answers[i]
			if len(a.Causes) == 0 || len(a.Messages) == 0 || a.Sure == Certain && len(a.Causes) != 1 {
				t.Errorf("%+v", a)
			}
			for _, c := range a.Causes {
				if s := a.Sentence(c); s == "" || !utf8.ValidString(s) {
					t.Errorf("%s: %q", c, s)
				}
				a.Cure(c)
				a.Settle(c)
			}
		}
	})
}

// TestSlow: texts that were made to be slow take for each byte about as long as real messages do, or less: those take 150 ns,
// and most of these a tenth. A ratio does not depend on the machine, and this one leaves room for what else runs on it.
func TestSlow(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	var real strings.Builder
	for _, c := range textCases(t) {
		if c.isPlain() {
			real.WriteString(c.input + "\n\n")
		}
	}
	const size = 1 << 20
	perByte := func(text string) float64 {
		least := time.Duration(math.MaxInt64)
		for range 3 {
			start := time.Now()
			if list, err := Read("input", []byte(text)); err == nil {
				Diagnose(list, Options{})
			}
			least = min(least, time.Since(start))
		}
		return float64(least) / float64(len(text))
	}
	base := perByte(real.String())
	for name, unit := range map[string]string{
		"nothing": "a", "spaces": " ", "lines": "\n", "words": "a b ", "escapes": `\\u0041\"`, "quotes": "'\"`", "denials": "is not authorized to perform: ",
		"beginnings": "CannotPullContainerError: ", "lines of beginnings": "CannotPullContainerError: x\n", "different": "", "heads": "unable to retrieve secret from asm: ",
		"resolve": "failed to resolve ref ", "events": "(service a) was unable\n", "arns": "User: arn:aws:sts::1:assumed-role/", "json": `{"reason":"CannotPullContainerError: x"},`,
		"objects": `{"a":`, "colours": "\x1b[31m", "paragraphs": "a\n\n", "lists": "[1,", "members": "", "strings": "",
	} {
		text := strings.Repeat(unit, size/max(1, len(unit)))
		switch name {
		case "different":
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString("CannotPullContainerError: failed to resolve ref x" + strings.Repeat("y", i%97) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + ": a: not found\n")
			}
			text = b.String()
		case "members":
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString(`"m` + strconv.Itoa(i) + `":{"reason":"x` + strconv.Itoa(i) + `"},`)
			}
			text = "{" + strings.TrimSuffix(b.String(), ",") + "}"
		case "strings":
			text = `{"tasks":[{"stoppedReason":"` + strings.Repeat(`\\u0041 CannotPullContainerError: `, size/32) + `"}]}`
		case "json":
			text = "[" + strings.TrimSuffix(text, ",") + "]"
		}
		if ratio := perByte(text) / base; ratio > 3 {
			t.Errorf("%s takes %.2f times as long as real messages", name, ratio)
		} else {
			t.Logf("%s: %.2f", name, ratio)
		}
	}
	t.Logf("%.0f ns for each byte of real messages", base)
}
