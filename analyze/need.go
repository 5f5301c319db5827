package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Need is something besides the role's permissions that has to be there for the task to start. The rules know of it:
// [Plan.Needs] puts together what they know.
type Need struct {
	Kind NeedKind
	Rule *Rule
	// Thing says in words what is needed: "image", "secret", "log group", "file system"; "" for an endpoint or a setting.
	Thing string
	// Name is the thing's ARN, as the resource of a requirement has it. Of an image outside of private Amazon ECR it is the
	// reference, of an endpoint the name of its service in that of the endpoint, com.amazonaws.REGION.NAME, and of a setting
	// NAME=VALUE.
	Name policy.Text
	// Or are other ARNs: the thing has Name or one of these, and the input does not say which.
	Or []policy.Text
	// Region is where the thing has to be, or the endpoint; "" where the input does not say that, as of a bucket.
	Region policy.Text
	// Tag is the tag or the digest of an image; "" for anything else.
	Tag policy.Text
	// Keys are what the JSON text in the thing has to hold, each once, in the order of the input; of the kind [NeedKeys].
	Keys []policy.Text
	// Gateway says that the endpoint is one of type gateway. The others are of type interface.
	Gateway bool
	// LaunchType is the only one where this is needed, such as "EC2"; "" for all of those that the task can have.
	LaunchType string
	// Why says more in sentences; "" where the kind says it all.
	Why string
	// From are the fields that ask for it, in the order of the input; nil where the launch type alone asks for it.
	From []taskdef.Ref
}

// NeedKind is a kind of [Need].
type NeedKind string

const (
	NeedThing    NeedKind = "thing"    // it has to exist
	NeedKeys     NeedKind = "keys"     // the text in it has to be JSON with these keys
	NeedEndpoint NeedKind = "endpoint" // a VPC endpoint, in a subnet that has no way to the internet
	NeedInternet NeedKind = "internet" // a way to the internet: no VPC endpoint leads there
	NeedSetting  NeedKind = "setting"  // of the ECS agent on the instance
)

// NeedKinds are all kinds, in the order of [Plan.Needs].
var NeedKinds = [...]NeedKind{NeedThing, NeedKeys, NeedEndpoint, NeedInternet, NeedSetting}

// Title returns in words what the needs of a kind are, for a heading.
func (k NeedKind) Title() string {
	switch k {
	case NeedThing:
		return "What has to exist"
	case NeedKeys:
		return "Keys that a JSON text has to hold"
	case NeedEndpoint:
		return "VPC endpoints, in a subnet without a way to the internet"
	case NeedInternet:
		return "A way to the internet, since no VPC endpoint leads there"
	case NeedSetting:
		return "Settings of the ECS agent on each instance"
	}
	return string(k)
}

// String returns the need in one line, for logs and tests: "thing secret arn:… in us-east-1 for app: secrets KEY".
func (n Need) String() string {
	var b strings.Builder
	b.WriteString(string(n.Kind))
	add := func(word, value string) {
		if value != "" {
			b.WriteString(word + value)
		}
	}
	add(" ", n.Thing)
	add(" ", n.Name.String())
	for _, t := range n.Or {
		add(" or ", t.String())
	}
	add(" tag ", n.Tag.String())
	for i, key := range n.Keys {
		word := ", "
		if i == 0 {
			word = " with "
		}
		add(word, key.String())
	}
	if n.Gateway {
		add(" ", "(gateway)")
	}
	add(" in ", n.Region.String())
	add(" only on ", n.LaunchType)
	var from []string
	for _, at := range n.From {
		field := at.Field
		if at.Container != "" {
			field = at.Container + ": " + field
		}
		if !slices.Contains(from, field) {
			from = append(from, field)
		}
	}
	add(" for ", strings.Join(from, ", "))
	return Printable(b.String())
}

// offset returns where the input asks first; -1 if nothing in it asks.
func (n *Need) offset() int {
	if n.From == nil {
		return -1
	}
	return n.From[0].Offset
}

// endpoint is a VPC endpoint that calls of a grant go through.
type endpoint struct {
	service string // as in [Need.Name]
	gateway bool
	why     string // as [Need.Why]
}

