package analyze

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// This file has what Options.Parameters does: what the input leaves open becomes a symbol, which the output asks for. With
// Options.Derive, the output does not ask: it has an expression of what the input has there.
//
// A question names the unknown parts of a value. Each part becomes a symbol, and the document is read again. Where a value
// then still asks, the parts were not enough, since what a value names depends on how it begins. The whole value then
// becomes what a rule says that it can name: see [pass.mayName]. So a document is read three times at most.

// alternative is one thing that a whole value can name.
type alternative struct {
	name     string // in the symbol
	meaning  policy.Meaning
	pattern  string
	sentence string // describes the value that is wanted; %s is the field
	instead  string // says when the value is empty
	// from matches the values that name such a thing, and to is what follows from its groups: see [policy.Derivation].
	from string
	to   policy.Text
	// derivedOnly says that nobody is asked for it: only what follows from a value can be of another shape.
	derivedOnly bool
}

// The things that whole values can name. A pattern allows no wildcard of IAM.
var (
	aRepository = &alternative{
		name: "repository", meaning: policy.MeansRepositoryARN,
		pattern:  `arn:[a-z-]+:ecr:[a-z0-9-]+:[0-9]{12}:repository/[a-z0-9._/-]+`,
		sentence: "The ARN of the repository in Amazon ECR for %s",
		instead:  "empty if the image is not in private Amazon ECR",
		to:       policy.ARN{Partition: policy.Of(policy.Partition), Service: "ecr", Region: policy.Of(policy.Group(2)), Account: policy.Of(policy.Group(1)), Resource: "repository/" + policy.Of(policy.Group(3))}.Text(),
	}
	aSecret = &alternative{
		name: "secret", meaning: policy.MeansSecretARN,
		pattern:  `arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}`,
		sentence: "The complete ARN of the secret for %s, without what follows its six random characters",
		instead:  "empty if it is no secret of Secrets Manager",
		from:     `^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+)(?::|$)`,
		to:       policy.Of(policy.Group(1)),
	}
	aSecretName = &alternative{
		name: "secret name", meaning: policy.MeansSecretARN, derivedOnly: true,
		from: `^([A-Za-z0-9/_+=.@!-]+)$`,
		to:   policy.LocalARN("secretsmanager", "secret:"+policy.Of(policy.Group(1))+anySuffix).Text(),
	}
	aParameter = &alternative{
		name: "parameter", meaning: policy.MeansParameterARN,
		pattern:  `arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+`,
		sentence: "The ARN of the parameter in Parameter Store for %s",
		instead:  "empty if it is no parameter",
		from:     `^(arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+)$`,
		to:       policy.Of(policy.Group(1)),
	}
	aParameterName = &alternative{
		name: "parameter name", meaning: policy.MeansParameterARN, derivedOnly: true,
		from: `^/?([A-Za-z0-9_.-][A-Za-z0-9_./-]*)$`,
		to:   policy.LocalARN("ssm", "parameter/"+policy.Of(policy.Group(1))).Text(),
	}
	aBucket = &alternative{
		name: "bucket", meaning: policy.MeansBucketARN,
		pattern:  `arn:[a-z-]+:s3:::[a-z0-9.-]+`,
		sentence: "The ARN of the bucket with the file for %s",
		instead:  "empty if it is not in S3",
		from:     `^(arn:[a-z-]+:s3:::[a-z0-9.-]+)/`,
		to:       policy.Of(policy.Group(1)),
	}
	aKey = &alternative{
		name: "key", meaning: policy.MeansText, sentence: "The key of the file in its bucket for %s",
		from: `^arn:[a-z-]+:s3:::[a-z0-9.-]+/([^*?$]+)$`,
		to:   policy.Of(policy.Group(1)),
	}
)

// derivation returns how such a thing follows from a value.
func (a *alternative) derivation(value policy.Text) policy.Derivation {
	d := policy.Derivation{Value: value, Pattern: a.from, Result: a.to}
	if a == aRepository {
		d.Pattern = ecrPattern()
	}
	return d
}

