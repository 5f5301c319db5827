package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pattern is a text as resources of statements have it, with IAM's wildcards, taken apart to be compared often. Upper and
// lower case differ.
type Pattern struct{ *pattern }

// Pattern takes a text apart. Values are those of symbols that are known.
func (t SymbolTable) Pattern(text Text, values map[Symbol]string) Pattern {
	c := compiler{symbols: t, values: values, version: Version}
	return Pattern{c.pattern(text, syntax{wildcards: true})}
}

// ActionPattern takes an action apart, such as "s3:Get*". Upper and lower case are the same.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func ActionPattern(action string) Pattern {
	c := compiler{version: versionBefore}
	return Pattern{c.pattern(Text(action), syntax{wildcards: true, fold: true})}
}

// CoveredBy says how many of the strings that fit p fit another pattern.
func (p Pattern) CoveredBy(by Pattern) Coverage {
	w := work(maxWork)
	return w.cover(p.pattern, by.pattern)
}

// Within says whether every string that fits p fits another pattern too. It can say no where [Pattern.CoveredBy] does not
// know how many there are.
func (p Pattern) Within(by Pattern) Truth {
	w := work(maxWork)
	return w.within(p, by)
}

// within is [Pattern.Within].
func (w *work) within(p, by Pattern) Truth {
	switch w.cover(p.pattern, by.pattern) {
	case CoversAll:
		return Yes
	case CoverageUnknown:
		if like := alike(by.tokens, false); like != nil && !slices.ContainsFunc(like, func(t token) bool { return t.kind == many }) && w.simulates(p.tokens, like) {
			return Yes // the name of a secret, with any suffix
		}
		if p.wild() && !by.wild() {
			return No // several strings are not within one
		}
		for _, sample := range samples(p.pattern) {
			if !w.intersects(sample.shapes(), by.shapes()) {
				return No
			}
		}
		return Unknown
	}
	return No
}

// pattern is a resource or a value of a condition, taken apart.
type pattern struct {
	tokens []token
	// plain is the text of a pattern that has neither wildcards nor symbols.
	plain   string
	isPlain bool
	// prefix and suffix are what every string begins and ends with; of a plain one, they are all of it.
	prefix, suffix string
	symbols        bool // there are symbols
	narrow         bool // there are wildcards that do not stand for every character
	stars          bool // there are wildcards for any number of characters
	// invalid says that IAM cannot use the pattern: it has a variable without a value.
	invalid bool
}

// token is one part of a pattern.
type token struct {
	kind  tokenKind
	class class    // of the characters of one and many
	char  rune     // of character
	value *unknown // of symbol
}

// unknown is what is known of the value of a symbol.
type unknown struct {
	name  Symbol  // "" is a value that equals no other
	shape []token // every value fits it
	// like are the tokens of [SymbolInfo.Like]; nil where there are none.
	like []token
	// distinct is the meaning of a symbol that no other one with a distinct value equals; "" for others.
	distinct Meaning
}

// maxSame is how many symbols may be the same as another one, one after the other.
const maxSame = 8

type tokenKind uint8

const (
	character tokenKind = iota // itself
	one                        // one character of a class
	many                       // any number of characters of a class, or none
	symbol                     // a string that is unknown, and always the same
)

// class is a set of characters. Each is a subset of the next.
type class uint8

const (
	digits class = iota
	regionCharacters
	noColon
	anyCharacter
)

func (c class) has(r rune) bool {
	switch c {
	case digits:
		return r >= '0' && r <= '9'
	case regionCharacters:
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '-'
	case noColon:
		return r != ':'
	}
	return true
}

// syntax says how a text becomes a pattern.
type syntax struct {
	wildcards bool // * and ? are wildcards
	fold      bool // upper and lower case are the same
	// variables says that policy variables have values, behind the fifth colon where resource is set too.
	variables, resource bool
	// arn says that no wildcard crosses one of the first five colons.
	arn bool
}

// compiler makes patterns of texts.
type compiler struct {
	symbols SymbolTable
	values  map[Symbol]string
	version string             // of the document that the text is in
	context func(string) value // the values of policy variables; nil where they are not needed yet
	depth   int                // of symbols that are the same as others
	// needsContext is set where a pattern has policy variables, and context is nil.
	needsContext bool
}

// value is what a policy variable stands for. It is a pattern in a request, whose value may be known in part.
type value struct {
	text  Text
	state KeyState
}

// variablesIn reports whether a document of this version has policy variables.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
func variablesIn(version string) bool { return version != versionBefore }

