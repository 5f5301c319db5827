package policy

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Match says how a resource, which can have wildcards, relates to what a request touches.
type Match string

const (
	Exact Match = "exact"  // the resource as it is written
	Each  Match = "each"   // every string that fits: all task ids below a log stream prefix
	OneOf Match = "one of" // one string that fits and cannot be known: a secret's random suffix
)

// Request is what somebody wants to do, as far as that is known. One request stands for many where its resource has
// wildcards and its match is [Each].
type Request struct {
	Action string // "s3:GetObject"
	// Resource is an ARN, written as a statement has it: with symbols, with wildcards for what Match says, and with the
	// variables ${*}, ${?} and ${$} for the characters themselves. "*" alone is the resource of an action that has no
	// resources of its own.
	Resource Text
	Match    Match
	// Account owns the resource; "" where that is unknown. It matters where there is a resource policy.
	Account Text
	// Context are the keys of the request, by their names in any case. A key that is not in it is unknown.
	Context Context
	// Principal is who asks.
	Principal Requester
	// When says where the request exists at all.
	When When
	// Work is how much may be done for this request and for others together; nil for as much as one request may take.
	Work *Work
}

// Work is how much may still be done, so that a policy which is made to be slow does not take all time. It is counted in
// comparisons of characters. It is not for several goroutines at a time.
type Work struct{ left int }

// NewWork returns room for n comparisons of characters.
func NewWork(n int) *Work { return &Work{n} }

// Done reports whether it is used up.
func (w *Work) Done() bool { return w.left <= 0 }

// take returns what one request or comparison may take; give takes what it took off.
func (w *Work) take() work { return work(min(w.left, maxWork)) }

func (w *Work) give(before, after work) { w.left -= int(before - after) }

// Requester is who asks for something: a role, or a service in its own name.
type Requester struct {
	ARN     Text   // of a role; "" where it is unknown
	Account Text   // of the role; "" where it is unknown
	Service string // "ecs-tasks.amazonaws.com"; "" for a role
}

// Context are the keys of a request by their names in lower case: see [Context.Set].
type Context map[string]ContextKey

// ContextKey is what is known of a key of a request.
type ContextKey struct {
	State KeyState
	// Values are those that the key has: several where it is a list. They are written as [Request.Resource] is: wildcards are
	// for what is unknown of a value.
	Values []Text
	// OneOf says that the key has one of the values, and that it is unknown which.
	OneOf bool
	// More says that the key is a list that can have further values, which are unknown.
	More bool
}

// KeyState says whether a request has a key.
type KeyState int

const (
	KeyUnknown KeyState = iota // it may have it, with any value
	KeyAbsent
	KeyPresent
)

// Set sets a key, whose name can be in upper or lower case.
func (c Context) Set(name string, key ContextKey) { c[strings.ToLower(name)] = key }

// SetValues says that a request has a key with these values.
func (c Context) SetValues(name string, values ...Text) {
	c.Set(name, ContextKey{State: KeyPresent, Values: values})
}

// Layer is a kind of policies that has a say in whether a request is allowed.
type Layer string

const (
	IdentityLayer       Layer = "identity"               // the role's own policies
	BoundaryLayer       Layer = "permissions boundary"   // of the role
	ServiceControlLayer Layer = "service control policy" // of the role's organization
	ResourceLayer       Layer = "resource policy"        // of what the request touches, or the role's trust policy
)

// Policies are all that are known to have a say.
type Policies struct {
	Identity []Policy
	// Boundary is the permissions boundary; nil where there is none.
	Boundary *Policy
	// ServiceControl are the service control policies, by the levels of the organization at which they are attached. Each
	// level has to allow a request.
	ServiceControl [][]Policy
	// Resource is the policy of the resource, or the trust policy of a role that is assumed; nil where there is none, or it is
	// unknown.
	Resource *Policy
}

