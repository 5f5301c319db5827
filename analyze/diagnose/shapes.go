package diagnose

import (
	"strings"
	"sync"
)

// Shape is a form that messages of ECS have.
type Shape struct {
	ID string
	// Text is the message, with … in the place of what varies or is of no interest. It can be anywhere in a longer text; white
	// space, quotes, and upper and lower case do not count.
	Text string
	// Platform says where the message is from: a platform of Fargate or a version of the agent.
	Platform string
	Sure     Sure
	Causes   []Cause // the most likely first
	// Action is what ECS called, or most likely did, where the text does not say it.
	Action string
	// Means, Cure and Settle say more than the cause does; "" for what the cause says.
	Means, Cure, Settle string
	Source              string
	// Head says that messages begin so, and that the cause follows in their rest: this text was cut off before it.
	Head bool
	// Denial says that the message names who may not do what: the kind of policy that it names is the cause.
	Denial bool
}

const (
	agentSource  = "https://github.com/aws/amazon-ecs-agent/"
	blob         = agentSource + "blob/master/agent/"
	fargate      = "Fargate 1.4"
	ec2          = "EC2"
	everywhere   = "everywhere"
	registration = "RegisterTaskDefinition"
	troubleshoot = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html"
	denied       = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"

	getToken = "ecr:GetAuthorizationToken"
	getImage = "ecr:BatchGetImage"
	getLayer = "ecr:GetDownloadUrlForLayer"
	getValue = "secretsmanager:GetSecretValue"
	getParam = "ssm:GetParameters"
	getFile  = "s3:GetObject"
	makeLog  = "logs:CreateLogStream"
	makeLogs = "logs:CreateLogGroup"
	decrypt  = "kms:Decrypt"
)

