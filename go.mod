module github.com/execrole/execrole

go 1.26

require github.com/aws/aws-sdk-go-v2/service/ecs v1.104.1

require (
	github.com/aws/smithy-go v1.28.8
	github.com/go-json-experiment/json v1.27.2
)