// Answer is the answer to a request.
type Answer struct {
	Allowed Truth
	// By is the layer that is in the way where Allowed is No, and that is undecided where it is Unknown.
	By Layer
	// Explicit says that a statement denies the request. Otherwise, of one that is not allowed, none allows it.
	Explicit bool
	// Exhausted says that the policies are too long, or have too many wildcards, to be compared in time. The answer is Unknown
	// then, unless a statement surely denies the request.
	Exhausted bool
	// Conditional says that Allowed is Unknown since parts of the policies are there only under conditions of the input. Who
	// evaluates policies with and without such parts sets it.
	Conditional bool
	// Deciders are all statements that apply to the request or may apply, in the order of layers, policies and statements.
	Deciders []Decider
}

// Decider is a statement that applies to a request, or may apply.
type Decider struct {
	Layer     Layer
	Policy    *Policy // as it was given
	Statement *Statement
	// Applies says whether it does. It is Unknown too where it applies to some of what the request stands for.
	Applies Truth
	// Coverage says how many of the strings that the request stands for fit the statement's resources.
	Coverage Coverage
	// Resources are the indexes of the statement's resources that fit or may fit; nil where it has none or NotResource.
	Resources []int
	// Undecided are the indexes of the statement's conditions that cannot be decided.
	Undecided []int
	// PrincipalUndecided says that it is unknown whether the statement is about who asks.
	PrincipalUndecided bool
}

// Evaluator decides requests by the rules of IAM. Several goroutines can use it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type Evaluator struct {
	symbols SymbolTable
	values  map[Symbol]string
	layers  map[Layer][][]compiledPolicy // by levels; all layers but one have one level at most
}

// NewEvaluator prepares policies. Symbols says what is known of the symbols in them and in requests, and values are the
// values of those that are known.
func NewEvaluator(p Policies, symbols SymbolTable, values map[Symbol]string) *Evaluator {
	e := &Evaluator{symbols: symbols, values: values, layers: map[Layer][][]compiledPolicy{}}
	add := func(layer Layer, policies []Policy) {
		var level []compiledPolicy
		for i := range policies {
			level = append(level, e.compile(&policies[i]))
		}
		e.layers[layer] = append(e.layers[layer], level)
	}
	add(IdentityLayer, p.Identity)
	if p.Boundary != nil {
		add(BoundaryLayer, []Policy{*p.Boundary})
		e.layers[BoundaryLayer][0][0].policy = p.Boundary
	}
	for _, level := range p.ServiceControl {
		add(ServiceControlLayer, level)
	}
	if p.Resource != nil {
		add(ResourceLayer, []Policy{*p.Resource})
		e.layers[ResourceLayer][0][0].policy = p.Resource
	}
	return e
}

// compiledPolicy is a policy whose patterns are taken apart.
type compiledPolicy struct {
	policy     *Policy
	statements []compiledStatement
	// about are the statements about an action, []*compiledStatement by the action: requests have few different ones.
	about *sync.Map
}

type compiledStatement struct {
	source                  *Statement
	actions, notActions     []*pattern
	resources, notResources []compiledValue
	conditions              []compiledCondition
}

// compiledValue is a resource or the value of a condition. Its pattern is nil where it depends on the request, by policy
// variables.
type compiledValue struct {
	source  *Value
	version string
	syntax  syntax
	pattern *pattern
	// otherCase is the pattern in lower case, where it has capital letters before the resource of an ARN: IAM does not say
	// whether upper and lower case differ there.
	otherCase *pattern
}

func (e *Evaluator) compile(p *Policy) compiledPolicy {
	out := compiledPolicy{policy: p, statements: make([]compiledStatement, len(p.Document.Statements)), about: new(sync.Map)}
	version := p.Document.Version
	if version == "" {
		version = Version
	}
	for i := range p.Document.Statements {
		s := &p.Document.Statements[i]
		c := &out.statements[i]
		c.source = s
		c.actions, c.notActions = actionPatterns(s.Actions), actionPatterns(s.NotActions)
		resource := syntax{wildcards: true, variables: true, resource: true}
		c.resources, c.notResources = e.compileValues(s.Resources, version, resource), e.compileValues(s.NotResources, version, resource)
		for j := range s.Conditions {
			c.conditions = append(c.conditions, e.compileCondition(&s.Conditions[j], version))
		}
	}
	return out
}

