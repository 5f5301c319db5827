package diagnose

import (
	"strings"
	"testing"
)

func BenchmarkDiagnose(b *testing.B) {
	var real strings.Builder
	for _, c := range textCases(b) {
		if c.isPlain() {
			real.WriteString(c.input + "\n\n")
		}
	}
	text := real.String()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		list, _ := ReadText(text)
		Diagnose(list, Options{})
	}
}
