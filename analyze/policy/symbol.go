package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// Symbol names a value that a Text does not know. A [SymbolTable] says what is known of it.
type Symbol string

// The symbols of a role's environment, with the names of CloudFormation's pseudo parameters.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
const (
	Partition Symbol = "AWS::Partition"
	Region    Symbol = "AWS::Region"
	AccountID Symbol = "AWS::AccountId"
	URLSuffix Symbol = "AWS::URLSuffix" // the domain of the partition: amazonaws.com
)

// SymbolInfo is what is known of a symbol.
type SymbolInfo struct {
	Kind    SymbolKind
	Meaning Meaning
	// ARN is the ARN of the thing that the symbol names, such as that of a repository by its URI, or of a parameter by its
	// name: this says whether the name begins with a slash. It is the zero value where it is unknown.
	ARN ARN
	// Default is the value that the input gives where nobody gives another; "" for none.
	Default string
	// Place is where the input declares or uses the symbol.
	Place tree.Place
	// MaxLength is the length of the longest value, in characters; 0 where it is unknown.
	MaxLength int
	// Condition is the condition under which the input has what the symbol names; "" where it always has it.
	Condition string
	// Export is the name under which a stack exports the value of an [Import]; "" where it is unknown.
	Export string
	// Expression is the symbol in the language of its input: "!GetAtt Repo.Arn", "var.region".
	Expression string
	// Description says which value is wanted, in a sentence, where the meaning and the expression do not say it; "" otherwise.
	Description string
	// Pattern is a regular expression that every value matches as a whole; "" where any value will do.
	Pattern string
	// Optional says that the value can be empty: the input then has nothing of this meaning in its place.
	Optional bool
	// Distinct says that no other symbol that is Distinct and has this meaning has the same value: each names a thing that its
	// input makes.
	Distinct bool
	// Same is what always has the same value; "" for nothing.
	Same Text
	// Like is a pattern that the value fits, with * and ? as wildcards: the ARN of a secret by its name. It is "" where none is known.
	Like Text
	// Given are the values that are given for the symbol of a part of an input, as far as the rest of the input says it, such as
	// the callers of a module. What they name does not count, only what kind of a value each is. Others can be given elsewhere.
	// It is nil where one of the values is unknown.
	Given []Given
	// Derivation says how the value follows from others; its zero value for a value that follows from nothing.
	Derivation Derivation
}

// Given is a value that is given for a symbol.
type Given struct {
	// Text has a symbol for each unknown part, whose name is the [Meaning] of the part.
	Text Text
	At   tree.Place
}

// Told returns what all values that are given for the symbol are; "" where they are nothing of one meaning.
func (i *SymbolInfo) Told() Meaning {
	for _, g := range i.Given {
		if s, rest, ok := g.Text.CutSymbol(); !ok || rest != "" || g.Text != i.Given[0].Text || Meaning(s) == MeansText || Meaning(s) == MeansUnknown {
			return ""
		}
	}
	if len(i.Given) == 0 {
		return ""
	}
	s, _, _ := i.Given[0].Text.CutSymbol()
	return Meaning(s)
}

// Derivation is how a value follows from a text whose value is known only at deployment. Where the text does not match the
// pattern, there is no such value.
type Derivation struct {
	Value   Text   // of the input
	Pattern string // a regular expression with groups
	Result  Text   // with the symbols of [Group] for what the groups match
}

// Group returns the symbol for what a group of a [Derivation] matches, from 1.
func Group(n int) Symbol { return groups[n-1] }

// groups are the symbols of groups.
var groups = [...]Symbol{"group 1", "group 2", "group 3"}

// GroupOf returns the number of the group that a symbol is for; 0 for any other symbol.
func GroupOf(s Symbol) int { return 1 + slices.Index(groups[:], s) }

// MatchOf returns the symbol for what a group of a regular expression matches in a text, from 1; 0 is for whether it matches at
// all.
func MatchOf(pattern string, value Text, group int) Symbol {
	return Symbol("match " + strconv.Itoa(group) + " of " + pattern + " in " + string(value.String()))
}