// actionPatterns takes the actions of a statement apart. Their case does not matter, and they have no variables.
func actionPatterns(actions []string) []*pattern {
	if actions == nil {
		return nil
	}
	c := compiler{version: versionBefore}
	list := make([]*pattern, len(actions))
	for i, a := range actions {
		list[i] = c.pattern(Text(a), syntax{wildcards: true, fold: true})
	}
	return list
}

func (e *Evaluator) compileValues(values []Value, version string, s syntax) []compiledValue {
	list := make([]compiledValue, len(values))
	for i := range values {
		list[i] = compiledValue{source: &values[i], version: version, syntax: s}
		c := compiler{symbols: e.symbols, values: e.values, version: version}
		if p := c.pattern(values[i].Text, s); !c.needsContext {
			list[i].pattern = p
		}
		if text := string(values[i].Text); s.resource && hasCapitals(text) {
			list[i].otherCase = c.pattern(Text(strings.ToLower(text)), syntax{wildcards: true, resource: true})
		}
	}
	return list
}

// hasCapitals reports whether there are capital letters before the fifth colon.
func hasCapitals(arn string) bool {
	colons := 0
	for i := 0; i < len(arn) && colons < 5; i++ {
		switch c := arn[i]; {
		case c == 0:
			return false
		case c >= 'A' && c <= 'Z':
			return true
		case c == ':':
			colons++
		}
	}
	return false
}

// Evaluate decides a request. It looks at every statement, and does not stop at the first answer. The time is bounded: what
// cannot be compared in time is Unknown.
func (e *Evaluator) Evaluate(request Request) Answer {
	r := evaluation{Evaluator: e, request: request, work: maxWork}
	if request.Work != nil {
		r.work = request.Work.take()
	}
	before := r.work
	r.resource = r.resourcePattern(request.Resource, request.Resource != "*")
	a := r.decide()
	if request.Work != nil {
		request.Work.give(before, r.work)
	}
	if a.Exhausted = r.work <= 0; a.Exhausted && !(a.Allowed == No && a.Explicit) {
		a.Allowed = Unknown
	}
	return a
}

// evaluation is the evaluation of one request.
type evaluation struct {
	*Evaluator
	request  Request
	resource *pattern
	lower    *pattern // the resource in lower case; nil before it is needed
	work     work
	deciders []Decider
}

// resourcePattern takes a text of the request apart.
func (r *evaluation) resourcePattern(t Text, wildcards bool) *pattern {
	c := compiler{symbols: r.symbols, values: r.values, version: Version}
	return c.pattern(t, syntax{wildcards: wildcards})
}

// tally is what the statements of some policies say together.
type tally struct {
	deny, allow Truth
	// public says whether a statement allows it to everybody, and not to the role by name.
	public Truth
	// account says whether a statement allows it to the requester's account as a whole. It is then up to the account's own
	// policies. This is for resource policies only.
	account Truth
	partial []*compiledStatement // that allow some of what the request stands for
	unknown bool                 // a statement may allow it for another reason
}

