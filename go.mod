module github.com/execrole/execrole

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2/service/ecs v1.104.1
	github.com/go-json-experiment/json v1.27.2
	github.com/goccy/go-yaml v1.19.2
	github.com/google/go-cmp v0.7.0
	go.yaml.in/yaml/v3 v3.0.6
)

require (
	github.com/aws/smithy-go v1.28.8
	github.com/rogpeppe/go-internal v1.16.0
	github.com/spf13/pflag v1.0.10
)

require golang.org/x/sys v0.49.0 // indirect

require (
	golang.org/x/term v0.47.0
	golang.org/x/tools v0.26.0 // indirect
)
