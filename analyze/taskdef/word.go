package taskdef

import (
	"slices"
	"strings"
)

// Words finds the words in s that say of themselves that they are to be replaced: ENV_PLACEHOLDER in
// /ecs/api-ENV_PLACEHOLDER, __ENV__, TBD, CHANGEME, REPLACE_ME, your-secret-name, xxxx. Such a word is valid in a name, and
// nothing but its meaning shows it. Words without such a meaning, such as DB_PASSWORD, can be the thing's own name. What is inside
// of a placeholder with delimiters is not among them.
func Words[S ~string](s S) []Placeholder {
	text := string(s)
	var found []Placeholder
	for start := 0; start < len(text); {
		if !isPart(text[start]) {
			start++
			continue
		}
		end := start
		for end < len(text) && isPart(text[end]) {
			end++
		}
		if end-start >= 3 {
			found = append(found, wordsOf(text[start:end], start)...)
		}
		start = end
	}
	if found == nil {
		return nil
	}
	return outside(outside(found, Placeholders(text, true)), Placeholders(text, false))
}

// outside returns the words that are not inside of placeholders. Both lists are in order.
func outside(words, placeholders []Placeholder) []Placeholder {
	return slices.DeleteFunc(words, func(w Placeholder) bool {
		for len(placeholders) > 0 && placeholders[0].End <= w.Start {
			placeholders = placeholders[1:]
		}
		return len(placeholders) > 0 && placeholders[0].Start < w.End
	})
}

func isPart(c byte) bool { return isWord(c) || c == '-' }

// part is one of the parts of a name between hyphens and underscores.
type part struct {
	text       string
	lower      string
	start, end int
}

// wordsOf finds the words in a name of letters, digits, hyphens and underscores, which begins at offset.
func wordsOf(name string, offset int) (found []Placeholder) {
	for {
		start, end := underscored(name)
		if end == 0 {
			return append(found, plainWords(name, offset)...)
		}
		found = append(found, plainWords(name[:start], offset)...)
		found = append(found, Placeholder{Name: name[start:end], Start: offset + start, End: offset + end})
		name, offset = name[end:], offset+end
	}
}

// plainWords is wordsOf for a name without words between underscores.
func plainWords(name string, offset int) (found []Placeholder) {
	if !mayHaveWords(name) {
		return nil
	}
	var parts []part
	for start, i := 0, 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '-' || name[i] == '_' {
			if i > start {
				parts = append(parts, part{name[start:i], strings.ToLower(name[start:i]), start, i})
			}
			start = i + 1
		}
	}
	done := 0
	for i := 0; i < len(parts); i++ {
		first, last, ok := wordAt(name, parts, i)
		if !ok {
			continue
		}
		first, done = max(first, done), last+1 // words do not overlap
		word := Placeholder{Start: offset + parts[first].start, End: offset + parts[last].end}
		word.Name = name[parts[first].start:parts[last].end]
		found = append(found, word)
		i = last
	}
	return found
}

// underscored returns the byte offsets of the first word with two underscores on both sides, such as __ENV__, which people let sed
// or a pipeline replace. Without one, end is 0.
func underscored(name string) (start, end int) {
	for {
		i := strings.Index(name[start:], "__")
		if i < 0 {
			return 0, 0
		}
		start += i
		inner, _, found := strings.Cut(name[start+2:], "__")
		if !found {
			return 0, 0
		}
		if inner != "" && inner[0] != '_' && inner[0] != '-' {
			return start, start + len(inner) + 4
		}
		start++
	}
}

// mayHaveWords is a quick look for the names without such words, which nearly all are: three letters of each word.
func mayHaveWords(name string) bool {
	for i := 0; i+3 <= len(name); i++ {
		switch name[i] | 0x20 {
		case 'p', 'y', 't', 'e', 'x':
		default:
			continue
		}
		// In small letters, and with a hyphen for an underscore.
		three := [3]byte{name[i] | 0x20, name[i+1] | 0x20, name[i+2] | 0x20}
		if name[i+1] == '_' {
			three[1] = '-'
		}
		switch string(three[:]) {
		case "pla", "you", "tbd", "eme", "eth", "xme", "xxx", "ere", "tod", "e-m", "e-t", "e-w", "e-d", "e-r", "e-f", "epl":
			return true
		}
	}
	return false
}