// pattern takes a text apart.
func (c *compiler) pattern(t Text, s syntax) *pattern {
	p := &pattern{tokens: make([]token, 0, len(t))}
	colons := 0
	c.add(p, string(t), s, &colons)
	p.finish()
	return p
}

// add adds the tokens of a text.
func (c *compiler) add(p *pattern, rest string, s syntax, colons *int) {
	for rest != "" {
		switch {
		case rest[0] == 0:
			end := strings.IndexByte(rest[1:], 0) + 1
			c.addSymbol(p, decode(rest[1:end]), s, colons)
			rest = rest[end+1:]
			continue
		case strings.HasPrefix(rest, "${") && variablesIn(c.version) && !(s.resource && *colons < 5):
			if name, after, ok := strings.Cut(rest[2:], "}"); ok {
				c.addVariable(p, name, s)
				rest = after
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(rest)
		p.addCharacter(r, s, colons)
		rest = rest[size:]
	}
}

// addCharacter adds a character or a wildcard.
func (p *pattern) addCharacter(r rune, s syntax, colons *int) {
	wild := anyCharacter
	if s.arn && *colons < 5 {
		wild = noColon
	}
	switch {
	case r == '*' && s.wildcards:
		p.tokens = append(p.tokens, token{kind: many, class: wild})
		return
	case r == '?' && s.wildcards:
		p.tokens = append(p.tokens, token{kind: one, class: wild})
		return
	case r == ':':
		*colons++
	}
	p.addLiteral(r, s)
}

func (p *pattern) addLiteral(r rune, s syntax) {
	if s.fold {
		r = unicode.ToLower(r)
	}
	p.tokens = append(p.tokens, token{kind: character, char: r})
}

// addSymbol adds a symbol, or its value where that is known.
func (c *compiler) addSymbol(p *pattern, name Symbol, s syntax, colons *int) {
	if v, ok := c.values[name]; ok {
		for _, r := range v {
			if r == ':' {
				*colons++
			}
			p.addLiteral(r, s)
		}
		return
	}
	info := c.symbols.Lookup(name)
	if info.Same != "" && !slices.Contains(info.Same.Symbols(), name) && c.depth < maxSame {
		c.depth++
		c.add(p, string(info.Same), s, colons)
		c.depth--
		return
	}
	if a := info.ARN; info.Meaning.IsARN() && !a.IsWhole() && !slices.Contains(a.Text().Symbols(), name) {
		c.add(p, string(a.Text()), s, colons) // a part of it is known
		return
	}
	shape := shapeOf(info.Meaning)
	only := Meaning("")
	if info.Distinct {
		only = info.Meaning
	}
	for _, t := range shape {
		if t.kind == character && t.char == ':' {
			*colons++
		}
	}
	if shape[len(shape)-1].class == anyCharacter {
		*colons = 5 // it can be an ARN
	}
	u := &unknown{name: name, shape: shape, distinct: only}
	if info.Like != "" && c.depth < maxSame {
		c.depth++
		like, from := &pattern{}, 0
		c.add(like, string(info.Like), syntax{wildcards: true, fold: s.fold}, &from)
		like.finish()
		u.like = like.tokens
		c.depth--
	}
	p.tokens = append(p.tokens, token{kind: symbol, value: u})
}

// addVariable adds the value of a policy variable, NAME or NAME, 'DEFAULT'.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (c *compiler) addVariable(p *pattern, name string, s syntax) {
	switch name {
	case "*", "?", "$":
		p.tokens = append(p.tokens, token{kind: character, char: rune(name[0])})
		return
	}
	if !s.variables {
		for _, r := range "${" + name + "}" {
			p.addLiteral(r, s)
		}
		return
	}
	key, fallback, hasFallback := strings.Cut(name, ",")
	fallback = strings.TrimSpace(fallback)
	if hasFallback && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		fallback = fallback[1 : len(fallback)-1]
	} else {
		hasFallback = false
	}
	if c.context == nil {
		c.needsContext = true
		return
	}
	v := c.context(strings.TrimSpace(key))
	switch {
	case v.state == KeyUnknown:
		p.tokens = append(p.tokens, token{kind: symbol, value: &unknown{shape: anything}})
	case v.state == KeyPresent:
		inner := compiler{symbols: c.symbols, values: c.values, version: Version}
		colons, text := 5, &pattern{}
		inner.add(text, string(v.text), syntax{wildcards: true, fold: s.fold}, &colons)
		if text.wild() {
			// What is unknown of the value is no wildcard: it is the same in every request.
			text.tokens = []token{{kind: symbol, value: &unknown{shape: anything}}}
		}
		p.tokens = append(p.tokens, text.tokens...)
	case hasFallback:
		for _, r := range fallback {
			p.addLiteral(r, s)
		}
	default:
		p.invalid = true
	}
}

