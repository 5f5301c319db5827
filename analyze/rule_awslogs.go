package analyze

import (
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

var awslogs = &Rule{
	ID:    "awslogs",
	Title: "Logs in Amazon CloudWatch Logs",
	Why:   "The awslogs log driver creates the container's log stream and writes to it, and creates the log group if awslogs-create-group says so.",
	Doc:   "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html",
	Fields: []string{
		"containerDefinitions[].logConfiguration.logDriver", "containerDefinitions[].logConfiguration.options",
		"containerDefinitions[].name", "requiresCompatibilities[]",
	},
	Grants: []*Grant{writeLogs, writeManagedLogs, createLogGroup, createLogGroupPlain},
	Unseen: []Unseen{{
		What:    "the log configuration of Service Connect, which is in the service",
		Cure:    "pass the service too, or allow logs:CreateLogStream and logs:PutLogEvents on log-group:GROUP:log-stream:PREFIX/ecs-service-connect-*/*",
		Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resource: "arn:PARTITION:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:PREFIX/ecs-service-connect-*/*",
		beside: taskdef.Service,
	}},
	// Source: agent/app/agent_capability.go; https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html
	Needs: []Need{{
		Kind: NeedSetting, Name: "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true", LaunchType: ec2,
		Why: "Without it, ECS never places a task with awslogs and an execution role on the instance. The package ecs-init sets it from " +
			"version 1.16.0-1 on, as in AWS's images for Linux; on Windows and in images of your own, set it yourself.",
	}},
	check:       checkAWSLogs,
	checkBeside: checkAWSLogs,
}

// logGroupThing is what logs are written to, in words.
const logGroupThing = "log group"

var (
	// Source: moby daemon/logger/awslogs/cloudwatchlogs.go, which calls nothing else.
	writeLogs = &Grant{
		Shown: "ResourceInitializationError: failed to validate logger args: … failed to create Cloudwatch log stream: … AccessDeniedException",
		Sid:   "WriteLogs",
		thing: logGroupThing, endpoints: []endpoint{{service: "logs"}},
		thingOf: func(r *Requirement) (policy.ARN, bool) {
			group, _, _ := r.ARN.Resource.Cut(":log-stream:")
			return r.ARN.With(group), true
		},
		Why:     "The awslogs log driver creates the container's log stream and writes to it.",
		Actions: []Action{{"logs:CreateLogStream", Called}, {"logs:PutLogEvents", Called}},
		Agent:   "1.16.0",
		Wildcard: "The name of a log stream ends in the ID of its task, or is that of a Docker container where there is no " +
			"stream prefix, and neither is known before the task runs.",
	}
	// Express Mode and AWS Batch make a log group themselves where nobody names one.
	writeManagedLogs = &Grant{
		Sid:       writeLogs.Sid,
		When:      "a log group that ECS or AWS Batch makes",
		Why:       "The awslogs log driver creates the container's log stream and writes to it, in a log group that ECS or AWS Batch makes.",
		Actions:   writeLogs.Actions,
		Agent:     writeLogs.Agent,
		endpoints: writeLogs.endpoints,
		Wildcard: "The name of a log stream ends in the ID of its task, that of a log group of Express Mode in four characters that ECS " +
			"chooses, and the job definition of a template can have no name: none of it is known before the task runs.",
	}
	createLogGroup = &Grant{
		Shown: "ResourceInitializationError: failed to validate logger args: … failed to create Cloudwatch log group: AccessDeniedException",
		Sid:   "CreateLogGroups",
		thing: logGroupThing, creates: true,
		thingOf: func(r *Requirement) (policy.ARN, bool) {
			group, _ := r.ARN.Resource.CutSuffix(":*")
			return r.ARN.With(group), true
		},
		Why:     "The awslogs log driver creates the log group if it is missing and awslogs-create-group says so.",
		Actions: []Action{{"logs:CreateLogGroup", Called}},
		Agent:   "1.16.0",
		Wildcard: "CloudWatch Logs authorises the creation of a log group on the group's ARN with :log-stream: behind it, which " +
			"the plain ARN does not match and :* does.",
	}
	// CloudWatch Logs authorises on the group's ARN with ":log-stream:" behind it, which the plain ARN does
	// not match. The documentation of the action has the plain one.
	createLogGroupPlain = &Grant{
		Sid:     createLogGroup.Sid,
		When:    "the group's ARN without :* behind it",
		Why:     createLogGroup.Why,
		Actions: []Action{{"logs:CreateLogGroup", Documented}},
		Agent:   "1.16.0",
	}
)

// awslogsOptions are the options of the driver: another name that is near one of them is a typing error.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html and moby's awslogs driver
var awslogsOptions = []string{
	"awslogs-create-group", "awslogs-create-stream", "awslogs-credentials-endpoint", "awslogs-datetime-format",
	"awslogs-endpoint", "awslogs-entity-attributes", "awslogs-entity-environment", "awslogs-entity-service-name",
	"awslogs-force-flush-interval-seconds", "awslogs-format", "awslogs-group", "awslogs-max-buffered-events",
	"awslogs-multiline-pattern", "awslogs-region", "awslogs-stream", "awslogs-stream-prefix", "max-buffer-size", "mode",
	"tag",
}

// launchTypeDrivers are the log drivers of the launch types that do not have all.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
var launchTypeDrivers = [...]struct {
	launchType string
	drivers    []string
	words      string
}{
	{fargate, []string{"awslogs", "splunk", "awsfirelens"}, "Fargate has only awslogs, splunk and awsfirelens"},
	{managedInstances, []string{"awslogs", "splunk", "awsfirelens", "json-file"},
		"Managed Instances have only awslogs, splunk, awsfirelens and json-file"},
}

func checkAWSLogs(p *pass, td taskdef.Value) {
	for container := range td.Each("containerDefinitions") {
		for config := range container.EachOrAbsent("logConfiguration") {
			if !config.Present() {
				if p.formLogs().group != nil {
					checkLogStream(p, td, container, config, config, config, config)
				}
				continue
			}
			for driver := range config.EachOrAbsent("logDriver") {
				checkLogDriver(p, td, container, config, driver)
			}
		}
	}
}

func checkLogDriver(p *pass, td, container, config, driver taskdef.Value) {
	name, ok := driver.Text()
	if !ok || name == "" {
		p.Errorf(driver, "logConfiguration has no logDriver: whether it needs permissions depends on it")
		return
	}
	if driver.Is("awslogs") {
		for options := range config.EachOrAbsent("options") {
			if taskdef.Together(driver, options) {
				checkAWSLogsOptions(p, td, container, driver, options)
			}
		}
		return
	}
	drivers := taskdef.Enumeration("containerDefinitions", "logConfiguration", "logDriver")
	list := slices.Concat(placeholders(name, false), p.open(name))
	switch near := tree.Nearest(name, drivers); {
	case slices.Contains(drivers, name.String()):
		p.checkLaunchTypes(td, driver)
	case len(list) > 0:
		p.Unknown(driver, "logDriver", list)
	case near != "":
		p.Warnf(driver, "ECS has no log driver %q; did you mean %q?", name, near)
	default:
		p.Warnf(driver, "ECS has no log driver %q; it has %s", name, strings.Join(drivers, ", "))
	}
}

// checkLaunchTypes warns of a driver that a launch type of the task does not have. It keeps silent where conditionals
// choose both: they may never choose these two together.
func (p *pass) checkLaunchTypes(td, driver taskdef.Value) {
	name, _ := driver.Text()
	for launchType := range td.Each("requiresCompatibilities") {
		if driver.ChosenBelow(td) && launchType.ChosenBelow(td) {
			continue
		}
		for _, has := range launchTypeDrivers {
			if launchType.Is(has.launchType) && !driver.Is(has.drivers...) {
				p.Warnf(driver, "log driver %s: %s", quote(name), has.words)
			}
		}
	}
}

// checkExclusive warns of options that the driver does not take together: the container then does not start. It keeps
// silent where conditionals choose both.
//
// Source: moby daemon/logger/awslogs/cloudwatchlogs.go, ValidateLogOpt
func checkExclusive(p *pass, options taskdef.Value) {
	together := func(a, b taskdef.Value) bool { return !a.ChosenBelow(options) || !b.ChosenBelow(options) }
	for multiline := range options.Each("awslogs-multiline-pattern") {
		for datetime := range options.Each("awslogs-datetime-format") {
			if together(multiline, datetime) {
				p.find(Warning, multiline.NameRef(), nil, "awslogs-multiline-pattern beside awslogs-datetime-format: the driver takes one of them, and the container does not start")
			}
		}
	}
	for format := range options.Each("awslogs-format") {
		t, _ := format.Text()
		switch {
		case t == "" || len(placeholders(t, false)) > 0 || !t.IsLiteral():
			continue
		case t != "json/emf":
			p.Warnf(format, "awslogs-format %s: the driver has only json/emf, and the container does not start", quote(t))
			continue
		}
		for _, name := range []string{"awslogs-datetime-format", "awslogs-multiline-pattern"} {
			for other := range options.Each(name) {
				if together(format, other) {
					p.find(Warning, other.NameRef(), nil, "%s beside awslogs-format: the driver takes one of them, and the container does not start", name)
				}
			}
		}
	}
}

func checkAWSLogsOptions(p *pass, td, container, driver, options taskdef.Value) {
	checkExclusive(p, options)
	for name, value := range options.Members() {
		if !slices.Contains(awslogsOptions, name) {
			near := tree.Nearest(name, awslogsOptions)
			if whole := "awslogs-" + strings.ToLower(name); slices.Contains(awslogsOptions, whole) {
				near = whole
			}
			if near != "" {
				p.find(Warning, value.NameRef(), nil, "the awslogs driver has no option %q; did you mean %q?", name, near)
			}
		}
	}
	for region := range options.EachOrAbsent("awslogs-region") {
		for group := range options.EachOrAbsent("awslogs-group") {
			for prefix := range options.EachOrAbsent("awslogs-stream-prefix") {
				if taskdef.Together(driver, region, group, prefix) {
					checkLogStream(p, td, container, options, region, group, prefix)
				}
			}
		}
	}
}

func checkLogStream(p *pass, td, container, options, region, group, prefix taskdef.Value) {
	base, regionKnown := p.logsARN(region)
	streams, streamsKnown := p.logStreams(td, container, prefix)
	create := p.createsGroup(options, group)
	if name, ok := group.Text(); (!ok || name == "") && p.formLogs().group != nil {
		groups, groupsKnown := p.formLogs().group(p, group)
		at := group.Ref()
		if at.Field == "" {
			at.Field = p.formLogs().field
		}
		for _, g := range groups {
			for _, stream := range streams {
				if regionKnown && groupsKnown && streamsKnown {
					p.Require(writeManagedLogs, base.With("log-group:"+g+":log-stream:"+stream), Each, at)
				}
			}
		}
		return
	}
	groupName, groupKnown := p.logGroup(group)
	if !regionKnown || !groupKnown || !streamsKnown {
		return
	}
	resource := "log-group:" + groupName
	for _, stream := range streams {
		p.Require(writeLogs, base.With(resource+":log-stream:"+stream), Each, group.Ref())
	}
	if create {
		p.Require(createLogGroup, base.With(resource+":*"), OneOf, group.Ref())
		p.Require(createLogGroupPlain, base.With(resource), Exact, group.Ref())
	}
}

// logGroup returns the name of the log group.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
func (p *pass) logGroup(group taskdef.Value) (policy.Text, bool) {
	t, ok := group.Text()
	if !ok || t == "" {
		p.Warnf(group, "awslogs without awslogs-group: ECS demands it, and no log group is known to write to")
		return "", false
	}
	list := p.contrary(t, policy.MeansLogGroupName)
	if list == nil {
		fits := len(t.String()) <= 512 && p.fits(t, oneOf("_/.#-"), policy.MeansLogGroupName)
		list = settleWhole(unless(fits, t, "no name of a log group (1 to 512 letters, digits and _ / . # -)"))
	}
	if len(list) > 0 {
		p.Unknown(group, "awslogs-group", list)
		return "", false
	}
	return t, true
}

// logsARN returns the ARN of CloudWatch Logs in the region of the logs and the account of the role: the
// driver cannot write to another account.
func (p *pass) logsARN(region taskdef.Value) (policy.ARN, bool) {
	arn := policy.LocalARN("logs", "")
	t, ok := region.Text()
	if !ok || t == "" {
		if p.formLogs().ownRegion {
			return arn, true
		}
		p.Warnf(region, "awslogs without awslogs-region: ECS demands it; the role's own region is taken")
		return arn, true
	}
	isRegion := func(t policy.Text) bool { return p.isPart(t, policy.IsRegion, policy.MeansRegion) }
	name := p.word(t, isRegion(t))
	if list := ofKind("region", unless(isRegion(name), name, "no region")); len(list) > 0 {
		p.Unknown(region, "awslogs-region", list)
		return arn, false
	}
	arn.Partition, arn.Region = policy.PartitionText(name), name
	return arn, true
}

// logStreams returns the patterns of the names of a container's log streams: PREFIX/CONTAINER/TASK, or
// anything without a prefix, where a stream has the name of the Docker container.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (names of containers)
func (p *pass) logStreams(td, container, prefix taskdef.Value) (patterns []policy.Text, ok bool) {
	t, ok := prefix.Text()
	if (!ok || t == "") && p.formLogs().prefix != nil {
		prefixes, ok := p.formLogs().prefix(p, container, prefix)
		for _, pattern := range prefixes {
			names, known := p.logStreamNames(container, func() policy.Text { return pattern })
			patterns, ok = append(patterns, names...), ok && known
		}
		return patterns, ok
	}
	if !ok || t == "" {
		if onFargate(td) {
			p.Warnf(prefix, "awslogs without awslogs-stream-prefix: Fargate demands it")
		}
		return []policy.Text{"*"}, true
	}
	list := p.contrary(t)
	if !prefix.Meant() {
		list = append(list, placeholders(t, true)...)
	}
	ok = true
	if i := t.IndexAny(":*"); len(list) > 0 {
		p.Unknown(prefix, "awslogs-stream-prefix", list)
		ok = false
	} else if i >= 0 {
		p.Wrong(prefix, "awslogs-stream-prefix", "no log stream's name can have %q", t[i:i+1])
		ok = false
	}
	// The container's name is looked at in any case, so that all placeholders are found at once.
	patterns, known := p.logStreamNames(container, func() policy.Text {
		if !ok {
			return t
		}
		pattern, _ := p.pattern(prefix, "awslogs-stream-prefix", t)
		return pattern
	})
	return patterns, ok && known
}

// logStreamNames returns the patterns of the names of a container's log streams with a prefix, which is a pattern.
func (p *pass) logStreamNames(container taskdef.Value, prefix func() policy.Text) (patterns []policy.Text, ok bool) {
	if name := p.formLogs().container; name != "" {
		return []policy.Text{prefix() + "/" + name + "/*"}, true
	}
	ok = true
	pattern := policy.Text("")
	for v := range container.EachOrAbsent("name") {
		name, _ := v.Text()
		fits := len(name.String()) <= 255 && p.fits(name, oneOf("-_"))
		switch list := unless(fits, name, "no container's name (letters, digits, - and _)"); {
		case name == "":
			p.Errorf(container, "the container has no name, and the names of its log streams depend on it")
			ok = false
		case len(list) > 0:
			p.Unknown(v, "container name", settleWhole(list))
			ok = false
		case ok:
			if pattern == "" {
				pattern = prefix()
			}
			patterns = append(patterns, pattern+"/"+name+"/*")
		}
	}
	return patterns, ok && patterns != nil
}

// createsGroup reports whether the driver creates that log group, in a branch in which the group is the one. The driver reads the
// option as Go's strconv.ParseBool does.
func (p *pass) createsGroup(options, group taskdef.Value) bool {
	creates := false
	for v, t := range options.Scalars("awslogs-create-group") {
		create, err := strconv.ParseBool(t.String())
		switch list := slices.Concat(placeholders(t, false), p.open(t)); {
		case len(list) > 0:
			p.Unknown(v, "awslogs-create-group", list)
		case err != nil:
			p.Warnf(v, "awslogs-create-group %q is neither true nor false: the driver refuses it, and no log group is created", t)
		case create && t != "true":
			p.Notef(v, "awslogs-create-group %q: the driver takes it for true; ECS's documentation writes \"true\"", t)
		}
		creates = creates || create && taskdef.Together(v, group)
	}
	return creates
}

// compatibilityUnknown reports whether a value of requiresCompatibilities is unknown until deployment.
func compatibilityUnknown(td taskdef.Value) bool {
	for c := range td.Each("requiresCompatibilities") {
		if t, _ := c.Text(); !t.IsLiteral() {
			return true
		}
	}
	return false
}

// onFargate reports whether the task definition asks to be usable on Fargate.
func onFargate(td taskdef.Value) bool {
	for c := range td.Each("requiresCompatibilities") {
		if c.Is(fargate) {
			return true
		}
	}
	return false
}

// onlyOn reports whether requiresCompatibilities has some of the given launch types and no others, whichever way
// conditionals choose.
func onlyOn(td taskdef.Value, launchTypes ...string) bool {
	for c := range td.EachOrAbsent("requiresCompatibilities") {
		if !c.Is(launchTypes...) {
			return false
		}
	}
	return true
}

// The launch types, as requiresCompatibilities has them.
const (
	ec2              = "EC2"
	fargate          = "FARGATE"
	external         = "EXTERNAL"
	managedInstances = "MANAGED_INSTANCES"
)

// launchTypes returns those that a task can have, as requiresCompatibilities says: all of them where it says nothing, or
// something that is unknown until deployment.
func launchTypes(td taskdef.Value) (list []string) {
	for v := range td.EachOrAbsent("requiresCompatibilities") {
		t, _ := v.Text()
		if !v.Present() || !t.IsLiteral() {
			return []string{ec2, fargate, external, managedInstances}
		}
		if !slices.Contains(list, t.String()) {
			list = append(list, t.String())
		}
	}
	return list
}