// need asks for something besides a permission.
func (p *pass) need(n Need) {
	n.Rule = p.rule
	p.plan.needs = append(p.plan.needs, n)
}

// Needs returns what has to be there besides the role's permissions, sorted by kind, and within a kind in the order of the
// input; endpoints are sorted by their names. Of a plan with errors it is what is known.
func (p *Plan) Needs() []Need {
	c := needCollector{plan: p, index: map[needKey]int{}, created: map[readThing]bool{}, referenced: map[readThing]bool{}, last: map[neededAt]int{}}
	for i := range p.Requirements {
		r := &p.Requirements[i]
		if r.Grant == nil {
			continue // made by hand
		}
		if arn, ok := r.reference(); ok {
			c.referenced[readThing{r.At.Pointer, arn}] = true
		}
		if arn, ok := r.thing(); ok && r.Grant.creates {
			c.created[readThing{r.At.Pointer, arn}] = true
		}
	}
	for i := range p.Requirements {
		if r := &p.Requirements[i]; r.Grant != nil {
			c.addRequirement(r)
		}
	}
	for _, n := range p.needs {
		c.add(n)
	}
	for _, rule := range allRules() {
		for _, n := range rule.Needs {
			c.addOfRule(rule, n)
		}
	}
	slices.SortStableFunc(c.list, func(a, b Need) int {
		order := cmp.Compare(slices.Index(NeedKinds[:], a.Kind), slices.Index(NeedKinds[:], b.Kind))
		switch {
		case order != 0:
			return order
		case a.Kind != NeedEndpoint:
			return cmp.Compare(a.offset(), b.offset())
		}
		return cmp.Or(cmp.Compare(a.LaunchType, b.LaunchType), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name))
	})
	return c.list
}

// needCollector puts needs together: one for each thing, whoever asks.
type needCollector struct {
	plan       *Plan
	list       []Need
	index      map[needKey]int
	created    map[readThing]bool
	last       map[neededAt]int   // the index of what a field asked for last
	referenced map[readThing]bool // secrets that Parameter Store reads
}

type needKey struct {
	kind        NeedKind
	name, extra policy.Text
}

// neededAt is a kind of need and the pointer to the field that asks for it. An alias of YAML puts several fields in one
// place of the text.
type neededAt struct {
	kind    NeedKind
	pointer string
}

// readThing is a thing and the pointer to the field that reads it.
type readThing struct {
	pointer string
	arn     policy.ARN
}

// appendAt appends a place that is not before those of the list, unless it is the last one already.
func appendAt(list []taskdef.Ref, at taskdef.Ref) []taskdef.Ref {
	if n := len(list); n > 0 && list[n-1] == at {
		return list
	}
	return append(list, at)
}

// add adds a need, or the fields that ask for it if it is there already.
// It returns its index in the list.
func (c *needCollector) add(n Need) int {
	// With the values that are known, two names can be the same.
	key := needKey{n.Kind, policy.Text(c.plan.Environment.Fill(n.Name)), n.Tag}
	if n.Kind == NeedEndpoint {
		key.extra = n.Region
	}
	i, seen := c.index[key]
	if !seen {
		c.index[key] = len(c.list)
		c.list = append(c.list, n)
		return c.index[key]
	}
	has := &c.list[i]
	for _, at := range n.From {
		has.From = appendAt(has.From, at)
	}
	for _, key := range n.Keys {
		if !slices.Contains(has.Keys, key) {
			has.Keys = append(has.Keys, key)
		}
	}
	if !strings.Contains(has.Why, n.Why) {
		has.Why = strings.TrimSpace(has.Why + " " + n.Why)
	}
	if n.LaunchType == "" {
		has.LaunchType = "" // somebody needs it everywhere
	}
	return i
}