// SymbolKind says what the input declares a symbol as.
type SymbolKind string

const (
	PseudoParameter SymbolKind = "pseudo parameter"
	Parameter       SymbolKind = "parameter"
	Resource        SymbolKind = "resource"
	Attribute       SymbolKind = "attribute"
	Import          SymbolKind = "import"
	Variable        SymbolKind = "variable"
	ConditionName   SymbolKind = "condition" // of a [Branch]
)

// Meaning says what a symbol's value names, in words for messages.
type Meaning string

const (
	MeansSecretARN      Meaning = "the ARN of a secret"
	MeansSecretName     Meaning = "the name of a secret"
	MeansParameterName  Meaning = "the name of a parameter"
	MeansParameterARN   Meaning = "the ARN of a parameter"
	MeansImage          Meaning = "an image"
	MeansRepositoryURI  Meaning = "the URI of a repository"
	MeansRepositoryARN  Meaning = "the ARN of a repository"
	MeansRepositoryName Meaning = "the name of a repository"
	MeansLogGroupName   Meaning = "the name of a log group"
	MeansLogGroupARN    Meaning = "the ARN of a log group"
	MeansBucketName     Meaning = "the name of a bucket"
	MeansBucketARN      Meaning = "the ARN of a bucket"
	MeansKeyARN         Meaning = "the ARN of a key"
	MeansRoleName       Meaning = "the name of a role"
	MeansRoleARN        Meaning = "the ARN of a role"
	MeansAccount        Meaning = "an account"
	MeansRegion         Meaning = "a region"
	MeansPartition      Meaning = "a partition"
	MeansDomain         Meaning = "the domain of a partition"
	MeansText           Meaning = "plain text"
	MeansUnknown        Meaning = "unknown"
)

// IsARN reports whether the value is the ARN of something.
func (m Meaning) IsARN() bool { return strings.HasPrefix(string(m), "the ARN of ") }

// SymbolTable says what is known of the symbols of an input. CloudFormation's pseudo parameters need no entry.
type SymbolTable map[Symbol]SymbolInfo

// The longest region today is us-isof-south-1. New ones are named alike, after a direction at most as long as northeast.
var pseudoParameters = SymbolTable{
	Partition: {Kind: PseudoParameter, Meaning: MeansPartition, MaxLength: len("aws-us-gov")},
	Region:    {Kind: PseudoParameter, Meaning: MeansRegion, MaxLength: len("us-isof-northeast-1")},
	AccountID: {Kind: PseudoParameter, Meaning: MeansAccount, MaxLength: len("111122223333")},
	URLSuffix: {Kind: PseudoParameter, Meaning: MeansDomain, MaxLength: len("amazonaws.com.cn")},
}

// Lookup returns what is known of a symbol. One without an entry has the meaning [MeansUnknown].
func (t SymbolTable) Lookup(s Symbol) SymbolInfo {
	if info, ok := t[s]; ok {
		if info.Meaning == "" {
			info.Meaning = MeansUnknown
		}
		return info
	}
	if info, ok := pseudoParameters[s]; ok {
		return info
	}
	return SymbolInfo{Meaning: MeansUnknown}
}

// Written returns a text for messages, as its input writes it: a symbol alone as its expression, and others as ${NAME}.
func (t SymbolTable) Written(text Text) string {
	if s, rest, ok := text.CutSymbol(); ok && rest == "" {
		if info := t.Lookup(s); info.Expression != "" {
			return info.Expression
		}
	}
	return text.String()
}

// unknownLength is assumed for a value whose longest length is unknown, in characters.
const unknownLength = 128

// maxLength returns the length of the longest value of a symbol, in characters.
func (t SymbolTable) maxLength(s Symbol) int {
	if n := t.Lookup(s).MaxLength; n > 0 {
		return n
	}
	return unknownLength
}
