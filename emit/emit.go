// Package emit writes a role in the forms that people deploy. It knows the targets' syntax and nothing
// of ECS.
package emit

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// Format is one form of output.
type Format struct {
	Name    string
	Aliases []string
	Help    string // one line for the command's help
	// Extensions are those that a file of this format may have, the usual one first: ".yaml".
	Extensions []string
	// MaxBody is how many bytes CloudFormation takes of the main file with a request; 0 where that has no part.
	MaxBody int
	// Flags are those of the command's flags that mean something to this format alone: "package".
	Flags []string
	// Emit writes the role as files, the main one first. It fails with a [MissingValues] where the
	// format cannot leave a symbol open that opts does not bind.
	Emit func(role *policy.Role, opts Options) ([]File, error)
}

// Options say how to write, not what.
type Options struct {
	// Source is the base name of the file that the role was made from, for the header.
	Source string
	// Values binds the role's own values, for formats that cannot leave them open. Others ignore it.
	Values map[policy.Symbol]string
	// MainOnly asks for the first file alone: what standard output gets. What only the others need
	// is then not missed.
	MainOnly bool
	// Package is the name of the Go package that the role becomes a part of, for -f cdk-go; "" makes an
	// app of its own.
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

// MissingValues is the error of a format that needs values which nobody gave.
type MissingValues struct {
	Format  string
	Symbols []policy.Symbol
}

// Error names all the symbols that lack a value.
func (e *MissingValues) Error() string {
	names := make([]string, len(e.Symbols))
	for i, s := range e.Symbols {
		names[i] = string(s)
	}
	return "format " + e.Format + " needs the values of " + strings.Join(names, ", ")
}

var formats = []*Format{cloudFormation, iamJSON, cdkGo, cloudFormationJSON, terraform, awsCLI}

// Formats returns all formats, the default one first.
func Formats() []*Format { return slices.Clone(formats) }

// Lookup returns the format of that name or alias, or nil.
func Lookup(name string) *Format {
	for _, f := range formats {
		if f.Name == name || slices.Contains(f.Aliases, name) {
			return f
		}
	}
	return nil
}
