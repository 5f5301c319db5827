package policy

// ManagedPolicy is a policy that AWS manages, in one of its versions.
type ManagedPolicy struct {
	Name     string
	Path     string // "/service-role/"
	Version  string // "v1"
	Date     string // of the version: "2017-11-16"
	Document Document
}

// ARN returns the ARN of the policy in a partition. Each partition has one.
func (p *ManagedPolicy) ARN(partition Text) Text {
	return ARN{Partition: partition, Service: "iam", Account: "aws", Resource: "policy" + Text(p.Path+p.Name)}.Text()
}

// ECSTaskExecutionRolePolicy returns the managed policy that AWS's guide attaches to execution roles. It allows pulling
// from every repository of Amazon ECR, and writing to every log stream.
//
// Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
func ECSTaskExecutionRolePolicy() *ManagedPolicy {
	return &ManagedPolicy{
		Name: "AmazonECSTaskExecutionRolePolicy", Path: "/service-role/", Version: "v1", Date: "2017-11-16",
		Document: NewDocument(Statement{
			Actions: []string{
				"ecr:GetAuthorizationToken",
				"ecr:BatchCheckLayerAvailability",
				"ecr:GetDownloadUrlForLayer",
				"ecr:BatchGetImage",
				"logs:CreateLogStream",
				"logs:PutLogEvents",
			},
			Resources: Values("*"),
		}),
	}
}
