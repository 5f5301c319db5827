package main

import (
	"errors"
	"fmt"
	"slices"

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
	options            analyze.Options
	roleOptions        policy.Options
	strict             bool
	quiet, verbose     bool // at most one of them
	goPackage          string
	force              bool

	// complete sets the following.
	in     *invocation
	file   string // FILE, as it was given
	name   string // FILE, as messages name it
	format *format
	target target
}

// roleFlags defines the flags of generate and diff.
func (r *request) roleFlags(set *pflag.FlagSet) {
	set.StringVarP(&r.formatName, "format", "f", "", "the `FORMAT` to write: see below")
	r.sharedFlags(set)
	set.StringVar(&r.goPackage, "package", "", "-f cdk-go: write one file for the Go package `NAME`\nof an app that exists, and no app of its own")
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
	set.StringArrayVar(&r.credSpecs, "credspec", nil, "instead of --credspec-secret, the `FILE` of the\ncredential spec; repeatable")
	flags.Role(set, &r.roleOptions)
	set.String("config", "", "read options from a YAML `FILE`; execrole.yaml where\nit exists, and '' for none; a flag wins")
	set.BoolVar(&r.strict, "strict", false, "exit with 1 if there are warnings; the output is\nwritten all the same")
	set.BoolVarP(&r.quiet, "quiet", "q", false, "print errors and warnings only, and not which\nfiles are written")
	set.BoolVarP(&r.verbose, "verbose", "v", false, "print notes too")
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
	problem(r.setFile(in.args))
	problem(configure(in)...)
	var err error
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
		if err == nil && r.format != nil && r.target.path != "" && !r.target.folder {
			err = r.format.checkExtension(r.output, in.subcommand)
		}
		problem(err)
	}
	problem(each(r.options.Environment.Check())...)
	r.options.Environment = r.options.Environment.WithPartition()
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

// setFile takes the FILE from the arguments.
func (r *request) setFile(args []string) error {
	commands := commandNames(subcommands())
	switch {
	case len(args) == 0:
		return errors.New("no FILE: name the task definition's file, or - for standard input")
	case len(args) > 1 && slices.Contains(commands, args[1]):
		return fmt.Errorf("%q is a second FILE there: the name of a command comes first", args[1])
	case len(args) > 1:
		return fmt.Errorf("one FILE at a time, not %q and %q%s", args[0], args[1], didYouMean("execrole ", args[0], commands))
	case args[0] == "":
		return errors.New("FILE is empty: name the task definition's file, or - for standard input")
	}
	r.file, r.name = args[0], analyze.Printable(args[0])
	if r.file == "-" {
		r.name = "<stdin>"
	}
	return nil
}
