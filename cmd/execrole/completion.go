package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
)

// The scripts know nothing of the command: they ask it at each press of the key, so that they are never stale.
var (
	//go:embed completion/execrole.bash
	bashScript string
	//go:embed completion/_execrole
	zshScript string
	//go:embed completion/execrole.fish
	fishScript string
	//go:embed completion/execrole.ps1
	powershellScript string
)

// shell is one that completes the command's words.
type shell struct {
	name   string
	script *string
	source string // the line that switches completion on
	escape rune   // the script passes words as they are typed, with quotes and this in front of characters; 0 if not
}

var shells = [...]shell{
	{"bash", &bashScript, "source <(execrole completion bash)", '\\'},
	{"zsh", &zshScript, "source <(execrole completion zsh)", 0},
	{"fish", &fishScript, "execrole completion fish | source", 0},
	{"powershell", &powershellScript, "execrole completion powershell | Out-String | Invoke-Expression", '`'},
}

func completionCommand() *subcommand {
	return &subcommand{
		name:    "completion",
		args:    "SHELL",
		example: shells[0].source + "\n" + shells[1].source + "\n" + shells[2].source + "\n" + shells[3].source,
		about:   "print a shell's script for completion",
		text: `Prints the script for SHELL: bash, zsh, fish or powershell. With it, the shell
completes commands, flags, formats, rules, codes of findings and files, and from
the task definitions in the files that the line names families, placeholders and
containers. Put the line for your shell into ~/.bashrc, ~/.zshrc (behind
compinit), ~/.config/fish/config.fish or $PROFILE.

The script asks execrole at each press of the key, as "execrole completion SHELL
-- INDEX WORD...", where INDEX says which WORD of the line is to be completed.
`,
		run: runCompletion,
	}
}

// runCompletion prints the script of a shell, or what completes a word in it.
func runCompletion(c *command, in *invocation) error {
	if len(in.args) == 0 {
		return misuse(in.name, fmt.Errorf("no SHELL: the shells are %s", strings.Join(shellNames(), ", ")))
	}
	i := slices.IndexFunc(shells[:], func(s shell) bool { return s.name == in.args[0] })
	if i < 0 {
		return misuse(in.name, fmt.Errorf("unknown shell %q%s; the shells are %s",
			in.args[0], didYouMean("", in.args[0], shellNames()), strings.Join(shellNames(), ", ")))
	}
	if len(in.args) == 1 {
		return c.print(*shells[i].script)
	}
	index, err := strconv.Atoi(in.args[1])
	words := in.args[2:]
	if err != nil || index < 1 || index > len(words) {
		return misuse(in.name, errors.New("completion takes SHELL, and then the INDEX of a word of the line, from 1, and the line's words"))
	}
	if escape := shells[i].escape; escape != 0 {
		for j := range words {
			words[j] = unquote(words[j], escape)
		}
	}
	return c.print(completeWord(words, index).String())
}