var (
	// marks are words that are to be replaced, in capitals or not.
	marks       = []string{"tbd", "changeme", "replaceme", "fixme"}
	passive     = []string{"replaced", "defined", "determined", "filled"} // behind "be"
	imperatives = []string{"put", "insert", "add", "enter", "paste"}      // before "here"
	// yourThings are what people write in one word with "your".
	yourThings = []string{
		"youraccount", "yourapp", "yourapplication", "yourbucket", "yourcluster", "yourcompany", "yourcontainer", "yourdatabase",
		"yourdb", "yourdirectory", "yourdomain", "yourfile", "yourfolder", "yourgroup", "yourimage", "yourkey", "yourname",
		"yourorg", "yourparameter", "yourpassword", "yourpath", "yourprefix", "yourproject", "yourregion", "yourregistry",
		"yourrepo", "yourrepository", "yoursecret", "yourservice", "yourteam", "yourtoken",
	}
)

// wordAt returns the first and the last part of the word whose mark is part i. A word in capitals reaches as far as its
// capitals do, with underscores between them.
func wordAt(name string, parts []part, i int) (first, last int, ok bool) {
	p, end, next := parts[i], len(parts)-1, ""
	mark := strings.TrimRight(p.lower, "0123456789")
	if i < end {
		next = parts[i+1].lower
	}
	capitals := p.text != p.lower && p.text == strings.ToUpper(p.text)
	switch {
	case len(p.text) >= 3 && (strings.Trim(p.text, "x") == "" || strings.Trim(p.text, "X") == ""):
		for last = i; last < end && strings.Trim(parts[last+1].lower, "x") == ""; last++ {
		}
		return i, last, true
	case strings.HasSuffix(p.text, "Placeholder"), isCamelYour(p.text), i == 0 && slices.Contains(yourThings, p.lower):
		return i, i, true
	case slices.Contains(marks, mark), p.text == "TODO":
		first, last = inCapitals(name, parts, i, i, '_')
		return first, last, true
	case (p.lower == "change" || p.lower == "replace") && (next == "me" || next == "this"):
		first, last = inCapitals(name, parts, i, i+1, '_')
		return first, last, true
	case capitals && next != "with" && (p.lower == "replace" || p.lower == "replaced"):
		// An order to the reader: REPLACE_LOG_GROUP. In small letters, it can be the thing's own name.
		first, last = inCapitals(name, parts, i, i, '_')
		return first, last, first == i && last > i
	case p.lower == "replaced" && next == "by":
		first, last = i, end
	case p.lower == "your" && next != "" && (capitals || i == 0),
		p.lower == "replace" && next == "with":
		first, last = i, end // in small letters: to the end of the name
	case p.lower == "be" && i > 0 && slices.Contains(passive, next):
		first, last = i-1, end
	case p.lower == "here" && i == end && (capitals && i > 0 || slices.Contains(imperatives, parts[0].lower)):
		first, last = 0, i
	case mark == "placeholder":
		first, last = i, i
	default:
		return 0, 0, false
	}
	for _, separator := range []byte("_-") {
		if from, to := inCapitals(name, parts, i, i, separator); capitals && from < to {
			return from, to, true
		}
	}
	return first, last, true
}

// inCapitals extends a word over the parts in capitals beside it that the separator joins.
func inCapitals(name string, parts []part, first, last int, separator byte) (int, int) {
	joined := func(i, j int) bool {
		isCapital := func(p part) bool { return p.text == strings.ToUpper(p.text) } // or digits
		return i >= 0 && j < len(parts) && isCapital(parts[i]) && isCapital(parts[j]) && parts[j].start == parts[i].end+1 && name[parts[i].end] == separator
	}
	for joined(first-1, first) {
		first--
	}
	for joined(last, last+1) {
		last++
	}
	return first, last
}

// isCamelYour reports whether a word begins with "your" and a capital: yourSecret, YourSecret.
func isCamelYour(word string) bool {
	return len(word) > 4 && (word[:4] == "your" || word[:4] == "Your") && word[4] >= 'A' && word[4] <= 'Z'
}

// SaysNothing reports whether the name of a placeholder does not say what to put there: PLACEHOLDER, TBD, REPLACE_ME, xxx.
func SaysNothing(name string) bool {
	name = strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	return slices.Contains(marks, name) || slices.Contains([]string{"placeholder", "todo", "replacethis", "changethis", "value", "string"}, name) ||
		len(name) >= 3 && strings.Trim(name, "x") == ""
}
