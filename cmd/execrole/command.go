package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
)

// The exit statuses of every command.
const (
	statusDone   = 0 // done
	statusNo     = 1 // done, and the answer is no: there is a difference; with --strict, there were warnings
	statusFailed = 2 // it could not be done
)

// command is one run of execrole and all that it touches of the world besides the files that its
// arguments name.
type command struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv is asked for NO_COLOR and TERM and for nothing else: what is written depends on the input
	// and the flags alone.
	Getenv func(string) string
}

// subcommand is one of execrole's commands.
type subcommand struct {
	name  string
	args  string // what follows the name in the usage line
	about string // one line
	text  string // the rest of its help
	flags func(*pflag.FlagSet)
	run   func(c *command, args []string) int
}

// subcommands returns all commands; the first is the one that runs when none is named. It is a function
// because help, which is one of them, reads it.
func subcommands() []subcommand {
	return []subcommand{
		{"generate", "[flags] FILE", "write the role (the default command)", generateText, new(request).generateFlags, (*command).generate},
		{"explain", "[flags] FILE", "say which field asks for which permission, and why", explainText, new(request).explainFlags, (*command).explain},
		{"diff", "[flags] -o OUTPUT FILE", "compare with what is on disk; 1 if it differs", diffText, new(request).generateFlags, (*command).diff},
		{"rules", "[ID]", "list the rules, or show one", rulesText, nil, (*command).rules},
		{"version", "", "print the version", versionText, nil, (*command).version},
		{"help", "[COMMAND]", "print help", helpText, nil, (*command).help},
	}
}

// run runs the command that args ask for and returns the exit status. A command's name stands first;
// without one it is generate.
func (c *command) run(args []string) int {
	all := subcommands()
	if len(args) > 0 {
		switch args[0] {
		case "-h", "--help":
			return c.help(nil)
		case "--version": // many programs have it
			return c.version(nil)
		}
		for _, s := range all {
			if s.name == args[0] {
				return s.run(c, args[1:])
			}
		}
	}
	return all[0].run(c, args)
}

// parse parses the arguments of a command. When ok is false, everything has been said and status is
// the exit status.
func (c *command) parse(name string, flags *pflag.FlagSet, args []string) (rest []string, status int, ok bool) {
	flags.SortFlags = false
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case err == nil:
		return flags.Args(), statusDone, true
	case errors.Is(err, pflag.ErrHelp):
		return nil, c.help([]string{name}), false
	}
	return nil, c.misuse(name, []error{flagError(flags, err)}), false
}

// newFlags returns an empty flag set that leaves all printing to this package.
func newFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("execrole", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// flagError says in execrole's words what pflag could not parse.
func flagError(flags *pflag.FlagSet, err error) error {
	switch err := err.(type) {
	case *pflag.NotExistError:
		name, group := err.GetSpecifiedName(), err.GetSpecifiedShortnames()
		if group == "" {
			var names []string
			flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
			return fmt.Errorf("unknown flag --%s%s", name, didYouMean("--", name, names))
		}
		if word, _, _ := strings.Cut(group, "="); flags.Lookup(word) != nil {
			return fmt.Errorf("unknown flag -%s; did you mean --%s?", group, word)
		}
		if group != name {
			return fmt.Errorf("unknown flag -%s in -%s", name, group)
		}
		return fmt.Errorf("unknown flag -%s", name)
	case *pflag.ValueRequiredError:
		value, _ := pflag.UnquoteUsage(err.GetFlag())
		return fmt.Errorf("--%s needs a value: --%[1]s %s", err.GetFlag().Name, value)
	case *pflag.InvalidValueError:
		return fmt.Errorf("--%s is on or off and takes no value, not %q", err.GetFlag().Name, err.GetValue())
	}
	return err
}

// misuse reports what is wrong with the arguments, all of it, and what to do.
func (c *command) misuse(name string, problems []error) int {
	for _, err := range problems {
		c.complain("%v", err)
	}
	c.complain("%q says how it is used", strings.TrimSpace("execrole help "+name))
	return statusFailed
}

// complain prints one line of the command's own to stderr.
func (c *command) complain(format string, args ...any) {
	fmt.Fprintln(c.Stderr, analyze.Printable("execrole: "+fmt.Sprintf(format, args...)))
}

// print writes a command's answer to stdout.
func (c *command) print(s string) int {
	if _, err := io.WriteString(c.Stdout, s); err != nil {
		c.complain("cannot write to standard output: %v", reason(err))
		return statusFailed
	}
	return statusDone
}
