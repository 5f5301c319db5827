package page

import (
	"strings"

	"github.com/execrole/execrole/analyze"
)

// Finding is a finding of the analysis at its place.
type Finding struct {
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	Text     string `json:"text"` // the line that the command prints
	At       Span   `json:"at"`
	Fixes    []Fix  `json:"fixes"`
}

// Fix is a flag that settles a finding. Without a Blank it is ready: the option is Flag+Before. Otherwise somebody has to
// give a value for the blank, which follows.
type Fix struct {
	Flag   string `json:"flag"`   // "--set"
	Before string `json:"before"` // "IMAGE="
	Blank  string `json:"blank"`  // "VALUE"; "" for none
}

// placed returns findings with their places, those of the options last.
func (s *session) placed(findings []analyze.Finding) (list []Finding) {
	places := texts{files: s.input.files}
	for _, f := range findings {
		out := Finding{
			Severity: string(f.Severity), Rule: f.Rule, Message: analyze.Printable(f.Message), Text: f.String(), At: places.span(f.At.Place), Fixes: []Fix{},
		}
		for _, flag := range f.Flags {
			out.Fixes = append(out.Fixes, fixOf(flag))
		}
		if f.CanLeaveOpen {
			out.Fixes = append(out.Fixes, Fix{Flag: "--parameters"})
		}
		list = append(list, out)
	}
	return list
}

// fixOf takes a flag apart that is ready for a shell: a name, and a value of which the last part is in capitals if somebody
// has to choose it.
func fixOf(flag string) Fix {
	words := shellWords(flag)
	fix := Fix{Flag: words[0]}
	if len(words) < 2 {
		return fix
	}
	value := words[1]
	if i := strings.LastIndexByte(value, '='); i >= 0 {
		fix.Before, value = value[:i+1], value[i+1:]
	}
	if value == "" || strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		fix.Before += value
		return fix
	}
	fix.Blank = value
	return fix
}

// shellWords splits a line at spaces outside of quotes, as [analyze.ShellQuote] writes them.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			quoted = !quoted
		case c == '\\' && !quoted && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == ' ' && !quoted:
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	return append(words, word.String())
}
