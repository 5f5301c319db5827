package diagnose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Message is one message of ECS, and where it was found.
type Message struct {
	Text string
	// At is the place in a JSON document; the zero value for a text.
	At tree.Place
	// From says in words what has the message: "container app"; "" for a text.
	From string
	// Task, Cluster, Definition and Instance are ARNs, and Subnet an ID, as far as the JSON beside the message says them.
	Task, Cluster, Definition, Instance, Subnet string
	// Exits are the containers that ended with an exit code other than 0.
	Exits []Exit
	// StopCode is what ECS says of how the task stopped, such as "TaskFailedToStart"; "" where the JSON does not say it.
	StopCode string

	// facts are what the JSON beside the message says.
	facts Facts
	// event says that the message is one of many that a service writes. Most of them are no errors.
	event bool
	piece
	more  int    // how many messages follow that nobody looks at
	found *match // what was found out about it, once it was read
}

// Exit is how a container ended.
type Exit struct {
	Container string // its name; "" for the only container of a job of AWS Batch
	Code      string // such as "137"
}

// maxMessages is how many messages of a document are looked at. Of more, the rest is counted.
const maxMessages = 10000

// maxDepth is how deep values can be nested. What AWS prints is nested ten deep.
const maxDepth = 200

// depth returns how deep brackets and braces are nested, those in strings included.
func depth(src []byte) (most int) {
	n := 0
	for _, c := range src {
		switch c {
		case '{', '[':
			n++
			most = max(most, n)
		case '}', ']':
			n = max(0, n-1)
		}
	}
	return most
}

// errNothing says that a document was read and has no message.
var errNothing = errors.New("there is no error message in it: ECS gives none for tasks that run, and forgets stopped tasks after an hour")

// IsDocument reports whether a text is JSON, or YAML as the AWS CLI prints it, and no message as people copy it.
func IsDocument(src []byte) bool {
	s := strings.TrimLeft(string(src[:min(len(src), 4096)]), "\ufeff \t\r\n")
	if s == "" {
		return false
	}
	if s[0] == '{' || s[0] == '[' && !strings.HasPrefix(strings.TrimLeft(s[1:], " "), "manifests") {
		return true
	}
	line, _, _ := strings.Cut(s, "\n")
	name, rest, ok := strings.Cut(strings.TrimRight(line, " \r"), ":")
	return ok && rest == "" && slices.Contains([]string{"tasks", "services", "events", "jobs", "Records", "Events", "failures", "detail"}, strings.Trim(name, `"'`))
}

// Read finds the messages in what somebody has of an error: the text itself, or the JSON of describe-tasks, describe-services,
// CloudTrail, EventBridge or AWS Batch. Name is how problems name it. The error says why nothing could be read.
func Read(name string, src []byte) ([]Message, error) {
	if !IsDocument(src) {
		return ReadText(string(src))
	}
	if depth(src) > maxDepth {
		return nil, fmt.Errorf("%s: its values are nested more than %d deep", name, maxDepth)
	}
	doc, _, problems := tree.Read(name, src)
	if doc == nil {
		if list, err := ReadText(string(src)); err == nil && len(Diagnose(list, Options{}).Answers) > 0 {
			return list, nil // a part of a JSON text that somebody copied
		}
		for _, p := range problems {
			if !p.Warning {
				return nil, fmt.Errorf("%s: %s", p.At, p.Message)
			}
		}
		return nil, fmt.Errorf("%s: it is no JSON", name)
	}
	r := reader{doc: doc}
	r.node(doc.Root, Message{})
	if len(r.list) == 0 {
		return nil, fmt.Errorf("%s: %w", name, errNothing)
	}
	return r.list, nil
}

// ReadText returns the messages of a text that people copied.
func ReadText(s string) (list []Message, err error) {
	if strings.TrimSpace(s) == "" {
		return nil, errors.New("the message is empty")
	}
	pieces, more := split(cells(clean(s)))
	for _, p := range pieces {
		list = append(list, Message{Text: p.text, piece: p})
	}
	if len(list) > 0 {
		list[len(list)-1].more = more
	}
	return list, nil
}

// reader looks for messages in a document.
type reader struct {
	doc  *tree.Document
	list []Message
}

