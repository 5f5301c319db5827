package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

const introText = `execrole reads an Amazon ECS task definition and writes the exact IAM task
execution role: nothing missing, nothing extra.

Usage:

`

const inputText = `
FILE contains what "aws ecs register-task-definition" takes or what
"aws ecs describe-task-definition" prints, as JSON; - is standard input.
The name of a command comes first; flags come anywhere after it; -- ends them.

`

const statusesText = `Exit status: 0 done; 1 done, and the answer is no (diff found a difference, or
--strict, and there were warnings); 2 it could not be done.
`

func helpCommand() *subcommand {
	return &subcommand{
		name:  "help",
		args:  "[COMMAND]",
		about: "print help",
		text: `execrole help COMMAND prints one command's help, with all its flags; so does
execrole COMMAND --help.
`,
		run: runHelp,
	}
}

// runHelp prints the help of all commands or of one to stdout.
func runHelp(c *command, in *invocation) error {
	all := subcommands()
	switch len(in.args) {
	case 0:
		var b strings.Builder
		b.WriteString(introText)
		for i, s := range all {
			name := s.name
			if i == 0 {
				name = "[" + name + "]"
			}
			fmt.Fprintf(&b, "  %-34s %s\n", strings.TrimSpace("execrole "+name+" "+s.args), s.about)
		}
		b.WriteString(inputText + statusesText)
		b.WriteString("\n\"execrole help COMMAND\" prints one command's help, with all its flags.\n")
		return c.print(b.String())
	case 1:
		for _, s := range all {
			if s.name == in.args[0] {
				return c.print(s.help())
			}
		}
		names := commandNames(all)
		return misuse("", fmt.Errorf("there is no command %q%s; the commands are %s",
			in.args[0], didYouMean("", in.args[0], names), strings.Join(names, ", ")))
	}
	return misuse("", fmt.Errorf("help takes one command at a time, not %d", len(in.args)))
}

func commandNames(list []*subcommand) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.name
	}
	return names
}

// help returns the command's help.
func (s *subcommand) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n%s", strings.TrimSpace("execrole "+s.name+" "+s.args), s.text)
	if s.flags == nil {
		return b.String()
	}
	b.WriteString("\nFlags:\n\n")
	newFlags(s).VisitAll(func(f *pflag.Flag) {
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
	b.WriteString("\nFormats:\n\n")
	for i, f := range s.formats {
		help := f.help
		if i == 0 {
			help += " (the default)"
		}
		fmt.Fprintf(&b, "  %-27s %s\n", f, help)
	}
	b.WriteString("\n" + statusesText)
	return b.String()
}