func (r *evaluation) decide() Answer {
	identity := r.level(IdentityLayer, r.layers[IdentityLayer][0])
	all := tally{deny: identity.deny}
	boundary := Yes
	for _, level := range r.layers[BoundaryLayer] {
		t := r.level(BoundaryLayer, level)
		boundary, all.deny = t.allow, all.deny.Or(t.deny)
	}
	control := Yes
	for _, level := range r.layers[ServiceControlLayer] {
		t := r.level(ServiceControlLayer, level)
		control, all.deny = control.And(t.allow), all.deny.Or(t.deny)
	}
	var resource *tally
	for _, level := range r.layers[ResourceLayer] {
		t := r.level(ResourceLayer, level)
		resource, all.deny = &t, all.deny.Or(t.deny)
	}
	d := Answer{Deciders: r.deciders}
	// The order is the one in which the answer names a layer.
	steps := []step{ServiceControlLayer.says(control), IdentityLayer.says(identity.allow), BoundaryLayer.says(boundary)}
	switch {
	case r.request.Principal.Service != "":
		direct := No
		if resource != nil {
			direct = resource.allow.Or(resource.public)
		}
		steps = []step{ResourceLayer.says(direct)}
	case resource != nil:
		steps = r.withResourcePolicy(identity.allow, boundary, control, resource)
	}
	d.Allowed = Yes
	for _, s := range steps {
		if d.Allowed == Yes && s.truth == Unknown || d.Allowed != No && s.truth == No {
			d.By = s.by
		}
		d.Allowed = d.Allowed.And(s.truth)
	}
	if all.deny == Yes || all.deny == Unknown && d.Allowed == Yes {
		d.Allowed, d.Explicit = all.deny.Not(), all.deny == Yes
		for _, s := range d.Deciders {
			if s.Statement.Effect == Deny && s.denies(r.request.Match) == all.deny {
				d.By = s.Layer
				break
			}
		}
	}
	return d
}

// step is what one layer says.
type step struct {
	by    Layer
	truth Truth
}

func (l Layer) says(t Truth) step { return step{l, t} }

// withResourcePolicy returns what the layers say where the resource has a policy. In one account, the role's policies or the
// resource's have to allow a request; between accounts both have to. A key policy has to allow it in any case: it may leave
// it to the account, whose policies then have to allow it too. A permissions boundary limits what a resource policy allows to
// the role.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html and
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
func (r *evaluation) withResourcePolicy(identity, boundary, control Truth, resource *tally) []step {
	service, _, _ := strings.Cut(strings.ToLower(r.request.Action), ":")
	direct := resource.allow.Or(resource.public)
	given := ResourceLayer.says(direct.Or(resource.account))
	organization, own := ServiceControlLayer.says(control), BoundaryLayer.says(boundary)
	across := []step{organization, IdentityLayer.says(identity), own, given}
	// AWS does not say whether a boundary limits what is allowed to everybody.
	own.truth = own.truth.Or(resource.public.And(Unknown))
	within := []step{organization, IdentityLayer.says(identity.Or(direct)), own}
	if service == "kms" {
		within = []step{organization, given, IdentityLayer.says(identity.Or(direct)), own}
	}
	switch r.sameAccount() {
	case Yes:
		return within
	case No:
		return across
	}
	answer := func(steps []step) Truth {
		all := Yes
		for _, s := range steps {
			all = all.And(s.truth)
		}
		return all
	}
	if a := answer(across); a == answer(within) {
		return across
	}
	return append(within, ResourceLayer.says(Unknown))
}

// sameAccount reports whether the requester and the resource are in one account.
func (r *evaluation) sameAccount() Truth {
	of, by := r.request.Account, r.request.Principal.Account
	if of == "" || by == "" {
		return Unknown
	}
	return r.work.cover(r.resourcePattern(of, false), r.resourcePattern(by, false)).truth()
}

// level evaluates policies that stand beside each other.
func (r *evaluation) level(layer Layer, policies []compiledPolicy) tally {
	t := tally{deny: No, allow: No, public: No, account: No}
	for i := range policies {
		for _, s := range policies[i].statementsAbout(r.request.Action) {
			if r.work <= 0 {
				return t // the answer says so
			}
			r.statement(layer, policies[i].policy, s, &t)
		}
	}
	if t.allow != Unknown || t.unknown {
		return t
	}
	// Every doubt is of one kind: patterns that have some of the strings, of which each is needed.
	if len(t.partial) == 1 || r.missed(t.partial) {
		t.allow = No
	}
	return t
}

