package diagnose

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how much of a message is looked at, in bytes. Amazon ECS has at most some thousand.
const maxText = 16 << 10

// text is a message in a form in which it can be compared: without escapes and control characters, on one line.
type text struct {
	plain string // as people wrote it: with its quotes, and upper and lower case
	lower string // the same in small letters of ASCII, so that offsets in both are the same
	words string // what shapes are compared with: small letters, single spaces, no quotes
	solid string // words without spaces, for texts that were broken inside of words
	only  string // the result of bare, once it is known
}

// fold returns s as shapes are compared: in small letters, and without quotes.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '"' || r == '`':
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// lowerASCII returns s with its letters of ASCII in small, so that offsets stay.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func newText(line string) *text {
	line = strings.TrimSpace(line)
	for _, dots := range []string{"...", "…"} { // somebody left out the rest
		line = strings.TrimSpace(strings.TrimSuffix(line, dots))
	}
	line = strings.Join(strings.Fields(line), " ")
	t := &text{plain: line, lower: lowerASCII(line), words: strings.Join(strings.Fields(fold(line)), " ")}
	t.solid = strings.ReplaceAll(t.words, " ", "")
	return t
}

// reasonLeads are the words, in small letters, that messages have before a reason of a single word.
var reasonLeads = [...]string{"reason:", "reason :", "reason=", "reasons:", "reasons :", "failed to start:", "failed to start -", "taskfailedtostart:"}

// bare returns the reason alone, without the words before it and the marks around it: of "(service web) was unable to place a
// task. Reason: TaskFailedToStart: AGENT." it returns "agent". It returns "" for a long message, whose reason is not one word.
func (t *text) bare() string {
	const longest = 512
	if t.only != "" || len(t.words) > longest {
		return t.only
	}
	s := t.words
	for _, lead := range reasonLeads {
		if i := strings.LastIndex(s, lead); i >= 0 {
			s = s[i+len(lead):]
		}
	}
	s, _, _ = strings.Cut(s, ", known sent:")
	t.only = strings.Trim(s, " .,:;()[]{}")
	return t.only
}

// readings returns what a message of perhaps several lines can have been before it was broken into lines: with the lines
// joined by spaces, with those joined that are as long as the longest, since a terminal breaks inside of words, and with all
// joined.
func readings(message string) []*text {
	if len(message) > maxText {
		message = message[:maxText]
	}
	lines := strings.Split(strings.Trim(message, "\n"), "\n")
	longest := 0
	for i, l := range lines {
		lines[i] = undecorated(l)
		longest = max(longest, len(lines[i]))
	}
	list := []*text{newText(strings.Join(lines, " "))}
	if len(lines) == 1 {
		return list
	}
	// A space at the end of a line is often lost, and the first line can lack its beginning.
	for _, margin := range []int{0, 1, longest} {
		var b strings.Builder
		for i, l := range lines {
			b.WriteString(l)
			if i+1 < len(lines) && len(l) < longest-margin {
				b.WriteByte(' ')
			}
		}
		list = append(list, newText(b.String()))
	}
	return list
}

// undecorated returns a line without what mail programs and tables put around it: "> ", "| ".
func undecorated(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "```") {
		return "" // Markdown has code between such lines
	}
	trimmed := strings.TrimLeft(line, " \t>|")
	if strings.ContainsAny(line[:len(line)-len(trimmed)], ">|") {
		line = trimmed
	}
	if rest, ok := strings.CutSuffix(strings.TrimRight(line, " \t"), "|"); ok {
		line = strings.TrimRight(rest, " \t")
	}
	return line
}

