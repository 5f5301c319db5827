package tree

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Read reads a document in the syntax that its text has: JSON where it begins with { or [, and YAML elsewhere. A text of
// JSON can hold several values, one after another, and one of YAML several documents: the root is then the list of them.
// Placeholders without quotes in the place of a value are read as values of the kind [Placeholder]. UTF-16 with a byte
// order mark is read as well; offsets and columns are those of the text in UTF-8.
//
// File is the name of the input in problems, and syntax is "json" or "yaml". Problems are sorted by place; where one of them is no warning, the document
// is nil.
func Read(file string, src []byte) (doc *Document, syntax string, problems []Problem) {
	src, message := decode(src)
	if message != "" {
		return nil, "json", []Problem{{At: Place{File: file}, Message: message}}
	}
	text := strings.TrimLeft(strings.TrimPrefix(string(src[:min(len(src), 512)]), "\ufeff"), " \t\r\n")
	isComment := strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*") // as in front of JSON; YAML has none of these
	if text == "" || text[0] == '{' || text[0] == '[' || isComment {
		doc, problems = readJSON(file, src, true)
		return doc, "json", problems
	}
	doc, problems = readYAML(file, src, true)
	return doc, "yaml", problems
}

// decode returns src in UTF-8 if it is UTF-16 with a byte order mark, and src itself otherwise. Message says why it
// cannot be read, or is "".
func decode(src []byte) (text []byte, message string) {
	var order binary.ByteOrder
	switch {
	case len(src) > MaxSize:
		return nil, fmt.Sprintf("the input has more than %d MiB, and execrole reads no more", MaxSize>>20)
	case len(src) >= 2 && src[0] == 0xFE && src[1] == 0xFF:
		order = binary.BigEndian
	case len(src) >= 2 && src[0] == 0xFF && src[1] == 0xFE:
		order = binary.LittleEndian
	case len(src) >= 2 && (src[0] == 0) != (src[1] == 0):
		return nil, "the input is UTF-16 without a byte order mark: save it as UTF-8"
	default:
		return src, ""
	}
	if len(src)%2 != 0 {
		return nil, "the input is UTF-16, and ends in the middle of a character"
	}
	units := make([]uint16, 0, len(src)/2-1)
	for i := 2; i < len(src); i += 2 {
		units = append(units, order.Uint16(src[i:]))
	}
	for i := 0; i < len(units); i++ {
		if !utf16.IsSurrogate(rune(units[i])) {
			continue
		}
		if i+1 == len(units) || utf16.DecodeRune(rune(units[i]), rune(units[i+1])) == '\ufffd' {
			return nil, "the input is UTF-16 with a half of a character: save it as UTF-8"
		}
		i++
	}
	return []byte(string(utf16.Decode(units))), ""
}
