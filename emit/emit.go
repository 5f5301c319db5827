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
	Name string // without a folder
	// Data is nil when the role has nothing to write there (no permissions): the file must then not
	// exist either, since it would be stale.
	Data []byte
	// Uses are the symbols whose bound values stand in Data.
	Uses []policy.Symbol
	// Absent are names of files, or patterns of [path.Match] for them, that must not exist beside this one unless they
	// are written: the role has no such part, though it could have had it before, and they would be stale.
	Absent []string
	// Keep says that people go on from the file: where one of that name exists, it stays as it is.
	Keep bool
	// Owned says that the name is one that people give their own files too: a file that exists is
	// replaced only if it is [Generated].
	Owned bool
	// Executable says that the file is a program, which is run by its name.
	Executable bool
	// Line is one that a file which exists has, if it belongs with what is written: an Owned file without it
	// is of another package, and a Kept one does not use the others. "" asks for nothing.
	Line string
}

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
