// Code generated from the schemas of the AWS SDK by go generate; DO NOT EDIT.

package taskdef

var schemaRoot = schema{kind: structure, members: []member{
	{"compatibilities", &schemaCompatibilityList},
	{"containerDefinitions", &schemaContainerDefinitions},
	{"cpu", &schemaString},
	{"deleteRequestedAt", &schemaTimestamp},
	{"deregisteredAt", &schemaTimestamp},
	{"enableFaultInjection", &schemaBoxedBoolean},
	{"ephemeralStorage", &schemaEphemeralStorage},
	{"executionRoleArn", &schemaString},
	{"family", &schemaString},
	{"inferenceAccelerators", &schemaInferenceAccelerators},
	{"ipcMode", &schemaIpcMode},
	{"memory", &schemaString},
	{"networkMode", &schemaNetworkMode},
	{"pidMode", &schemaPidMode},
	{"placementConstraints", &schemaTaskDefinitionPlacementConstraints},
	{"proxyConfiguration", &schemaProxyConfiguration},
	{"registeredAt", &schemaTimestamp},
	{"registeredBy", &schemaString},
	{"requiresAttributes", &schemaRequiresAttributes},
	{"requiresCompatibilities", &schemaCompatibilityList},
	{"revision", &schemaInteger},
	{"runtimePlatform", &schemaRuntimePlatform},
	{"status", &schemaTaskDefinitionStatus},
	{"tags", &schemaTags},
	{"taskDefinitionArn", &schemaString},
	{"taskRoleArn", &schemaString},
	{"trustedExecutionConfiguration", &schemaTrustedExecutionConfiguration},
	{"volumes", &schemaVolumeList},
}}

