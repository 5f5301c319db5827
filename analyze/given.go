package analyze

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// The callers of a module in Terraform can tell what its variables are: see [policy.Given]. This file has what rules make of
// it. It only settles what would be unknown otherwise: nothing that a rule knows without the callers changes.

// meaning returns what a symbol means, also where only callers say it.
func (p *pass) meaning(s policy.Symbol) policy.Meaning {
	info := p.reader.Symbols().Lookup(s)
	if told := info.Told(); told != "" && isUnsaid(info.Meaning) {
		return told
	}
	return info.Meaning
}

// isUnsaid reports whether a meaning says nothing of what a value names.
func isUnsaid(m policy.Meaning) bool { return m == policy.MeansUnknown || m == policy.MeansText }

// noteTold notes that callers say what a symbol is, where a rule has used it.
func (p *pass) noteTold(v located, s policy.Symbol) {
	if info := p.reader.Symbols().Lookup(s); isUnsaid(info.Meaning) && len(info.Given) > 0 {
		p.Notef(v, "%s is %s, as its callers say: %s", quote(policy.Of(s)), info.Told(), placesOf(info.Given))
	}
}

// placesOf names the places of what is given.
func placesOf(given []policy.Given) string {
	const most = 3
	var places []string
	for _, g := range given {
		if place := g.At.String(); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if n := len(places) - most; n > 0 {
		places = append(places[:most], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(places, ", ")
}

// givenFor returns the values that t, which begins with a symbol, has by what is given for the symbol. Every other unknown part has
// an example of its meaning in its place.
func (p *pass) givenFor(t policy.Text) (texts []policy.Text, given []policy.Given) {
	s, rest, ok := t.CutSymbol()
	info := p.reader.Symbols().Lookup(s)
	if !ok || !isUnsaid(info.Meaning) {
		return nil, nil
	}
	for _, g := range info.Given {
		texts = append(texts, g.Text+p.withMeanings(rest))
	}
	return texts, info.Given
}

// withMeanings returns a text with the meanings of its symbols in their places, as [policy.Given] has them.
func (p *pass) withMeanings(t policy.Text) policy.Text {
	return policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		return string(policy.Of(policy.Symbol(p.reader.Symbols().Lookup(s).Meaning)))
	}))
}

// example returns a given text with an example in the place of each symbol.
func example(t policy.Text) string {
	return t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		switch policy.Meaning(s) {
		case policy.MeansAccount:
			return "111122223333"
		case policy.MeansRegion:
			return "us-east-1"
		case policy.MeansPartition:
			return "aws"
		case policy.MeansDomain:
			return "amazonaws.com"
		}
		return "x"
	})
}

// isGiven reports whether a given text is one of the values that name such a thing.
func (a *alternative) isGiven(t policy.Text) bool {
	if s, rest, ok := t.CutSymbol(); ok && policy.Meaning(s) != policy.MeansAccount {
		switch policy.Meaning(s) {
		case policy.MeansSecretARN:
			return a == aSecret && (rest == "" || rest[0] == ':')
		case policy.MeansSecretName:
			return a == aSecretName
		case policy.MeansParameterARN:
			return a == aParameter && rest == ""
		case policy.MeansParameterName:
			return a == aParameterName
		case policy.MeansRepositoryURI:
			return a == aRepository && (rest == "" || rest[0] == ':' || rest[0] == '@')
		case policy.MeansBucketARN:
			return a == aBucket && rest.HasPrefix("/")
		}
		return false
	}
	return regexp.MustCompile(a.derivation("").Pattern).MatchString(example(t))
}

// told narrows down what a value can name. What is given for the symbol at the beginning of the value decides which of the
// things in may remain; by are the places that give it. If the given values are of different kinds, all things remain.
func (p *pass) told(t policy.Text, may []*alternative) (one []*alternative, by []policy.Given) {
	texts, given := p.givenFor(t)
	if len(texts) == 0 {
		return may, nil
	}
	for _, a := range may {
		if !slices.ContainsFunc(texts, func(t policy.Text) bool { return !a.isGiven(t) }) {
			one = append(one, a)
		}
	}
	if len(one) != 1 {
		return may, nil
	}
	return one, given
}