// finish orders runs of wildcards, so that those of one character are first, and finds out what the pattern has.
func (p *pattern) finish() {
	tokens, n := p.tokens, 0
	p.isPlain = true
	for i := 0; i < len(tokens); {
		t := tokens[i]
		switch t.kind {
		case symbol:
			p.symbols = true
			fallthrough
		case character:
			p.isPlain = p.isPlain && t.kind == character
			tokens[n] = t
			n, i = n+1, i+1
			continue
		}
		p.isPlain = false
		p.narrow = p.narrow || t.class != anyCharacter
		stars := false
		for ; i < len(tokens) && (tokens[i].kind == one || tokens[i].kind == many) && tokens[i].class == t.class; i++ {
			if tokens[i].kind == many {
				stars = true
				continue
			}
			tokens[n] = tokens[i]
			n++
		}
		if stars {
			p.stars = true
			tokens[n] = token{kind: many, class: t.class}
			n++
		}
	}
	p.tokens = tokens[:n]
	first, last := 0, len(p.tokens)
	for first < last && p.tokens[first].kind == character {
		first++
	}
	for last > first && p.tokens[last-1].kind == character {
		last--
	}
	if p.prefix, p.suffix = textOf(p.tokens[:first]), textOf(p.tokens[last:]); p.isPlain {
		p.plain, p.suffix = p.prefix, p.prefix
	}
}

// textOf returns characters as a string.
func textOf(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteRune(t.char)
	}
	return b.String()
}

// wild reports whether the pattern has wildcards.
func (p *pattern) wild() bool {
	return slices.ContainsFunc(p.tokens, func(t token) bool { return t.kind == one || t.kind == many })
}

// anything is the shape of a value of which nothing is known.
var anything = []token{{kind: many, class: anyCharacter}}

// shapeOf returns a pattern that every value of a meaning fits.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func shapeOf(m Meaning) []token {
	switch m {
	case MeansSecretARN:
		return arnShape("secretsmanager", "secret:")
	case MeansParameterARN:
		return arnShape("ssm", "parameter")
	case MeansRepositoryARN:
		return arnShape("ecr", "repository/")
	case MeansLogGroupARN:
		return arnShape("logs", "log-group:")
	case MeansKeyARN:
		return arnShape("kms", "")
	case MeansRoleARN:
		return arnShape("iam", "role/")
	case MeansBucketARN:
		return arnShape("s3", "")
	case MeansAccount:
		return slices.Repeat([]token{{kind: one, class: digits}}, 12)
	case MeansRegion:
		return []token{{kind: one, class: regionCharacters}, {kind: many, class: regionCharacters}}
	case MeansPartition:
		return append(literalTokens("aws"), token{kind: many, class: regionCharacters})
	case MeansDomain, MeansSecretName, MeansParameterName, MeansRepositoryName, MeansLogGroupName, MeansBucketName, MeansRoleName:
		return []token{{kind: many, class: noColon}}
	}
	return anything
}

// arnShape returns the shape of ARNs of a service, with what their resources begin with.
func arnShape(service, resource string) []token {
	part := token{kind: many, class: noColon}
	shape := append(literalTokens("arn:aws"), part)
	shape = append(shape, literalTokens(":"+service+":")...)
	shape = append(append(append(shape, part), literalTokens(":")...), part)
	shape = append(shape, literalTokens(":"+resource)...)
	return append(shape, token{kind: many, class: anyCharacter})
}

func literalTokens(s string) []token {
	list := make([]token, 0, len(s))
	for _, r := range s {
		list = append(list, token{kind: character, char: r})
	}
	return list
}

// shapes returns tokens with the shapes of symbols in the place of symbols, if there are any.
func shapes(tokens []token, symbols bool) []token {
	if !symbols {
		return tokens
	}
	list := make([]token, 0, len(tokens)+16)
	for _, t := range tokens {
		if t.kind == symbol {
			list = append(list, t.value.shape...)
			continue
		}
		list = append(list, t)
	}
	return list
}

// shapes returns the pattern's tokens with the shapes of symbols.
func (p *pattern) shapes() []token { return shapes(p.tokens, p.symbols) }