// ecrPattern returns a pattern of images in private Amazon ECR, whose groups are account, region and repository.
func ecrPattern() string {
	var services, suffixes []string
	for _, s := range ecrServices {
		services = append(services, regexp.QuoteMeta(s.infix))
	}
	for _, s := range ecrSuffixes {
		suffixes = append(suffixes, regexp.QuoteMeta(string(s.suffix)))
	}
	return `^([0-9]{12})(?:` + strings.Join(services, "|") + `)([a-z0-9-]+)(?:` + strings.Join(suffixes, "|") + `)/([a-z0-9][a-z0-9._/-]+)(?:[:@]|$)`
}

// longestARN is how long a value can be that is an ARN. The output asks for no longer one, so that the role cannot grow
// over IAM's limits.
const longestARN = 256

// wholeValue is what a whole value can name.
type wholeValue struct {
	before policy.Text // what the value has before it
	may    []*alternative
	by     []policy.Given // say that it is the only one of may; nil where nobody says that
}

// mayName says what v, as a whole, can name where it is left open.
func (p *pass) mayName(v located, may ...*alternative) { p.mayNameBehind("", v, may...) }

// mayNameBehind is mayName for what is behind a beginning of v that is known.
func (p *pass) mayNameBehind(before policy.Text, v located, may ...*alternative) {
	if !p.leavesOpen {
		return
	}
	if p.whole == nil {
		p.whole = map[string]wholeValue{}
	}
	t, _ := v.Text()
	t, _ = t.CutPrefix(before)
	may, by := p.told(t, may)
	p.whole[v.Ref().Pointer] = wholeValue{before, may, by}
}

// openings are the parts of a document that are left open.
type openings struct {
	list    []taskdef.Opening
	symbols policy.SymbolTable
	taken   policy.SymbolTable // by the document
	parts   map[[2]string]bool // pointer and name
	whole   map[string]bool    // pointers
	// written are the values as the input has them, by their pointers.
	written map[string]policy.Text
	// derives says that a whole value is not asked for, but follows from the symbols that it has.
	derives bool
}

// trial reads a document with everything left open that can be left open. It returns how, and the pointers of the values
// that still ask.
func (a *Analysis) trial(in Input, opts taskdef.Options, tds []*taskdef.TaskDefinition) (o *openings, left map[string]bool) {
	o = &openings{symbols: policy.SymbolTable{}, parts: map[[2]string]bool{}, whole: map[string]bool{}, written: map[string]policy.Text{}, derives: a.derives(in)}
	for {
		open := len(o.list)
		left = map[string]bool{}
		for _, td := range tds {
			d := &document{Analysis: a, opts: &a.opts, used: map[any]bool{}, leavesOpen: true, derives: o.derives}
			_, shared := d.read(in.Name, nil, td)
			if o.taken == nil {
				o.taken = shared.reader.Symbols()
			}
			for _, q := range shared.questions.asked {
				left[q.at.Pointer] = true
			}
			o.add(&shared.questions, shared.whole)
		}
		if len(o.list) == open {
			return o, left
		}
		opts.Open, opts.Symbols = o.list, o.symbols
		tds, _ = in.read(opts)
	}
}

// offerParameters says of the plan's questions which of them [Options.Parameters] settles, where some pointers are left.
func (p *Plan) offerParameters(_ *openings, left map[string]bool) {
	for i := range p.Findings {
		if f := &p.Findings[i]; f.question {
			f.CanLeaveOpen = !left[f.At.Pointer]
		}
	}
}

