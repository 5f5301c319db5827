package analyze

import "github.com/execrole/execrole/analyze/taskdef"

// otherRoles grants nothing: it names what the task role and the infrastructure role need. People look for that here.
var otherRoles = &Rule{
	ID:    "other-roles",
	Title: "What the task role or the infrastructure role needs",
	Why:   "Containers act as the task role, and ECS attaches volumes and load balancers as the infrastructure role; the execution role has no part in it.",
	Doc:   "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html",
	Fields: []string{
		"volumes[].efsVolumeConfiguration.authorizationConfig.iam", "volumes[].s3filesVolumeConfiguration.fileSystemArn",
		"volumes[].configuredAtLaunch", "proxyConfiguration.type",
	},
	check: checkOtherRoles,
}

// marketplaceAccount owns the registries of images from AWS Marketplace.
//
// Source: https://docs.aws.amazon.com/marketplace/latest/userguide/container-product-policies.html
const marketplaceAccount = "709825985650"

func checkOtherRoles(p *pass, td taskdef.Value) {
	for volume := range td.Each("volumes") {
		for iam := range volume.Each("efsVolumeConfiguration", "authorizationConfig", "iam") {
			if iam.Is("ENABLED") {
				p.Notef(iam, "EFS with IAM: the task role needs elasticfilesystem:ClientMount, and ClientWrite and ClientRootAccess as wanted, on the file system, not this one")
			}
		}
		for files := range volume.Each("s3filesVolumeConfiguration") {
			p.Notef(files, "S3 Files: the task role needs s3files:ClientMount, and ClientWrite and ClientRootAccess as wanted, on the file system, and to read its bucket, not this one")
		}
		for v, value := range volume.Scalars("configuredAtLaunch") {
			if value == "true" {
				p.Notef(v, "volume configured at launch: ECS attaches it as the infrastructure role, with the managed policy AmazonECSInfrastructureRolePolicyForVolumes, not as this one")
			}
		}
	}
	for proxy := range td.Each("proxyConfiguration") {
		mesh := false
		for v := range proxy.EachOrAbsent("type") {
			// It is the only type there is, and the default.
			mesh = mesh || !v.Present() || v.Is("APPMESH")
		}
		if mesh {
			p.Notef(proxy, "App Mesh proxy: Envoy runs as the task role, which needs appmesh:StreamAggregatedResources on the virtual node, not this one")
		}
	}
	for image := range td.Each("containerDefinitions", "image") {
		if t, _ := image.Text(); t.HasPrefix(marketplaceAccount + ".dkr") {
			p.Notef(image, "image %s is from AWS Marketplace: where it is sold by use, the task role needs aws-marketplace:RegisterUsage or aws-marketplace:MeterUsage, not this one", quote(t))
		}
	}
	noteFirelensOutputs(p, td)
}
