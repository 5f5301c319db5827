package golden

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/cmd/flags"
)

// parseFlags reads the lines "flags: …" of a case's comment, and the lines "flags FORM: …" of these forms, as a shell would.
func parseFlags(t testing.TB, path, comment string, forms ...string) (opts analyze.Options, role policy.Options) {
	words := wordsAfter(comment, "flags: ")
	for _, form := range forms {
		words = append(words, wordsAfter(comment, "flags "+form+": ")...)
	}
	fs := pflag.NewFlagSet(path, pflag.ContinueOnError)
	flags.Analyze(fs, &opts)
	flags.Role(fs, &role)
	if problems, err := flags.Parse(fs, words); err != nil || problems != nil {
		t.Fatalf("%s: %v %v", path, problems, err)
	}
	return opts, role
}

// wordsAfter returns the words of the lines that begin with a prefix, without it.
func wordsAfter(comment, prefix string) (words []string) {
	for line := range strings.SplitSeq(comment, "\n") {
		if line, ok := strings.CutPrefix(line, prefix); ok {
			words = append(words, Words(line)...)
		}
	}
	return words
}

// Settings returns NAME=VALUE pairs as settings.
func Settings(list []string) []analyze.Setting {
	var out []analyze.Setting
	for _, s := range list {
		name, value, _ := strings.Cut(s, "=")
		out = append(out, analyze.Setting{Name: name, Value: value})
	}
	return out
}

// Words splits a line at spaces outside of single and double quotes; a backslash outside of them takes the
// next character as it is.
func Words(line string) []string {
	var words []string
	var word strings.Builder
	quote, in, escaped := rune(0), false, false
	for _, r := range line + " " {
		switch {
		case escaped:
			word.WriteRune(r)
			in, escaped = true, false
		case quote == 0 && r == '\\':
			escaped = true
		case quote == 0 && r == ' ':
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case r == quote:
			quote = 0
		default:
			word.WriteRune(r)
			in = true
		}
	}
	return words
}