// add leaves open what the questions of a task definition ask for.
func (o *openings) add(q *questions, whole map[string]wholeValue) {
	for i := range q.asked {
		asked := &q.asked[i]
		if _, seen := o.written[asked.at.Pointer]; !seen {
			o.written[asked.at.Pointer] = asked.value
		}
		if o.whole[asked.at.Pointer] || !o.derives && o.addParts(q, asked) {
			continue
		}
		if may, ok := whole[asked.at.Pointer]; ok && slices.ContainsFunc(asked.parts, unknown.isOpen) && (!o.derives || !asked.value.IsLiteral()) {
			o.whole[asked.at.Pointer] = true
			o.addWhole(q, asked, may)
		}
	}
	for _, w := range q.words {
		for _, at := range w.places {
			if o.derives {
				break // a word that is written is none that Terraform knows
			}
			o.addPart(q, w.unknown, at, "")
		}
	}
}

// addParts leaves the parts open that a question names, and reports whether there are any that are not open yet.
func (o *openings) addParts(q *questions, asked *question) (added bool) {
	for _, u := range asked.parts {
		if u.symbol == "" && u.isOpen() && u.name.IsLiteral() {
			added = o.addPart(q, u, asked.at, u.kind) || added
		}
	}
	return added
}

// isOpen reports whether somebody was to fill in a part: it is a placeholder, a symbol, or a word that looks like one of
// these. Any other word is a mistake.
func (u unknown) isOpen() bool {
	word := u.name.String()
	switch {
	case u.symbol != "" || !u.name.IsLiteral():
		return true
	case word == "" || u.reason == "":
		return word != ""
	case !strings.ContainsFunc(word, unicode.IsLetter):
		return false
	}
	return strings.ToUpper(word) == word || strings.ContainsAny(word, "<>{}$%[]") || taskdef.SaysNothing(word) ||
		u.kind != "" && strings.Contains(strings.ToLower(word), u.kind)
}

// kinds are the meanings and the patterns of parts that have to be of a kind.
var kinds = [...]struct {
	kind    string
	meaning policy.Meaning
	pattern string
	words   string
}{
	{"account", policy.MeansAccount, `[0-9]{12}`, "The account (12 digits)"},
	{"region", policy.MeansRegion, `[a-z]{2,}(-[a-z]+)+-[0-9]+`, "The region"},
	{"partition", policy.MeansPartition, `aws(-[a-z]+)*`, "The partition"},
}

// addPart leaves a part of a string open. It reports whether it was not open yet.
func (o *openings) addPart(q *questions, u unknown, at taskdef.Ref, kind string) bool {
	name := q.nameOf(u)
	if o.parts[[2]string{at.Pointer, name}] {
		return false
	}
	o.parts[[2]string{at.Pointer, name}] = true
	called := name
	if q.meansSeveral(name) || taskdef.SaysNothing(name) {
		called = nameAt(at) + " " + name
	}
	sentence := "The value"
	info := policy.SymbolInfo{Meaning: policy.MeansText}
	for _, k := range kinds {
		if k.kind != kind {
			continue
		}
		info.Meaning, info.Pattern, sentence = k.meaning, k.pattern, k.words
	}
	info.Description = fmt.Sprintf("%s for %s in %s", sentence, strconv.Quote(name), fieldOf(at))
	info.Expression = name
	s := o.symbol(called, info, at)
	if old := o.symbols[s]; old.Meaning == policy.MeansText && info.Meaning != policy.MeansText {
		// Whatever else has it in its name, here it is more than a text.
		old.Meaning, old.Pattern, old.Description = info.Meaning, info.Pattern, info.Description
		o.symbols[s] = old
	}
	o.list = append(o.list, taskdef.Opening{Pointer: at.Pointer, Name: name, Texts: []policy.Text{policy.Of(s)}})
	return true
}

