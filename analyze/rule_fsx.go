package analyze

import (
	"strings"

	"github.com/execrole/execrole/analyze/taskdef"
)

var fsxVolumes = &Rule{
	ID:    "fsx-volumes",
	Title: "Volumes of FSx for Windows File Server",
	Why:   "ECS asks FSx for the file system's DNS name, reads the credentials of the domain, and mounts the share.",
	Doc:   "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/wfsx-volumes.html",
	Fields: []string{
		"volumes[].fsxWindowsFileServerVolumeConfiguration.fileSystemId",
		"volumes[].fsxWindowsFileServerVolumeConfiguration.authorizationConfig.credentialsParameter",
	},
	Grants: []*Grant{describeFileSystems, readFSxSecret, readFSxParameter, useKey},
	check:  checkFSxVolumes,
}

// Source: agent/fsx/fsx.go, agent/taskresource/fsxwindowsfileserver. The agent asks no directory service.
var (
	describeFileSystems = &Grant{
		Sid:      "DescribeFileSystems",
		Why:      "ECS asks FSx for the DNS name of the volume's file system.",
		Actions:  []Action{{"fsx:DescribeFileSystems", Called}},
		Agent:    "1.47.0",
		Wildcard: "fsx:DescribeFileSystems has no resources of its own, so that IAM takes only * for it.",
	}
	readFSxSecret = &Grant{
		Sid:      readSecret.Sid,
		Why:      "ECS reads the credentials of the Active Directory with which it mounts the share.",
		Actions:  readSecret.Actions,
		Agent:    "1.47.0",
		Wildcard: readSecret.Wildcard,
	}
	readFSxParameter = &Grant{Sid: readParameter.Sid, Why: readFSxSecret.Why, Actions: readParameter.Actions, Agent: "1.47.0"}
)

func checkFSxVolumes(p *pass, td taskdef.Value) {
	for config := range td.Each("volumes", "fsxWindowsFileServerVolumeConfiguration") {
		p.Require(describeFileSystems, "*", Exact, config.Ref())
		if onFargate(td) {
			p.Warnf(config, "a volume of FSx for Windows File Server: Fargate has none")
		}
		for v := range config.EachOrAbsent("authorizationConfig", "credentialsParameter") {
			t, ok := v.Text()
			s := string(t)
			if !ok || s == "" {
				p.Errorf(v, "the volume has no authorizationConfig.credentialsParameter: give the ARN of a secret or of a parameter")
				continue
			}
			if gaps := placeholders(s, false); len(gaps) > 0 && !strings.HasPrefix(s, "arn:") {
				p.Gaps(v, "credentialsParameter", gaps)
				continue
			}
			a, gaps, ok := p.cutARN(v, s, "credentialsParameter")
			switch {
			case !ok:
			case a.service == "secretsmanager":
				p.requireSecretARN(v, a, gaps, readFSxSecret, readFSxSecret)
			case a.service == "ssm":
				p.Notef(v, "credentials in Parameter Store: ECS does not decrypt them here, so that a SecureString does not work")
				p.requireParameterARN(v, a, gaps, readFSxSecret, readFSxParameter)
			case len(gaps) > 0:
				p.Gaps(v, "credentialsParameter", gaps)
			default:
				p.Errorf(v, "credentialsParameter %q is of the service %s: ECS reads it from secretsmanager and ssm only", s, a.service)
			}
		}
	}
}
