package diagnose

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// Facts are what a message says. What it does not say is "".
type Facts struct {
	Action    string // "ssm:GetParameters"
	Resource  string // an ARN, or what the caller passed in its place: a part of an ARN, or a name
	Principal string // the ARN of who asked
	Role      string // the name of the role that asked, or that ECS could not assume
	RoleARN   string // as the message has it
	Session   string // the ID of the task, or of the instance
	// Policy is the kind of policy that the message names, such as "identity-based". Explicit says that it denies.
	Policy    string
	Explicit  bool
	PolicyARN string // of that policy; most messages do not say it
	Image     string // with tag and digest
	Secret    string // an ARN, a part of one, or a name
	Key       string // of the JSON text in the secret
	Parameter string
	Bucket    string
	File      string // the key of an object in the bucket, or the name of an environment file
	Group     string // the log group
	Service   string // the host that was called
	Partition string
	Region    string
	Account   string // of the role

	// resourceCut and others say that the value is perhaps longer: the text ends there.
	resourceCut, imageCut, actionCut bool
	complete                         bool // the text goes on behind the resource
	pull                             bool // the message is about an image that could not be pulled
	broken                           bool // the text has a space or a line break inside of a value
}

// cut returns the image or the resource that is perhaps longer than the message says, since the message ends there; "" if there
// is none.
func (f *Facts) cut() string {
	if f.imageCut && f.Image != "" {
		return f.Image
	}
	if !f.resourceCut || f.Resource == "" || looksComplete(f.Resource) {
		return ""
	}
	tail := f.Resource[strings.LastIndexAny(f.Resource, "-/")+1:]
	hasSuffix := f.Action == getValue && len(tail) == 6 && strings.HasSuffix(f.Resource, "-"+tail) && strings.Contains(f.Resource, ":secret:")
	hasTask := len(tail) == 32 && all(tail, isHex) && strings.Contains(f.Resource, ":log-stream:")
	if hasSuffix || hasTask { // nothing can follow the random suffix of a secret, or the ID of a task
		return ""
	}
	return f.Resource
}

// Instance reports whether the role of an EC2 instance asked: its session is named by the instance.
func (f *Facts) Instance() bool {
	rest, ok := strings.CutPrefix(f.Session, "i-")
	return ok && rest != "" && all(rest, isHex)
}

// Task reports whether the session is named like a task: then the role is one of the task's.
func (f *Facts) Task() bool {
	hex := strings.ReplaceAll(f.Session, "-", "")
	return len(hex) == 32 && all(hex, isHex)
}

// foreign reports whether the session is not one of a task, but for example of a function or a pipeline. The session of a task is
// named by its ID, which is hexadecimal. People who post a message hide the ID: they write x or * for its digits, or a
// placeholder. Such a session is not foreign.
func (f *Facts) foreign() bool {
	return !f.Instance() && !strings.ContainsAny(f.Session, "<>{}[]()*$") && !strings.Contains(strings.ToLower(f.Session), "task") &&
		strings.ContainsFunc(f.Session, func(r rune) bool { return r >= 'g' && r <= 'w' || r >= 'G' && r <= 'W' || r == 'y' || r == 'z' })
}

// infrastructureSessions are the names of the sessions in which ECS uses the infrastructure role, for volumes, load balancers and
// the like.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
var infrastructureSessions = [...]string{"ECSTaskVolumesForEBS", "ECSServiceConnectForTLS", "ECSNetworkingWithVPCLattice", "ECSNetworkingWithELB", "ECSManagedInstancesForCompute"}

// infrastructure reports whether the session is one of the infrastructure role.
func (f *Facts) infrastructure() bool {
	// There are several such names for managed instances, such as ECSFargateManagedInstances.
	return slices.Contains(infrastructureSessions[:], f.Session) || strings.HasPrefix(f.Session, "ECS") && strings.HasSuffix(f.Session, "ManagedInstances")
}