// shapes are all that are known. The first that fits a text counts, so a shape has its place before those that say less.
var shapes = sync.OnceValue(func() []Shape {
	// Lists of causes that several shapes have.
	// denials are the policies that can be in the way of a call.
	denials := []Cause{RoleLacks, ResourcePolicy, RoleDenies, Boundary, ServiceControl, ResourceControl, EndpointPolicy, SessionPolicy}
	// secretReads are what can be wrong when a secret is read.
	secretReads := with(denials, Network, SecretMissing, SecretKey, KeyPolicy, KeyMissing, NoCredentials, Throttled)
	objectReads := with([]Cause{ObjectMissing}, RoleLacks, ResourcePolicy, KeyPolicy, RoleDenies, Boundary, ServiceControl, ResourceControl, EndpointPolicy, SessionPolicy)
	logCalls := with(denials, LogGroupMissing, LogOptions, Network, NoCredentials, InstanceRole, Throttled)
	pulls := with([]Cause{ImageMissing, RegistryLogin}, RoleLacks, RoleDenies, Boundary, ServiceControl, ResourcePolicy, ResourceControl, EndpointPolicy, SessionPolicy, Network, InstanceRole, RateLimit, ImagePlatform, NoCredentials, AgentOutdated, DiskFull, Definition, Throttled)
	ecrLogins := with(denials, Network, NoCredentials, InstanceRole, AgentOutdated, Throttled)
	manifests := []Cause{ImageMissing, RegistryLogin, RateLimit, Network, RoleLacks, InstanceRole, ResourcePolicy, RoleDenies, Boundary, ServiceControl, ResourceControl, EndpointPolicy, SessionPolicy, Throttled, NoCredentials, ImagePlatform, DiskFull, Definition}
	keyUses := []Cause{RoleLacks, KeyPolicy, RoleDenies, Boundary, ServiceControl}
	return []Shape{
		// No way to a service. These read like permissions, so they are first.
		{ID: "network-ecr", Text: "unable to pull secrets or registry auth: … There is a connection issue between the task and Amazon ECR", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Action: getToken, Source: "https://github.com/aws/containers-roadmap/issues/2287"},
		{ID: "network-secret", Text: "There is a connection issue between the task and AWS Secrets Manager", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Action: getValue, Source: troubleshoot},
		{ID: "network-parameter", Text: "There is a connection issue between the task and AWS Systems Manager Parameter Store", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Action: getParam, Source: troubleshoot},
		{ID: "network-logs", Text: "There is a connection issue between the task and Amazon CloudWatch", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Action: makeLog, Means: "The task has no way to Amazon CloudWatch Logs. That the log group cannot be found, as the message says, is not known.", Source: troubleshoot},
		{ID: "credentials-endpoint", Text: "169.254.170.2", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, AgentOutdated}, Means: "The agent's own endpoint for credentials does not answer: the agent is not running, or the instance lacks ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true.", Source: "https://github.com/aws/amazon-ecs-cli/issues/752"},
		{ID: "credentials-endpoint-error", Text: "CredentialsEndpointError:", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, AgentOutdated}, Means: "The agent's own endpoint for credentials does not answer: the agent is not running, or the instance lacks ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true.", Source: "https://github.com/aws/amazon-ecs-cli/issues/752"},
		{ID: "network-ecr-old", Text: "unable to retrieve ecr registry auth: … RequestError: send request failed", Platform: fargate + " until 2024", Sure: Certain, Causes: []Cause{Network}, Action: getToken, Source: "https://github.com/aws/aws-app-mesh-examples/issues/413"},
		{ID: "network-registry-secret", Text: "asm fetching secret from the service for … RequestError: send request failed", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Action: getValue, Source: "https://github.com/aws-samples/keycloak-on-aws/issues/222"},
		{ID: "network-secret-old", Text: "unable to retrieve secret from asm: … RequestCanceled: request context canceled", Platform: fargate + " until 2024", Sure: Certain, Causes: []Cause{Network}, Action: getValue, Source: "https://github.com/Releem/releem-agent/issues/195"},
		{ID: "network-parameter-old", Text: "unable to retrieve secrets from ssm: … RequestCanceled: request context canceled", Platform: fargate + " until 2024", Sure: Certain, Causes: []Cause{Network}, Action: getParam, Source: "https://github.com/hashicorp/terraform-provider-aws/issues/33044"},
		{ID: "network-env-files", Text: "failed to download env files: … RequestCanceled: request context canceled", Platform: fargate + " until 2024", Sure: Certain, Causes: []Cause{Network}, Action: getFile, Source: "https://github.com/aws/aws-cli/issues/6470"},
		{ID: "network-killed", Text: "unable to pull secrets or registry auth: pull command failed: … signal: killed", Platform: fargate + ", 2020 to 2021", Sure: Likely, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-logger-killed", Text: "failed to validate logger args: … signal: killed", Platform: fargate, Sure: Likely, Causes: []Cause{Network}, Action: makeLog, Source: troubleshoot},
		{ID: "network-no-answer", Text: "https response error StatusCode: 0", Platform: "SDK v2", Sure: Certain, Causes: []Cause{Network}, Source: "https://github.com/aws/containers-roadmap/issues/2792"},
		{ID: "network-canceled", Text: "RequestCanceled:", Platform: "SDK v1", Sure: Certain, Causes: []Cause{Network}, Source: "https://github.com/Releem/releem-agent/issues/195"},
		{ID: "network-send", Text: "RequestError: send request failed", Platform: "SDK v1", Sure: Certain, Causes: []Cause{Network}, Source: "https://github.com/aws/aws-app-mesh-examples/issues/413"},
		{ID: "network-send-2", Text: ", request send failed,", Platform: "SDK v2", Sure: Certain, Causes: []Cause{Network}, Source: "https://github.com/aws/containers-roadmap/issues/2792"},
		{ID: "network-issue", Text: "There is a connection issue between the task and", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-deadline", Text: "context deadline exceeded", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Source: "https://github.com/Releem/releem-agent/issues/195"},
		{ID: "network-check", Text: "check your task network configuration", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-check-logs", Text: "check your network configuration", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-pull", Text: "request canceled while waiting for connection", Platform: "Fargate 1.3, EC2", Sure: Certain, Causes: []Cause{Network}, Action: getImage, Source: agentSource + "issues/1128"},
		{ID: "network-headers", Text: "Client.Timeout exceeded while awaiting headers", Platform: "Fargate 1.3, EC2", Sure: Certain, Causes: []Cause{Network}, Action: getImage, Source: agentSource + "issues/1680"},
		{ID: "network-timeout", Text: ": i/o timeout", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Source: "https://github.com/deepfence/terraform-aws-cloud-scanner/issues/13"},
		{ID: "network-name", Text: ": no such host", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Means: "The VPC cannot resolve the name of the service: it has no DNS, or the endpoint has no private DNS.", Source: troubleshoot},
		{ID: "network-refused", Text: ": connection refused", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-reset", Text: ": connection reset by peer", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-unreachable", Text: "network is unreachable", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},
		{ID: "network-handshake", Text: "TLS handshake timeout", Platform: everywhere, Sure: Certain, Causes: []Cause{Network}, Source: troubleshoot},

		// What is never a permission.
		{ID: "secret-key", Text: "retrieved secret from Secrets Manager did not contain json key", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretKey}, Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "parameter-missing", Text: "invalid ssm parameters:", Platform: fargate, Sure: Certain, Causes: []Cause{ParameterGone}, Action: getParam, Source: blob + "ssm/ssm.go"},
		{ID: "parameter-missing-ec2", Text: "Fetching secret data from SSM Parameter Store in … : invalid parameters:", Platform: ec2, Sure: Certain, Causes: []Cause{ParameterGone}, Action: getParam, Source: blob + "ssm/ssm.go"},
		{ID: "secret-missing", Text: "ResourceNotFoundException: The task can't retrieve the secret with ARN", Platform: "agent of 2024-06 or later", Sure: Certain, Causes: []Cause{SecretMissing}, Action: getValue, Source: agentSource + "pull/4181"},
		{ID: "secret-missing-service", Text: "Secrets Manager can't find the specified secret", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretMissing}, Action: getValue, Source: "https://github.com/aws/aws-cdk/issues/17792"},
		{ID: "registry-secret-schema", Text: "unable to unmarshal secret value, invalid schema", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretContent}, Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "dual-stack-agent", Text: "ecr auth: AuthorizationData is malformed for", Platform: "agent before 1.95.0", Sure: Certain, Causes: []Cause{AgentOutdated}, Means: "The agent does not know the dual-stack host of the image.", Source: agentSource + "issues/4829"},
		{ID: "registry-secret-empty", Text: "AuthorizationData is malformed, empty field", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretContent}, Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "log-group-missing", Text: "ResourceNotFoundException: The specified log group does not exist", Platform: everywhere, Sure: Certain, Causes: []Cause{LogGroupMissing}, Action: makeLog, Source: "https://github.com/prakhar1989/docker-curriculum/issues/260"},
		{ID: "log-region-empty", Text: "awslogs-region is required", Platform: fargate, Sure: Certain, Causes: []Cause{LogOptions}, Action: makeLog, Means: "The option awslogs-region is empty: a variable was perhaps not filled in.", Source: troubleshoot},
		{ID: "log-region-wrong", Text: "log stream: MissingEndpoint:", Platform: fargate, Sure: Certain, Causes: []Cause{LogOptions}, Action: makeLog, Means: "The option awslogs-region is no region.", Source: "https://github.com/TechToSpeech/terraform-aws-serverless-static-wordpress/issues/74"},
		{ID: "logs-throttled", Text: "log stream: … ThrottlingException: Rate exceeded", Platform: everywhere, Sure: Certain, Causes: []Cause{Throttled}, Action: makeLog, Source: "https://github.com/moby/moby/issues/42088"},
		{ID: "throttled", Text: "ThrottlingException: Rate exceeded", Platform: everywhere, Sure: Certain, Causes: []Cause{Throttled}, Source: "https://github.com/moby/moby/issues/42088"},
		{ID: "object-missing", Text: "Unable to download env file … error: NoSuchKey:", Platform: ec2, Sure: Certain, Causes: []Cause{ObjectMissing}, Action: getFile, Means: "The object {object} does not exist.", Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "bucket-missing", Text: "Unable to download env file … error: NoSuchBucket:", Platform: ec2, Sure: Certain, Causes: []Cause{ObjectMissing}, Action: getFile, Means: "The bucket of {resource} does not exist.", Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "firelens-object-missing", Text: "unable to download s3 config … : NoSuchKey:", Platform: ec2, Sure: Certain, Causes: []Cause{ObjectMissing}, Action: getFile, Means: "The object {object} does not exist.", Source: blob + "taskresource/firelens/firelens_unix.go"},
		{ID: "firelens-region", Text: "unable to download s3 config … MissingRegion", Platform: "old agents", Sure: Certain, Causes: []Cause{AgentOutdated}, Action: getFile, Means: "An old agent does not find the region of the bucket.", Cure: "Update the ECS agent.", Source: agentSource + "issues/2354"},
		{ID: "rate-limit", Text: "toomanyrequests:", Platform: everywhere, Sure: Certain, Causes: []Cause{RateLimit}, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "rate-limit-status", Text: "CannotPull … 429 Too Many Requests", Platform: fargate, Sure: Certain, Causes: []Cause{RateLimit}, Action: getImage, Source: troubleshoot},
		{ID: "image-platform", Text: "does not contain descriptor matching platform", Platform: fargate, Sure: Certain, Causes: []Cause{ImagePlatform}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "disk-full", Text: "no space left on device", Platform: everywhere, Sure: Certain, Causes: []Cause{DiskFull}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "image-reference", Text: "invalid reference format", Platform: everywhere, Sure: Certain, Causes: []Cause{Definition}, Means: "The image in the task definition is no valid reference: it has capitals, spaces, or a variable that was not filled in.", Cure: "Correct the image.", Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "image-platform-ec2", Text: "CannotPull … no matching manifest for", Platform: ec2, Sure: Certain, Causes: []Cause{ImagePlatform}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},

		// No credentials of the execution role.
		{ID: "registry-credentials-none", Text: "engine docker private registry credentials: not found", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, Trust}, Source: blob + "engine/docker_task_engine.go"},
		{ID: "ecr-credentials-none", Text: "engine ecr credentials: not found", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, Trust}, Source: blob + "engine/docker_task_engine.go"},
		{ID: "resource-credentials-none", Text: "resource: unable to find execution role credentials", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, Trust}, Source: blob + "taskresource/"},

		// Roles that ECS cannot use, or that somebody may not pass.
		{ID: "assume-role", Text: "ECS was unable to assume the role", Platform: everywhere, Sure: Likely, Causes: []Cause{Trust, RoleMissing, PassRole}, Source: "https://github.com/telia-oss/terraform-aws-ecs-fargate/issues/58"},
		{ID: "no-role-images", Text: "Fargate requires task definition to have execution role ARN to support ECR images", Platform: registration, Sure: Certain, Causes: []Cause{NoRole}, Source: "https://github.com/hashicorp/terraform-provider-aws/issues/6503"},
		{ID: "no-role-logs", Text: "Fargate requires task definition to have execution role ARN to support log driver", Platform: registration, Sure: Certain, Causes: []Cause{NoRole}, Source: "https://github.com/virtual-kubelet/virtual-kubelet/issues/193"},
		{ID: "no-role", Text: "Fargate requires task definition to have execution role ARN", Platform: registration, Sure: Certain, Causes: []Cause{NoRole}, Source: "https://github.com/hashicorp/terraform-provider-aws/issues/6503"},
		{ID: "no-role-secrets", Text: "When you are specifying container secrets, you must also specify a value for executionRoleArn", Platform: registration, Sure: Certain, Causes: []Cause{NoRole}, Source: "https://github.com/sil-org/ecs-deploy/issues/166"},

		// Task definitions that ECS does not accept.
		{ID: "parameter-account", Text: "The Systems Manager parameter ARN has a different account ID than the current account", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "A parameter of another account is in the task definition, and ECS reads none of those, whatever is allowed.", Cure: "Copy the parameter into the account of the task, or use a secret of AWS Secrets Manager, which can be shared.", Source: "https://github.com/aws/containers-roadmap/issues/2384"},
		{ID: "parameter-name", Text: "The Systems Manager parameter name specified for secret … is invalid", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "The name of a parameter has characters that ECS does not take: most often it is followed by a version or a label.", Cure: "Write the name alone; ECS reads the latest version.", Source: "https://github.com/aws/containers-roadmap/issues/859"},
		{ID: "log-secrets", Text: "Log driver splunk requires options: splunk-token", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "The log driver lacks an option: perhaps its secret is in logConfiguration.secrets, and belongs into secretOptions.", Cure: "Move it to logConfiguration.secretOptions.", Source: "https://github.com/hashicorp/terraform-provider-aws/issues/8596"},
		{ID: "firelens-arn", Text: "ClientException: Invalid arn syntax", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "A field that takes an ARN has something else, such as a config-file-value of FireLens that begins with s3://.", Cure: "Write the ARN: arn:aws:s3:::BUCKET/KEY.", Source: "https://github.com/aws/aws-sdk/issues/311"},
		{ID: "firelens-arn-cli", Text: "(ClientException) when calling the RegisterTaskDefinition operation: Invalid arn syntax", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "A field that takes an ARN has something else, such as a config-file-value of FireLens that begins with s3://.", Cure: "Write the ARN: arn:aws:s3:::BUCKET/KEY.", Source: "https://github.com/aws/aws-sdk/issues/311"},
		{ID: "credspec-arn", Text: "unsupported credentialspec ARN, only s3/ssm ARNs are valid", Platform: ec2, Sure: Certain, Causes: []Cause{Definition}, Means: "The credential spec is neither in Amazon S3 nor in Parameter Store.", Cure: "Write credentialspec: and the ARN of an object or of a parameter.", Source: blob + "taskresource/credentialspec/credentialspec_linux.go"},
		{ID: "credspec-parameter", Text: "the provided SSM parameter: … is in an invalid format", Platform: ec2, Sure: Certain, Causes: []Cause{Definition}, Means: "The ARN of the parameter with the credential spec is malformed.", Cure: "Write arn:aws:ssm:REGION:ACCOUNT:parameter/NAME.", Source: blob + "taskresource/credentialspec/credentialspec_linux.go"},
		{ID: "fsx-credentials", Text: "unsupported credentialsParameter, only ssm/secretsmanager ARNs are valid", Platform: "EC2 on Windows", Sure: Certain, Causes: []Cause{Definition}, Means: "The credentials of the FSx volume are neither a secret nor a parameter.", Cure: "Write the ARN of a secret or of a parameter.", Source: blob + "taskresource/fsxwindowsfileserver/fsxwindowsfileserver_windows.go"},
		{ID: "attribute", Text: "is missing an attribute required by your task", Platform: "EC2 on Windows and in own images", Sure: Likely, Causes: []Cause{Attribute, AgentOutdated}, Source: agentSource + "issues/1395"},

		// Who may not do what: the kind of policy that the message names is the cause.
		{ID: "denied-login", Text: "unable to retrieve ecr registry auth: … is not authorized to perform:", Platform: fargate, Denial: true, Sure: Certain, Causes: denials, Action: getToken, Source: troubleshoot},
		{ID: "denied-login-ec2", Text: "CannotPullECRContainerError: AccessDeniedException: User: … is not authorized to perform:", Platform: "EC2, AWS Batch on EC2", Denial: true, Sure: Certain, Causes: denials, Action: getToken, Source: "https://github.com/OvertureMaps/overture-tiles/issues/20"},
		{ID: "denied-pull-ec2", Text: "pull access denied for … is not authorized to perform:", Platform: ec2, Denial: true, Sure: Certain, Causes: denials, Action: getImage, Source: blob + "api/errormessages/error_messages.go"},
		{ID: "denied-registry-secret", Text: "asm fetching secret from the service for … is not authorized to perform:", Platform: everywhere, Denial: true, Sure: Certain, Causes: denials, Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "denied-secret", Text: "unable to retrieve secret from asm: … is not authorized to perform:", Platform: fargate, Denial: true, Sure: Certain, Causes: denials, Action: getValue, Source: "https://github.com/aws/aws-cdk/issues/18555"},
		{ID: "denied-parameter", Text: "unable to retrieve secrets from ssm: … is not authorized to perform:", Platform: fargate, Denial: true, Sure: Certain, Causes: denials, Action: getParam, Source: "https://github.com/aws/copilot-cli/issues/2641"},
		{ID: "denied-parameter-ec2", Text: "Fetching secret data from SSM Parameter Store in … is not authorized to perform:", Platform: "EC2, Fargate 1.3", Denial: true, Sure: Certain, Causes: denials, Action: getParam, Source: "https://github.com/aws/aws-cdk/issues/3529"},
		{ID: "denied-log-group", Text: "failed to create Cloudwatch log group: … is not authorized to perform:", Platform: everywhere, Denial: true, Sure: Certain, Causes: denials, Action: makeLogs, Source: "https://github.com/terraform-aws-modules/terraform-aws-ecs/issues/112"},
		{ID: "denied-log-stream", Text: "failed to create Cloudwatch log stream: … is not authorized to perform:", Platform: everywhere, Denial: true, Sure: Certain, Causes: denials, Action: makeLog, Source: "https://github.com/aws/aws-cdk/issues/6097"},
		{ID: "denied-file-system", Text: "fsx describing filesystem(s) from the service for … is not authorized to perform:", Platform: "EC2 on Windows", Denial: true, Sure: Certain, Causes: denials, Action: "fsx:DescribeFileSystems", Source: blob + "fsx/fsx.go"},
		{ID: "denied-env-files", Text: "failed to download env files: … is not authorized to perform:", Platform: fargate, Denial: true, Sure: Certain, Causes: denials, Action: getFile, Source: troubleshoot},
		{ID: "denied-env-file", Text: "Unable to download env file with key … is not authorized to perform:", Platform: ec2, Denial: true, Sure: Certain, Causes: denials, Action: getFile, Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "denied-firelens", Text: "unable to download s3 config … is not authorized to perform:", Platform: ec2, Denial: true, Sure: Certain, Causes: denials, Action: getFile, Source: blob + "taskresource/firelens/firelens_unix.go"},
		{ID: "denied", Text: "is not authorized to perform:", Platform: "everywhere, CloudTrail", Denial: true, Sure: Certain, Causes: denials, Source: denied},

		// A key refused.
		{ID: "key-secret", Text: "AccessDeniedException: Access to KMS is not allowed", Platform: everywhere, Sure: OneOf, Causes: keyUses, Action: decrypt, Source: "https://github.com/GiamPy5/terraform-aws-directus/issues/10"},
		{ID: "key-parameter", Text: "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access", Platform: "EC2, Fargate 1.3", Sure: OneOf, Causes: []Cause{RoleLacks, KeyPolicy, KeyMissing, RoleDenies, Boundary, ServiceControl}, Action: decrypt, Source: "https://github.com/aws/aws-cdk/issues/4498"},

		// Images.
		{ID: "guardduty", Text: "failed to resolve ref … /aws-guardduty-agent … 403 Forbidden", Platform: "Fargate with Runtime Monitoring", Sure: Likely, Causes: denials, Action: getImage, Means: "The role may not pull the image of GuardDuty's agent, a container that GuardDuty adds. The task itself runs.", Cure: "Add the statement to the role; execrole writes it with --guardduty.", Source: "https://github.com/aws/aws-cdk/issues/32877"},
		{ID: "pull-forbidden", Text: "failed to resolve ref … unexpected status from HEAD request to … : 403 Forbidden", Platform: fargate + " from 2024 on", Sure: OneOf, Causes: denials, Action: getImage, Source: "https://github.com/aws-samples/bedrock-access-gateway/issues/114"},
		{ID: "pull-forbidden-old", Text: "failed to resolve ref … [manifests … ]: 403 Forbidden", Platform: fargate + ", 2021 to 2024", Sure: OneOf, Causes: denials, Action: getImage, Source: "https://github.com/aws/aws-cdk/issues/29876"},
		{ID: "pull-layer-forbidden", Text: "CannotPull … failed open: unexpected status … .dkr … /blobs/ … 403 Forbidden", Platform: fargate, Sure: OneOf, Causes: denials, Action: getLayer, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "layer-forbidden", Text: "CannotPull … starport-layer-bucket … 403 Forbidden", Platform: fargate, Sure: Likely, Causes: []Cause{EndpointPolicy, ServiceControl, Network}, Action: getFile, Means: "The layers of the image are in a bucket of Amazon ECR, and the policy of the S3 endpoint does not let the task read it.", Cure: "Allow s3:GetObject on arn:aws:s3:::prod-REGION-starport-layer-bucket/* in the policy of the endpoint com.amazonaws.{region}.s3.", Source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"},
		{ID: "pull-missing", Text: "failed to resolve ref … : not found", Platform: fargate, Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "pull-missing-status", Text: "failed to resolve ref … 404 Not Found", Platform: fargate, Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "dual-stack-login", Text: "failed to resolve ref … .dkr-ecr … no basic auth credentials", Platform: fargate + ", 2025", Sure: Certain, Causes: []Cause{RegistryLogin}, Action: getImage, Means: "ECS did not log in to the dual-stack host of the image {image}.", Cure: "Write the image with its usual host, ACCOUNT.dkr.ecr.REGION.amazonaws.com.", Source: "https://github.com/aws/containers-roadmap/issues/2611"},
		{ID: "no-login", Text: "no basic auth credentials", Platform: "Fargate 1.4, EC2 with Docker 29", Sure: Likely, Causes: []Cause{RegistryLogin, ImageMissing}, Action: getImage, Source: agentSource + "issues/5097"},
		{ID: "manifest-unauthorized", Text: "unauthorized: authentication required", Platform: ec2, Sure: OneOf, Causes: []Cause{RegistryLogin, ImageMissing}, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "manifest-unknown", Text: "manifest unknown", Platform: ec2, Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "pull-denied", Text: "pull access denied for … denied: requested access to the resource is denied", Platform: ec2, Sure: OneOf, Causes: []Cause{ImageMissing, RegistryLogin}, Action: getImage, Source: blob + "api/errormessages/error_messages.go"},
		{ID: "manifest-missing", Text: "CannotPull … manifest for … not found", Platform: "EC2, old agents", Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "repository-missing", Text: "CannotPull … not found: does not exist or no pull access", Platform: "EC2, old agents", Sure: OneOf, Causes: []Cause{ImageMissing, RegistryLogin, RoleLacks, InstanceRole, ResourcePolicy}, Action: getImage, Source: agentSource + "issues/337"},

		// Objects in Amazon S3 that may not be read, or do not exist.
		{ID: "env-files-forbidden", Text: "failed to download env files: … StatusCode: 403", Platform: fargate + " from 2025 on", Sure: OneOf, Causes: objectReads, Action: getFile, Source: troubleshoot},
		{ID: "env-files-denied", Text: "failed to download env files: … AccessDenied", Platform: fargate + " until 2024", Sure: OneOf, Causes: objectReads, Action: getFile, Source: "https://github.com/aws/aws-cdk/issues/12720"},
		{ID: "env-file-denied", Text: "Unable to download env file with key … from bucket … AccessDenied", Platform: ec2, Sure: OneOf, Causes: objectReads, Action: getFile, Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "env-file-forbidden", Text: "Unable to download env file with key … from bucket … Forbidden", Platform: ec2, Sure: OneOf, Causes: objectReads, Action: getFile, Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "firelens-denied", Text: "unable to download s3 config … from bucket … AccessDenied", Platform: ec2, Sure: OneOf, Causes: objectReads, Action: getFile, Source: blob + "taskresource/firelens/firelens_unix.go"},
		{ID: "firelens-forbidden", Text: "unable to download s3 config … from bucket … Forbidden", Platform: ec2, Sure: OneOf, Causes: objectReads, Action: getFile, Source: blob + "taskresource/firelens/firelens_unix.go"},

		// Volumes of Amazon EFS, which is mounted as the task role.
		{ID: "efs-denied", Text: "failed to invoke EFS utils commands … access denied by server", Platform: fargate, Sure: OneOf, Causes: []Cause{TaskRole, ResourcePolicy}, Means: "The file system does not let the task in: it is mounted as the task role, not as the execution role, where authorizationConfig.iam is ENABLED; without it nobody is known to the policy of the file system.", Cure: "Allow elasticfilesystem:ClientMount and, to write, elasticfilesystem:ClientWrite to the task role, set authorizationConfig.iam to ENABLED, and look at the policy of the file system.", Settle: "aws efs describe-file-system-policy --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-name", Text: "failed to invoke EFS utils commands … Failed to resolve", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The VPC cannot resolve the name of the file system: it has no DNS, or no mount target in the zone of the task.", Cure: "Turn on the DNS of the VPC, and make a mount target in each zone of the task's subnets.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-timeout", Text: "failed to invoke EFS utils commands … timeout", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The task does not reach the file system.", Cure: "Let the security group of the mount target take port 2049 from the security group of the task.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-timed-out", Text: "failed to invoke EFS utils commands … timed out", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The task does not reach the file system.", Cure: "Let the security group of the mount target take port 2049 from the security group of the task.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-directory", Text: "failed to invoke EFS utils commands … No such file or directory", Platform: fargate, Sure: Certain, Causes: []Cause{Definition}, Means: "The directory rootDirectory does not exist in the file system.", Cure: "Create it, leave rootDirectory out, or use an access point that creates it.", Source: troubleshoot},
		{ID: "efs", Text: "failed to invoke EFS utils commands", Platform: fargate, Head: true, Sure: OneOf, Causes: []Cause{Network, TaskRole, ResourcePolicy, Definition}, Source: troubleshoot},
		{ID: "pull-canceled", Text: "CannotPull … context canceled", Platform: everywhere, Sure: OneOf, Causes: []Cause{Network, DiskFull}, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},

		// Beginnings: the text was cut off before its cause, or says it in words that are unknown here.
		{ID: "cut-login-denied", Text: "unable to retrieve ecr registry auth: … AccessDeniedException: User:", Platform: fargate, Head: true, Sure: Likely, Causes: denials, Action: getToken, Source: troubleshoot},
		{ID: "cut-login-denied-ec2", Text: "CannotPullECRContainerError: AccessDeniedException: User:", Platform: ec2, Head: true, Sure: Likely, Causes: with(denials, InstanceRole), Action: getToken, Source: "https://github.com/OvertureMaps/overture-tiles/issues/20"},
		{ID: "cut-log-denied", Text: "failed to create Cloudwatch log stream: … AccessDeniedException: User:", Platform: everywhere, Head: true, Sure: Likely, Causes: with(denials, InstanceRole), Action: makeLog, Source: "https://github.com/doctorray117/minecraft-ondemand/issues/12"},
		{ID: "cut-log-group-denied", Text: "failed to create Cloudwatch log group: … AccessDeniedException: User:", Platform: everywhere, Head: true, Sure: Likely, Causes: with(denials, InstanceRole), Action: makeLogs, Source: "https://github.com/terraform-aws-modules/terraform-aws-ecs/issues/112"},
		{ID: "cut-secret-denied", Text: "unable to retrieve secret from asm: … AccessDeniedException: User:", Platform: fargate, Head: true, Sure: Likely, Causes: with(denials, SecretMissing, KeyPolicy), Action: getValue, Source: "https://github.com/aws/aws-cdk/issues/18555"},
		{ID: "cut-parameter-denied", Text: "unable to retrieve secrets from ssm: … AccessDeniedException: User:", Platform: fargate, Head: true, Sure: Likely, Causes: with(denials, KeyPolicy), Action: getParam, Source: "https://github.com/aws/copilot-cli/issues/3104"},
		{ID: "cut-parameter-denied-ec2", Text: "Fetching secret data from SSM Parameter Store in … AccessDeniedException: User:", Platform: ec2, Head: true, Sure: Likely, Causes: with(denials, KeyPolicy), Action: getParam, Source: "https://github.com/aws/aws-cdk/issues/3529"},
		{ID: "registry-secret", Text: "asm fetching secret from the service for", Platform: everywhere, Head: true, Sure: OneOf, Causes: with(secretReads, SecretContent), Action: getValue, Source: "https://github.com/aws-samples/keycloak-on-aws/issues/222"},
		{ID: "registry-secret-login", Text: "unable to get registry auth from asm", Platform: fargate, Head: true, Sure: OneOf, Causes: with(secretReads, SecretContent), Action: getValue, Source: "https://github.com/aws-samples/keycloak-on-aws/issues/222"},
		{ID: "ecr-login", Text: "unable to retrieve ecr registry auth", Platform: fargate, Head: true, Sure: OneOf, Causes: ecrLogins, Action: getToken, Source: "https://github.com/aws/aws-app-mesh-examples/issues/413"},
		{ID: "ecr-login-2025", Text: "The task cannot pull registry auth from Amazon ECR", Platform: fargate, Head: true, Sure: OneOf, Causes: ecrLogins, Action: getToken, Source: troubleshoot},
		{ID: "secret", Text: "unable to retrieve secret from asm", Platform: fargate, Head: true, Sure: OneOf, Causes: secretReads, Action: getValue, Source: troubleshoot},
		{ID: "secret-ec2", Text: "Fetching secret data from AWS Secrets Manager", Platform: ec2, Head: true, Sure: OneOf, Causes: secretReads, Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "parameter", Text: "unable to retrieve secrets from ssm", Platform: fargate, Head: true, Sure: OneOf, Causes: with(denials, Network, ParameterGone, KeyPolicy, KeyMissing, NoCredentials, Throttled), Action: getParam, Source: "https://github.com/aws/copilot-cli/issues/2095"},
		{ID: "parameter-ec2", Text: "Fetching secret data from SSM Parameter Store", Platform: ec2, Head: true, Sure: OneOf, Causes: with(denials, Network, ParameterGone, KeyPolicy, KeyMissing, NoCredentials, Throttled), Action: getParam, Source: "https://github.com/aws/aws-cdk/issues/3529"},
		{ID: "secrets", Text: "ResourceInitializationError: unable to pull secrets or registry auth", Platform: fargate, Head: true, Sure: OneOf, Causes: []Cause{RoleLacks, Network, SecretMissing, ParameterGone, SecretKey, SecretContent, KeyPolicy, KeyMissing, ResourcePolicy, EndpointPolicy, ServiceControl, Boundary, RoleDenies, ResourceControl, SessionPolicy, NoCredentials, Throttled}, Source: troubleshoot},
		{ID: "env-files", Text: "failed to download env files", Platform: fargate, Head: true, Sure: OneOf, Causes: with(objectReads, Network, NoCredentials), Action: getFile, Source: "https://github.com/aws/aws-cdk/issues/12720"},
		{ID: "env-file", Text: "Unable to download env file with key", Platform: ec2, Head: true, Sure: OneOf, Causes: with(objectReads, Network, NoCredentials), Action: getFile, Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "firelens", Text: "Unable to download firelens s3 config file", Platform: ec2, Head: true, Sure: OneOf, Causes: with(objectReads, Network, NoCredentials, AgentOutdated), Action: getFile, Source: blob + "taskresource/firelens/firelens_unix.go"},
		{ID: "log-stream", Text: "failed to create Cloudwatch log stream", Platform: everywhere, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLog, Source: "https://github.com/aws/aws-cdk/issues/5954"},
		{ID: "log-group", Text: "failed to create Cloudwatch log group", Platform: everywhere, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLogs, Source: "https://github.com/terraform-aws-modules/terraform-aws-ecs/issues/145"},
		{ID: "logger", Text: "failed to validate logger args", Platform: fargate, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLog, Source: "https://github.com/doctorray117/minecraft-ondemand/issues/12"},
		{ID: "log-driver", Text: "failed to initialize logging driver", Platform: ec2, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLog, Source: "https://github.com/aws/aws-cdk/issues/5954"},
		{ID: "gmsa", Text: "failed to retrieve credentials for domainless gMSA user", Platform: "EC2 on Linux", Sure: OneOf, Causes: with(secretReads, InstanceRole), Action: getValue, Means: "The secret that the credential spec names cannot be read. With credentials-fetcher 2.0.1, the role of the instance needs the permission too.", Source: "https://github.com/aws/credentials-fetcher/issues/218"},
		{ID: "file-system", Text: "fsx describing filesystem(s) from the service for", Platform: "EC2 on Windows", Head: true, Sure: OneOf, Causes: with(denials, Network, NoCredentials, Throttled), Action: "fsx:DescribeFileSystems", Source: blob + "fsx/fsx.go"},
		{ID: "pull-manifest", Text: "CannotPullImageManifestError:", Platform: "EC2, AWS Batch on EC2", Head: true, Sure: OneOf, Causes: manifests, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "pull-login", Text: "CannotPullECRContainerError:", Platform: "EC2, AWS Batch on EC2", Head: true, Sure: OneOf, Causes: ecrLogins, Action: getToken, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "pull-private", Text: "CannotPullContainerAuthError:", Platform: ec2, Head: true, Sure: OneOf, Causes: with(secretReads, SecretContent), Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "pull", Text: "CannotPullContainerError:", Platform: everywhere, Head: true, Sure: OneOf, Causes: pulls, Action: getImage, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"},
		{ID: "assume-role-cut", Text: "ECS was unable to assume", Platform: everywhere, Head: true, Sure: Likely, Causes: []Cause{Trust, RoleMissing, PassRole}, Source: "https://github.com/telia-oss/terraform-aws-ecs-fargate/issues/58"},
	}
})

// Shapes returns all shapes, in the order in which they are tried.
func Shapes() []Shape { return shapes() }

func with(list []Cause, more ...Cause) []Cause { return append(list[:len(list):len(list)], more...) }

// compiled is a shape with the parts of its text, as [message] has them.
type compiled struct {
	*Shape
	words, solid []string // with single spaces, and with none
}

var compiledShapes = sync.OnceValue(func() []compiled {
	all := shapes()
	list := make([]compiled, len(all))
	for i := range all {
		s := compiled{Shape: &all[i]}
		for part := range strings.SplitSeq(all[i].Text, "…") {
			part = fold(strings.Join(strings.Fields(part), " "))
			if part != "" {
				s.words = append(s.words, part)
				s.solid = append(s.solid, strings.ReplaceAll(part, " ", ""))
			}
		}
		list[i] = s
	}
	return list
})