// clean returns a text without escapes of JSON and of terminals, without control characters, and with plain quotes.
func clean(s string) string {
	for range 3 { // a string of JSON can be inside of another
		decoded := unescape(s)
		if decoded == s {
			break
		}
		s = decoded
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0x1b:
			size = escapeLength(s[i:])
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		case r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			b.WriteByte('\n')
		case r == '\u2018' || r == '\u2019':
			b.WriteByte('\'')
		case r == '\u201c' || r == '\u201d':
			b.WriteByte('"')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r == utf8.RuneError && size <= 1:
			b.WriteByte('?')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// escapeLength returns the length of an escape sequence of a terminal.
func escapeLength(s string) int {
	if len(s) < 2 || s[1] != '[' {
		return 1
	}
	for i := 2; i < len(s) && i < 32; i++ {
		if s[i] >= 0x40 && s[i] <= 0x7e {
			return i + 1
		}
	}
	return 2
}

// unescape replaces the escapes of JSON, of HTML and of shells that are in texts which were copied out of them.
func unescape(s string) string {
	if strings.Contains(s, "&") {
		s = strings.NewReplacer("&quot;", `"`, "&#39;", "'", "&#x27;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		switch c := s[i+1]; {
		case c == 'n' || c == 'r':
			b.WriteByte('\n')
		case c == 't':
			b.WriteByte('\t')
		case c == '"' || c == '\\' || c == '/' || c == '\'':
			b.WriteByte(c)
		case c == 'u' && i+6 <= len(s):
			if r, ok := hex4(s[i+2 : i+6]); ok {
				b.WriteRune(r)
				i += 5
				continue
			}
			fallthrough
		default:
			b.WriteByte('\\')
			continue
		}
		i++
	}
	return b.String()
}

func hex4(s string) (r rune, ok bool) {
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// beginnings are the words with which messages of ECS begin, in small letters.
var beginnings = [...]string{
	"resourceinitializationerror:", "cannotpullcontainererror:", "cannotpullecrcontainererror:", "cannotpullimagemanifesterror:",
	"cannotpullcontainerautherror:", "cannotstartcontainererror:", "cannotcreatecontainererror:", "clientexception:",
	"fetching secret data from ", "unable to download env file with key ", "unable to download firelens s3 config file:",
	"ecs was unable to assume the role", "an error occurred (", "failed to retrieve credentials for domainless gmsa user",
	"fsx describing filesystem(s)", "outofmemoryerror: container", "dockertimeouterror:", "containerruntimetimeouterror:",
	"cannotinspectcontainererror:", "cannotstopcontainererror:",
}

// lineBeginnings are words that begin a message only where they begin a line.
var lineBeginnings = [...]string{"(service ", "service ", "taskfailedtostart:", "task failed to start", "stopped reason:", "resourcenotfoundexception: the task can", "essential container in task exited", "task failed elb health checks", "task failed container health checks"}

// piece is a part of a text that people copied: it begins with words that messages begin with, or is all of a paragraph.
type piece struct {
	text string
	// begins says that it begins with such words; prefix that the next piece follows on the same line.
	begins, prefix bool
}

// maxPieces is how many pieces of a text are looked at. Of more, the rest is counted.
const maxPieces = 1000

// split returns the pieces of a text, and how many more there are.
func split(s string) (list []piece, more int) {
	starts := startsOf(lowerASCII(s))
	for from := 0; from < len(s); {
		end := len(s)
		if i := strings.Index(s[from:], "\n\n"); i >= 0 {
			end = from + i
		}
		n, _ := slices.BinarySearch(starts, end)
		paragraph, in := s[from:end], starts[:n]
		starts = starts[n:]
		switch {
		case strings.Trim(paragraph, "\n\t ") == "":
		case len(list) >= maxPieces:
			more += max(1, len(in))
		default:
			pieces := splitParagraph(paragraph, in, from)
			if n := maxPieces - len(list); len(pieces) > n {
				more += len(pieces) - n
				pieces = pieces[:n]
			}
			list = append(list, pieces...)
		}
		from = end + 1
		for from < len(s) && s[from] == '\n' {
			from++
		}
	}
	return list, more
}

// cells makes each column of a row a paragraph, so that columns are separate messages: "--output text" of the AWS CLI prints rows
// with tabs between the columns. A single tab makes no row: messages of an SDK have one at the beginning of a line.
func cells(s string) string {
	if strings.Count(s, "\t") < 2 {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		if row := strings.TrimLeft(line, " \t"); strings.Count(row, "\t") >= 2 && len(startsOf(lowerASCII(row))) > 0 {
			line = strings.ReplaceAll(row, "\t", "\n\n")
		}
		b.WriteString(line)
	}
	return b.String()
}

// splitParagraph returns the pieces of a paragraph in which messages begin. Base is where it is in the text.
func splitParagraph(s string, starts []int, base int) (list []piece) {
	if len(starts) == 0 {
		return splitDenials(s)
	}
	if before := s[:starts[0]-base]; strings.TrimSpace(before) != "" {
		list = append(list, piece{text: before, prefix: !endsLine(before)})
	}
	for i, at := range starts {
		end := len(s)
		if i+1 < len(starts) {
			end = starts[i+1] - base
		}
		text := s[at-base : end]
		list = append(list, piece{text: text, begins: true, prefix: end < len(s) && !endsLine(text)})
	}
	return list
}

// startsOf returns where in a text, which is in small letters, messages begin.
func startsOf(lower string) (starts []int) {
	find := func(word string, fits func(at int) bool) {
		for from := 0; ; {
			at := strings.Index(lower[from:], word)
			if at < 0 {
				return
			}
			at += from
			from = at + len(word)
			if fits == nil || fits(at) {
				starts = append(starts, at)
			}
		}
	}
	for _, word := range beginnings {
		if word == "clientexception:" { // not UnrecognizedClientException, in the middle of a message
			find(word, func(at int) bool { return at == 0 || lower[at-1] < 'a' || lower[at-1] > 'z' })
			continue
		}
		find(word, nil)
	}
	for _, word := range lineBeginnings {
		find(word, func(at int) bool {
			return beginsLine(lower[:at]) && (word != "service " || !strings.HasSuffix(lower[:at], "(") && isEvent(lower[at:]))
		})
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}

// beginsLine reports whether a line begins behind a text, apart from marks such as bullets and times.
func beginsLine(before string) bool {
	before = before[max(0, len(before)-64):]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return len(line) < 64 && strings.IndexFunc(line, func(r rune) bool { return r >= 'a' && r <= 'z' && r != 't' && r != 'z' }) < 0
}

func endsLine(s string) bool {
	s = s[max(0, len(s)-64):]
	return strings.HasSuffix(strings.TrimRight(s, " \t>|\"-*"), "\n")
}

// isEvent reports whether a line is an event of a service, as old ones are without parentheses. "Service call has been
// retried" is none.
func isEvent(line string) bool {
	words := strings.Fields(line[:min(len(line), 400)])
	return len(words) > 2 && words[1] != "call" && slices.Contains([]string{"was", "has", "failed", "is"}, words[2])
}

// splitDenials returns the lines of a text each of which says who may not do what, or all of the text.
func splitDenials(s string) (list []piece) {
	const words = "is not authorized to perform"
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for _, line := range lines {
		if len(lines) > 1 && !strings.Contains(line, words) {
			return []piece{{text: s}}
		}
		list = append(list, piece{text: line})
	}
	return list
}