// add adds a message.
func (r *reader) add(n *tree.Node, m Message, from string) {
	if n == nil || n.Kind != tree.String || strings.TrimSpace(n.Text) == "" || strings.HasPrefix(strings.TrimSpace(n.Text), "{") {
		return
	}
	m.At, m.From = r.doc.Source.Place(n.Start), from
	if len(r.list) >= maxMessages {
		r.list[maxMessages-1].more++
		return
	}
	pieces, more := split(clean(n.Text[:min(len(n.Text), maxPieces*maxText)]))
	for _, p := range pieces {
		m.Text, m.piece = p.text, p
		r.list = append(r.list, m)
	}
	if len(r.list) > 0 {
		r.list[len(r.list)-1].more += more
	}
}

// node looks at a value. In it, m has what the values around it say.
func (r *reader) node(n *tree.Node, m Message) {
	switch n.Kind {
	case tree.String:
		if n.Parent == nil || n.Parent.Kind == tree.List {
			r.add(n, m, "")
		}
	case tree.List:
		for i := range n.Children {
			r.node(&n.Children[i], m)
		}
	case tree.Object:
		r.object(n, m)
	}
}

// nestedMembers can have JSON as their text.
var nestedMembers = [...]string{"CloudTrailEvent", "@message", "message", "Message", "body", "cause", "Cause"}

// messageMembers are the members that have a message, and what the message is of.
var messageMembers = [...]struct{ name, from string }{
	{"stoppedReason", "task"}, {"statusReason", "job"}, {"reason", "container"}, {"message", "event"},
	{"rolloutStateReason", "deployment"}, {"cause", "execution"},
}

func (r *reader) object(n *tree.Node, m Message) {
	set := func(to *string, names ...string) {
		for _, name := range names {
			if member := n.MemberFold(name); member != nil && member.Kind == tree.String && member.Text != "" {
				*to = member.Text
			}
		}
	}
	set(&m.Task, "taskArn")
	set(&m.StopCode, "stopCode")
	set(&m.Cluster, "clusterArn", "cluster")
	set(&m.Definition, "taskDefinitionArn", "taskDefinition")
	set(&m.Instance, "containerInstanceArn")
	if attachments := n.MemberFold("attachments"); attachments != nil {
		m.Subnet = subnetOf(attachments)
	}
	if job := n.MemberFold("container"); job != nil && job.Kind == tree.Object {
		m.readJob(job)
	}
	if a, ok := policy.CutARN(policy.Text(m.Task)); ok && m.Cluster == "" {
		if parts := strings.Split(string(a.Resource), "/"); len(parts) == 3 { // task/CLUSTER/ID
			m.Cluster = parts[1]
		}
	}
	for _, arn := range []string{m.Task, m.Cluster, m.Definition} {
		if a, ok := policy.CutARN(policy.Text(arn)); ok && policy.IsAccount(a.Account) {
			m.facts.Account, m.facts.Region, m.facts.Partition = string(a.Account), string(a.Region), string(a.Partition)
		}
	}
	if containers := n.MemberFold("containers"); containers != nil && containers.Kind == tree.List {
		m.Exits = exitsOf(containers)
	}
	if n.Member("errorCode") != nil && n.Member("eventName") != nil {
		r.trail(n, m)
		return
	}
	for _, member := range messageMembers {
		from := member.from
		if name := n.MemberFold("name"); from == "container" && name != nil && name.Kind == tree.String {
			from += " " + name.Text
		}
		if from == "container" && n.Parent != nil && strings.EqualFold(n.Parent.Name, "failures") {
			from = "failure"
			set(&m.facts.Resource, "arn")
		}
		next := m
		next.event = member.from == "event" || member.from == "deployment"
		r.add(n.MemberFold(member.name), next, from)
	}
	for i := range n.Children {
		switch child := &n.Children[i]; child.Kind {
		case tree.Object, tree.List:
			r.node(child, m)
		case tree.String:
			// lookup-events, logs and AWS Step Functions have JSON as a text.
			if text := strings.TrimSpace(child.Text); slices.Contains(nestedMembers[:], child.Name) && strings.HasPrefix(text, "{") {
				r.nested(child, text, m)
			}
		}
	}
}

