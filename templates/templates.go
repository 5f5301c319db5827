// Package templates holds the text of generated programs. It has no logic: package emit computes
// everything, and the templates print it.
package templates

import "embed"

// CDKGo is the text of a CDK app in Go.
//
// Its go.mod.tmpl requires the versions that are known to go together, all of them by number, and go.sum
// is the one that belongs to them: a new app builds without a look at what is newest. After a change of
// the versions that the app imports,
//
//	go test ./emit -run TestCDKGoModule -update
//
// writes both anew, as go mod tidy has them. The names end in .tmpl and .txt because a file go.mod would
// make a module of its own of the folder, which could then not be embedded.
//
//go:embed cdkgo
var CDKGo embed.FS

// AWSCLI is the text of a shell script: role.sh.tmpl prints what differs from role to role, and program.sh, which
// is no template, stands behind it in every script.
//
//go:embed awscli
var AWSCLI embed.FS
