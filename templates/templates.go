// Package templates has the text of generated programs. It has no logic: package emit computes everything, and the
// templates print it.
package templates

import "embed"

// CDKGo is the text of a CDK app in Go.
//
// Its go.mod.tmpl requires versions that are known to work together, all of them by number, and go.sum belongs to them. So
// a new app builds without looking for newer versions. After a change of the versions that the app imports,
//
//	go test ./emit/internal/synth -run TestCDKGoModule -update
//
// writes both anew, as go mod tidy would. cdk.json has the feature flags that this version of the CDK recommends for new
// apps, and the same command writes them. The names end in .tmpl and .txt because a file go.mod would make the folder a
// module of its own, which cannot be embedded, and Git would obey a file .gitignore.
//
//go:embed cdkgo
var CDKGo embed.FS

// AWSCLI is the text of a shell script. role.sh.tmpl prints what differs from role to role. program.sh, which is no
// template, follows it in every script.
//
//go:embed awscli
var AWSCLI embed.FS
