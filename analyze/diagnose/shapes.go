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
	// Whole says that Text is the whole reason, and only the words before a reason may precede it: a single word such as AGENT is
	// in other messages too.
	Whole bool
	// Vague says that the message counts only if no other message about the same task has a reason.
	Vague bool
}

const (
	agentSource   = "https://github.com/aws/amazon-ecs-agent/"
	blob          = agentSource + "blob/master/agent/"
	fargate       = "Fargate 1.4"
	ec2           = "EC2"
	everywhere    = "everywhere"
	registration  = "RegisterTaskDefinition"
	exitCodes     = "https://repost.aws/knowledge-center/ecs-task-stopped"
	placing       = "RunTask, StartTask, services"
	fromService   = "events of services"
	guide         = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
	pullPage      = guide + "task_cannot_pull_image.html"
	failures      = guide + "api_failures_messages.html"
	batchStuck    = "https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html"
	serviceEvents = guide + "service-event-messages-list.html"
	troubleshoot  = guide + "resource-initialization-error.html"
	denied        = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"

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
	secretReads := with(denials, Network, SecretMissing, SecretEmpty, SecretKey, Definition, KeyPolicy, KeyMissing, NoCredentials, Throttled)
	parameterReads := with(denials, Network, ParameterGone, KeyPolicy, KeyMissing, NoCredentials, Throttled, Definition)
	objectReads := with([]Cause{ObjectMissing}, RoleLacks, ResourcePolicy, KeyPolicy, RoleDenies, Boundary, ServiceControl, ResourceControl, EndpointPolicy, SessionPolicy)
	logCalls := with(denials, LogGroupMissing, LogOptions, Network, NoCredentials, InstanceRole, Throttled)
	pulls := with([]Cause{ImageMissing, RegistryLogin}, RoleLacks, RoleDenies, Boundary, ServiceControl, ResourcePolicy, ResourceControl, EndpointPolicy, SessionPolicy, Network, InstanceRole, RateLimit, RegistryDown, ImagePlatform, NoCredentials, AgentOutdated, DiskFull, Definition, Throttled)
	ecrLogins := with(denials, Network, NoCredentials, InstanceRole, AgentOutdated, Throttled)
	manifests := []Cause{ImageMissing, RegistryLogin, RateLimit, RegistryDown, Network, RoleLacks, InstanceRole, ResourcePolicy, RoleDenies, Boundary, ServiceControl, ResourceControl, EndpointPolicy, SessionPolicy, Throttled, NoCredentials, ImagePlatform, DiskFull, Definition}
	keyUses := []Cause{RoleLacks, KeyPolicy, RoleDenies, Boundary, ServiceControl}
	return []Shape{
		// No way to a service. These read like permissions, so they are first.
		{ID: "efs-reset", Text: "failed to invoke EFS utils commands … Connection reset by peer", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The task does not reach the file system.", Cure: "Let the security group of the mount target take port 2049 from the security group of the task.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "log-router", Text: "failed to initialize logging driver: dial unix … fluent.sock", Platform: everywhere, Sure: Certain, Causes: []Cause{NotStarted}, Means: "The log router of FireLens is not there, since its container ended or was not started yet" + noPart, Cure: "Look at the logs of the container with firelensConfiguration, and let the others wait for it with dependsOn.", Source: guide + "firelens-taskdef.html"},
		{ID: "log-collector", Text: "failed to initialize logging driver: dial tcp … :24224", Platform: ec2, Sure: Certain, Causes: []Cause{NotStarted}, Means: "Nothing listens where the log driver fluentd sends the logs to" + noPart, Cure: "Start the collector first, or set fluentd-async to true.", Source: "https://docs.docker.com/engine/logging/drivers/fluentd/"},
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
		{ID: "secret-value-missing", Text: "Secrets Manager can't find the specified secret value for", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretEmpty}, Action: getValue, Source: troubleshoot},
		{ID: "secret-deleted", Text: "You can't perform this operation on the secret because it was marked for deletion", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretMissing}, Action: getValue, Means: "Somebody has deleted the secret {secret}, and it is gone when its recovery window ends.", Cure: "Restore it with aws secretsmanager restore-secret.", Source: "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_restore-secret.html"},
		{ID: "secret-name", Text: "ValidationException: Invalid name. Must be a valid name containing alphanumeric characters", Platform: fargate, Sure: Certain, Causes: []Cause{Definition}, Action: getValue, Means: "What valueFrom names is neither the ARN nor the name of a secret.", Cure: "Write the ARN of the secret; a JSON key follows it as :KEY:: with two more colons.", Source: "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html"},
		{ID: "secret-arn", Text: "an invalid ARN format for the AWS Secrets Manager secret was specified", Platform: everywhere, Sure: Certain, Causes: []Cause{Definition}, Action: getValue, Means: "The ARN of the secret in valueFrom has one or two parts behind the name: ECS takes none or three.", Cure: "Write the ARN of the secret alone, or ARN:KEY:STAGE:VERSION, where each of the three can be empty.", Source: blob + "taskresource/asmsecret/asmsecret.go"},
		{ID: "secret-missing-service", Text: "Secrets Manager can't find the specified secret.", Platform: everywhere, Sure: Certain, Causes: []Cause{SecretMissing}, Action: getValue, Source: "https://github.com/aws/aws-cdk/issues/17792"},
		{ID: "parameter-invalid", Text: "unable to retrieve secrets from ssm: … ValidationException:", Platform: fargate, Sure: Certain, Causes: []Cause{Definition}, Action: getParam, Means: "The name of a parameter in valueFrom has characters that Parameter Store does not take.", Cure: "Write the name or the ARN of the parameter alone.", Source: "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"},
		{ID: "parameter-invalid-ec2", Text: "Fetching secret data from SSM Parameter Store in … ValidationException:", Platform: ec2, Sure: Certain, Causes: []Cause{Definition}, Action: getParam, Means: "The name of a parameter in valueFrom has characters that Parameter Store does not take.", Cure: "Write the name or the ARN of the parameter alone.", Source: "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"},
		{ID: "log-name", Text: "failed to create Cloudwatch log … InvalidParameterException:", Platform: everywhere, Sure: Certain, Causes: []Cause{LogOptions}, Action: makeLog, Means: "A name in the options of the awslogs driver has characters that CloudWatch Logs does not take: a stream has no : and no *.", Source: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html"},
		{ID: "log-option", Text: "unknown log opt", Platform: everywhere, Sure: Certain, Causes: []Cause{LogOptions}, Means: "The log driver does not know an option in logConfiguration.options.", Source: "https://github.com/moby/moby/blob/master/daemon/logger/awslogs/cloudwatchlogs.go"},
		{ID: "log-group-busy", Text: "failed to create Cloudwatch log … OperationAbortedException:", Platform: everywhere, Sure: Certain, Causes: []Cause{Throttled}, Action: makeLogs, Means: "Several tasks create the log group at the same time.", Cure: "Start the task again, or create the log group before.", Source: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"},
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
		{ID: "env-files-missing", Text: "failed to download env files: … StatusCode: 404", Platform: fargate, Sure: Certain, Causes: []Cause{ObjectMissing}, Action: getFile, Means: "The object {object} does not exist.", Source: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"},
		{ID: "firelens-object-missing", Text: "unable to download s3 config … : NoSuchKey:", Platform: ec2, Sure: Certain, Causes: []Cause{ObjectMissing}, Action: getFile, Means: "The object {object} does not exist.", Source: blob + "taskresource/firelens/firelens_unix.go"},
		{ID: "firelens-region", Text: "unable to download s3 config … MissingRegion", Platform: "old agents", Sure: Certain, Causes: []Cause{AgentOutdated}, Action: getFile, Means: "An old agent does not find the region of the bucket.", Cure: "Update the ECS agent.", Source: agentSource + "issues/2354"},
		{ID: "registry-status", Text: "CannotPull … received unexpected HTTP status: 50", Platform: ec2, Sure: Certain, Causes: []Cause{RegistryDown}, Action: getImage, Source: "https://github.com/docker/cli/issues/2141"},
		{ID: "registry-answer", Text: "CannotPull … unexpected status … : 50", Platform: fargate, Sure: Certain, Causes: []Cause{RegistryDown}, Action: getImage, Source: "https://github.com/docker/hub-feedback/issues/2439"},
		{ID: "registry-endpoint", Text: "CannotPull … Could not reach any registry endpoint", Platform: "EC2, old agents", Sure: Likely, Causes: []Cause{RegistryDown, Network}, Action: getImage, Source: "https://github.com/aws/amazon-ecs-agent/issues/719"},
		{ID: "rate-limit", Text: "toomanyrequests:", Platform: everywhere, Sure: Certain, Causes: []Cause{RateLimit}, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "rate-limit-hub", Text: "CannotPull … failed open: unexpected status code https://registry-1.docker.io", Platform: fargate, Sure: Likely, Causes: []Cause{RateLimit, ImageMissing, RegistryLogin, RegistryDown}, Action: getImage, Source: "https://github.com/aws/aws-xray-daemon/issues/146"},
		{ID: "rate-limit-status", Text: "CannotPull … 429 Too Many Requests", Platform: fargate, Sure: Certain, Causes: []Cause{RateLimit}, Action: getImage, Source: troubleshoot},
		{ID: "image-platform", Text: "does not contain descriptor matching platform", Platform: fargate, Sure: Certain, Causes: []Cause{ImagePlatform}, Action: getImage, Source: pullPage},
		{ID: "disk-full", Text: "no space left on device", Platform: everywhere, Sure: Certain, Causes: []Cause{DiskFull}, Action: getImage, Source: pullPage},
		{ID: "image-reference", Text: "invalid reference format", Platform: everywhere, Sure: Certain, Causes: []Cause{Definition}, Means: "The image in the task definition is no valid reference: it has capitals, spaces, or a variable that was not filled in.", Cure: "Correct the image.", Source: pullPage},
		{ID: "image-reference-parts", Text: "failed to normalize image reference", Platform: fargate, Sure: Certain, Causes: []Cause{Definition}, Means: "The image in the task definition is no valid reference: it has capitals or spaces, its tag is empty, or a variable was not filled in.", Cure: "Correct the image.", Source: pullPage},
		{ID: "image-platform-ec2", Text: "CannotPull … no matching manifest for", Platform: ec2, Sure: Certain, Causes: []Cause{ImagePlatform}, Action: getImage, Source: pullPage},

		// No credentials of the execution role.
		{ID: "registry-credentials-none", Text: "engine docker private registry credentials: not found", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, Trust}, Source: blob + "engine/docker_task_engine.go"},
		{ID: "ecr-credentials-none", Text: "engine ecr credentials: not found", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, Trust}, Source: blob + "engine/docker_task_engine.go"},
		{ID: "credentials-invalid", Text: "The security token included in the request is", Platform: everywhere, Sure: Likely, Causes: []Cause{NoCredentials, RoleMissing}, Means: "The credentials of the role are not valid any more: they have expired, or the role was deleted and made again.", Cure: "Start the task again. If it fails again, look at the role and at the ECS agent.", Source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"},
		{ID: "credentials-chain", Text: "NoCredentialProviders: no valid providers in chain", Platform: ec2, Sure: Likely, Causes: []Cause{NoCredentials, InstanceRole, AgentOutdated}, Means: "Docker has no credentials: the instance has no role, and ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true is not set, or the task has no execution role.", Source: guide + "using_awslogs.html"},
		{ID: "log-credentials-none", Text: "failed to initialize logging driver: … failed to refresh cached credentials", Platform: "EC2 with Docker 24 or later", Sure: Likely, Causes: []Cause{NoCredentials, InstanceRole, AgentOutdated}, Action: makeLog, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"},
		{ID: "log-stream-credentials-none", Text: "failed to create Cloudwatch log stream: … failed to refresh cached credentials", Platform: "EC2 with Docker 24 or later", Sure: Likely, Causes: []Cause{NoCredentials, InstanceRole, AgentOutdated}, Action: makeLog, Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"},
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
		{ID: "managed-role", Text: "Unable to launch instance(s) for capacity provider … UnauthorizedOperation", Platform: "Managed Instances", Sure: Certain, Causes: []Cause{OtherRole}, Means: "The infrastructure role of the capacity provider may not start instances. The execution role has no part in that.", Cure: "Allow the infrastructure role what the message names: AmazonECSInfrastructureRolePolicyForManagedInstances has it, but for iam:PassRole on an instance role whose name does not begin with ecsInstanceRole.", Source: guide + "managed-instances-errors.html"},
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
		{ID: "key-decrypt", Text: "can't decrypt the protected secret text using the provided KMS key", Platform: everywhere, Sure: Likely, Causes: []Cause{KeyMissing, KeyPolicy, RoleLacks}, Action: decrypt, Source: "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html"},
		{ID: "key-id", Text: "InvalidKeyId:", Platform: everywhere, Sure: Certain, Causes: []Cause{KeyMissing}, Action: decrypt, Source: "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"},
		{ID: "key-state", Text: "KMSInvalidStateException", Platform: everywhere, Sure: Certain, Causes: []Cause{KeyMissing}, Action: decrypt, Source: "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"},
		{ID: "key-disabled", Text: "Error Code: DisabledException", Platform: everywhere, Sure: Certain, Causes: []Cause{KeyMissing}, Action: decrypt, Source: "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"},
		{ID: "key-parameter", Text: "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access", Platform: "EC2, Fargate 1.3", Sure: OneOf, Causes: []Cause{RoleLacks, KeyPolicy, KeyMissing, RoleDenies, Boundary, ServiceControl}, Action: decrypt, Source: "https://github.com/aws/aws-cdk/issues/4498"},

		// Images.
		{ID: "guardduty", Text: "failed to resolve ref … /aws-guardduty-agent … 403 Forbidden", Platform: "Fargate with Runtime Monitoring", Sure: Likely, Causes: denials, Action: getImage, Means: "The role may not pull the image of GuardDuty's agent, a container that GuardDuty adds. The task itself runs.", Cure: "Add the statement to the role; execrole writes it with --guardduty.", Source: "https://github.com/aws/aws-cdk/issues/32877"},
		{ID: "pull-forbidden", Text: "failed to resolve ref … unexpected status from HEAD request to … : 403 Forbidden", Platform: fargate + " from 2024 on", Sure: OneOf, Causes: denials, Action: getImage, Source: "https://github.com/aws-samples/bedrock-access-gateway/issues/114"},
		{ID: "pull-forbidden-old", Text: "failed to resolve ref … [manifests … ]: 403 Forbidden", Platform: fargate + ", 2021 to 2024", Sure: OneOf, Causes: denials, Action: getImage, Source: "https://github.com/aws/aws-cdk/issues/29876"},
		{ID: "pull-layer-forbidden", Text: "CannotPull … failed open: unexpected status … .dkr … /blobs/ … 403 Forbidden", Platform: fargate, Sure: OneOf, Causes: denials, Action: getLayer, Source: pullPage},
		{ID: "layer-forbidden", Text: "CannotPull … starport-layer-bucket … 403 Forbidden", Platform: fargate, Sure: Likely, Causes: []Cause{EndpointPolicy, ServiceControl, Network}, Action: getFile, Means: "The layers of the image are in a bucket of Amazon ECR, and the policy of the S3 endpoint does not let the task read it.", Cure: "Allow s3:GetObject on arn:aws:s3:::prod-REGION-starport-layer-bucket/* in the policy of the endpoint com.amazonaws.{region}.s3.", Source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"},
		{ID: "layer-forbidden-s3", Text: "error pulling image configuration: error parsing HTTP 403 response body", Platform: ec2, Sure: Likely, Causes: []Cause{EndpointPolicy, ServiceControl, Network}, Action: getFile, Means: "The layers of the image are in Amazon S3, and the policy of the S3 endpoint does not let the task read them.", Cure: "Allow s3:GetObject on the bucket of the registry in the policy of the endpoint com.amazonaws.REGION.s3.", Source: "https://github.com/moby/moby/issues/34185"},
		{ID: "pull-missing", Text: "failed to resolve ref … : not found", Platform: fargate, Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: pullPage},
		{ID: "pull-missing-status", Text: "failed to resolve ref … 404 Not Found", Platform: fargate, Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: pullPage},
		{ID: "dual-stack-login", Text: "failed to resolve ref … .dkr-ecr … no basic auth credentials", Platform: fargate + ", 2025", Sure: Certain, Causes: []Cause{RegistryLogin}, Action: getImage, Means: "ECS did not log in to the dual-stack host of the image {image}.", Cure: "Write the image with its usual host, ACCOUNT.dkr.ecr.REGION.amazonaws.com.", Source: "https://github.com/aws/containers-roadmap/issues/2611"},
		{ID: "ecr-no-login", Text: ".dkr.ecr. … no basic auth credentials", Platform: ec2, Sure: OneOf, Causes: []Cause{RoleLacks, InstanceRole, NoCredentials, AgentOutdated}, Action: getToken, Means: "The agent pulled from Amazon ECR without a login: the role of the instance or the task may not get one, or the agent is too old.", Cure: "Allow ecr:GetAuthorizationToken to the execution role, or without one to the role of the instance, and update the agent.", Source: agentSource + "issues/943"},
		{ID: "no-login", Text: "no basic auth credentials", Platform: "Fargate 1.4, EC2 with Docker 29", Sure: Likely, Causes: []Cause{RegistryLogin, ImageMissing}, Action: getImage, Source: agentSource + "issues/5097"},
		{ID: "token-anonymous", Text: "failed to fetch anonymous token", Platform: fargate, Sure: Likely, Causes: []Cause{RegistryLogin, ImageMissing}, Action: getImage, Source: pullPage},
		{ID: "scope", Text: "insufficient_scope: authorization failed", Platform: fargate, Sure: OneOf, Causes: []Cause{ImageMissing, RegistryLogin}, Action: getImage, Source: pullPage},
		{ID: "pull-unauthorized", Text: "failed to resolve ref … 401 Unauthorized", Platform: fargate, Sure: Likely, Causes: []Cause{RegistryLogin, ImageMissing}, Action: getImage, Source: pullPage},
		{ID: "pull-end", Text: "CannotPull … /: EOF", Platform: ec2, Sure: Likely, Causes: []Cause{Network}, Source: pullPage},
		{ID: "pull-certificate", Text: "CannotPull … x509: certificate", Platform: everywhere, Sure: Likely, Causes: []Cause{Network}, Means: "The certificate of the registry is not accepted: it has expired, no authority that is known signed it, or something between the task and the registry answers instead.", Cure: "Give the registry a certificate of a public authority. On EC2, the authority can be installed on the instances.", Settle: "docker manifest inspect {image}", Source: pullPage},
		{ID: "manifest-unauthorized", Text: "unauthorized: authentication required", Platform: ec2, Sure: OneOf, Causes: []Cause{RegistryLogin, ImageMissing}, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "manifest-unknown", Text: "manifest unknown", Platform: ec2, Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "pull-denied", Text: "pull access denied for … denied: requested access to the resource is denied", Platform: ec2, Sure: OneOf, Causes: []Cause{ImageMissing, RegistryLogin}, Action: getImage, Source: blob + "api/errormessages/error_messages.go"},
		{ID: "manifest-missing", Text: "CannotPull … manifest for … not found", Platform: "EC2, old agents", Sure: Certain, Causes: []Cause{ImageMissing}, Action: getImage, Source: pullPage},
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
		{ID: "efs-name-short", Text: "failed to resolve EFS DNS", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The VPC cannot resolve the name of the file system: it has no DNS, or no mount target in the zone of the task.", Cure: "Turn on the DNS of the VPC, and make a mount target in each zone of the task's subnets.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-timeout", Text: "failed to invoke EFS utils commands … timeout", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The task does not reach the file system.", Cure: "Let the security group of the mount target take port 2049 from the security group of the task.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-timed-out", Text: "failed to invoke EFS utils commands … timed out", Platform: fargate, Sure: Certain, Causes: []Cause{Network}, Means: "The task does not reach the file system.", Cure: "Let the security group of the mount target take port 2049 from the security group of the task.", Settle: "aws efs describe-mount-targets --region {region} --file-system-id {filesystem}", Source: troubleshoot},
		{ID: "efs-directory", Text: "failed to invoke EFS utils commands … No such file or directory", Platform: fargate, Sure: Certain, Causes: []Cause{Definition}, Means: "The directory rootDirectory does not exist in the file system.", Cure: "Create it, leave rootDirectory out, or use an access point that creates it.", Source: troubleshoot},
		{ID: "efs", Text: "failed to invoke EFS utils commands", Platform: fargate, Head: true, Sure: OneOf, Causes: []Cause{Network, TaskRole, ResourcePolicy, Definition}, Source: troubleshoot},
		{ID: "pull-nil-pointer", Text: "CannotPull … pull command failed: panic: runtime error: invalid memory address", Platform: fargate, Sure: Likely, Causes: []Cause{Network}, Action: getImage, Source: pullPage},
		{ID: "image-not-found", Text: "CannotPull … Error: image … not found", Platform: "EC2, old agents", Sure: OneOf, Causes: []Cause{ImageMissing, RegistryLogin, AgentOutdated}, Action: getImage, Source: agentSource + "issues/308"},
		{ID: "pull-canceled", Text: "CannotPull … context canceled", Platform: everywhere, Sure: OneOf, Causes: []Cause{Network, DiskFull}, Action: getImage, Source: pullPage},

		// What the execution role has no part in. There is no place for the task.
		{ID: "room-memory", Text: "RESOURCE:MEMORY", Platform: placing, Sure: Certain, Causes: []Cause{NoRoom}, Means: "No container instance has as much memory left as the task asks for" + noPart, Source: "https://github.com/aws/amazon-ecs-cli/issues/178"},
		{ID: "room-cpu", Text: "RESOURCE:CPU", Platform: placing, Sure: Certain, Causes: []Cause{NoRoom}, Means: "No container instance has as much CPU left as the task asks for" + noPart, Source: failures},
		{ID: "room-interface", Text: "RESOURCE:ENI", Platform: placing, Sure: Certain, Causes: []Cause{NoRoom}, Means: "No container instance can take one more network interface, and a task with the network mode awsvpc needs one" + noPart, Cure: "Add instances, take an instance type with more interfaces, or turn on awsvpcTrunking.", Source: failures},
		{ID: "room-gpu", Text: "RESOURCE:GPU", Platform: placing, Sure: Certain, Causes: []Cause{NoRoom}, Means: "No container instance has as many GPUs left as the task asks for" + noPart, Source: failures},
		{ID: "room-ports", Text: "RESOURCE:PORTS", Platform: placing, Sure: Certain, Causes: []Cause{PortInUse}, Source: failures},
		{ID: "room", Text: "TaskFailedToStart: RESOURCE:", Platform: placing, Sure: Certain, Causes: []Cause{NoRoom}, Source: failures},
		{ID: "room-event-memory", Text: "has insufficient memory available", Platform: fromService, Sure: Certain, Causes: []Cause{NoRoom}, Means: "No container instance has as much memory left as the task asks for" + noPart, Source: serviceEvents},
		{ID: "room-event-cpu", Text: "has insufficient CPU units available", Platform: fromService, Sure: Certain, Causes: []Cause{NoRoom}, Means: "No container instance has as much CPU left as the task asks for" + noPart, Source: serviceEvents},
		{ID: "port-event", Text: "is already using a port required by your task", Platform: fromService, Sure: Certain, Causes: []Cause{PortInUse}, Source: serviceEvents},
		{ID: "agent-event", Text: "doesn't have the agent connected", Platform: fromService, Sure: Certain, Causes: []Cause{AgentLost}, Source: "https://github.com/aws-actions/amazon-ecs-deploy-task-definition/issues/260"},
		{ID: "agent-event-error", Text: "encountered error \"AGENT\"", Platform: fromService, Sure: Certain, Causes: []Cause{AgentLost}, Source: serviceEvents},
		{ID: "agent-start", Text: "Timed out waiting for Amazon ECS Agent to start", Platform: fromService, Sure: Certain, Causes: []Cause{AgentLost}, Source: serviceEvents},
		{ID: "agent", Text: "AGENT", Whole: true, Platform: placing, Sure: Certain, Causes: []Cause{AgentLost}, Source: agentSource + "issues/375"},
		{ID: "no-attribute", Text: "ATTRIBUTE", Whole: true, Platform: placing, Sure: OneOf, Causes: []Cause{Attribute, Placement, AgentOutdated}, Source: failures},
		{ID: "location", Text: "LOCATION", Whole: true, Platform: placing, Sure: Certain, Causes: []Cause{Placement}, Means: "The container instance is in another Availability Zone than the subnets of the task" + noPart, Source: failures},
		{ID: "not-found", Text: "MISSING", Whole: true, Platform: "RunTask, StartTask, Describe…", Sure: Certain, Causes: []Cause{NotFound}, Source: failures},
		{ID: "inactive", Text: "INACTIVE", Whole: true, Platform: "RunTask, StartTask, Describe…", Sure: Certain, Causes: []Cause{NotFound}, Means: "{missing} is no longer registered" + noPart, Source: failures},
		{ID: "no-instances-provider", Text: "EMPTY CAPACITY PROVIDER", Platform: placing, Sure: Certain, Causes: []Cause{NoInstances}, Source: failures},
		{ID: "no-instances-active", Text: "NO ACTIVE INSTANCES", Platform: placing, Sure: Certain, Causes: []Cause{NoInstances}, Source: failures},
		{ID: "no-instances", Text: "No Container Instances were found in your", Platform: placing, Sure: Certain, Causes: []Cause{NoInstances}, Source: "https://github.com/aws-samples/amazon-scalable-infra-discord-diffusion/issues/3"},
		{ID: "constraint", Text: "MemberOf placement constraint unsatisfied", Platform: placing, Sure: Certain, Causes: []Cause{Placement}, Source: failures},
		{ID: "capacity-fargate", Text: "RESOURCE:FARGATE", Platform: "EventBridge, RunTask", Sure: Likely, Causes: []Cause{NoCapacity, Quota}, Source: guide + "ecs_service_events.html"},
		{ID: "capacity-ec2", Text: "InsufficientInstanceCapacity", Platform: "Managed Instances", Sure: Certain, Causes: []Cause{NoCapacity}, Source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"},
		{ID: "capacity-unfulfillable", Text: "UnfulfillableCapacity", Platform: "Managed Instances", Sure: Certain, Causes: []Cause{NoCapacity}, Source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"},
		{ID: "quota-vcpu", Text: "VcpuLimitExceeded", Platform: "Managed Instances", Sure: Certain, Causes: []Cause{Quota}, Source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"},
		{ID: "quota-spot", Text: "MaxSpotInstanceCountExceeded", Platform: "Managed Instances", Sure: Certain, Causes: []Cause{Quota}, Source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"},
		{ID: "capacity-managed", Text: "Unable to launch instance(s) for capacity provider", Platform: "Managed Instances", Head: true, Sure: OneOf, Causes: []Cause{NoCapacity, OtherRole, Quota}, Source: guide + "managed-instances-errors.html"},
		{ID: "capacity-batch", Text: "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", Platform: "AWS Batch", Sure: Certain, Causes: []Cause{NoCapacity}, Source: batchStuck},
		{ID: "room-batch", Text: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", Platform: "AWS Batch", Sure: Certain, Causes: []Cause{NoRoom}, Means: "The job asks for more CPU, memory or GPUs than an instance of the compute environment can have" + noPart, Cure: "Ask for less in the job definition, or allow larger instance types in the compute environment.", Source: batchStuck},
		{ID: "quota-batch", Text: "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", Platform: "AWS Batch", Sure: Certain, Causes: []Cause{Quota}, Means: "The compute environment may not have as much CPU as the job asks for" + noPart, Cure: "Raise maxvCpus of the compute environment.", Source: batchStuck},
		{ID: "role-batch", Text: "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS", Platform: "AWS Batch", Sure: Certain, Causes: []Cause{OtherRole}, Means: "The service role of the compute environment lacks a permission. The execution role has no part in that.", Cure: "Give the compute environment the service-linked role, or its role the policy AWSBatchServiceRole.", Source: batchStuck},
		{ID: "capacity", Text: "Capacity is unavailable at this time", Platform: "Fargate", Sure: Certain, Causes: []Cause{NoCapacity}, Source: serviceEvents},
		{ID: "quota-running", Text: "You've reached the limit on the number of", Platform: "Fargate", Sure: Certain, Causes: []Cause{Quota}, Source: serviceEvents},
		{ID: "quota-size", Text: "configuration is above your limit", Platform: "Fargate", Sure: Certain, Causes: []Cause{Quota}, Source: serviceEvents},
		{ID: "quota-provisioning", Text: "tasks provisioning capacity limit was exceeded", Platform: fromService, Sure: Certain, Causes: []Cause{Quota}, Means: "The cluster has 500 tasks that are still being provisioned, and takes no more" + noPart, Cure: "Wait, and start fewer tasks at once.", Source: serviceEvents},
		{ID: "blocked", Text: "BlockedException", Platform: "RunTask", Sure: Certain, Causes: []Cause{Quota}, Means: "AWS has blocked the account" + noPart, Cure: "Ask AWS Support.", Source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"},
		{ID: "zone", Text: "was unable to place a task. Reason: Internal error", Platform: fromService, Sure: Likely, Causes: []Cause{Placement}, Means: "A subnet of the service is in an Availability Zone that Fargate does not have" + noPart, Source: serviceEvents},
		{ID: "throttled-service", Text: "operations are being throttled. Will try again later", Platform: fromService, Sure: Certain, Causes: []Cause{Throttled}, Means: "AWS refuses more calls of ECS for the service for now, and ECS tries again" + noPart, Source: serviceEvents},
		{ID: "deployment", Text: "because of the service deployment configuration", Platform: fromService, Sure: Certain, Causes: []Cause{Deployments}, Source: serviceEvents},
		{ID: "protected", Text: "was unable to scale in", Platform: fromService, Sure: Certain, Causes: []Cause{Deployments}, Means: "More tasks are protected than the service wants to have, so that it cannot stop the old ones" + noPart, Cure: "Wait until the protection ends, take it away with aws ecs update-task-protection, or raise the desired count.", Source: serviceEvents},
		{ID: "not-placed", Text: "no container instance met all of its requirements", Platform: fromService, Head: true, Sure: OneOf, Causes: []Cause{NoRoom, NoInstances, PortInUse, AgentLost, Attribute, Placement, AgentOutdated}, Source: serviceEvents},
		{ID: "fargate-size", Text: "No Fargate configuration exists for given values", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "Fargate has no size with this cpu and this memory.", Cure: "Take a pair from the table of task sizes in AWS's guide.", Source: guide + "task-cpu-memory-error.html"},
		{ID: "task-size", Text: "setting for task. For more information, see the Troubleshooting section", Platform: registration, Sure: Certain, Causes: []Cause{Definition}, Means: "The cpu or the memory of the task is no value that ECS takes.", Cure: "Take a pair from the table of task sizes in AWS's guide.", Source: guide + "task-cpu-memory-error.html"},
		{ID: "groups", Text: "does not appear to belong to the same VPC as the input subnets", Platform: "RunTask", Sure: Certain, Causes: []Cause{Definition}, Means: "The security groups and the subnets of the call are in different VPCs.", Cure: "Name security groups of the VPC of the subnets.", Source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html"},
		{ID: "cluster-not-found", Text: "ClusterNotFoundException", Platform: "RunTask, StartTask, Describe…", Sure: Certain, Causes: []Cause{NotFound}, Means: "The cluster does not exist in the region of the call" + noPart, Cure: "Correct the name of the cluster, or the region.", Source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"},
		{ID: "account-blocked", Text: "Account is blocked", Platform: "RunTask", Sure: Certain, Causes: []Cause{Quota}, Means: "AWS has blocked the account" + noPart, Cure: "Ask AWS Support.", Source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"},
		{ID: "compute", Text: "The selected task definition is not compatible with the selected compute strategy", Platform: "console", Sure: Certain, Causes: []Cause{Definition}, Means: "The task definition is for another launch type than the cluster or the call has.", Cure: "Correct requiresCompatibilities, or choose a launch type or capacity provider that fits it.", Source: guide + "failed-to-start-error.html"},
		{ID: "depends-on", Text: "Task dependencies cannot be resolved", Platform: ec2, Sure: Certain, Causes: []Cause{Definition}, Means: "In dependsOn, links or volumesFrom, containers wait for each other, or name a container that does not exist.", Cure: "Correct the names, and take circles out.", Source: blob + "engine/errors.go"},

		// Other roles.
		{ID: "infrastructure-role", Text: "ECS was unable to assume the configured ECS Infrastructure Role", Platform: everywhere, Sure: Certain, Causes: []Cause{OtherRole}, Means: "ECS may not assume the infrastructure role, which makes the volumes: its trust policy does not name ecs.amazonaws.com. The execution role has no part in that.", Cure: "Let ecs.amazonaws.com assume the infrastructure role. A role that was just created can need some seconds.", Settle: showRole + " --query Role.AssumeRolePolicyDocument", Source: "https://github.com/hashicorp/terraform-provider-aws/issues/38538"},
		{ID: "service-linked-role", Text: "Unable to assume the service linked role", Platform: everywhere, Sure: Certain, Causes: []Cause{OtherRole}, Means: "The service-linked role of ECS, AWSServiceRoleForECS, does not exist in the account. The execution role has no part in that.", Cure: "Create it with aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com, or call again: ECS makes it at its first use.", Settle: "aws iam get-role --role-name AWSServiceRoleForECS", Source: "https://github.com/jonrau1/ElectricEye/issues/9"},
		{ID: "service-permissions", Text: "IAM permissions policies have been misconfigured or changed, and ECS can no longer maintain your service", Platform: fromService, Sure: OneOf, Causes: []Cause{OtherRole, RoleLacks, RoleDenies}, Means: "The role of the service lacks a permission.", Source: serviceEvents},
		{ID: "service-trust", Text: "IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your service", Platform: fromService, Sure: Likely, Causes: []Cause{Trust, RoleMissing, OtherRole}, Source: serviceEvents},

		// The task ran, or its containers could not.
		{ID: "memory", Text: "OutOfMemoryError: Container killed", Platform: everywhere, Sure: Certain, Causes: []Cause{OutOfMemory}, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "memory-only", Text: "Container killed due to memory usage", Platform: everywhere, Sure: Certain, Causes: []Cause{OutOfMemory}, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "killed", Text: "exit code: 137", Platform: everywhere, Sure: OneOf, Causes: []Cause{OutOfMemory, Unhealthy, Exited}, Source: exitCodes},
		{ID: "killed-short", Text: "exit code 137", Platform: everywhere, Sure: OneOf, Causes: []Cause{OutOfMemory, Unhealthy, Exited}, Source: exitCodes},
		{ID: "check-container", Text: "failed container health checks", Platform: everywhere, Sure: Certain, Causes: []Cause{Unhealthy}, Means: "The command healthCheck of a container failed, so that ECS replaces the task" + noPart, Cure: "Run the command inside of the image, where it can be missing, such as curl; give it time with startPeriod; and look at the logs of the container.", Settle: showTask, Source: exitCodes},
		{ID: "check-balancer", Text: "failed ELB health checks", Platform: everywhere, Sure: Certain, Causes: []Cause{Unhealthy}, Source: guide + "troubleshoot-service-load-balancers.html"},
		{ID: "check-event", Text: "is unhealthy in (", Platform: fromService, Sure: Certain, Causes: []Cause{Unhealthy}, Source: guide + "service-unhealthy-event-messages.html"},
		{ID: "check-event-set", Text: "is not healthy in target-group", Platform: fromService, Sure: Certain, Causes: []Cause{Unhealthy}, Source: guide + "service-unhealthy-event-messages.html"},
		{ID: "port-allocated", Text: "port is already allocated", Platform: ec2, Sure: Certain, Causes: []Cause{PortInUse}, Source: "https://github.com/moby/moby/issues/20486"},
		{ID: "port-address", Text: "bind: address already in use", Platform: ec2, Sure: Certain, Causes: []Cause{PortInUse}, Source: "https://github.com/moby/moby/issues/20486"},
		{ID: "port-endpoint", Text: "driver failed programming external connectivity on endpoint", Platform: ec2, Sure: Likely, Causes: []Cause{PortInUse, NotStarted}, Source: "https://github.com/moby/moby/issues/20486"},
		{ID: "architecture", Text: "exec format error", Platform: everywhere, Sure: Likely, Causes: []Cause{ImagePlatform, NotStarted}, Means: "The program in the image {image} is for another processor than that of the machine below the task" + noPart, Source: guide + "ecs-arm64.html"},
		{ID: "start-runtime", Text: "OCI runtime create failed", Platform: ec2, Sure: Certain, Causes: []Cause{NotStarted}, Source: guide + "cannot-start-container.html"},
		{ID: "start-device", Text: "error gathering device information while adding custom device", Platform: ec2, Sure: Certain, Causes: []Cause{NotStarted}, Means: "The task definition has a device that the container instance does not have" + noPart, Cure: "Correct linuxParameters.devices, or take an instance type that has the device.", Source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-vt1.html"},
		{ID: "start-cgroup", Text: "CgroupError: Agent could not create task's platform resources", Platform: ec2, Sure: Certain, Causes: []Cause{NotStarted}, Means: "The agent cannot make the control group of the task: the instance has no memory control groups, or the agent or its control groups are in disorder" + noPart, Cure: "Turn on the memory control groups of the instance, and restart the agent.", Source: "https://github.com/aws/amazon-ecs-agent/issues/3834"},
		{ID: "create-owner", Text: "CannotCreateContainerError: Error response from daemon: failed to chown", Platform: ec2, Sure: Certain, Causes: []Cause{NotStarted}, Means: "Docker may not change the owner of a volume, as is the case with an access point of Amazon EFS" + noPart, Cure: "Mount the volume at a path that the image does not have, or give the access point the user of the image.", Source: "https://docs.aws.amazon.com/efs/latest/ug/enforce-identity-access-points.html"},
		{ID: "create-pool", Text: "CannotCreateContainerError: API error (500): devmapper", Platform: "EC2, old agents", Sure: Likely, Causes: []Cause{DiskFull, NotStarted}, Source: guide + "CannotCreateContainerError.html"},
		{ID: "runtime-inspect", Text: "CannotInspectContainerError: Could not transition to inspecting", Platform: ec2, Sure: Certain, Causes: []Cause{RuntimeSlow}, Source: agentSource + "pull/2940"},
		{ID: "runtime-started", Text: "Could not transition to started; timed out after waiting", Platform: everywhere, Sure: Likely, Causes: []Cause{RuntimeSlow, Network}, Action: makeLog, Source: "https://github.com/aws/containers-roadmap/issues/48"},
		{ID: "runtime-timeout", Text: "Could not transition to … ; timed out after waiting", Platform: everywhere, Sure: Certain, Causes: []Cause{RuntimeSlow}, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "runtime-stop", Text: "CannotStopContainerError:", Platform: everywhere, Sure: Certain, Causes: []Cause{RuntimeSlow}, Source: guide + "cannot-stop-container.html"},
		{ID: "storage", Text: "Timeout waiting for EphemeralStorage provisioning to complete", Platform: "Fargate", Sure: Certain, Causes: []Cause{RuntimeSlow}, Means: "The disk of the task was not there in time" + noPart, Cure: "Start the task again.", Source: guide + "failed-to-start-error.html"},
		{ID: "interface-timeout", Text: "Timeout waiting for network interface provisioning to complete", Platform: "Fargate", Sure: Certain, Causes: []Cause{Interface}, Source: guide + "internal-error.html"},
		{ID: "interface-batch", Text: "Network interface provision complete error timeout", Platform: "AWS Batch", Sure: Certain, Causes: []Cause{Interface}, Source: guide + "internal-error.html"},
		{ID: "interface-rate", Text: "Rate limit exceeded while preparing network interface", Platform: "Fargate", Sure: Certain, Causes: []Cause{Interface}, Source: guide + "internal-error.html"},
		{ID: "interface-ec2", Text: "Unexpected EC2 error while attempting to", Platform: "Fargate", Sure: Certain, Causes: []Cause{Interface}, Source: guide + "failed-to-start-error.html"},
		{ID: "interface-index", Text: "Unable to attach network interface to unused device index", Platform: ec2, Sure: Certain, Causes: []Cause{Interface}, Source: guide + "failed-to-start-error.html"},
		{ID: "interface-plugin", Text: "failed to configure ENI", Platform: fargate, Sure: Certain, Causes: []Cause{Interface}, Source: guide + "internal-error.html"},
		{ID: "spot", Text: "Your Spot Task was interrupted", Platform: "Fargate Spot", Sure: Certain, Causes: []Cause{HostGone}, Source: guide + "spot-interruption-errors.html"},
		{ID: "host", Text: "Host EC2 (instance", Platform: ec2, Sure: Certain, Causes: []Cause{HostGone}, Source: guide + "stopped-task-errors.html"},
		{ID: "exited", Text: "Essential container in task exited", Platform: everywhere, Vague: true, Sure: Likely, Causes: []Cause{Exited, OutOfMemory, Unhealthy, RuntimeSlow}, Source: exitCodes},

		// Beginnings: the text was cut off before its cause, or says it in words that are unknown here.
		{ID: "secret-missing-cut", Text: "Secrets Manager can't find the specified secret", Platform: everywhere, Head: true, Sure: Likely, Causes: []Cause{SecretMissing, SecretEmpty}, Action: getValue, Source: "https://github.com/aws/aws-cdk/issues/17792"},
		{ID: "pull-request-cut", Text: "CannotPull … failed open: failed to do request:", Platform: fargate, Head: true, Sure: Likely, Causes: []Cause{Network}, Source: pullPage},
		{ID: "pull-permissions", Text: "The task can't pull the image. Check that the role has the permissions to pull images from the registry", Platform: "agent of 2024-06 or later", Head: true, Sure: Likely, Causes: with(denials, InstanceRole), Action: getImage, Source: agentSource + "pull/4181"},
		{ID: "pull-exists", Text: "The task can't pull the image. Check whether the image exists", Platform: "agent of 2024-06 or later", Head: true, Sure: Likely, Causes: []Cause{ImageMissing, RegistryLogin}, Action: getImage, Source: agentSource + "pull/4181"},
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
		{ID: "parameter", Text: "unable to retrieve secrets from ssm", Platform: fargate, Head: true, Sure: OneOf, Causes: parameterReads, Action: getParam, Source: "https://github.com/aws/copilot-cli/issues/2095"},
		{ID: "parameter-ec2", Text: "Fetching secret data from SSM Parameter Store", Platform: ec2, Head: true, Sure: OneOf, Causes: parameterReads, Action: getParam, Source: "https://github.com/aws/aws-cdk/issues/3529"},
		{ID: "secrets", Text: "ResourceInitializationError: unable to pull secrets or registry auth", Platform: fargate, Head: true, Sure: OneOf, Causes: []Cause{RoleLacks, Network, SecretMissing, ParameterGone, SecretKey, SecretEmpty, Definition, SecretContent, KeyPolicy, KeyMissing, ResourcePolicy, EndpointPolicy, ServiceControl, Boundary, RoleDenies, ResourceControl, SessionPolicy, NoCredentials, Throttled}, Source: troubleshoot},
		{ID: "env-files", Text: "failed to download env files", Platform: fargate, Head: true, Sure: OneOf, Causes: with(objectReads, Network, NoCredentials), Action: getFile, Source: "https://github.com/aws/aws-cdk/issues/12720"},
		{ID: "env-file", Text: "Unable to download env file with key", Platform: ec2, Head: true, Sure: OneOf, Causes: with(objectReads, Network, NoCredentials), Action: getFile, Source: blob + "taskresource/envFiles/envfile.go"},
		{ID: "firelens", Text: "Unable to download firelens s3 config file", Platform: ec2, Head: true, Sure: OneOf, Causes: with(objectReads, Network, NoCredentials, AgentOutdated), Action: getFile, Source: blob + "taskresource/firelens/firelens_unix.go"},
		{ID: "log-stream", Text: "failed to create Cloudwatch log stream", Platform: everywhere, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLog, Source: "https://github.com/aws/aws-cdk/issues/5954"},
		{ID: "log-group", Text: "failed to create Cloudwatch log group", Platform: everywhere, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLogs, Source: "https://github.com/terraform-aws-modules/terraform-aws-ecs/issues/145"},
		{ID: "logger", Text: "failed to validate logger args", Platform: fargate, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLog, Source: "https://github.com/doctorray117/minecraft-ondemand/issues/12"},
		{ID: "log-driver", Text: "failed to initialize logging driver", Platform: ec2, Head: true, Sure: OneOf, Causes: logCalls, Action: makeLog, Source: "https://github.com/aws/aws-cdk/issues/5954"},
		{ID: "gmsa", Text: "failed to retrieve credentials for domainless gMSA user", Platform: "EC2 on Linux", Sure: OneOf, Causes: with(secretReads, InstanceRole), Action: getValue, Means: "The secret that the credential spec names cannot be read. With credentials-fetcher 2.0.1, the role of the instance needs the permission too.", Source: "https://github.com/aws/credentials-fetcher/issues/218"},
		{ID: "file-system", Text: "fsx describing filesystem(s) from the service for", Platform: "EC2 on Windows", Head: true, Sure: OneOf, Causes: with(denials, Network, NoCredentials, Throttled), Action: "fsx:DescribeFileSystems", Source: blob + "fsx/fsx.go"},
		{ID: "pull-denied-cut", Text: "pull access denied for … , repository does not exist or may require", Platform: everywhere, Head: true, Sure: OneOf, Causes: with([]Cause{ImageMissing, RegistryLogin}, with(denials, InstanceRole, NoCredentials, AgentOutdated)...), Action: getImage, Source: agentSource + "issues/2137"},
		{ID: "pull-manifest", Text: "CannotPullImageManifestError:", Platform: "EC2, AWS Batch on EC2", Head: true, Sure: OneOf, Causes: manifests, Action: getImage, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "pull-login", Text: "CannotPullECRContainerError:", Platform: "EC2, AWS Batch on EC2", Head: true, Sure: OneOf, Causes: ecrLogins, Action: getToken, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "pull-private", Text: "CannotPullContainerAuthError:", Platform: ec2, Head: true, Sure: OneOf, Causes: with(secretReads, SecretContent), Action: getValue, Source: blob + "asm/asm.go"},
		{ID: "pull", Text: "CannotPullContainerError:", Platform: everywhere, Head: true, Sure: OneOf, Causes: pulls, Action: getImage, Source: pullPage},
		{ID: "assume-role-cut", Text: "ECS was unable to assume", Platform: everywhere, Head: true, Sure: Likely, Causes: []Cause{Trust, RoleMissing, PassRole, OtherRole}, Source: "https://github.com/telia-oss/terraform-aws-ecs-fargate/issues/58"},
		{ID: "start", Text: "CannotStartContainerError:", Platform: everywhere, Head: true, Sure: OneOf, Causes: with([]Cause{NotStarted, PortInUse, ImagePlatform, LogGroupMissing, LogOptions}, with(denials, Network, NoCredentials, InstanceRole, Throttled, AgentOutdated)...), Means: "The container runtime cannot start the container.", Source: guide + "cannot-start-container.html"},
		{ID: "create", Text: "CannotCreateContainerError:", Platform: everywhere, Head: true, Sure: OneOf, Causes: []Cause{NotStarted, DiskFull, RuntimeSlow, Definition}, Source: "https://github.com/aws/amazon-ecs-cli/issues/194"},
		{ID: "runtime-docker", Text: "DockerTimeoutError:", Platform: everywhere, Head: true, Sure: Likely, Causes: []Cause{RuntimeSlow, Network}, Source: blob + "dockerclient/dockerapi/errors.go"},
		{ID: "runtime-containerd", Text: "ContainerRuntimeTimeoutError:", Platform: fargate, Head: true, Sure: Likely, Causes: []Cause{RuntimeSlow, Network}, Source: guide + "container-runtime-timeout-error.html"},
		{ID: "memory-cut", Text: "OutOfMemoryError:", Platform: everywhere, Head: true, Sure: Likely, Causes: []Cause{OutOfMemory}, Source: blob + "dockerclient/dockerapi/errors.go"},
	}
})

// Shapes returns all shapes, in the order in which they are tried.
func Shapes() []Shape { return shapes() }

func with(list []Cause, more ...Cause) []Cause { return append(list[:len(list):len(list)], more...) }

// compiled is a shape with the parts of its text, as [message] has them.
type compiled struct {
	*Shape
	words, solid []string // with single spaces, and with none
	size         int      // of the solid parts together, in bytes
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
				s.size += len(s.solid[len(s.solid)-1])
			}
		}
		list[i] = s
	}
	return list
})