// addRequirement adds what a requirement implies: that its thing exists and holds what is read, and that it can be reached.
func (c *needCollector) addRequirement(r *Requirement) {
	own, here := policy.Text(c.plan.Environment.Region), policy.Of(policy.Region)
	if r.Grant.ownRegion && own != "" && r.ARN.Region.IsLiteral() && r.ARN.Region != "" && r.ARN.Region != own {
		return // another requirement is for what ECS reads
	}
	from := []taskdef.Ref{r.At}
	n := Need{Rule: r.Rule, Thing: r.Grant.thing, Region: r.ARN.Region, From: from}
	arn, ok := r.thing()
	n.Name = arn.Text()
	_, isReference := r.reference()
	if read := (readThing{r.At.Pointer, arn}); ok && n.Thing != "" && !r.Grant.creates && !c.created[read] && !isReference {
		c.addThing(r, n)
		if c.referenced[read] {
			return
		}
	}
	if n.Region == "" || n.Region == here {
		n.Region = cmp.Or(own, here)
	}
	c.addWay(r, n, own)
}

// addThing adds a thing that has to exist, and what it has to hold.
func (c *needCollector) addThing(r *Requirement, n Need) {
	keys := slices.Clone(r.Grant.keys)
	switch {
	case r.Part == "":
	case n.Thing == secretThing:
		keys = append(keys, r.Part)
	default:
		n.Tag = r.Part
	}
	for _, kind := range []NeedKind{NeedThing, NeedKeys} {
		n.Kind = kind
		if kind == NeedKeys {
			if n.Tag, n.Keys = "", keys; keys == nil {
				return
			}
		}
		c.addReading(r, n)
	}
}

// addReading adds a need, or its name to that of the same field if it is another reading of it.
func (c *needCollector) addReading(r *Requirement, n Need) {
	at := neededAt{n.Kind, r.At.Pointer}
	i, ok := c.last[at]
	switch {
	case !ok || r.Match != OneOf || !isOtherReading(c.list[i].Name, n.Name):
		c.last[at] = c.add(n)
	case !slices.Contains(c.list[i].Or, n.Name):
		c.list[i].Or = append(c.list[i].Or, n.Name)
	}
}

// addWay adds the endpoints that a requirement's calls go through, or that no endpoint leads to its thing: "VPC endpoints
// currently don't support cross-Region requests".
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
func (c *needCollector) addWay(r *Requirement, n Need, own policy.Text) {
	if c.plan.RunsOnly(external) {
		return // an instance outside of AWS is in no VPC
	}
	switch {
	case r.Grant.noEndpoint != "":
		n.Kind, n.Why = NeedInternet, r.Grant.noEndpoint
		c.addReading(r, n)
		return
	case r.Grant.endpoints != nil && own != "" && n.Region != own && n.Region.IsLiteral():
		n.Kind, n.Why = NeedInternet, fmt.Sprintf("It is in %s, and the VPC endpoints of %s do not lead there.", n.Region, own)
		c.addReading(r, n)
		return
	}
	for _, e := range r.Grant.endpoints {
		c.add(Need{Kind: NeedEndpoint, Rule: r.Rule, Name: policy.Text(e.service), Gateway: e.gateway, Why: e.why, Region: n.Region, From: n.From})
	}
}

// addOfRule adds what a rule always needs where it requires something, or, where it has no grants, for every task.
func (c *needCollector) addOfRule(rule *Rule, n Need) {
	n.Rule = rule
	for i := range c.plan.Requirements {
		if r := &c.plan.Requirements[i]; r.Rule == rule {
			n.From = appendAt(n.From, r.At)
		}
	}
	switch {
	case len(rule.Grants) > 0 && n.From == nil,
		n.LaunchType != "" && !slices.Contains(c.plan.LaunchTypes, n.LaunchType):
		return
	case n.LaunchType != "" && c.plan.RunsOnly(n.LaunchType):
		n.LaunchType = ""
	}
	if n.Kind == NeedEndpoint {
		n.Region = cmp.Or(policy.Text(c.plan.Environment.Region), policy.Of(policy.Region))
	}
	c.add(n)
}

// thing returns the ARN of what a requirement is about, and whether there is something that can exist.
func (r *Requirement) thing() (policy.ARN, bool) {
	if r.Grant.thingOf == nil {
		return r.ARN, r.Resource != "*"
	}
	return r.Grant.thingOf(r)
}

// RunsOnly reports whether the task has this launch type and can have no other.
func (p *Plan) RunsOnly(launchType string) bool {
	return len(p.LaunchTypes) == 1 && p.LaunchTypes[0] == launchType
}