func shellNames() (names []string) {
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

// unquote takes the quotes from a word, which may end within them, and escape from the characters behind it.
func unquote(word string, escape rune) string {
	var b strings.Builder
	var quote rune
	escaped := false
	for _, r := range word {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == escape && quote != '\'':
			escaped = true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// candidate is a word that can be meant.
type candidate struct{ word, about string }

// candidates are what can complete a word.
type candidates struct {
	list []candidate
	// files says that names of files can be meant too. Before is the part of the word in front of such a name.
	files  bool
	before string
	// open says that something follows the word, so that no blank does.
	open bool
}

// String returns the candidates as the scripts read them. The first line says what else can be meant: "files" or "none",
// then "open" or "closed", and the part of the word in front of the name of a file. Each other line is a
// word and, behind a tab, what it means.
func (c candidates) String() string {
	var b strings.Builder
	kind, end := "none", "closed"
	if c.files {
		kind = "files"
	}
	if c.open {
		end = "open"
	}
	fmt.Fprintf(&b, "%s\t%s\t%s\n", kind, end, c.before)
	for _, one := range c.list {
		if analyze.Printable(one.word) == one.word { // the input can be a stranger's
			fmt.Fprintf(&b, "%s\t%s\n", one.word, analyze.Printable(one.about))
		}
	}
	return b.String()
}

// withPrefix keeps the candidates that begin with a prefix, each once.
func (c candidates) withPrefix(prefix string) candidates {
	seen := map[string]bool{}
	c.list = slices.DeleteFunc(c.list, func(one candidate) bool {
		twice := seen[one.word]
		seen[one.word] = true
		return twice || !strings.HasPrefix(one.word, prefix)
	})
	return c
}

// line is a command line that is being written.
type line struct {
	command *subcommand
	flags   *pflag.FlagSet
	args    []string    // those that are no flags and no values of flags
	given   []string    // the names of the flags
	asking  *pflag.Flag // the flag whose value the next word is
	ended   bool        // by --, so that no flags follow
}

// add reads a word.
func (l *line) add(word string) {
	switch name, _, hasValue := strings.Cut(word, "="); {
	case l.asking != nil:
		l.asking = nil
	case word == "--" && !l.ended:
		l.ended = true
	case l.ended || len(word) < 2 || word[0] != '-':
		l.args = append(l.args, word)
	case strings.HasPrefix(word, "--"):
		if f := l.flags.Lookup(name[2:]); f != nil {
			l.given = append(l.given, f.Name)
			if !hasValue && f.NoOptDefVal == "" {
				l.asking = f
			}
		}
	default:
		for i := 1; i < len(word); i++ {
			f := l.flags.ShorthandLookup(word[i : i+1])
			if f == nil {
				return
			}
			l.given = append(l.given, f.Name)
			if f.NoOptDefVal == "" {
				if i == len(word)-1 {
					l.asking = f
				}
				return
			}
		}
	}
}

// completeWord returns what can complete the word of that index. The first word is the program. Words behind that word count
// too: the files of the line can be among them. Nothing in the line is an error, because it is not finished.
func completeWord(words []string, index int) candidates {
	l := &line{command: generateCommand()}
	first := 1
	if index > 1 {
		if s := findCommand(words[1]); s != nil {
			l.command, first = s, 2
		}
	}
	l.flags = newFlags(l.command)
	word := ""
	if index < len(words) {
		word = words[index]
	}
	for _, w := range words[first:min(index, len(words))] {
		l.add(w)
	}
	here := *l
	if index < len(words) {
		l.add(word)
		if here.asking == nil && !strings.HasPrefix(word, "-") {
			l.args = slices.Delete(l.args, len(here.args), len(l.args)) // it is not finished
		}
		for _, w := range words[index+1:] {
			l.add(w)
		}
	}
	name, value, hasValue := strings.Cut(word, "=")
	flag := l.flags.Lookup(strings.TrimPrefix(name, "--"))
	switch {
	case here.asking != nil:
		return l.values(here.asking, "", word)
	case here.ended || !strings.HasPrefix(word, "-"):
		return l.arguments(len(here.args), index == 1, word)
	case hasValue && strings.HasPrefix(word, "--"):
		if flag == nil {
			return candidates{}
		}
		return l.values(flag, name+"=", value)
	}
	return l.flagNames(here.given).withPrefix(word)
}

// flagNames returns the command's flags, without those that are given already and do not repeat.
func (l *line) flagNames(given []string) (c candidates) {
	l.flags.VisitAll(func(f *pflag.Flag) {
		if slices.Contains(given, f.Name) && f.Value.Type() != "stringArray" {
			return
		}
		_, usage := pflag.UnquoteUsage(f)
		c.list = append(c.list, candidate{"--" + f.Name, summary(usage)})
	})
	c.list = append(c.list, candidate{"--help", "print the command's help"})
	return c
}

// summary returns the first part of a description, in one line.
func summary(usage string) string {
	usage = strings.ReplaceAll(usage, "\n", " ")
	for _, end := range []string{";", ": ", " ("} {
		usage, _, _ = strings.Cut(usage, end)
	}
	return strings.TrimSpace(usage)
}

// arguments returns what an argument can be that is no flag, by what the command's usage calls it. Before it there are
// some already.
func (l *line) arguments(before int, first bool, word string) (c candidates) {
	if first {
		for _, s := range subcommands() {
			c.list = append(c.list, candidate{s.name, s.about})
		}
	}
	what := ""
	if words := strings.Fields(strings.ReplaceAll(l.command.args, "[flags]", "")); len(words) > 0 {
		what = words[len(words)-1]
	}
	switch what {
	case "FILE...", "[FILE...]":
		c.files = true
		return c.withPrefix(word)
	case "[ID]":
		for _, r := range analyze.Rules() {
			c.list = append(c.list, candidate{r.ID, r.Title})
		}
	case "[COMMAND]":
		for _, s := range subcommands() {
			c.list = append(c.list, candidate{s.name, s.about})
		}
	case "SHELL":
		for _, name := range shellNames() {
			c.list = append(c.list, candidate{name, ""})
		}
	}
	if before > 0 {
		return candidates{} // one is all that these commands take
	}
	return c.withPrefix(word)
}

// values returns what the value of a flag can be, with what is in front of it in the word.
func (l *line) values(f *pflag.Flag, before, word string) (c candidates) {
	what, _ := pflag.UnquoteUsage(f)
	switch key, _, pair := strings.Cut(word, "="); {
	case what == "FILE", what == "FOLDER", f.Name == "output":
		c.files, c.before = true, before
	case strings.HasSuffix(what, "=FILE") && pair:
		c.files, c.before = true, before+key+"="
	case f.Value.Type() == "bool":
		c.list = []candidate{{"true", ""}, {"false", ""}}
	default:
		i := slices.IndexFunc(knownValues[:], func(k known) bool { return k.flag == f.Name })
		if i >= 0 {
			c.list = knownValues[i].list(l)
		} else {
			c = l.fromInput(f)
		}
	}
	for i := range c.list {
		c.list[i].word = before + c.list[i].word
	}
	return c.withPrefix(before + word)
}

// known are the values of a flag whose values are known.
type known struct {
	flag string
	list func(*line) []candidate
}

var knownValues = [...]known{
	{"format", func(l *line) (list []candidate) {
		for _, f := range l.command.formats {
			for _, name := range append([]string{f.name}, f.aliases...) {
				list = append(list, candidate{name, summary(f.help)})
			}
		}
		return list
	}},
	{"fail-on", func(*line) (list []candidate) {
		for _, kind := range failOn {
			list = append(list, candidate{kind, ""})
		}
		return list
	}},
	{"tight", func(*line) []candidate { return []candidate{{tightAll, "what is unexplained goes too"}} }},
	{"ignore", func(*line) (list []candidate) {
		for _, e := range check.Explanations() {
			list = append(list, candidate{string(e.Code), e.Title})
		}
		return list
	}},
	{"resource", families},
	{"shared-role", families},
	{"partition", func(*line) []candidate {
		return []candidate{{"aws", ""}, {"aws-cn", "China"}, {"aws-us-gov", "GovCloud"}}
	}},
	{"max-session-duration", func(*line) []candidate {
		return []candidate{{"3600", "one hour"}, {"7200", "two hours"}, {"14400", "four hours"}, {"43200", "twelve hours"}}
	}},
}

// families returns the names of the task definitions in the files that the line names.
func families(l *line) (list []candidate) {
	for _, p := range l.plans() {
		for _, name := range []string{p.Family, p.Name} {
			if name != "" {
				list = append(list, candidate{name, p.File})
			}
		}
	}
	return list
}

// fromInput returns the values of a flag that findings about the line's files name: a placeholder for --set, a
// container for --image. The value behind the = is for the user to write.
func (l *line) fromInput(f *pflag.Flag) (c candidates) {
	for _, p := range l.plans() {
		for _, finding := range p.Findings {
			for _, flag := range finding.Flags {
				if rest, ok := strings.CutPrefix(flag, "--"+f.Name+" "); ok {
					if key, _, pair := strings.Cut(unquote(rest, '\\'), "="); pair {
						c.list, c.open = append(c.list, candidate{key + "=", summary(finding.Message)}), true
					}
				}
			}
		}
	}
	return c
}

// plans analyzes the files that the line names. It takes a few milliseconds: large files and folders are left out.
func (l *line) plans() (plans []*analyze.Plan) {
	const most = 1 << 20
	for _, arg := range l.args[:min(len(l.args), 20)] {
		info, err := os.Stat(arg)
		if err != nil || !info.Mode().IsRegular() || info.Size() > most || isSource(arg) {
			continue
		}
		if data, err := readFile(arg, most); err == nil {
			read, _ := analyze.Read(arg, data, analyze.Options{}) // what is wrong with it is for a run to say
			plans = append(plans, read...)
		}
	}
	return plans
}