// The other variables have the names that their types have in the API of ECS.
var (
	schemaApplicationProtocol = schema{kind: enumeration, values: []string{
		"http",
		"http2",
		"grpc",
	}}
	schemaAttribute = schema{kind: structure, members: []member{
		{"name", &schemaString},
		{"targetId", &schemaString},
		{"targetType", &schemaTargetType},
		{"value", &schemaString},
	}}
	schemaBoxedBoolean    = schema{kind: boolean}
	schemaBoxedInteger    = schema{kind: integer}
	schemaCPUArchitecture = schema{kind: enumeration, values: []string{
		"X86_64",
		"ARM64",
	}}
	schemaCompatibility = schema{kind: enumeration, values: []string{
		"EC2",
		"FARGATE",
		"EXTERNAL",
		"MANAGED_INSTANCES",
	}}
	schemaCompatibilityList  = schema{kind: list, element: &schemaCompatibility}
	schemaContainerCondition = schema{kind: enumeration, values: []string{
		"START",
		"COMPLETE",
		"SUCCESS",
		"HEALTHY",
	}}
	schemaContainerDefinition = schema{kind: structure, members: []member{
		{"command", &schemaStringList},
		{"cpu", &schemaInteger},
		{"credentialSpecs", &schemaStringList},
		{"dependsOn", &schemaContainerDependencies},
		{"disableNetworking", &schemaBoxedBoolean},
		{"dnsSearchDomains", &schemaStringList},
		{"dnsServers", &schemaStringList},
		{"dockerLabels", &schemaDockerLabelsMap},
		{"dockerSecurityOptions", &schemaStringList},
		{"entryPoint", &schemaStringList},
		{"environment", &schemaEnvironmentVariables},
		{"environmentFiles", &schemaEnvironmentFiles},
		{"essential", &schemaBoxedBoolean},
		{"extraHosts", &schemaHostEntryList},
		{"firelensConfiguration", &schemaFirelensConfiguration},
		{"healthCheck", &schemaHealthCheck},
		{"hostname", &schemaString},
		{"image", &schemaString},
		{"interactive", &schemaBoxedBoolean},
		{"links", &schemaStringList},
		{"linuxParameters", &schemaLinuxParameters},
		{"logConfiguration", &schemaLogConfiguration},
		{"memory", &schemaBoxedInteger},
		{"memoryReservation", &schemaBoxedInteger},
		{"mountPoints", &schemaMountPointList},
		{"name", &schemaString},
		{"portMappings", &schemaPortMappingList},
		{"privileged", &schemaBoxedBoolean},
		{"pseudoTerminal", &schemaBoxedBoolean},
		{"readonlyRootFilesystem", &schemaBoxedBoolean},
		{"repositoryCredentials", &schemaRepositoryCredentials},
		{"resourceRequirements", &schemaResourceRequirements},
		{"restartPolicy", &schemaContainerRestartPolicy},
		{"secrets", &schemaSecretList},
		{"startTimeout", &schemaBoxedInteger},
		{"stopTimeout", &schemaBoxedInteger},
		{"systemControls", &schemaSystemControls},
		{"ulimits", &schemaUlimitList},
		{"user", &schemaString},
		{"versionConsistency", &schemaVersionConsistency},
		{"volumesFrom", &schemaVolumeFromList},
		{"workingDirectory", &schemaString},
	}}
	schemaContainerDefinitions  = schema{kind: list, element: &schemaContainerDefinition}
	schemaContainerDependencies = schema{kind: list, element: &schemaContainerDependency}
	schemaContainerDependency   = schema{kind: structure, members: []member{
		{"condition", &schemaContainerCondition},
		{"containerName", &schemaString},
	}}
	schemaContainerRestartPolicy = schema{kind: structure, members: []member{
		{"enabled", &schemaBoxedBoolean},
		{"ignoredExitCodes", &schemaIntegerList},
		{"restartAttemptPeriod", &schemaBoxedInteger},
	}}
	schemaDevice = schema{kind: structure, members: []member{
		{"containerPath", &schemaString},
		{"hostPath", &schemaString},
		{"permissions", &schemaDeviceCgroupPermissions},
	}}
	schemaDeviceCgroupPermission = schema{kind: enumeration, values: []string{
		"read",
		"write",
		"mknod",
	}}
	schemaDeviceCgroupPermissions   = schema{kind: list, element: &schemaDeviceCgroupPermission}
	schemaDevicesList               = schema{kind: list, element: &schemaDevice}
	schemaDockerLabelsMap           = schema{kind: mapping, element: &schemaString}
	schemaDockerVolumeConfiguration = schema{kind: structure, members: []member{
		{"autoprovision", &schemaBoxedBoolean},
		{"driver", &schemaString},
		{"driverOpts", &schemaStringMap},
		{"labels", &schemaStringMap},
		{"scope", &schemaScope},
	}}
	schemaEFSAuthorizationConfig = schema{kind: structure, members: []member{
		{"accessPointId", &schemaString},
		{"iam", &schemaEFSAuthorizationConfigIAM},
	}}
	schemaEFSAuthorizationConfigIAM = schema{kind: enumeration, values: []string{
		"ENABLED",
		"DISABLED",
	}}
	schemaEFSTransitEncryption = schema{kind: enumeration, values: []string{
		"ENABLED",
		"DISABLED",
	}}
	schemaEFSVolumeConfiguration = schema{kind: structure, members: []member{
		{"authorizationConfig", &schemaEFSAuthorizationConfig},
		{"fileSystemId", &schemaString},
		{"rootDirectory", &schemaString},
		{"transitEncryption", &schemaEFSTransitEncryption},
		{"transitEncryptionPort", &schemaBoxedInteger},
	}}
	schemaEnvironmentFile = schema{kind: structure, members: []member{
		{"type", &schemaEnvironmentFileType},
		{"value", &schemaString},
	}}
	schemaEnvironmentFileType = schema{kind: enumeration, values: []string{
		"s3",
	}}
	schemaEnvironmentFiles     = schema{kind: list, element: &schemaEnvironmentFile}
	schemaEnvironmentVariables = schema{kind: list, element: &schemaKeyValuePair}
	schemaEphemeralStorage     = schema{kind: structure, members: []member{
		{"sizeInGiB", &schemaInteger},
	}}
	schemaFSxWindowsFileServerAuthorizationConfig = schema{kind: structure, members: []member{
		{"credentialsParameter", &schemaString},
		{"domain", &schemaString},
	}}
	schemaFSxWindowsFileServerVolumeConfiguration = schema{kind: structure, members: []member{
		{"authorizationConfig", &schemaFSxWindowsFileServerAuthorizationConfig},
		{"fileSystemId", &schemaString},
		{"rootDirectory", &schemaString},
	}}
	schemaFirelensConfiguration = schema{kind: structure, members: []member{
		{"options", &schemaFirelensConfigurationOptionsMap},
		{"type", &schemaFirelensConfigurationType},
	}}
	schemaFirelensConfigurationOptionsMap = schema{kind: mapping, element: &schemaString}
	schemaFirelensConfigurationType       = schema{kind: enumeration, values: []string{
		"fluentd",
		"fluentbit",
	}}
	schemaHealthCheck = schema{kind: structure, members: []member{
		{"command", &schemaStringList},
		{"interval", &schemaBoxedInteger},
		{"retries", &schemaBoxedInteger},
		{"startPeriod", &schemaBoxedInteger},
		{"timeout", &schemaBoxedInteger},
	}}
	schemaHostEntry = schema{kind: structure, members: []member{
		{"hostname", &schemaString},
		{"ipAddress", &schemaString},
	}}
	schemaHostEntryList        = schema{kind: list, element: &schemaHostEntry}
	schemaHostVolumeProperties = schema{kind: structure, members: []member{
		{"sourcePath", &schemaString},
	}}
	schemaInferenceAccelerator = schema{kind: structure, members: []member{
		{"deviceName", &schemaString},
		{"deviceType", &schemaString},
	}}
	schemaInferenceAccelerators = schema{kind: list, element: &schemaInferenceAccelerator}
	schemaInteger               = schema{kind: integer}
	schemaIntegerList           = schema{kind: list, element: &schemaBoxedInteger}
	schemaIpcMode               = schema{kind: enumeration, values: []string{
		"host",
		"task",
		"none",
	}}
	schemaIsolationMode = schema{kind: enumeration, values: []string{
		"SHARED",
		"ISOLATED_SANDBOX",
		"CONFIDENTIAL_SANDBOX",
	}}
	schemaKernelCapabilities = schema{kind: structure, members: []member{
		{"add", &schemaStringList},
		{"drop", &schemaStringList},
	}}
	schemaKeyValuePair = schema{kind: structure, members: []member{
		{"name", &schemaString},
		{"value", &schemaString},
	}}
	schemaLinuxParameters = schema{kind: structure, members: []member{
		{"capabilities", &schemaKernelCapabilities},
		{"devices", &schemaDevicesList},
		{"initProcessEnabled", &schemaBoxedBoolean},
		{"maxSwap", &schemaBoxedInteger},
		{"sharedMemorySize", &schemaBoxedInteger},
		{"swappiness", &schemaBoxedInteger},
		{"tmpfs", &schemaTmpfsList},
	}}
	schemaLogConfiguration = schema{kind: structure, members: []member{
		{"logDriver", &schemaLogDriver},
		{"options", &schemaLogConfigurationOptionsMap},
		{"secretOptions", &schemaSecretList},
	}}
	schemaLogConfigurationOptionsMap = schema{kind: mapping, element: &schemaString}
	schemaLogDriver                  = schema{kind: enumeration, values: []string{
		"json-file",
		"syslog",
		"journald",
		"gelf",
		"fluentd",
		"awslogs",
		"splunk",
		"awsfirelens",
	}}
	schemaMountPoint = schema{kind: structure, members: []member{
		{"containerPath", &schemaString},
		{"readOnly", &schemaBoxedBoolean},
		{"sourceVolume", &schemaString},
	}}
	schemaMountPointList = schema{kind: list, element: &schemaMountPoint}
	schemaNetworkMode    = schema{kind: enumeration, values: []string{
		"bridge",
		"host",
		"awsvpc",
		"none",
	}}
	schemaNvidiaMpsAllocation = schema{kind: structure, members: []member{
		{"maxComputePercent", &schemaBoxedInteger},
		{"memory", &schemaBoxedInteger},
	}}
	schemaOSFamily = schema{kind: enumeration, values: []string{
		"WINDOWS_SERVER_2019_FULL",
		"WINDOWS_SERVER_2019_CORE",
		"WINDOWS_SERVER_2016_FULL",
		"WINDOWS_SERVER_2004_CORE",
		"WINDOWS_SERVER_2022_CORE",
		"WINDOWS_SERVER_2022_FULL",
		"WINDOWS_SERVER_2025_CORE",
		"WINDOWS_SERVER_2025_FULL",
		"WINDOWS_SERVER_20H2_CORE",
		"LINUX",
	}}
	schemaPidMode = schema{kind: enumeration, values: []string{
		"host",
		"task",
	}}
	schemaPortMapping = schema{kind: structure, members: []member{
		{"appProtocol", &schemaApplicationProtocol},
		{"containerPort", &schemaBoxedInteger},
		{"containerPortRange", &schemaString},
		{"hostPort", &schemaBoxedInteger},
		{"name", &schemaString},
		{"protocol", &schemaTransportProtocol},
	}}
	schemaPortMappingList    = schema{kind: list, element: &schemaPortMapping}
	schemaProxyConfiguration = schema{kind: structure, members: []member{
		{"containerName", &schemaString},
		{"properties", &schemaProxyConfigurationProperties},
		{"type", &schemaProxyConfigurationType},
	}}
	schemaProxyConfigurationProperties = schema{kind: list, element: &schemaKeyValuePair}
	schemaProxyConfigurationType       = schema{kind: enumeration, values: []string{
		"APPMESH",
	}}
	schemaRepositoryCredentials = schema{kind: structure, members: []member{
		{"credentialsParameter", &schemaString},
	}}
	schemaRequiresAttributes  = schema{kind: list, element: &schemaAttribute}
	schemaResourceRequirement = schema{kind: structure, members: []member{
		{"sharingStrategy", &schemaSharingStrategy},
		{"type", &schemaResourceType},
		{"value", &schemaString},
	}}
	schemaResourceRequirements = schema{kind: list, element: &schemaResourceRequirement}
	schemaResourceType         = schema{kind: enumeration, values: []string{
		"GPU",
		"InferenceAccelerator",
		"NeuronDevice",
	}}
	schemaRuntimePlatform = schema{kind: structure, members: []member{
		{"cpuArchitecture", &schemaCPUArchitecture},
		{"operatingSystemFamily", &schemaOSFamily},
	}}
	schemaS3FilesVolumeConfiguration = schema{kind: structure, members: []member{
		{"accessPointArn", &schemaString},
		{"fileSystemArn", &schemaString},
		{"rootDirectory", &schemaString},
		{"transitEncryptionPort", &schemaBoxedInteger},
	}}
	schemaScope = schema{kind: enumeration, values: []string{
		"task",
		"shared",
	}}
	schemaSecret = schema{kind: structure, members: []member{
		{"name", &schemaString},
		{"valueFrom", &schemaString},
	}}
	schemaSecretList      = schema{kind: list, element: &schemaSecret}
	schemaSharingStrategy = schema{kind: union, members: []member{
		{"nvidiaMps", &schemaNvidiaMpsAllocation},
	}}
	schemaString        = schema{kind: text}
	schemaStringList    = schema{kind: list, element: &schemaString}
	schemaStringMap     = schema{kind: mapping, element: &schemaString}
	schemaSystemControl = schema{kind: structure, members: []member{
		{"namespace", &schemaString},
		{"value", &schemaString},
	}}
	schemaSystemControls = schema{kind: list, element: &schemaSystemControl}
	schemaTag            = schema{kind: structure, members: []member{
		{"key", &schemaTagKey},
		{"value", &schemaTagValue},
	}}
	schemaTagKey     = schema{kind: text}
	schemaTagValue   = schema{kind: text}
	schemaTags       = schema{kind: list, element: &schemaTag}
	schemaTargetType = schema{kind: enumeration, values: []string{
		"container-instance",
	}}
	schemaTaskDefinitionPlacementConstraint = schema{kind: structure, members: []member{
		{"expression", &schemaString},
		{"type", &schemaTaskDefinitionPlacementConstraintType},
	}}
	schemaTaskDefinitionPlacementConstraintType = schema{kind: enumeration, values: []string{
		"memberOf",
	}}
	schemaTaskDefinitionPlacementConstraints = schema{kind: list, element: &schemaTaskDefinitionPlacementConstraint}
	schemaTaskDefinitionStatus               = schema{kind: enumeration, values: []string{
		"ACTIVE",
		"INACTIVE",
		"DELETE_IN_PROGRESS",
	}}
	schemaTimestamp = schema{kind: timestamp}
	schemaTmpfs     = schema{kind: structure, members: []member{
		{"containerPath", &schemaString},
		{"mountOptions", &schemaStringList},
		{"size", &schemaInteger},
	}}
	schemaTmpfsList         = schema{kind: list, element: &schemaTmpfs}
	schemaTransportProtocol = schema{kind: enumeration, values: []string{
		"tcp",
		"udp",
	}}
	schemaTrustedExecutionConfiguration = schema{kind: structure, members: []member{
		{"attestationPolicy", &schemaString},
		{"isolationMode", &schemaIsolationMode},
	}}
	schemaUlimit = schema{kind: structure, members: []member{
		{"hardLimit", &schemaInteger},
		{"name", &schemaUlimitName},
		{"softLimit", &schemaInteger},
	}}
	schemaUlimitList = schema{kind: list, element: &schemaUlimit}
	schemaUlimitName = schema{kind: enumeration, values: []string{
		"core",
		"cpu",
		"data",
		"fsize",
		"locks",
		"memlock",
		"msgqueue",
		"nice",
		"nofile",
		"nproc",
		"rss",
		"rtprio",
		"rttime",
		"sigpending",
		"stack",
	}}
	schemaVersionConsistency = schema{kind: enumeration, values: []string{
		"enabled",
		"disabled",
	}}
	schemaVolume = schema{kind: structure, members: []member{
		{"configuredAtLaunch", &schemaBoxedBoolean},
		{"dockerVolumeConfiguration", &schemaDockerVolumeConfiguration},
		{"efsVolumeConfiguration", &schemaEFSVolumeConfiguration},
		{"fsxWindowsFileServerVolumeConfiguration", &schemaFSxWindowsFileServerVolumeConfiguration},
		{"host", &schemaHostVolumeProperties},
		{"name", &schemaString},
		{"s3filesVolumeConfiguration", &schemaS3FilesVolumeConfiguration},
	}}
	schemaVolumeFrom = schema{kind: structure, members: []member{
		{"readOnly", &schemaBoxedBoolean},
		{"sourceContainer", &schemaString},
	}}
	schemaVolumeFromList = schema{kind: list, element: &schemaVolumeFrom}
	schemaVolumeList     = schema{kind: list, element: &schemaVolume}
)
