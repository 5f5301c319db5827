package diagnose

// Cause is a reason why a task does not start, by a name that does not change from version to version.
type Cause string

const (
	RoleLacks       Cause = "role-lacks"              // no policy of the execution role allows it
	RoleDenies      Cause = "role-denies"             // a policy of the execution role denies it
	Boundary        Cause = "boundary"                // the role's permissions boundary
	ServiceControl  Cause = "service-control-policy"  // of the organization
	ResourceControl Cause = "resource-control-policy" // of the organization
	SessionPolicy   Cause = "session-policy"          // of the session of the role
	EndpointPolicy  Cause = "endpoint-policy"         // of the VPC endpoint
	ResourcePolicy  Cause = "resource-policy"         // of the secret, the repository or the bucket
	KeyPolicy       Cause = "key-policy"              // of the customer-managed key
	KeyMissing      Cause = "key-missing"             // the key is gone, or in another region
	InstanceRole    Cause = "instance-role"           // the role of the EC2 instance asked
	TaskRole        Cause = "task-role"               // the role of the containers asked
	CallerLacks     Cause = "caller-lacks"            // whoever called ECS may not
	PassRole        Cause = "pass-role"               // whoever called ECS may not pass the role
	Network         Cause = "network"                 // no way to the service
	SecretMissing   Cause = "secret-missing"
	SecretEmpty     Cause = "secret-value-missing" // the secret is there, and has no value of the version
	SecretKey       Cause = "secret-key-missing"   // the JSON text in the secret lacks a key
	SecretContent   Cause = "secret-content"       // the secret is not in the form of registry credentials
	ParameterGone   Cause = "parameter-missing"
	ObjectMissing   Cause = "object-missing" // in Amazon S3
	LogGroupMissing Cause = "log-group-missing"
	LogOptions      Cause = "log-options" // an option of the awslogs driver
	ImageMissing    Cause = "image-missing"
	ImagePlatform   Cause = "image-platform" // for another processor or system
	RegistryLogin   Cause = "registry-login" // the registry wants credentials, and ECS has none for it
	RateLimit       Cause = "rate-limit"     // of the registry
	RegistryDown    Cause = "registry-down"  // out of order
	DiskFull        Cause = "disk-full"
	Throttled       Cause = "throttled" // by AWS
	Trust           Cause = "trust"     // the role does not trust ECS
	RoleMissing     Cause = "role-missing"
	NoRole          Cause = "no-role"        // the task definition has no execution role
	NoCredentials   Cause = "no-credentials" // the agent has no credentials of the execution role
	Definition      Cause = "definition"     // ECS does not accept the task definition
	Attribute       Cause = "instance-attribute"
	AgentOutdated   Cause = "agent-outdated"

	// The execution role has no part in these.
	OtherRole   Cause = "other-role"            // of the service, or of the volumes
	NoRoom      Cause = "no-room"               // no container instance has as much left as the task asks for
	NoInstances Cause = "no-instances"          // the cluster has no container instance
	NoCapacity  Cause = "no-capacity"           // AWS has none at the moment
	Quota       Cause = "quota"                 // of the account
	Placement   Cause = "placement"             // no instance is where the task may run
	AgentLost   Cause = "agent-disconnected"    // from ECS
	NotFound    Cause = "not-found"             // what a call names
	OutOfMemory Cause = "out-of-memory"         // a container was killed
	Exited      Cause = "container-exited"      // an essential one
	Unhealthy   Cause = "health-check"          // failed
	NotStarted  Cause = "container-not-started" // by Docker or containerd
	PortInUse   Cause = "port-in-use"           // on the instance
	RuntimeSlow Cause = "container-runtime"     // did not answer in time
	Interface   Cause = "network-interface"     // was not made or attached
	HostGone    Cause = "host-gone"             // the machine below the task
	Deployments Cause = "deployment"            // its configuration lets ECS do nothing
)

// Sure says how sure an answer is.
type Sure string

const (
	Certain Sure = "certain" // the text says it
	Likely  Sure = "likely"  // the first cause; the others are possible
	OneOf   Sure = "one-of"  // each of the causes is possible
)

// Explanation says what a cause is, how it is cured, and which command settles whether it is the one. In all its texts,
// {role}, {action}, {resource} and other names in braces are for what a message says: see [Facts].
type Explanation struct {
	Cause  Cause
	Means  string // a sentence
	Cure   string // a sentence or more
	Settle string // a command of the AWS CLI; "" where none settles it
	// InRole says that a statement in the execution role is the cure.
	InRole bool
	// Page is the address of AWS's page about a cause that the execution role has no part in; "" for other causes.
	Page string
}

