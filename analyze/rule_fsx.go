package analyze

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
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
		Shown:     "fsx describing filesystem(s) from the service for …",
		Sid:       "DescribeFileSystems",
		Why:       "ECS asks FSx for the DNS name of the volume's file system.",
		Actions:   []Action{{"fsx:DescribeFileSystems", Called}},
		Agent:     "1.47.0",
		thing:     "file system",
		endpoints: []endpoint{{service: "fsx"}}, // https://docs.aws.amazon.com/fsx/latest/WindowsGuide/fsx-vpc-endpoints.html
		Wildcard:  "fsx:DescribeFileSystems has no resources of its own, so that IAM takes only * for it.",
	}
	readFSxSecret    = readSecret.variant(Grant{Why: "ECS reads the credentials of the Active Directory with which it mounts the share.", Agent: "1.47.0", keys: fsxKeys, ownRegion: true})
	readFSxParameter = readParameter.variant(Grant{Why: readFSxSecret.Why, Agent: "1.47.0", keys: fsxKeys, ownRegion: true})

	// Source: agent/taskresource/fsxwindowsfileserver/fsxwindowsfileserver_windows.go
	fsxKeys = []policy.Text{"username", "password"}
)

func checkFSxVolumes(p *pass, td taskdef.Value) {
	for config := range td.Each("volumes", "fsxWindowsFileServerVolumeConfiguration") {
		p.Require(describeFileSystems, everything, Exact, config.Ref())
		for v := range config.Each("fileSystemId") {
			t, _ := v.Text()
			arn := policy.LocalARN("fsx", "file-system/"+t)
			p.need(Need{Kind: NeedThing, Thing: "file system", Name: arn.Text(), Region: arn.Region, From: []taskdef.Ref{v.Ref()}})
		}
		for launchType := range td.Each("requiresCompatibilities") {
			switch {
			case config.ChosenBelow(td) && launchType.ChosenBelow(td): // perhaps never together
			case launchType.Is(fargate):
				p.Warnf(config, "a volume of FSx for Windows File Server: Fargate has none")
			case launchType.Is(managedInstances):
				p.Warnf(config, "a volume of FSx for Windows File Server: Managed Instances have none")
			}
		}
		for system := range td.Each("runtimePlatform", "operatingSystemFamily") {
			if system.Is("LINUX") && (!config.ChosenBelow(td) || !system.ChosenBelow(td)) {
				p.Warnf(config, "a volume of FSx for Windows File Server: tasks on Linux have none")
			}
		}
		for v := range config.EachOrAbsent("authorizationConfig", "credentialsParameter") {
			p.checkFSxCredentials(v)
		}
	}
}

func (p *pass) checkFSxCredentials(v taskdef.Value) {
	t, ok := v.Text()
	if !ok || t == "" {
		p.Errorf(v, "the volume has no authorizationConfig.credentialsParameter: give the ARN of a secret or of a parameter")
		return
	}
	p.mayName(v, aSecret, aParameter)
	if list := placeholders(t, false); len(list) > 0 && !t.HasPrefix("arn:") {
		p.Unknown(v, "credentialsParameter", list)
		return
	}
	before := len(p.plan.Requirements)
	p.requireByARN(v, t, namedThing{
		what: "credentialsParameter", secret: readFSxSecret, part: readFSxSecret, parameter: readFSxParameter, encrypted: true, ownRegion: true,
		only: "ECS reads it from secretsmanager and ssm only",
	})
	p.noteEncrypted(v, "credentials in Parameter Store: ECS does not decrypt them here", readFSxParameter, before)
}

// noteEncrypted says that a parameter stays encrypted, if one was required after as many requirements as before.
func (p *pass) noteEncrypted(v located, what string, parameter *Grant, before int) {
	if slices.ContainsFunc(p.plan.Requirements[before:], func(r Requirement) bool { return r.Grant == parameter }) {
		p.Notef(v, "%s, so that a SecureString does not work", what)
	}
}
