package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/emit"
)

const helpText = `execrole help COMMAND prints one command's help, with all its flags; so does
execrole COMMAND --help.
`

const statusesText = `Exit status: 0 done; 1 done, and the answer is no (diff found a difference, or
--strict, and there were warnings); 2 it could not be done.
`

// help prints the help of all or of one command to stdout.
func (c *command) help(args []string) int {
	rest, status, ok := c.parse("help", newFlags(), args)
	if !ok {
		return status
	}
	all := subcommands()
	switch len(rest) {
	case 0:
		var b strings.Builder
		b.WriteString(`execrole reads an Amazon ECS task definition and writes the exact IAM task
execution role: nothing missing, nothing extra.

Usage:

`)
		for i, s := range all {
			name := s.name
			if i == 0 {
				name = "[" + name + "]"
			}
			fmt.Fprintf(&b, "  %-34s %s\n", strings.TrimSpace("execrole "+name+" "+s.args), s.about)
		}
		b.WriteString(`
FILE holds what "aws ecs register-task-definition" takes or what
"aws ecs describe-task-definition" prints, as JSON; - is standard input.
A command's name stands first; flags stand anywhere after it; -- ends them.

`)
		b.WriteString(statusesText)
		b.WriteString("\n\"execrole help COMMAND\" prints one command's help, with all its flags.\n")
		return c.print(b.String())
	case 1:
		for _, s := range all {
			if s.name == rest[0] {
				return c.print(s.help())
			}
		}
		names := make([]string, len(all))
		for i, s := range all {
			names[i] = s.name
		}
		return c.misuse("", []error{fmt.Errorf("there is no command %q%s; the commands are %s",
			rest[0], didYouMean("", rest[0], names), strings.Join(names, ", "))})
	}
	return c.misuse("", []error{fmt.Errorf("help takes one command at a time, not %d", len(rest))})
}

// help returns the command's help.
func (s subcommand) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n%s", strings.TrimSpace("execrole "+s.name+" "+s.args), s.text)
	if s.flags == nil {
		return b.String()
	}
	flags := newFlags()
	flags.SortFlags = false
	s.flags(flags)
	b.WriteString("\nFlags:\n\n")
	flags.VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		short := "    "
		if f.Shorthand != "" {
			short = "-" + f.Shorthand + ", "
		}
		lines := strings.Split(usage, "\n")
		name := strings.TrimRight(short+"--"+f.Name+" "+value, " ")
		if f.NoOptDefVal != "" && f.Value.Type() != "bool" {
			name = short + "--" + f.Name + "[=" + value + "]"
		}
		if len(name) > 27 {
			fmt.Fprintf(&b, "  %s\n", name)
			name = ""
		}
		fmt.Fprintf(&b, "  %-27s %s\n", name, lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "  %-27s %s\n", "", line)
		}
	})
	formats := emit.Formats()
	if s.name == "explain" {
		formats = explainFormats()
	}
	b.WriteString("\nFormats:\n\n")
	for i, f := range formats {
		help := f.Help
		if i == 0 {
			help += " (the default)"
		}
		fmt.Fprintf(&b, "  %-27s %s\n", formatName(f), help)
	}
	b.WriteString("\n" + statusesText)
	return b.String()
}

// formatName returns the format's name and, in parentheses, its aliases.
func formatName(f *emit.Format) string {
	if len(f.Aliases) == 0 {
		return f.Name
	}
	return f.Name + " (" + strings.Join(f.Aliases, ", ") + ")"
}

// formatNames lists formats in words.
func formatNames(formats []*emit.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = formatName(f)
	}
	return strings.Join(names, ", ")
}