// addWhole leaves a whole value open: it becomes each of the things that it can name.
func (o *openings) addWhole(q *questions, asked *question, w wholeValue) {
	called, tail := o.nameOfWhole(q, asked, w)
	if o.derives {
		tail = "" // the pattern cuts it off
	}
	may := slices.DeleteFunc(slices.Clone(w.may), func(a *alternative) bool { return a.derivedOnly && !o.derives })
	optional := len(may) > 1 || may[0] == aRepository
	var texts []policy.Text
	for _, may := range may {
		s := o.symbolOf(asked, w, called, may, optional)
		switch text := policy.Of(s); may {
		case aRepository:
			// The image is the URI of the repository, of which only the ARN is asked for.
			uri := o.symbol(string(s)+" URI", policy.SymbolInfo{Meaning: policy.MeansRepositoryURI, ARN: policy.Whole(text)}, asked.at)
			texts = append(texts, policy.Of(uri)+tail)
		case aSecret:
			texts = append(texts, w.before+text+tail)
		case aBucket:
			texts = append(texts, w.before+text+"/"+policy.Of(o.symbolOf(asked, w, called, aKey, false)))
		default:
			texts = append(texts, w.before+text)
		}
	}
	o.list = append(o.list, taskdef.Opening{Pointer: asked.at.Pointer, Texts: texts})
}

// symbolOf returns the symbol for one of the things that a whole value can name.
func (o *openings) symbolOf(asked *question, w wholeValue, called string, may *alternative, optional bool) policy.Symbol {
	name := called + " " + may.name
	if strings.HasSuffix(strings.ToLower(called), may.name) {
		name = called + " ARN"
	}
	written := o.written[asked.at.Pointer]
	if o.derives {
		value, _ := written.CutPrefix(w.before)
		return o.symbol(name, policy.SymbolInfo{
			Meaning: may.meaning, Optional: true, MaxLength: longestARN, Expression: written.String(),
			Derivation: may.derivation(value), Given: w.by,
		}, asked.at)
	}
	info := policy.SymbolInfo{
		Meaning: may.meaning, Pattern: may.pattern, Optional: optional, MaxLength: longestARN,
		Description: fmt.Sprintf(may.sentence, strconv.Quote(written.String())+", "+fieldOf(asked.at)), Expression: written.String(),
	}
	if optional {
		info.Description += "; " + may.instead
	}
	return o.symbol(name, info, asked.at)
}

// nameOfWhole returns what a whole value is called: the placeholder or the symbol that it begins with, if nothing but a tag
// or what follows the ARN of a secret is behind it, and otherwise its field. It also returns what is behind it.
func (o *openings) nameOfWhole(q *questions, asked *question, w wholeValue) (called string, tail policy.Text) {
	value, _ := asked.value.CutPrefix(w.before)
	s, rest, ok := value.CutSymbol()
	if name := string(s); ok && (rest == "" || rest[0] == ':' || rest[0] == '@') {
		if rest.IsLiteral() {
			tail = rest
		}
		if !q.meansSeveral(name) && !taskdef.SaysNothing(name) {
			called = lowered(name)
			for _, ending := range [...]string{"_arn", "_uri", "_url"} {
				called = strings.TrimSuffix(called, ending)
			}
			return called, tail
		}
	}
	return lowered(nameAt(asked.at)), tail
}

// lowered returns a name in small letters, if it has none.
func lowered(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return name
}

// symbol returns a symbol of that name, or with a number where the name is another's.
func (o *openings) symbol(name string, info policy.SymbolInfo, at taskdef.Ref) policy.Symbol {
	info.Kind, info.Place = policy.Parameter, at.Place
	s := policy.Symbol(name)
	for n := 2; ; n++ {
		_, taken := o.taken[s]
		known, open := o.symbols[s]
		if open && known.Expression == info.Expression && known.Optional == info.Optional {
			return s
		}
		if !taken && !open {
			o.symbols[s] = info
			return s
		}
		s = policy.Symbol(name + " " + strconv.Itoa(n))
	}
}

// nameAt returns a name for what is at a place.
func nameAt(at taskdef.Ref) string { return strings.TrimSpace(at.Container + " " + at.Field) }

// fieldOf names a field in a sentence.
func fieldOf(at taskdef.Ref) string {
	if at.Container == "" {
		return at.Field
	}
	return fmt.Sprintf("%s of the container %q", at.Field, at.Container)
}

