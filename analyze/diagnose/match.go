package diagnose

import (
	"slices"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// fits reports whether the parts of a shape are in a text, in their order.
func fits(parts []string, s string) bool {
	for _, p := range parts {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// find returns the first shape that fits a text; nil if none does. A shape that fits only without the spaces counts less
// than one that fits with them.
func (t *text) find() (s *compiled, solid bool) {
	list := compiledShapes()
	best := -1
	for i := range list {
		if list[i].Whole && list[i].words[0] == t.bare() || !list[i].Whole && fits(list[i].words, t.words) {
			best = i
			break
		}
	}
	if best >= 0 && !list[best].Head {
		return &list[best], false
	}
	for i := range list {
		if i == best {
			break
		}
		// A name can look like a few words without their spaces.
		if !list[i].Whole && list[i].size >= 24 && fits(list[i].solid, t.solid) {
			return &list[i], true
		}
	}
	if best < 0 {
		return nil, false
	}
	return &list[best], false
}

// match is what was found out about a message by itself.
type match struct {
	shape *Shape
	facts *Facts
	sure  Sure
	// causes are in the order of their likelihood.
	causes []Cause
}

// read finds out what a message says. Its shape is nil if none fits.
func (m *Message) read() match {
	if m.found != nil {
		return *m.found
	}
	var best match
	score := -100
	for _, t := range readings(m.Text) {
		one := m.readOne(t)
		n := one.facts.count()
		switch {
		case one.shape == nil:
		case one.shape.Vague:
			n += 5
		case one.shape.Head:
			n += 10
		default:
			n += 40
		}
		if one.facts.broken {
			n -= 20
		}
		if one.facts.Policy != "" || one.facts.complete && !one.facts.broken {
			n += 20
		}
		if n > score {
			best, score = one, n
		}
	}
	if best.shape == nil && best.facts != nil {
		newText(m.Text).mentions(best.facts)
	}
	m.found = &best
	return best
}

func (m *Message) readOne(t *text) match {
	facts := t.facts()
	facts.add(&m.facts)
	if m.facts.RoleARN != "" && m.facts.Role == facts.Role && m.facts.Account == facts.Account {
		facts.RoleARN = m.facts.RoleARN // with its path, which a session does not have
	}
	if m.From == "CloudTrail" {
		facts.resourceCut = false // its messages are whole; those of some services end in the resource
	}
	found, _ := t.find()
	if found == nil {
		return m.readCode(t, facts)
	}
	one := match{shape: found.Shape, facts: facts, sure: found.Sure, causes: found.Causes}
	switch {
	case one.facts.Action == "", one.facts.actionCut && !isComplete(one.facts.Action), found.Action == decrypt: // the operation is the one that needs the key
		one.facts.Action = found.Action
	}
	if found.Denial {
		one.sure, one.causes = one.denial()
		if len(one.causes) > 0 && one.causes[0] == TaskRole {
			return one
		}
	}
	if one.facts.Action == "" && slices.Contains(one.causes, Network) {
		one.facts.Action = firstOf(t.beginningOf(), one.facts.callOf())
	}
	one.facts.fill()
	one.refine()
	return one
}

// beginningOf returns the action of the beginning that the text has; "" if it has none that says it.
func (t *text) beginningOf() string {
	list := compiledShapes()
	for i := range list {
		if s := &list[i]; s.Head && s.Action != "" && s.Action != getImage && fits(s.words, t.words) {
			return s.Action
		}
	}
	return ""
}

// readCode reads an event of CloudTrail whose message no shape fits, by its code.
func (m *Message) readCode(t *text, facts *Facts) match {
	one := match{facts: facts}
	if m.From != "CloudTrail" {
		return one
	}
	code, _, _ := strings.Cut(t.plain, ":")
	for _, known := range trailShapes() {
		if strings.HasPrefix(code, known.Text) && (known.Action == "" || known.Action == facts.Action) {
			facts.fill()
			one.shape, one.sure, one.causes = known, known.Sure, known.Causes
			if known.ID == "trail-denied" && facts.Action == getValue { // it says the same of a secret that does not exist
				one.causes = with(one.causes, SecretMissing)
			}
			return one
		}
	}
	return one
}

// trailShapes are codes of errors in CloudTrail, where they come without a message that says more.
var trailShapes = sync.OnceValue(func() []*Shape {
	list := []*Shape{
		{ID: "trail-secret-missing", Text: "ResourceNotFoundException", Sure: Certain, Causes: []Cause{SecretMissing}, Action: getValue},
		{ID: "trail-log-group-missing", Text: "ResourceNotFoundException", Sure: Certain, Causes: []Cause{LogGroupMissing}, Action: makeLog},
		{ID: "trail-image-missing", Text: "ImageNotFoundException", Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage},
		{ID: "trail-repository-missing", Text: "RepositoryNotFoundException", Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage},
		{ID: "trail-object-missing", Text: "NoSuchKey", Sure: Certain, Causes: []Cause{ObjectMissing}, Action: getFile},
		{ID: "trail-object-denied", Text: "AccessDenied", Sure: OneOf, Causes: []Cause{ObjectMissing, RoleLacks, ResourcePolicy, KeyPolicy, RoleDenies, Boundary, ServiceControl, ResourceControl, EndpointPolicy, SessionPolicy}, Action: getFile},
		{ID: "trail-denied", Text: "AccessDenied", Sure: Likely, Causes: []Cause{RoleLacks, RoleDenies, Boundary, ServiceControl, ResourcePolicy, ResourceControl, EndpointPolicy, SessionPolicy, KeyPolicy}},
		{ID: "trail-throttled", Text: "ThrottlingException", Sure: Certain, Causes: []Cause{Throttled}},
	}
	for _, s := range list {
		s.Platform, s.Source = "CloudTrail", "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"
	}
	return list
})

// add takes over what others say and the text does not.
func (f *Facts) add(other *Facts) {
	for _, v := range []struct{ to, from *string }{
		{&f.Action, &other.Action}, {&f.Resource, &other.Resource}, {&f.Principal, &other.Principal}, {&f.Role, &other.Role}, {&f.RoleARN, &other.RoleARN},
		{&f.Session, &other.Session}, {&f.Image, &other.Image}, {&f.Secret, &other.Secret}, {&f.Group, &other.Group}, {&f.Bucket, &other.Bucket},
		{&f.File, &other.File}, {&f.Partition, &other.Partition}, {&f.Region, &other.Region}, {&f.Account, &other.Account},
	} {
		if *v.to == "" {
			*v.to = *v.from
		}
	}
}

// fill takes the resource from other things that the message names, and the other way round.
func (f *Facts) fill() {
	if f.Resource == "" {
		switch {
		case f.Action == getValue:
			f.Resource = f.Secret
		case f.Action == getFile && f.Bucket != "":
			f.Resource = "arn:" + orAWS(f.Partition) + ":s3:::" + f.Bucket + "/" + f.File
		case f.Action == getToken:
			f.Resource = "*"
		}
	}
	if f.Secret == "" && f.Action == getValue {
		f.Secret = f.Resource
	}
	if f.Partition == "" && f.Region == "" {
		f.readARN(f.Resource)
	}
}

// callOf returns the action that was most likely called, by the host or the image; "" if neither says it.
func (f *Facts) callOf() string {
	for _, h := range []struct{ prefix, action string }{
		{"api.ecr", getToken}, {"secretsmanager", getValue}, {"ssm.", getParam}, {"ssm-fips.", getParam}, {"logs", makeLog}, {"s3", getFile},
	} {
		if strings.HasPrefix(f.Service, h.prefix) {
			return h.action
		}
	}
	if strings.Contains(f.Service, ".s3.") || strings.Contains(f.Service, ".s3-") {
		return getFile
	}
	if f.Image != "" {
		return getImage
	}
	return ""
}

func orAWS(partition string) string {
	if partition == "" {
		return "aws"
	}
	return partition
}

// calls are the actions that ECS needs an execution role for, as the rules know them.
var calls = sync.OnceValue(func() map[string]bool {
	list := map[string]bool{decrypt: true}
	for _, r := range analyze.Rules() {
		for _, g := range r.Grants {
			for _, a := range g.Actions {
				list[a.Name] = true
			}
		}
		for _, u := range r.Unseen {
			for _, a := range u.Actions {
				list[a] = true
			}
		}
	}
	return list
})

// isComplete reports whether an action is one that ECS needs.
func isComplete(action string) bool { return calls()[action] }

// denial returns the causes of a message that says who may not do what.
func (m *match) denial() (Sure, []Cause) {
	f := m.facts
	known := f.Action != "" && (!f.actionCut || isComplete(f.Action))
	role := f.Role != "" || strings.Contains(f.Principal, ":assumed-role/")
	switch {
	case f.infrastructure():
		return Certain, []Cause{OtherRole}
	case f.Action == "iam:PassRole":
		return Certain, []Cause{PassRole}
	case f.Action == "sts:AssumeRole" && (f.Principal == "" || strings.HasPrefix(f.Principal, "ecs")): // ECS itself asked
		f.RoleARN, f.Role = f.Resource, f.Resource[strings.LastIndexByte(f.Resource, '/')+1:]
		return Likely, []Cause{Trust, RoleMissing}
	case f.Action == "s3:ListBucket" && m.shape.Action == getFile: // nobody lists it: that is how Amazon S3 hides that there is no such object
		return Likely, []Cause{ObjectMissing, RoleLacks}
	case isPerson(f.Principal) || strings.HasPrefix(f.Role, "AWSReservedSSO_") || strings.Contains(f.Session, "@") || role && f.Session != "" && !f.Task() && !f.Instance() && strings.HasPrefix(f.Action, "ecs:"):
		if !known {
			return OneOf, []Cause{CallerLacks, PassRole}
		}
		return Certain, []Cause{CallerLacks}
	case known && !calls()[f.Action] && m.shape.ID == "denied" && f.Principal == "":
		return OneOf, []Cause{TaskRole, CallerLacks, RoleLacks}
	case known && !calls()[f.Action] && m.shape.ID == "denied" && role && f.foreign():
		return Likely, []Cause{CallerLacks, TaskRole, RoleLacks}
	case known && !calls()[f.Action] && m.shape.ID == "denied":
		return Likely, []Cause{TaskRole, RoleLacks}
	}
	sure, causes := m.byPolicy()
	arn, _ := policy.CutARN(policy.Text(f.Resource))
	switch {
	case f.Instance() && causes[0] == RoleLacks && (f.Policy != "" || f.Action == getToken || f.Account != "" && string(arn.Account) == f.Account):
		return Certain, []Cause{InstanceRole}
	case f.Instance() && causes[0] == RoleLacks:
		return Likely, with([]Cause{InstanceRole}, causes[1:]...)
	}
	if f.actionCut && (m.shape.Action == getParam || m.shape.Action == getValue) { // perhaps it is that of the key
		causes = with(causes, KeyPolicy)
	}
	if f.actionCut && m.shape.Action == getFile {
		causes = with(causes, ObjectMissing)
	}
	if !known && m.shape.ID == "denied" {
		causes = with(causes, KeyPolicy, TaskRole, CallerLacks, PassRole)
		sure = OneOf
	}
	return sure, causes
}

// isPerson reports whether an ARN is that of a user, and not of a role.
func isPerson(principal string) bool {
	a, ok := policy.CutARN(policy.Text(principal))
	return ok && (a.Service == "iam" && !a.Resource.HasPrefix("role/") || a.Resource.HasPrefix("federated-user/"))
}

// byPolicy returns the causes by the kind of policy that the message names.
func (m *match) byPolicy() (Sure, []Cause) {
	f := m.facts
	resource := ResourcePolicy
	if strings.HasPrefix(f.Action, "kms:") {
		resource = KeyPolicy
	}
	switch f.Policy {
	case "identity-based":
		switch {
		case f.Explicit:
			return Certain, []Cause{RoleDenies}
		case f.Action == getValue:
			return Likely, []Cause{RoleLacks, SecretMissing}
		}
		return Certain, []Cause{RoleLacks}
	case "resource-based":
		return Certain, []Cause{resource}
	case "VPC endpoint":
		return Certain, []Cause{EndpointPolicy}
	case "service control":
		return Certain, []Cause{ServiceControl}
	case "resource control":
		return Certain, []Cause{ResourceControl}
	case "permissions boundary":
		return Certain, []Cause{Boundary}
	case "session":
		return Certain, []Cause{SessionPolicy}
	}
	if f.Explicit {
		return OneOf, []Cause{RoleDenies, Boundary, ServiceControl, ResourceControl, resource, EndpointPolicy, SessionPolicy}
	}
	causes := []Cause{RoleLacks}
	if f.Action == getValue {
		causes = append(causes, SecretMissing)
	}
	causes = append(causes, resource, Boundary, ServiceControl, EndpointPolicy, ResourceControl, SessionPolicy)
	if !f.complete {
		causes = append(causes, RoleDenies)
	}
	if f.Session == "" || !f.Task() && !f.Instance() {
		causes = append(causes, InstanceRole)
	}
	return Likely, causes
}

// refine looks at what the message says besides its shape.
func (m *match) refine() {
	f := m.facts
	drop := func(c Cause) {
		m.causes = slices.DeleteFunc(slices.Clone(m.causes), func(other Cause) bool { return other == c })
	}
	if f.Session != "" && (f.Task() || f.Instance()) && m.shape.Head && !f.Instance() {
		drop(InstanceRole)
	}
	if f.Instance() && m.shape.Head && m.causes[0] == RoleLacks && slices.Contains(m.causes, InstanceRole) {
		m.causes = append([]Cause{InstanceRole}, slices.DeleteFunc(slices.Clone(m.causes), func(c Cause) bool { return c == InstanceRole })...)
	}
}

// Named is a kind of policy that a message of IAM names, and the cause that it then is.
type Named struct {
	Words string
	Cause Cause
}

// PolicyKinds returns the words with which messages name the kind of policy that is in the way.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func PolicyKinds() (list []Named) {
	for _, explicit := range []bool{false, true} {
		for _, k := range policyKinds {
			m := match{facts: &Facts{Policy: k.kind, Explicit: explicit}}
			_, causes := m.byPolicy()
			words := "because no " + k.kind + " policy allows"
			if explicit {
				words = "with an explicit deny in a " + k.kind + " policy"
			}
			list = append(list, Named{strings.NewReplacer("permissions boundary policy", "permissions boundary", "a identity", "an identity").Replace(words), causes[0]})
		}
	}
	return list
}
