// Package emit writes a role in the forms that people deploy: each [Format] is one of them. It knows their syntax and
// nothing of ECS.
package emit

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
)

// Format is one form of output.
type Format struct {
	Name    string
	Aliases []string
	Help    string // one line for the command's help
	// Extensions are those of files of this format, the usual one first: ".yaml".
	Extensions []string
	// MaxBody is how many bytes of the main file CloudFormation takes with a request; 0 for a format without that limit.
	MaxBody int
	// Flags are the flags of the command that not every format has a use for: "package". A format that can ask whoever
	// deploys the role for values has "parameters".
	Flags []string
	// Emit writes the role as files, the main one first. A format that needs a value for every symbol fails with a
	// [MissingValues] where the role's environment and mappings do not have it.
	Emit func(role *policy.Role, opts Options) ([]File, error)
	// Combine writes several roles of different families as one file. It is nil for a format in which a file has one role.
	Combine func(roles []*policy.Role, opts Options) (File, error)
	// MaxRoles is how many roles Combine takes at most. So many may still be too many, where they have policies of their own.
	MaxRoles int
	// OwnFolder says that the names of the files are the same for every role, so that each role needs a folder of its own.
	OwnFolder bool
}

// Options say how to write, not what.
type Options struct {
	// Source is the base name of the file that the role was made from, for the header. Sources are those of several files,
	// and "" for standard input.
	Source  string
	Sources []string
	// MainOnly asks for the first file only, which is what standard output gets. Then no values are missing that only
	// the other files need.
	MainOnly bool
	// Package is the name of the Go package that the role becomes a part of, for [CDKGo]; "" makes an app.
	Package string
}

// File is one file of output.
type File struct {
	// Name has no folder. That of a file to [Remove] may be a pattern of [path.Match]; the files that are written are
	// then excepted.
	Name  string
	Write WritePolicy
	Data  []byte // nil for a file to [Remove]
	// Uses are the symbols whose values Data contains.
	Uses []policy.Symbol
	// Executable says that the file is a program, which is run by its name.
	Executable bool
	// Line is a line that an existing file contains if it belongs to the other files: one that is [IfOurs] is replaced
	// only if it contains Line, and one that is [IfAbsent] does not use the other files without it. "" asks for nothing.
	Line string
}

// WritePolicy says what happens to a file of the same name that exists.
type WritePolicy int

const (
	Always   WritePolicy = iota // it is replaced
	IfAbsent                    // it stays as it is: people edit it
	IfOurs                      // it is replaced if it is [Generated]: people may have a file of that name
	// Remove is for a file that the role does not have, although it could have had it before (no permissions, fewer
	// policies). One that exists is stale, and has to be removed.
	Remove
)

var formats = []*Format{CloudFormation, CloudFormationJSON, Terraform, CDKGo, IAMJSON, AWSCLI}

// Formats returns all formats in the order in which people mostly choose them, the default one first.
func Formats() []*Format { return slices.Clone(formats) }

// Lookup returns the format of that name or alias, and whether there is one.
func Lookup(name string) (f *Format, ok bool) {
	i := slices.IndexFunc(formats, func(f *Format) bool { return f.Name == name || slices.Contains(f.Aliases, name) })
	if i < 0 {
		return nil, false
	}
	return formats[i], true
}
