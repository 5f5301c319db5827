package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

const introText = `execrole reads an Amazon ECS task definition and writes the exact IAM task
execution role: nothing missing, nothing extra.

Example:

  execrole -o role.yaml task-definition.json

Usage:

`

const inputText = `
FILE contains what "aws ecs register-task-definition" takes or what
"aws ecs describe-task-definition" prints, or the same of a daemon, an Express
service or a job of AWS Batch, as JSON or YAML; - is standard input. It can also
be a folder, in which every task definition is read, or a pattern in quotes,
such as 'infra/**/*.json'. The name of a command comes first; flags come
anywhere after it; -- ends them.

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

// flagGroup is a part of the list of flags.
type flagGroup struct {
	title string
	flags []string // their names
}

// flagGroups are the groups of all flags, in the order of the help.
var flagGroups = [...]flagGroup{
	{"Several inputs", []string{"resource", "shared-role"}},
	{"Permissions", []string{"kms-key", "keys", "bucket-owner", "complete-arns", "partial-arns", "credspec", "credspec-secret",
		"pull-through-cache", "guardduty", "source-vpce", "source-vpc", "managed-policy", "called-only"}},
	{"Placeholders", []string{"set", "image", "parameters"}},
	{"The role", []string{"account", "region", "partition", "role-name", "path", "permissions-boundary", "tag", "description",
		"max-session-duration", "no-source-conditions"}},
	{"Output", []string{"format", "output", "merge", "package", "force", "config", "strict", "quiet", "verbose"}},
}

// runHelp prints the help of all commands or of one to stdout.
func runHelp(c *command, in *invocation) error {
	switch len(in.args) {
	case 0:
		return c.print(overview(subcommands()))
	case 1:
		if s := findCommand(in.args[0]); s != nil {
			return c.print(s.help())
		}
		names := commandNames()
		return misuse("", fmt.Errorf("there is no command %q%s; the commands are %s",
			in.args[0], didYouMean("", in.args[0], names), strings.Join(names, ", ")))
	}
	return misuse("", fmt.Errorf("help takes one command at a time, not %d", len(in.args)))
}

// overview returns the help of all commands.
func overview(all []*subcommand) string {
	var b strings.Builder
	b.WriteString(introText)
	for _, s := range all {
		const width = 38
		usage := s.usage()
		if len(usage) > width {
			fmt.Fprintf(&b, "  %s\n", usage)
			usage = ""
		}
		fmt.Fprintf(&b, "  %-*s %s\n", width, usage, s.about)
	}
	b.WriteString(inputText + statusesText)
	b.WriteString(`
"execrole help COMMAND" prints one command's help, with all its flags. Without
arguments, this text goes to standard error, and the exit status is 2.
`)
	return b.String()
}

// usage returns the line that says how the command is called. The name of generate may be left out.
func (s *subcommand) usage() string {
	name := s.name
	if s.isDefault() {
		name = "[" + name + "]"
	}
	return strings.TrimSpace("execrole " + name + " " + s.args)
}

func (s *subcommand) isDefault() bool { return s.name == "generate" }

// help returns the command's help. The flags are described in that of generate, which has all of them: the others list
// their names.
func (s *subcommand) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n", s.usage())
	if s.example != "" {
		fmt.Fprintf(&b, "Example:\n\n  %s\n\n", strings.ReplaceAll(s.example, "\n", "\n  "))
	}
	b.WriteString(s.text)
	if s.flags == nil {
		return b.String()
	}
	set := newFlags(s)
	if s.own != nil {
		b.WriteString("\nFlags:\n\n")
		flagGroup{flags: s.own}.describe(&b, set)
	}
	if !s.isDefault() {
		b.WriteString("\nFlags, which \"execrole help generate\" describes:\n\n")
	}
	for _, group := range flagGroups {
		if s.isDefault() {
			b.WriteString("\n" + group.title + ":\n\n")
			group.describe(&b, set)
		} else {
			group.list(&b, set)
		}
	}
	b.WriteString("\nFormats:\n\n")
	for i, f := range s.formats {
		help := f.help
		if i == 0 {
			help += " (the default)"
		}
		describe(&b, f.String(), help)
	}
	if !strings.Contains(s.text, "Exit status") {
		b.WriteString("\n" + statusesText)
	}
	return b.String()
}

// describe writes a line or more for each flag of the group.
func (g flagGroup) describe(b *strings.Builder, set *pflag.FlagSet) {
	for _, name := range g.flags {
		f := set.Lookup(name)
		value, usage := pflag.UnquoteUsage(f)
		short := "    "
		if f.Shorthand != "" {
			short = "-" + f.Shorthand + ", "
		}
		call := strings.TrimRight(short+"--"+f.Name+" "+value, " ")
		if f.NoOptDefVal != "" && f.Value.Type() != "bool" {
			call = short + "--" + f.Name + "[=" + value + "]"
		}
		describe(b, call, usage)
	}
}

// describe writes what something is beside it, or below it where it is long.
func describe(b *strings.Builder, what, text string) {
	const width = 27
	if len(what) > width {
		fmt.Fprintf(b, "  %s\n", what)
		what = ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(b, "  %-*s %s\n", width, what, line)
		what = ""
	}
}

// list writes the names of those flags of the group that a set has.
func (g flagGroup) list(b *strings.Builder, set *pflag.FlagSet) {
	line := fmt.Sprintf("  %-17s", g.title)
	for _, name := range g.flags {
		if set.Lookup(name) == nil {
			continue
		}
		word := " --" + name
		if len(line)+len(word) > 80 {
			b.WriteString(line + "\n")
			line = fmt.Sprintf("  %-17s", "")
		}
		line += word
	}
	b.WriteString(line + "\n")
}