// letters are the characters that a value may have for a symbol.
type letters [128]bool

// everyLetter are all that can be printed and that IAM does not take for a wildcard or for the beginning of a variable.
var everyLetter = func() (l letters) {
	for c := ' '; c < 127; c++ {
		l[c] = c != '*' && c != '?' && c != '$'
	}
	return l
}()

// narrow says that the value of a symbol that is left open has only characters that are allowed.
func (p *pass) narrow(s policy.Symbol, allowed func(byte) bool) {
	if p.narrowed == nil {
		return
	}
	l, ok := p.narrowed[s]
	if !ok {
		l = everyLetter
	}
	for c := range l {
		l[c] = l[c] && allowed(byte(c))
	}
	p.narrowed[s] = l
}

// patterns gives symbols patterns, where their meaning gives them none: those that were left open, and those of the input
// of which a rule took only some values.
func (r *reading) patterns(open policy.SymbolTable) {
	for s, info := range r.plan.Symbols {
		l, narrow := r.narrowed[s]
		if _, ok := open[s]; !narrow {
			if !ok {
				continue
			}
			l = everyLetter
		}
		if info.Pattern == "" && info.Meaning != policy.MeansRepositoryURI && info.Derivation.Pattern == "" {
			info.Pattern = "[" + l.class() + "]+"
			r.plan.Symbols[s] = info
		}
	}
}

// class returns the characters as they are in the brackets of a regular expression.
func (l *letters) class() string {
	var b strings.Builder
	rest := *l
	for _, r := range []struct{ from, to byte }{{'A', 'Z'}, {'a', 'z'}, {'0', '9'}} {
		all := true
		for c := r.from; c <= r.to; c++ {
			all = all && l[c]
		}
		for c := r.from; c <= r.to && all; c++ {
			rest[c] = false
		}
		if all {
			b.WriteString(string(r.from) + "-" + string(r.to))
		}
	}
	for c, allowed := range rest {
		if allowed {
			if strings.IndexByte(`\]^-[`, byte(c)) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(byte(c))
		}
	}
	return b.String()
}

// noteOpenings notes what was left open of the plan's task definition.
func (p *Plan) noteOpenings(o *openings) {
	for _, s := range p.openSymbols() {
		info, ok := o.symbols[s]
		if !ok {
			continue
		}
		if info.Given != nil {
			p.Findings = append(p.Findings, Finding{Severity: Note, Rule: "parameters", At: taskdef.Ref{Place: info.Place}, Message: fmt.Sprintf(
				"%s names %s, as its callers say: %s", strconv.Quote(info.Expression), strings.Replace(string(info.Meaning), "the ARN of ", "", 1), placesOf(info.Given))})
			continue
		}
		if info.Derivation.Pattern != "" {
			p.Findings = append(p.Findings, Finding{Severity: Note, Rule: "parameters", At: taskdef.Ref{Place: info.Place}, Message: fmt.Sprintf(
				"%s is known to Terraform alone, and whether it is %s: Terraform decides that", strconv.Quote(info.Expression), info.Meaning)})
			continue
		}
		p.Findings = append(p.Findings, Finding{Severity: Note, Rule: "parameters", At: taskdef.Ref{Place: info.Place}, Message: fmt.Sprintf(
			"%s is left open: the output asks for %s", strconv.Quote(info.Expression), strings.ToLower(info.Description[:1])+info.Description[1:])})
	}
}

// openSymbols returns the symbols in the plan's requirements, in the order of the input.
func (p *Plan) openSymbols() (symbols []policy.Symbol) {
	seen := map[policy.Symbol]bool{}
	for i := range p.Requirements {
		for _, s := range p.Requirements[i].ARN.Text().Symbols() {
			if !seen[s] {
				seen[s] = true
				symbols = append(symbols, s)
			}
		}
	}
	return symbols
}