// statement adds what one statement says.
func (r *evaluation) statement(layer Layer, policy *Policy, s *compiledStatement, t *tally) {
	d := Decider{Layer: layer, Policy: policy, Statement: s.source}
	principal, grantee := Yes, requester
	if layer == ResourceLayer {
		principal, grantee = r.principal(s.source.Principals)
	}
	if principal == No {
		return
	}
	d.PrincipalUndecided = principal == Unknown
	if d.Coverage, d.Resources = r.coverage(r.resource, s); d.Coverage == CoversNone {
		return
	}
	conditions := Yes
	for i := range s.conditions {
		switch c := r.condition(&s.conditions[i]); c {
		case No:
			return
		case Unknown:
			d.Undecided = append(d.Undecided, i)
			conditions = Unknown
		}
	}
	sure := principal.And(conditions)
	d.Applies = sure.And(d.Coverage.truth())
	r.deciders = append(r.deciders, d)
	if s.source.Effect == Deny {
		t.deny = t.deny.Or(d.denies(r.request.Match))
		return
	}
	switch {
	case grantee == account:
		t.account = t.account.Or(d.Applies)
	case grantee == everybody:
		t.public = t.public.Or(d.Applies)
	case d.Coverage == CoversSome && r.request.Match == Each && sure == Yes:
		t.partial = append(t.partial, s)
		t.allow = t.allow.Or(Unknown)
	default:
		t.allow = t.allow.Or(d.Applies)
		t.unknown = t.unknown || d.Applies == Unknown
	}
}

// denies reports whether a statement that denies does so. Where each string is needed, denying some is enough.
func (d *Decider) denies(m Match) Truth {
	if d.Coverage == CoversSome && m == Each && d.Undecided == nil && !d.PrincipalUndecided {
		return Yes
	}
	return d.Applies
}

// statementsAbout returns the statements about an action.
func (p *compiledPolicy) statementsAbout(action string) []*compiledStatement {
	if list, ok := p.about.Load(action); ok {
		return list.([]*compiledStatement)
	}
	c := compiler{version: versionBefore}
	of := c.pattern(Text(action), syntax{fold: true})
	fits := func(p *pattern) bool {
		w := work(maxWork)
		return w.cover(of, p) == CoversAll
	}
	var list []*compiledStatement
	for i := range p.statements {
		s := &p.statements[i]
		if s.source.NotActions != nil && !slices.ContainsFunc(s.notActions, fits) || s.source.NotActions == nil && slices.ContainsFunc(s.actions, fits) {
			list = append(list, s)
		}
	}
	p.about.Store(action, list)
	return list
}

// coverage says how many of the strings of a resource the statement is about, and by which of its resources.
func (r *evaluation) coverage(of *pattern, s *compiledStatement) (c Coverage, indexes []int) {
	switch {
	case s.source.NotResources != nil:
		return r.notCovered(of, s.notResources), nil
	case s.source.Resources == nil:
		return CoversAll, nil
	}
	c = CoversNone
	for i := range s.resources {
		one := r.coverValue(of, &s.resources[i])
		if when := s.resources[i].source.When; one != CoversNone && !when.holds(r.request.When) {
			one = CoverageUnknown
		}
		if one == CoversNone {
			continue
		}
		indexes = append(indexes, i)
		switch {
		case one == CoversAll || c == CoversAll:
			c = CoversAll
		case one == CoverageUnknown || c == CoverageUnknown:
			c = CoverageUnknown
		case c == CoversSome && r.request.Match == Each:
			c = CoverageUnknown // together, they may have all
			if r.missedBy(s.resources, of) {
				c = CoversSome
			}
		default:
			c = CoversSome
		}
	}
	return c, indexes
}

