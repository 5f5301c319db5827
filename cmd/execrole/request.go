package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/cmd/flags"
	"github.com/execrole/execrole/emit"
)

// request is what the arguments of generate, diff or explain ask for.
type request struct {
	formatName, output string
	credSpecs          []string // names of files
	keys               string   // the folder of --keys
	options            analyze.Options
	shared             sharedRole
	roleOptions        policy.Options
	strict             bool
	quiet, verbose     bool // at most one of them
	goPackage          string
	merge              bool
	force              bool

	// own checks the flags that one subcommand alone has; nil for none.
	own func() []error

	// complete sets the following.
	in     *invocation
	files  []string // the arguments FILE
	format *format
	target target
	// several says that the run is about several task definitions, or could be.
	several bool
	// withoutFiles says that there need not be any files.
	withoutFiles bool
	// compares says that what would be written is compared with what exists.
	compares bool
	// edits says that the output is a file of the input with changes.
	edits bool
}

// roleFlags defines the flags of generate and diff.
func (r *request) roleFlags(set *pflag.FlagSet) {
	set.StringVarP(&r.formatName, "format", "f", "", "the `FORMAT` to write: see below")
	r.sharedFlags(set)
	set.StringVar(&r.goPackage, "package", "", "-f cdk-go: write one file for the Go package `NAME`\nof an app that exists, and no app of its own")
	set.BoolVar(&r.merge, "merge", false, "write the input, a CloudFormation template, with a\nrole for each task definition that has none; of\nTerraform's source, set execution_role_arn there")
	set.BoolVar(&r.force, "force", false, "-f cdk-go: replace a Go file that execrole did not\nwrite")
}

// explainFlags defines the flags of explain: all that change what is required or found, so that the same flags explain
// what generate wrote.
func (r *request) explainFlags(set *pflag.FlagSet) {
	set.StringVarP(&r.formatName, "format", "f", "", "the `FORMAT` to explain in: see below")
	r.sharedFlags(set)
}

func (r *request) sharedFlags(set *pflag.FlagSet) {
	set.StringVarP(&r.output, "output", "o", "", "write to `PATH`: a file, or a folder (one that\nexists, or a name that ends in /); - is standard\noutput")
	flags.Analyze(set, &r.options)
	flags.Strings(set, &r.credSpecs, "credspec", "instead of --credspec-secret, the `FILE` of the\ncredential spec; repeatable")
	set.StringVar(&r.keys, "keys", "", "instead of --kms-key, the `FOLDER` with AWS's\nanswers that docs/collect.sh --describe-keys makes")
	flags.Role(set, &r.roleOptions)
	set.Var(&r.shared, "shared-role", "write one role for all task definitions; its files\nare named by their family, or by `NAME`")
	set.Lookup("shared-role").NoOptDefVal = "true"
	set.String("config", "", "read options from a YAML `FILE`; execrole.yaml where\nit exists, and '' for none; a flag wins")
	set.BoolVar(&r.strict, "strict", false, "exit with 1 if there are warnings; the output is\nwritten all the same")
	set.BoolVarP(&r.quiet, "quiet", "q", false, "print errors and warnings only, and not which\nfiles are written")
	set.BoolVarP(&r.verbose, "verbose", "v", false, "print notes too, and of many inputs all\nfindings and files")
}

// complete makes the request of the arguments and the configuration file. It checks all that can be checked without the
// input, and the error has all problems.
func (r *request) complete(in *invocation) error {
	problems := in.problems
	problem := func(errs ...error) {
		for _, err := range errs {
			if err != nil {
				problems = append(problems, in.placed(err))
			}
		}
	}
	r.in = in
	if !r.withoutFiles || len(in.args) > 0 {
		problem(r.setFiles(in.args))
	}
	problem(configure(in)...)
	if r.own != nil {
		problem(r.own()...)
	}
	var err error
	if r.formatName == "" && in.formats[0].role != nil && areModules(r.files) {
		r.formatName = emit.Terraform.Name // the module's own language
	}
	if r.format, err = findFormat(in.formats, r.formatName); err != nil {
		problem(err)
	} else {
		problem(r.format.checkFlags(in)...)
	}
	if r.goPackage != "" {
		problem(emit.CheckPackage(r.goPackage))
	}
	if r.output != "" {
		r.target, err = findTarget(r.output)
		if err == nil && r.format != nil && !r.merge && !r.edits && r.target.path != "" && !r.target.folder {
			err = r.format.checkExtension(r.output, in.subcommand)
		}
		problem(err)
	}
	problem(r.checkMerge())
	problem(each(r.options.Environment.Check())...)
	r.options.Environment = r.options.Environment.WithPartition()
	r.options.Derive = r.format != nil && (r.format.role == emit.Terraform || r.format.role == nil)
	r.options.OfferParameters = r.format != nil && (r.format.role == nil || slices.Contains(r.format.flags, "parameters"))
	problem(each(r.roleOptions.Check())...)
	problem(r.setVerbosity(in))
	if problems != nil {
		return misuse(in.name, problems...)
	}
	return nil
}

// setVerbosity settles what --quiet and --verbose say together: a flag of the command line wins over the file.
func (r *request) setVerbosity(in *invocation) error {
	_, quiet := in.configured["quiet"]
	_, verbose := in.configured["verbose"]
	switch {
	case !r.quiet || !r.verbose:
	case quiet && !verbose:
		r.quiet = false
	case verbose && !quiet:
		r.verbose = false
	default:
		return errors.New("--quiet and --verbose exclude each other: leave one out")
	}
	return nil
}

// setFiles takes the files from the arguments.
func (r *request) setFiles(args []string) error {
	commands := commandNames()
	if len(args) == 0 {
		return errors.New("no FILE: name the task definition's file, or - for standard input")
	}
	for i, arg := range args {
		switch {
		case arg == "":
			return errors.New("FILE is empty: name the task definition's file, or - for standard input")
		case exists(arg):
		case i > 0 && slices.Contains(commands, arg):
			return fmt.Errorf("there is no file %q: the name of a command comes first", arg)
		case i == 0 && !isPattern(arg):
			if advice := didYouMean("execrole ", arg, commands); advice != "" {
				return fmt.Errorf("there is no file %q%s", arg, advice)
			}
		}
	}
	r.files = args
	return nil
}

// exists reports whether something has the name of an argument.
func exists(arg string) bool {
	_, err := os.Stat(arg)
	return arg == "-" || err == nil
}

// sharedRole is the value of --shared-role. Name is used in place of the families; "" where the flag has no name.
type sharedRole struct {
	given bool
	name  string
}

func (s *sharedRole) Set(value string) error {
	switch {
	case value == "true" || value == "false":
		*s = sharedRole{given: value == "true"}
	case len(value) > 255 || strings.ContainsFunc(value, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}):
		return fmt.Errorf("%q: a name has 1 to 255 letters, digits, - and _, as a family has", value)
	default:
		*s = sharedRole{true, value}
	}
	return nil
}

func (s *sharedRole) String() string {
	if s.given && s.name == "" {
		return "true"
	}
	return s.name
}

// Type is that of a flag with a value.
func (s *sharedRole) Type() string { return "string" }
