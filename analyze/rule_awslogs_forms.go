package analyze

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// formLogs says where containers log in documents that do not have to say it.
type formLogs struct {
	field     string // that says it otherwise
	ownRegion bool   // the logs are in the task's own region
	// group returns the names of the log group that is used if no other is named, as patterns, and prefix those of the
	// prefix of log streams. They are nil where the document has to say it. They are not ok if it is unknown.
	group  func(p *pass, at taskdef.Value) (patterns []policy.Text, ok bool)
	prefix func(p *pass, container, at taskdef.Value) (patterns []policy.Text, ok bool)
	// container is the container's name as a pattern, where the document does not name it.
	container policy.Text
}

// formLogs returns where containers log in the document: nothing that a task definition does not say.
func (p *pass) formLogs() formLogs {
	switch p.reader.Form().Subject {
	case taskdef.Express:
		return formLogs{field: "awsLogsConfiguration", ownRegion: true, group: expressLogGroup, prefix: expressLogPrefix}
	case taskdef.Batch:
		return formLogs{field: "logConfiguration", ownRegion: true, group: batchLogGroup, prefix: batchLogPrefix}
	case taskdef.Service:
		// The agent gives the proxy of Service Connect a random name behind these words.
		return formLogs{container: "ecs-service-connect-*"}
	}
	return formLogs{}
}

// ownNames returns the names that the document gives to what it describes. A name that is a placeholder is an error, and not
// ok.
func (p *pass) ownNames() (names []policy.Text, ok bool) {
	ok = true
	for v := range p.td.Each("family") {
		name, _ := v.Text()
		fits := len(name.String()) <= 255 && p.fits(name, oneOf("-_"))
		if list := unless(fits, name, "no name (letters, digits, - and _), and that of the logs depends on it"); len(list) > 0 {
			p.Unknown(v, v.Ref().Field, settleWhole(list))
			ok = false
			continue
		}
		names = append(names, name)
	}
	return names, ok
}

// batchContainer is the name of the only container of a job.
const batchContainer = "default"

// batchLogGroup is that of all jobs of AWS Batch whose job definitions name no other. AWS Batch makes it.
//
// Source: https://docs.aws.amazon.com/batch/latest/userguide/job_states.html,
// https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html
func batchLogGroup(*pass, taskdef.Value) ([]policy.Text, bool) {
	return []policy.Text{"/aws/batch/job"}, true
}

// batchLogPrefix is the name of the job definition: "the log stream name format is jobDefinitionName/default/ecs_task_id".
//
// Source: https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
func batchLogPrefix(p *pass, container, at taskdef.Value) ([]policy.Text, bool) {
	names, ok := p.ownNames()
	configured := at.Ref().Pointer != container.Ref().Pointer
	for name := range containerNames(container) {
		switch {
		case configured:
			p.Notef(at, "no awslogs-stream-prefix: AWS's guide says that the names of log streams begin with the job definition's where logConfiguration is absent; that they do so here too is inferred")
		case name != batchContainer:
			p.Notef(at, "no logConfiguration: AWS's guide says what the log streams of a job with one container are called, JOBDEFINITION/default/TASK; that those of this one have its name in the place of default is inferred")
		}
	}
	if names == nil && ok {
		p.Notef(at, "the job definition has no name here, with which the names of its log streams begin: the role may write to those of all job definitions in the log group; name it, or add awslogs-stream-prefix")
		names = []policy.Text{"*"}
	}
	return names, ok
}

// expressLogGroup is a group that ECS makes for an Express service. It is called after the cluster and the service, with four
// hexadecimal digits behind that. No page of AWS says so: eighteen services in public repositories have such groups, like
// /aws/ecs/default/shop-6edb, and their containers are called Main and their prefixes ecs.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedLogGroup.html, which has no name
func expressLogGroup(p *pass, at taskdef.Value) (groups []policy.Text, ok bool) {
	services, ok := p.ownNames()
	if services == nil && ok {
		p.Errorf(at, "the Express service has neither awsLogsConfiguration nor serviceName: ECS makes a log group that is called after the service; add one of them")
		return nil, false
	}
	for v := range p.reader.Other("cluster") {
		cluster, present := v.Text()
		switch arn, isARN := policy.CutARN(cluster); {
		case !present || cluster == "":
			cluster = "default"
		case isARN:
			cluster, _ = arn.Resource.CutPrefix("cluster/")
		}
		if list := unless(p.fits(cluster, oneOf("-_")), cluster, "no name of a cluster (letters, digits, - and _), and that of the log group depends on it"); len(list) > 0 {
			p.Unknown(v, "cluster", settleWhole(list))
			ok = false
			continue
		}
		for _, service := range services {
			groups = append(groups, "/aws/ecs/"+cluster+"/"+service+"-????")
		}
	}
	p.Notef(at, "no awsLogsConfiguration: ECS makes a log group whose name is inferred from services that others have published, /aws/ecs/CLUSTER/SERVICE-XXXX; with awsLogsConfiguration it is certain")
	return groups, ok
}

// expressLogPrefix is the default of logStreamPrefix.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExpressGatewayServiceAwsLogsConfiguration.html
func expressLogPrefix(*pass, taskdef.Value, taskdef.Value) ([]policy.Text, bool) {
	return []policy.Text{"ecs"}, true
}