// notCovered says how many of the strings of a resource fit none of the patterns.
func (r *evaluation) notCovered(of *pattern, not []compiledValue) Coverage {
	c := CoversAll
	for i := range not {
		one := r.coverValue(of, &not[i])
		switch {
		case one == CoversAll:
			return CoversNone
		case r.patternOf(&not[i]).invalid || one == CoverageUnknown || one == CoversSome && c == CoversSome:
			c = CoverageUnknown
		case one == CoversSome && c == CoversAll:
			c = CoversSome
		}
	}
	return c
}

// coverValue says how many of the strings of a resource fit one of a statement.
func (r *evaluation) coverValue(of *pattern, v *compiledValue) Coverage {
	const each = 8 // what comparing takes that have nothing in common
	if r.work -= each; r.work <= 0 {
		return CoverageUnknown
	}
	c := r.work.cover(of, r.patternOf(v))
	if c == CoversNone && v.otherCase != nil && r.work.cover(r.lowerCase(of), v.otherCase) != CoversNone {
		return CoverageUnknown
	}
	return c
}

// lowerCase returns a pattern in lower case. That of the request's resource is made once.
func (r *evaluation) lowerCase(of *pattern) *pattern {
	if of == r.resource && r.lower != nil {
		return r.lower
	}
	lower := &pattern{tokens: slices.Clone(of.tokens), symbols: of.symbols, narrow: of.narrow}
	for i, t := range lower.tokens {
		lower.tokens[i].char = unicode.ToLower(t.char)
	}
	lower.finish()
	if of == r.resource {
		r.lower = lower
	}
	return lower
}

// holds reports whether what is there under the condition w is there wherever other holds.
func (w When) holds(other When) bool {
	if w == nil {
		return true
	}
	return other != nil && !slices.ContainsFunc(other, func(s Symbol) bool { return !slices.Contains(w, s) })
}

// samples returns two strings that fit a pattern: one in which each * is nothing, and one in which it is long. No policy has
// the character that the wildcards are filled with.
func samples(of *pattern) [2]*pattern {
	const fresh = '\uE000'
	var list [2]*pattern
	for i := range list {
		p := &pattern{}
		for _, t := range of.tokens {
			n := 1
			if t.kind == many {
				n = 32 * i
			}
			if t.kind == one || t.kind == many {
				t = token{kind: character, char: fresh}
			}
			p.tokens = append(p.tokens, slices.Repeat([]token{t}, n)...)
		}
		p.finish()
		list[i] = p
	}
	return list
}

// missed reports whether a string of the request's resource is surely covered by none of the statements.
func (r *evaluation) missed(statements []*compiledStatement) bool {
	for _, sample := range samples(r.resource) {
		if !slices.ContainsFunc(statements, func(s *compiledStatement) bool {
			c, _ := r.coverage(sample, s)
			return c != CoversNone
		}) {
			return true
		}
	}
	return false
}

// missedBy reports whether a string of a resource surely fits none of the patterns.
func (r *evaluation) missedBy(values []compiledValue, of *pattern) bool {
	for _, sample := range samples(of) {
		if !slices.ContainsFunc(values, func(v compiledValue) bool { return r.coverValue(sample, &v) != CoversNone }) {
			return true
		}
	}
	return false
}

// patternOf returns the pattern of a value, with the values of policy variables in this request.
func (r *evaluation) patternOf(v *compiledValue) *pattern {
	if v.pattern != nil {
		return v.pattern
	}
	c := compiler{symbols: r.symbols, values: r.values, version: v.version, context: r.variable}
	return c.pattern(v.source.Text, v.syntax)
}

// variable returns the value of a policy variable. A key that is a list has none.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (r *evaluation) variable(name string) value {
	key := r.request.Context[strings.ToLower(name)]
	switch {
	case key.State != KeyPresent:
		return value{state: key.State}
	case len(key.Values) == 1 && !key.More:
		return value{key.Values[0], KeyPresent}
	}
	return value{state: KeyUnknown}
}