const (
	showRole = "aws iam get-role --role-name {role}"
	simulate = "aws iam simulate-principal-policy --policy-source-arn {rolearn} --action-names {action} --resource-arns {resource}"
	// noPart ends the sentence of a cause that no change of the execution role cures.
	noPart       = ": the execution role has no part in that."
	showTask     = "aws ecs describe-tasks --cluster {cluster} --tasks {task} --query 'tasks[].containers[].[name,exitCode,reason]'"
	showInstance = "aws ecs describe-container-instances --cluster {cluster} --container-instances {instance} --query 'containerInstances[].[agentConnected,remainingResources]'"
	showEndpoint = "aws ec2 describe-vpc-endpoints --region {region} --filters Name=service-name,Values='*'.{region}.{endpoint} --query 'VpcEndpoints[].PolicyDocument'"
)

// explanations are those of all causes, in the order of docs/errors.md.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html, the pages that they name, and
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
var explanations = [...]Explanation{
	{RoleLacks, "No policy of {role} allows {action} on {resource}.", "Add the statement to the role.", simulate, true, ""},
	{RoleDenies, "A policy of {role} denies {action} on {resource}.", "A deny wins over every allow. Take the action or the resource out of the statement that denies it.", simulate, false, ""},
	{Boundary, "The permissions boundary of {role} {refuses}.", "{allow} in the boundary, or give the role another one. A statement in the role alone does not help.", showRole + " --query Role.PermissionsBoundary", false, ""},
	{ServiceControl, "A service control policy of the organization {refuses}.", "Whoever administers the organization has to {allow}. No statement in the role helps.", "aws organizations list-policies-for-target --target-id {account} --filter SERVICE_CONTROL_POLICY", false, ""},
	{ResourceControl, "A resource control policy of the organization denies {action} on {resource}.", "Whoever administers the organization of the resource has to {allow}. No statement in the role helps.", "aws organizations list-policies-for-target --target-id {owner} --filter RESOURCE_CONTROL_POLICY", false, ""},
	{SessionPolicy, "The policy of the session does not allow {action} on {resource}.", "Whoever assumes the role has to pass another session policy, or none. ECS passes none, so look at who made the session.", "", false, ""},
	{EndpointPolicy, "The policy of the VPC endpoint {refuses}; the role is not the cause.", "{allow} in the policy of the VPC endpoint for {endpoint}, for this role.", showEndpoint, false, ""},
	{ResourcePolicy, "The policy of {resource} denies {action} to {role}, or, in another account, does not allow it.", "The account {owner} has to allow {role} in the policy of the resource.", "{showpolicy}", false, ""},
	{KeyPolicy, "The policy of the customer-managed key does not let {role} decrypt {resource}.", "The owner of the key has to allow kms:Decrypt to {role} in the key policy.", "{showkey}", false, ""},
	{KeyMissing, "The customer-managed key of {encrypted} does not exist any more, is disabled, or is in another region.", "Enable the key, or encrypt the value with another key.", "{showkey}", false, ""},
	{InstanceRole, "The EC2 instance asked for {action} on {resource}, as {role}: no execution role is in effect for the task.", "Give the task definition an executionRoleArn with this permission; then ECS pulls and logs as that role. Or allow it to the role of the instance.", "aws ecs describe-task-definition --task-definition {definition} --query taskDefinition.executionRoleArn", false, ""},
	{TaskRole, "The program in the container asked for {action} as {role}" + noPart, "Allow it to the task role, taskRoleArn, and not to the execution role.", simulate, false, ""},
	{CallerLacks, "{principal} called AWS and is not allowed {action}" + noPart, "Allow it to {principal}.", "aws iam simulate-principal-policy --policy-source-arn {asker} --action-names {action} --resource-arns {resource}", false, ""},
	{PassRole, "{principal} is not allowed to pass {passed} to ECS.", "Allow iam:PassRole on the role to whoever registers the task definition or runs the task.", "aws iam simulate-principal-policy --policy-source-arn {asker} --action-names iam:PassRole --resource-arns {passed} --context-entries ContextKeyName=iam:PassedToService,ContextKeyType=string,ContextKeyValues=ecs-tasks.amazonaws.com", false, ""},
	{Network, "The task has no way to {service}: this is the network, and not a permission.", "In a private subnet, add a NAT gateway or the VPC endpoints; in a public one, give the task a public IP address and the subnet a route to an internet gateway. Let the security groups pass port 443, and the VPC resolve names.", "{showroutes}", false, ""},
	{SecretMissing, "The secret {secret} does not exist in the account and the region of its ARN, or its name ends in a hyphen and six characters and the ARN lacks the random suffix.", "Create the secret, or write its complete ARN into the task definition.", "aws secretsmanager describe-secret --region {region} --secret-id {resource}", false, ""},
	{SecretEmpty, "The secret {secret} exists, and has no value of the version that is asked for: this is not a permission.", "Put a value into the secret, or correct the version in the task definition. If the value is made in the same deployment, start the task again.", "aws secretsmanager list-secret-version-ids --region {region} --secret-id {secret}", false, ""},
	{SecretKey, "The JSON text in the secret has no key {key}.", "Add the key to the secret, or correct it in the task definition; upper and lower case differ.", "aws secretsmanager get-secret-value --region {region} --secret-id {secret} --query SecretString --output text | jq keys", false, ""},
	{SecretContent, "The secret with the credentials of the registry is not JSON with username and password.", "Write {\"username\": \"…\", \"password\": \"…\"} into the secret.", "aws secretsmanager get-secret-value --region {region} --secret-id {secret} --query SecretString --output text | jq keys", false, ""},
	{ParameterGone, "{parameterdoes} not exist in the account and the region: this is not a permission.", "Create the parameter, or correct its name; upper and lower case differ, and a name with slashes begins with one.", "aws ssm describe-parameters --region {region} --parameter-filters Key=Name,Values={parameter}", false, ""},
	{ObjectMissing, "The object {object} does not exist: without s3:ListBucket, Amazon S3 says access denied then too.", "Upload the object, or correct the ARN in the task definition.", "aws s3api head-object --bucket {bucket} --key {file}", false, ""},
	{LogGroupMissing, "The log group {group} does not exist: this is not a permission.", "Create the log group, or set awslogs-create-group to true and allow logs:CreateLogGroup to the role.", "aws logs describe-log-groups --region {region} --log-group-name-prefix {group}", false, ""},
	{LogOptions, "An option of the awslogs driver is wrong: awslogs-region is empty, or no region.", "Correct logConfiguration.options in the task definition.", "aws ecs describe-task-definition --task-definition {definition} --query 'taskDefinition.containerDefinitions[].logConfiguration'", false, ""},
	{ImageMissing, "The image {image} does not exist: the repository, the tag or the digest is wrong.", "Push the image, or correct it in the task definition.", "{showimage}", false, ""},
	{ImagePlatform, "The image {image} is for another processor or system than the task.", "Build the image for the platform of the task, or set runtimePlatform in the task definition.", "{showimage}", false, ""},
	{RegistryLogin, "The registry of the image {image} wants credentials, and ECS has none for it.", "For a private registry outside of Amazon ECR, add repositoryCredentials to the container. For Amazon ECR, write the image with its usual host, ACCOUNT.dkr.ecr.REGION.amazonaws.com, and update the agent.", "{showimage}", false, ""},
	{RateLimit, "The registry of the image {image} refuses more pulls for now.", "Log in with repositoryCredentials, or copy the image to Amazon ECR, for example with a pull-through cache.", "", false, ""},
	{RegistryDown, "The registry of the image {image} is out of order for now: this is not a permission.", "Start the task again later. A copy of the image in Amazon ECR does not depend on another registry.", "", false, ""},
	{DiskFull, "The disk of the task or of the instance is too small for the image: this is not a permission.", "Set ephemeralStorage in the task definition, or give the instance a larger disk, and remove images that are not used.", "", false, ""},
	{Throttled, "AWS refuses more calls of {action} for now.", "Start fewer tasks at once, or ask for a higher quota.", "", false, ""},
	{Trust, "ECS may not assume {role}: its trust policy does not name ecs-tasks.amazonaws.com, or a condition in it does not fit.", "Give the role the trust policy. A role that was just created can need some seconds.", showRole + " --query Role.AssumeRolePolicyDocument", false, ""},
	{RoleMissing, "{role} does not exist in the account of the task.", "Create the role, or correct executionRoleArn and taskRoleArn in the task definition.", showRole, false, ""},
	{NoRole, "The task definition has no execution role, and this task needs one.", "Set executionRoleArn, at the top of the task definition and not in a container.", "aws ecs describe-task-definition --task-definition {definition} --query taskDefinition.executionRoleArn", false, ""},
	{NoCredentials, "The agent has no credentials of the execution role: the task definition names none, or ECS cannot assume it.", "Set executionRoleArn, and give the role the trust policy for ecs-tasks.amazonaws.com.", showRole + " --query Role.AssumeRolePolicyDocument", false, ""},
	{Definition, "ECS does not accept a field of the task definition: this is not a permission.", "Correct the field.", "", false, ""},
	{Attribute, "No container instance has an attribute that the task needs: most often ecs.capability.execution-role-awslogs, since the task has an execution role and the awslogs driver.", "Set ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true for the agent on the instances.", "aws ecs list-attributes --cluster {cluster} --target-type container-instance --attribute-name ecs.capability.execution-role-awslogs", false, ""},
	{AgentOutdated, "The ECS agent on the instance is too old for this.", "Update the ECS agent, to 1.95.0 or later for hosts such as ACCOUNT.dkr-ecr.REGION.on.aws.", "aws ecs describe-container-instances --cluster {cluster} --container-instances {instance} --query 'containerInstances[].versionInfo'", false, ""},
	{OtherRole, "Another role than the execution role is the cause.", "Look at the role of the service and at that of the volumes.", "", false, guide + "security_iam_troubleshoot.html"},
	{NoRoom, "No container instance has as much CPU or memory, or as many ports, GPUs or network interfaces left as the task asks for" + noPart, "Ask for less in the task definition, or give the cluster more or larger instances.", showInstance, false, failures},
	{NoInstances, "The cluster or its capacity provider has no container instance" + noPart, "Start instances that register with the cluster, or run the task on Fargate or with a capacity provider that has instances.", "aws ecs list-container-instances --cluster {cluster}", false, failures},
	{NoCapacity, "AWS has no capacity for the task at the moment" + noPart, "Try again later, with subnets in more Availability Zones, or with less CPU and memory.", "", false, serviceEvents},
	{Quota, "The account has reached a quota" + noPart, "Stop tasks, ask for less, or request a higher quota.", "aws service-quotas list-service-quotas --region {region} --service-code fargate", false, serviceEvents},
	{Placement, "No container instance is where the placement constraints and the subnets let the task run" + noPart, "Compare the constraints and the Availability Zones of the subnets with the instances.", "aws ecs list-attributes --cluster {cluster} --target-type container-instance", false, failures},
	{AgentLost, "The ECS agent on the container instance is not connected" + noPart, "Restart the agent and look at its log, ecs-agent.log. The instance needs a way to Amazon ECS, and a role of its own with AmazonEC2ContainerServiceforEC2Role.", showInstance, false, failures},
	{NotFound, "{missing} does not exist in the cluster and the region of the call" + noPart, "Correct the name, the cluster or the region. ECS forgets stopped tasks after an hour.", "", false, failures},
	{OutOfMemory, "A container used more memory than it may, and was killed" + noPart, "Give the container and the task more memory, or let the program use less.", showTask, false, guide + "out-of-memory.html"},
	{Exited, "An essential container ended, and with it the task" + noPart, "Look at the exit code, and at the logs of the container.", showTask, false, guide + "stopped-task-error-codes.html"},
	{Unhealthy, "The task did not pass a health check, so that ECS replaces it" + noPart, "Let the container answer on the port and the path of the check, let the security group of the task take that port from the load balancer, and give the container time to start, with healthCheckGracePeriodSeconds or startPeriod.", "aws elbv2 describe-target-health --region {region} --target-group-arn {targetgroup}", false, guide + "troubleshoot-service-load-balancers.html"},
	{NotStarted, "The container runtime cannot create or start the container" + noPart, "The end of the message says why: look at the command, the entry point, the mount points and the devices of the container.", showTask, false, guide + "cannot-start-container.html"},
	{PortInUse, "A port that the task asks for is taken on the container instance" + noPart, "Set hostPort to 0, run one such task on each instance, or let ECS stop the old task first with minimumHealthyPercent.", showInstance, false, serviceEvents},
	{RuntimeSlow, "The container runtime did not answer in time" + noPart, "Look at the load and the disk of the instance, and update the agent.", showTask, false, guide + "container-runtime-timeout-error.html"},
	{Interface, "The network interface of the task was not made or attached" + noPart, "Look at the free addresses of the subnets and at the limits of the instance type, and start the task again.", "aws ec2 describe-subnets --region {region} --subnet-ids {subnet} --query 'Subnets[].AvailableIpAddressCount'", false, guide + "failed-to-start-error.html"},
	{HostGone, "The machine below the task is gone: it was stopped or terminated, or AWS took Spot capacity back. The execution role has no part in that.", "ECS starts the tasks of a service again. Run what must not be interrupted on capacity that is not Spot.", "", false, guide + "spot-interruption-errors.html"},
	{Deployments, "The deployment configuration of the service lets ECS neither stop nor start a task" + noPart, "Lower minimumHealthyPercent or raise maximumPercent.", "", false, serviceEvents},
}

// Explanations returns what each cause is.
func Explanations() []Explanation { return explanations[:] }

// Explain returns what a cause is.
func Explain(c Cause) Explanation {
	for _, e := range explanations {
		if e.Cause == c {
			return e
		}
	}
	return Explanation{Cause: c}
}