// readJob takes over what the only container of a job of AWS Batch says: its task, and how it ended. Such a container has no
// name.
func (m *Message) readJob(container *tree.Node) {
	if arn := container.MemberFold("taskArn"); arn != nil && arn.Kind == tree.String {
		m.Task = arn.Text
	}
	if code := failedExit(container); code != "" {
		m.Exits = []Exit{{Code: code}}
	}
}

// exitsOf returns the containers of a task that ended with an exit code other than 0.
func exitsOf(containers *tree.Node) (list []Exit) {
	for i := range containers.Children {
		container := &containers.Children[i]
		code, name := failedExit(container), container.MemberFold("name")
		if code != "" && name != nil && name.Kind == tree.String && len(list) < maxExits {
			list = append(list, Exit{name.Text, code})
		}
	}
	return list
}

// failedExit returns the exit code of a container; "" if it is 0, or not there.
func failedExit(container *tree.Node) string {
	if code := container.MemberFold("exitCode"); code != nil && code.Kind == tree.Number && code.Text != "0" {
		return code.Text
	}
	return ""
}

// maxExits is how many containers of a task are kept: a task has ten at most.
const maxExits = 10

// nested looks at JSON that is the text of a string. Its messages have the place of that string.
func (r *reader) nested(n *tree.Node, text string, m Message) {
	doc, _ := tree.ReadJSON("", []byte(text))
	if doc == nil {
		return
	}
	inner := reader{doc: doc}
	inner.node(doc.Root, m)
	for _, found := range inner.list {
		found.At = r.doc.Source.Place(n.Start)
		r.list = append(r.list, found)
	}
}

// trail reads an event of CloudTrail that has an error.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func (r *reader) trail(n *tree.Node, m Message) {
	text := func(pointer string) string {
		if found := n.Find(pointer, (*tree.Node).Member); found != nil && found.Kind == tree.String {
			return found.Text
		}
		return ""
	}
	source, _, _ := strings.Cut(text("/eventSource"), ".")
	m.facts.Action = source + ":" + text("/eventName")
	if m.facts.Action == "s3:HeadObject" {
		m.facts.Action = getFile
	}
	m.facts.Region = text("/awsRegion")
	m.facts.Secret = text("/requestParameters/secretId")
	m.facts.Image = imageOf(text("/requestParameters/registryId"), m.facts.Region, text("/requestParameters/repositoryName"), text("/requestParameters/imageIds/0/imageTag"))
	m.facts.Group = text("/requestParameters/logGroupName")
	m.facts.Bucket, m.facts.File = text("/requestParameters/bucketName"), text("/requestParameters/key")
	m.facts.readPrincipal(text("/userIdentity/arn"))
	if issuer := text("/userIdentity/sessionContext/sessionIssuer/arn"); m.facts.Role != "" && strings.HasSuffix(issuer, "/"+m.facts.Role) && strings.Contains(issuer, ":role/") {
		m.facts.RoleARN = issuer
	}
	m.event = true
	m.From = "CloudTrail"
	m.At = r.doc.Source.Place(n.Start)
	if len(r.list) >= maxMessages {
		r.list[maxMessages-1].more++
		return
	}
	m.Text = strings.TrimRight(clean(text("/errorCode")+": "+text("/errorMessage")), ": ")
	r.list = append(r.list, m)
}

// imageOf returns the reference of an image in Amazon ECR; "" where its parts are unknown.
func imageOf(account, region, repository, tag string) string {
	if !policy.IsAccount(account) || !policy.IsRegion(region) || repository == "" {
		return ""
	}
	image := account + ".dkr.ecr." + region + ".amazonaws.com"
	if policy.PartitionOf(region) == "aws-cn" {
		image += ".cn"
	}
	image += "/" + repository
	if tag != "" {
		image += ":" + tag
	}
	return image
}

// subnetOf returns the subnet in the attachments of a task.
func subnetOf(attachments *tree.Node) (subnet string) {
	for i := range attachments.Children {
		details := attachments.Children[i].Member("details")
		if details == nil {
			continue
		}
		for j := range details.Children {
			name, value := details.Children[j].Member("name"), details.Children[j].Member("value")
			if name != nil && value != nil && name.Text == "subnetId" {
				subnet = value.Text
			}
		}
	}
	return subnet
}
