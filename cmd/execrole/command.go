package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/cmd/flags"
)

// command is one run of execrole, with all that it touches of the world besides the files that its arguments name.
type command struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv is asked for NO_COLOR and TERM and for nothing else: the output depends on the input and the flags alone.
	Getenv func(string) string
}

// subcommand is one of execrole's commands. Its help is made of the same value.
type subcommand struct {
	name    string
	args    string               // what follows the name in the usage line
	example string               // command lines to begin with, one a line; "" if there is none
	about   string               // one line for the list of commands
	text    string               // the rest of its help
	formats []*format            // what its flag --format accepts, the default first; nil if it has no such flag
	flags   func(*pflag.FlagSet) // defines its flags; nil if it has none
	own     []string             // the names of flags that no other command has
	run     func(*command, *invocation) error
}

// invocation is a subcommand with its arguments.
type invocation struct {
	*subcommand
	flags    *pflag.FlagSet // parsed
	given    []string       // all arguments, as they were given
	args     []string       // the arguments that are no flags
	problems []error        // the values that flags do not accept

	configured map[string]tree.Place // where the configuration file sets a flag, by its name
	values     []placedValue         // the values of these flags
}

// namedCommand is a name with the function that makes its subcommand. Most runs need one subcommand, so that the others are not made.
type namedCommand struct {
	name string
	make func() *subcommand
}

// namedCommands returns all commands; the first is the one that runs when none is named.
func namedCommands() []namedCommand {
	return []namedCommand{
		{"generate", generateCommand},
		{"explain", explainCommand},
		{"diff", diffCommand},
		{"check", checkCommand},
		{"diagnose", diagnoseCommand},
		{"rules", rulesCommand},
		{"completion", completionCommand},
		{"version", versionCommand},
		{"help", helpCommand},
	}
}

// findCommand makes the subcommand of that name; nil if there is none. Each call makes a new one, so that no flag keeps its value
// from another run.
func findCommand(name string) *subcommand {
	for _, n := range namedCommands() {
		if n.name == name {
			return n.make()
		}
	}
	return nil
}

// subcommands makes all commands.
func subcommands() (all []*subcommand) {
	for _, n := range namedCommands() {
		all = append(all, n.make())
	}
	return all
}

// commandNames returns the names of all commands.
func commandNames() (names []string) {
	for _, n := range namedCommands() {
		names = append(names, n.name)
	}
	return names
}

// run runs the command that args ask for and returns the exit status.
func (c *command) run(args []string) int { return c.exit(c.dispatch(args)) }

// dispatch runs the command that args ask for. The name of a command comes first; without one it is generate.
func (c *command) dispatch(args []string) error {
	if len(args) == 0 {
		// Standard output stays empty: "execrole > role.yaml" has forgotten its FILE.
		io.WriteString(c.Stderr, overview(subcommands()))
		return &exitError{status: statusFailed}
	}
	switch args[0] {
	case "-h", "--help":
		args = []string{"help"}
	case "--version": // many programs have it
		args = []string{"version"}
	}
	if s := findCommand(args[0]); s != nil {
		return c.invoke(s, args[1:])
	}
	return c.invoke(generateCommand(), args)
}

// invoke parses a subcommand's arguments and runs it.
func (c *command) invoke(s *subcommand, args []string) error {
	set := newFlags(s)
	problems, err := flags.Parse(set, args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return c.print(s.help())
	case err != nil:
		return misuse(s.name, append(problems, flagError(set, err))...)
	}
	return s.run(c, &invocation{subcommand: s, flags: set, given: args, args: set.Args(), problems: problems})
}

// newFlags returns the flags of a subcommand, which print nothing themselves.
func newFlags(s *subcommand) *pflag.FlagSet {
	set := pflag.NewFlagSet("execrole", pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	set.SortFlags = false
	if s.flags != nil {
		s.flags(set)
	}
	return set
}

// flagError says in execrole's words what pflag could not parse.
func flagError(set *pflag.FlagSet, err error) error {
	switch err := err.(type) {
	case *pflag.NotExistError:
		name, group := err.GetSpecifiedName(), err.GetSpecifiedShortnames()
		if group == "" {
			return fmt.Errorf("unknown flag --%s%s", name, didYouMean("--", name, flagNames(set)))
		}
		if word, _, _ := strings.Cut(group, "="); set.Lookup(word) != nil {
			return fmt.Errorf("unknown flag -%s; did you mean --%s?", group, word)
		}
		if group != name {
			return fmt.Errorf("unknown flag -%s in -%s", name, group)
		}
		return fmt.Errorf("unknown flag -%s", name)
	case *pflag.ValueRequiredError:
		value, _ := pflag.UnquoteUsage(err.GetFlag())
		return fmt.Errorf("--%s needs a value: --%[1]s %s", err.GetFlag().Name, value)
	}
	return err
}

// flagNames returns the names of all flags.
func flagNames(set *pflag.FlagSet) (names []string) {
	set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// didYouMean returns a question to end a message with when one of the words is near, and "" otherwise.
func didYouMean(prefix, word string, words []string) string {
	near := tree.Nearest(word, words)
	for _, w := range words {
		// Half of a long name is near enough.
		if near == "" && len(word) > 2 && strings.HasPrefix(w, word) {
			near = w
		}
	}
	if near == "" {
		return ""
	}
	return "; did you mean " + prefix + near + "?"
}

// print writes a command's answer to stdout.
func (c *command) print(s string) error { return c.printBytes([]byte(s)) }

func (c *command) printBytes(text []byte) error {
	_, err := c.Stdout.Write(text)
	switch {
	case err == nil:
		return nil
	case isClosedPipe(err):
		return &exitError{status: statusFailed}
	}
	return fmt.Errorf("cannot write to standard output: %v", reason(err))
}

// isClosedPipe reports whether an error is that nobody reads a pipe any more. On Windows that is ERROR_BROKEN_PIPE or
// ERROR_NO_DATA; elsewhere a signal ends the program before.
func isClosedPipe(err error) bool {
	var number syscall.Errno
	return errors.Is(err, syscall.EPIPE) || runtime.GOOS == "windows" && errors.As(err, &number) && (number == 109 || number == 232)
}