func all(s string, fits func(byte) bool) bool {
	for i := range len(s) {
		if !fits(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// between returns what is in a text behind some words and before the first of the ends, in its own upper and lower case. Cut
// says that the text ends before.
func (t *text) between(words string, ends ...string) (value string, cut, found bool) {
	i := strings.Index(t.lower, words)
	if i < 0 {
		return "", false, false
	}
	value, cut = t.until(i+len(words), ends...)
	return value, cut, true
}

// until returns what is in a text from an offset on and before the first of the ends.
func (t *text) until(from int, ends ...string) (value string, cut bool) {
	rest := t.lower[from:]
	end := -1
	for _, e := range ends {
		if i := strings.Index(rest, e); i >= 0 && (end < 0 || i < end) {
			end = i
		}
	}
	cut = end < 0
	if cut {
		end = len(rest)
	}
	return unquoted(t.plain[from : from+end]), cut
}

// unquoted returns s without white space and quotes around it. A quote at one end alone belongs to what is around the value.
func unquoted(s string) string {
	s = strings.TrimSpace(s)
	for len(s) > 1 && s[0] == s[len(s)-1] && isQuote(s[0]) {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	if s != "" && isQuote(s[0]) && strings.Count(s, s[:1])%2 == 1 {
		s = strings.TrimSpace(s[1:])
	}
	if n := len(s) - 1; n >= 0 && isQuote(s[n]) && strings.Count(s, s[n:])%2 == 1 {
		s = strings.TrimSpace(s[:n])
	}
	return s
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// facts finds everything that a text says.
func (t *text) facts() *Facts {
	f := &Facts{pull: strings.Contains(t.lower, "cannotpull")}
	t.denial(f)
	t.things(f)
	if f.Action == "" {
		f.Action = t.operation()
	}
	for _, s := range []string{f.Resource, f.Secret, f.Parameter} {
		f.readARN(s)
	}
	t.place(f)
	if f.Partition == "" {
		f.Partition = policy.PartitionOf(f.Region)
	}
	return f
}

// denial finds who may not do what, on what, and because of which policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (t *text) denial(f *Facts) {
	const words = "is not authorized to perform"
	user := strings.Index(t.lower, "user: arn:")
	if s, cut, ok := t.between("user: ecs", " "); ok && !cut && user < 0 {
		f.Principal = "ecs" + s // "ecs-tasks.amazonaws.com"
	}
	at := strings.Index(t.lower, words)
	if user >= 0 {
		principal, cut := t.until(user+len("user: "), " ")
		if end := user + len("user: ") + len(principal); !cut && at >= 0 && strings.TrimSpace(t.lower[min(end, at):at]) != "" {
			f.broken = true
		}
		f.readPrincipal(principal)
	}
	if at < 0 {
		return
	}
	rest := at + len(words)
	action, cut := t.until(rest, " on resource", " because ", " with an explicit", " status code", "\n")
	action = unquoted(strings.TrimPrefix(action, ":"))
	if i := strings.IndexByte(action, ' '); i >= 0 {
		action, cut, f.broken = action[:i], false, true
	}
	f.Action, f.actionCut = strings.TrimRight(action, ".,)"), cut
	if i := strings.Index(t.lower[rest:], "on resource"); i >= 0 {
		from := rest + i + len("on resource")
		value, cut := t.until(from, "because no ", "with an explicit deny", "status code:", "[status code", "(service:", ", request id", ": exit status", "\n")
		value = unquoted(strings.TrimPrefix(value, ":"))
		// Only the keys of objects can have spaces.
		if i := strings.IndexByte(value, ' '); i >= 0 && !strings.Contains(value[:i], ":s3:::") {
			rest := lowerASCII(strings.TrimSpace(value[i:]))
			value = value[:i]
			if cut && (strings.HasPrefix("because no ", rest) || strings.HasPrefix("with an explicit deny", rest)) {
				f.Resource = strings.TrimRight(value, ".,)'\"")
				return // the rest is missing
			}
			cut, f.broken = false, true
		}
		value = strings.TrimRight(value, ".,)'\"")
		f.Resource, f.resourceCut, f.complete = value, cut, !cut
	} else if cut {
		f.actionCut = true
	}
	t.policyKind(f, rest)
}

// policyKinds are the kinds of policies that messages name, and how they begin there.
var policyKinds = [...]struct{ words, kind string }{
	{"identity-based", "identity-based"}, {"resource-based", "resource-based"}, {"vpc endpoint", "VPC endpoint"},
	{"service control", "service control"}, {"resource control", "resource control"}, {"permissions boundary", "permissions boundary"},
	{"session", "session"},
}

func (t *text) policyKind(f *Facts, from int) {
	rest := t.lower[from:]
	if i := strings.Index(rest, "with an explicit deny"); i >= 0 {
		f.Explicit = true
		rest = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(rest[i+len("with an explicit deny"):]), "in an "), "in a ")
	} else if i := strings.Index(rest, "because no "); i >= 0 {
		rest = rest[i+len("because no "):]
	} else {
		return
	}
	for _, k := range policyKinds {
		if strings.HasPrefix(rest, k.words) {
			f.Policy = k.kind
			t.policyARN(f, len(t.lower)-len(rest))
			return
		}
	}
	// Another word is one that was broken, or is unknown here.
	f.broken = f.broken || !f.Explicit && rest != "" && !slices.ContainsFunc(policyKinds[:], func(k struct{ words, kind string }) bool { return strings.HasPrefix(k.words, rest) })
}

// policyARN finds the ARN behind the kind of policy, as in "in a service control policy: arn:aws:organizations::…". Not all
// messages have it.
func (t *text) policyARN(f *Facts, from int) {
	rest := t.lower[from:]
	i := strings.Index(rest, "policy: arn:")
	if j := strings.Index(rest, "boundary: arn:"); i < 0 {
		i = j
	}
	if i < 0 || i > len("permissions boundary ") {
		return
	}
	arn, _ := t.until(from+i+strings.Index(rest[i:], "arn:"), " ", ";", ",")
	arn = strings.TrimRight(arn, ".)]'\"")
	if a, ok := policy.CutARN(policy.Text(arn)); ok && a.Resource.HasPrefix("policy/") {
		f.PolicyARN = arn
	}
}

// readPrincipal takes the ARN of who asked apart.
func (f *Facts) readPrincipal(s string) {
	f.Principal = s
	a, ok := policy.CutARN(policy.Text(s))
	if !ok {
		return
	}
	f.Partition, f.Account = string(a.Partition), string(a.Account)
	if a.Service == "iam" && a.Resource.HasPrefix("role/") {
		f.RoleARN, f.Role = s, s[strings.LastIndexByte(s, '/')+1:]
	}
	if rest, ok := strings.CutPrefix(string(a.Resource), "assumed-role/"); ok {
		role, session, hasSession := strings.Cut(rest, "/")
		if !hasSession {
			return // it is perhaps cut off
		}
		f.Role, f.Session = role, session
		f.RoleARN = "arn:" + f.Partition + ":iam::" + f.Account + ":role/" + role
	}
}

// readARN takes over the partition and the region of an ARN.
func (f *Facts) readARN(s string) {
	a, ok := policy.CutARN(policy.Text(s))
	if !ok {
		return
	}
	if f.Partition == "" && policy.IsPartition(a.Partition) {
		f.Partition = string(a.Partition)
	}
	if f.Region == "" && policy.IsRegion(a.Region) {
		f.Region = string(a.Region)
	}
}

// services are the names of services in messages, and those in actions.
var services = [...]struct{ words, prefix string }{
	{"ecr", "ecr"}, {"secrets manager", "secretsmanager"}, {"ssm", "ssm"}, {"s3", "s3"}, {"cloudwatch logs", "logs"}, {"fsx", "fsx"}, {"kms", "kms"},
}

// operation returns the action of "operation error SERVICE: OPERATION".
func (t *text) operation() string {
	service, _, ok := t.between("operation error ", ":")
	if !ok {
		return ""
	}
	operation, cut, _ := t.between("operation error "+strings.ToLower(service)+": ", ",")
	if cut || operation == "" || !all(operation, isLetter) {
		return ""
	}
	if operation == "HeadObject" {
		operation = "GetObject" // the permission that S3 asks for
	}
	for _, s := range services {
		if strings.EqualFold(s.words, service) {
			return s.prefix + ":" + operation
		}
	}
	return ""
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// things finds the secret, the image and others that a message is about.
func (t *text) things(f *Facts) {
	set := func(to *string, words string, ends ...string) bool {
		v, cut, found := t.between(words, ends...)
		if found && !cut && v != "" && *to == "" {
			*to = v
		}
		return found && !cut
	}
	set(&f.Secret, "failed to fetch secret ", " from secrets manager")
	t.cutSecret(f)
	set(&f.Secret, "asm fetching secret from the service for ", ": ")
	set(&f.Secret, "retrieve the secret with arn ", " from aws secrets manager")
	set(&f.Secret, "domainless gmsa user ", ": ")
	if f.Secret == "" && strings.Contains(t.lower, "from aws secrets manager in region") {
		set(&f.Secret, ": secret ", ": ")
	}
	last := func(to *string, words string) { // what is up to the end of the message
		if v, _, ok := t.between(words, ", known sent:", ": exit status", "status code:", "(service:"); ok {
			for before := ""; v != before; {
				before, v = v, unquoted(strings.TrimRight(v, " .)]}\""))
			}
			*to = v
		}
	}
	last(&f.Key, "did not contain json key ")
	last(&f.Parameter, "invalid ssm parameters: ")
	if f.Parameter == "" && strings.Contains(t.lower, "parameter store in ") {
		last(&f.Parameter, ": invalid parameters: ")
	}
	if set(&f.File, "env file with key ", " from bucket ") {
		set(&f.Bucket, " from bucket ", ", error")
	}
	if set(&f.File, "unable to download s3 config ", " from bucket ") {
		set(&f.Bucket, " from bucket ", ": ")
	}
	set(&f.File, "failed to download file ", ": ")
	if arn, cut, ok := t.between("ecs infrastructure role ", " "); ok && !cut {
		f.readPrincipal(unquoted(strings.TrimRight(arn, ".,)")))
		f.Principal = ""
	}
	t.assumed(f)
	a, ok := policy.CutARN(policy.Text(f.Secret))
	if strings.Contains(f.Secret+f.RoleARN, " ") || strings.HasPrefix(f.Secret, "arn:") && (!ok || !a.Resource.HasPrefix("secret:")) {
		f.broken = true
	}
	t.image(f)
	t.host(f)
	if a, ok := policy.CutARN(policy.Text(f.Resource)); ok {
		switch a.Service {
		case "logs":
			group := strings.TrimPrefix(string(a.Resource), "log-group:")
			f.Group, _, _ = strings.Cut(group, ":log-stream:")
			f.Group = strings.TrimSuffix(f.Group, ":*")
		case "s3":
			if bucket, file, ok := strings.Cut(string(a.Resource), "/"); ok && f.Bucket == "" {
				f.Bucket, f.File = bucket, file
			}
		}
	}
}

// assumed finds the role that ECS could not assume.
func (t *text) assumed(f *Facts) {
	arn, cut, ok := t.between("unable to assume the role ", " ")
	if !ok {
		return
	}
	if rest, quoted := strings.CutSuffix(strings.TrimRight(arn, ".,)"), "'"); quoted || !cut {
		arn = rest
	}
	arn = unquoted(arn)
	a, ok := policy.CutARN(policy.Text(arn))
	if !ok {
		f.broken = f.broken || !cut
		f.RoleARN = ""
		return
	}
	f.RoleARN = arn
	f.Partition, f.Account = string(a.Partition), string(a.Account)
	f.Role = arn[strings.LastIndexByte(arn, '/')+1:]
	_, rest, _ := strings.Cut(t.plain, arn)
	rest = strings.TrimLeft(rest, "'\"`.,) ")
	f.broken = f.broken || rest != "" && !strings.HasPrefix(rest, "that was") && !strings.HasPrefix("that was", rest)
}

// cutSecret finds the secret of a text that ends in its ARN, or right behind.
func (t *text) cutSecret(f *Facts) {
	for words, end := range map[string]string{"failed to fetch secret ": " from secrets manager", "asm fetching secret from the service for ": ": "} {
		secret, cut, ok := t.between(words, end)
		if !ok || !cut || f.Secret != "" || f.Resource != "" {
			continue
		}
		secret, _, _ = strings.Cut(secret, ", Known Sent:")
		secret, rest, more := strings.Cut(secret, " ")
		secret = strings.TrimRight(secret, ".,)")
		a, isARN := policy.CutARN(policy.Text(secret))
		if !isARN || len(a.Resource) < len("secret:x") || more && !strings.HasPrefix(end, " "+lowerASCII(rest)) {
			continue
		}
		f.Secret, f.Resource, f.resourceCut = secret, secret, !more
	}
}

// image finds the image that could not be pulled.
func (t *text) image(f *Facts) {
	for _, v := range []struct{ words, end string }{
		{"failed to resolve ref ", ": "}, {"pull access denied for ", ", "}, {"authorizationdata is malformed for ", " "}, {"can't pull the image ", " "},
		{"manifest for ", " not found"}, {"repository ", " not found"}, {"error: image ", " not found"},
	} {
		image, cut, ok := t.between(v.words, v.end)
		image = unquoted(strings.TrimSuffix(image, ":"))
		if ok && strings.Contains(image, " ") && !cut {
			f.broken = true
		}
		if ok && image != "" && !strings.ContainsAny(image, " \t") && (v.words != "can't pull the image " || strings.ContainsAny(image, "/:")) {
			f.Image, f.imageCut = strings.TrimRight(image, ".,"), cut
			return
		}
	}
	// The address of a layer has the repository.
	if address, cut, ok := t.between("https://", "/blobs/", "/manifests/", " "); ok && !cut && strings.Contains(address, ".dkr") && !strings.Contains(address, " ") {
		host, repository, ok := strings.Cut(address, "/v2/")
		if strings.HasPrefix(repository, ":") || strings.HasPrefix(repository, `"`) { // the address ended in /v2/
			repository = ""
		}
		switch {
		case !ok || repository == "":
		case strings.HasSuffix(repository, "/"):
			f.broken = true
		default:
			f.Image = host + "/" + repository
		}
	}
}

// host finds the host that was called.
func (t *text) host(f *Facts) {
	for _, words := range []string{"https://", "lookup "} {
		if host, cut, ok := t.between(words, "/", " ", ":", "\""); ok && !cut && strings.Contains(host, ".") {
			f.Service = host
			return
		}
	}
}

// place finds the region in what names a service or a registry.
func (t *text) place(f *Facts) {
	set := func(region string) {
		if f.Region == "" && policy.IsRegion(region) {
			f.Region = region
		}
	}
	if v, _, ok := t.between("parameter store in ", ":", " "); ok {
		set(v)
	}
	if v, _, ok := t.between("in region ", ":", " "); ok {
		set(v)
	}
	for _, host := range []string{f.Image, f.Service} {
		for label := range strings.SplitSeq(host[:max(0, indexOr(host, '/', len(host)))], ".") {
			set(label)
		}
	}
}

func indexOr(s string, c byte, other int) int {
	if i := strings.IndexByte(s, c); i >= 0 {
		return i
	}
	return other
}

// mentions finds what a text of an unknown form names: who asked, what, and on what. It takes nothing that only looks alike.
func (t *text) mentions(f *Facts) {
	for word := range strings.FieldsFuncSeq(t.plain, func(r rune) bool { return strings.ContainsRune(" \"'`()[]{}<>,;", r) }) {
		word = strings.TrimRight(word, ".:")
		arn, isARN := policy.CutARN(policy.Text(word))
		service, operation, isAction := strings.Cut(word, ":")
		switch {
		case isARN && (arn.Service == "sts" || arn.Service == "iam" && !arn.Resource.HasPrefix("policy/")):
			if f.Principal == "" {
				f.readPrincipal(word)
			}
		case isARN:
			f.Resource = firstOf(f.Resource, word)
			f.readARN(word)
		case isAction && operation != "" && operation[0] >= 'A' && operation[0] <= 'Z' && all(operation, isLetter) && slices.Contains(actionServices[:], service):
			f.Action = firstOf(f.Action, word)
		}
	}
}

// actionServices are the beginnings of actions that messages about tasks have.
var actionServices = [...]string{"ecr", "ecr-public", "secretsmanager", "ssm", "logs", "s3", "fsx", "kms", "iam", "sts", "ecs", "elasticfilesystem", "ssmmessages", "batch"}

// count returns how much is known.
func (f *Facts) count() (n int) {
	for _, s := range []string{f.Action, f.Resource, f.Principal, f.Role, f.Session, f.Image, f.Secret, f.Key, f.Parameter, f.Bucket, f.Region} {
		if s != "" {
			n++
		}
	}
	return n
}
