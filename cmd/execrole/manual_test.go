package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/testdata/golden"
)

// manualFile is the page of the manual, which releases contain.
const manualFile = "execrole.1"

// manual is a page of the manual that is being written, in roff with the macros of man.
type manual struct{ bytes.Buffer }

// roff escapes a text, so that it is printed as it is, with hyphens that can be pasted.
var roff = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "~", `\(ti`, "^", `\(ha`, "…", "...")

func (m *manual) macro(name, argument string) {
	if argument != "" {
		name += ` "` + strings.ReplaceAll(roff.Replace(argument), `"`, `\(dq`) + `"`
	}
	m.WriteString("." + name + "\n")
}

// line writes one line of text.
func (m *manual) line(text string) {
	text = roff.Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	m.WriteString(text + "\n")
}

// text writes paragraphs. Empty lines are between them, and examples are indented.
func (m *manual) text(text string) {
	for i, part := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if strings.HasPrefix(part, "  ") {
			m.example(part)
			continue
		}
		if i > 0 {
			m.macro("PP", "")
		}
		for line := range strings.SplitSeq(part, "\n") {
			m.line(line)
		}
	}
}

func (m *manual) example(lines string) {
	m.WriteString(".PP\n.RS 4\n.nf\n")
	for line := range strings.SplitSeq(lines, "\n") {
		m.line(strings.TrimSpace(line))
	}
	m.WriteString(".fi\n.RE\n")
}

// item writes a name in bold and what it means, behind it or below.
func (m *manual) item(name, value, about string) {
	m.macro("TP", "")
	m.WriteString(strings.TrimRight(`\fB`+roff.Replace(name)+`\fR`+roff.Replace(value), " ") + "\n")
	m.text(about)
}

// flag describes a flag as the help does.
func (m *manual) flag(f *pflag.Flag) {
	value, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	switch {
	case f.Value.Type() == "bool":
		value = ""
	case f.NoOptDefVal != "":
		value = "[=" + value + "]"
	default:
		value = " " + value
	}
	m.item(name, value, usage)
}

// command describes one of the commands, without the flags that it has in common with generate.
func (m *manual) command(s *subcommand) {
	m.macro("SS", s.usage())
	m.text(s.text)
	if s.example != "" {
		m.example(s.example)
	}
	set := newFlags(s)
	for _, name := range s.own {
		m.flag(set.Lookup(name))
	}
	for i, f := range s.formats {
		help := f.help
		if i == 0 {
			help += " (the default)"
		}
		m.item("-f "+f.name, strings.TrimPrefix(f.String(), f.name), help)
	}
	if s.isDefault() || s.flags == nil {
		return
	}
	m.macro("PP", "")
	m.line("Of the flags below, it takes:")
	for _, name := range flagNames(set) {
		if !slices.Contains(s.own, name) {
			m.line("--" + name)
		}
	}
}

// manualPage returns the page of the manual, made of the help.
func manualPage() []byte {
	m := new(manual)
	m.WriteString(`.\" Made of the help: go test ./cmd/execrole -run Manual -update` + "\n" + `.TH EXECROLE 1 "" "execrole" "User Commands"` + "\n.nh\n.ad l\n")
	m.macro("SH", "NAME")
	m.WriteString(`execrole \- write the IAM role that Amazon ECS needs to start a task` + "\n")
	m.macro("SH", "SYNOPSIS")
	for i, s := range subcommands() {
		if i > 0 {
			m.macro("br", "")
		}
		m.line(s.usage())
	}
	m.macro("SH", "DESCRIPTION")
	intro, _, _ := strings.Cut(introText, "\nUsage:")
	m.text(intro)
	m.macro("PP", "")
	m.text(inputText)
	m.macro("SH", "COMMANDS")
	for _, s := range subcommands() {
		m.command(s)
	}
	m.macro("SH", "FLAGS")
	set := newFlags(generateCommand())
	for _, g := range flagGroups {
		m.macro("SS", g.title)
		for _, name := range g.flags {
			m.flag(set.Lookup(name))
		}
	}
	m.macro("SH", "EXIT STATUS")
	m.text(strings.TrimPrefix(statusesText, "Exit status: "))
	m.macro("SH", "ENVIRONMENT")
	m.text("NO_COLOR, or TERM with the value dumb, switches colours off. Nothing else of the\nenvironment counts.")
	m.macro("SH", "FILES")
	m.item(configFile, "", "options, under the names of the flags; see --config")
	m.macro("SH", "SEE ALSO")
	m.text("https://github.com/execrole/execrole")
	return m.Bytes()
}

// TestManual keeps the page of the manual equal to the help; -update writes it. Programs that read such pages find nothing
// wrong with it.
func TestManual(t *testing.T) {
	page := manualPage()
	if *golden.Update {
		if err := os.WriteFile(manualFile, page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(manualFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(file), string(page)); diff != "" {
		t.Fatalf("%s is stale: go test ./cmd/execrole -run Manual -update (-file +help):\n%s", manualFile, diff)
	}
	if i := bytes.IndexFunc(page, func(r rune) bool { return r > '~' }); i >= 0 {
		t.Errorf("not ASCII: %q", page[i:min(len(page), i+20)])
	}
	for _, reader := range [][]string{{"mandoc", "-T", "lint", "-W", "warning", manualFile}, {"groff", "-man", "-T", "ascii", "-ww", "-z", manualFile}} {
		t.Run(reader[0], func(t *testing.T) {
			if _, err := exec.LookPath(reader[0]); err != nil {
				if os.Getenv("EXECROLE_TOOLS") == "required" {
					t.Fatalf("%s is missing, and EXECROLE_TOOLS=required", reader[0])
				}
				t.Skipf("%s is missing", reader[0])
			}
			out, _ := exec.Command(reader[0], reader[1:]...).CombinedOutput()
			for line := range strings.Lines(string(out)) {
				if !strings.Contains(line, "missing date") { // the page has none, so that it changes with the help alone
					t.Error(line)
				}
			}
		})
	}
	// What a reader sees has every word of the help.
	out, err := exec.Command("groff", "-man", "-T", "ascii", "-P", "-cbou", "-r", "LL=200n", manualFile).Output()
	if err != nil {
		return // it is missing, which the test above says
	}
	shown := strings.Join(strings.Fields(string(out)), " ")
	for _, s := range subcommands() {
		for _, text := range []string{s.usage(), s.text} {
			for paragraph := range strings.SplitSeq(text, "\n\n") {
				if want := strings.Join(strings.Fields(paragraph), " "); !strings.Contains(shown, want) {
					t.Errorf("the page lacks this of %s: %s", s.name, want)
				}
			}
		}
		newFlags(s).VisitAll(func(f *pflag.Flag) {
			_, usage := pflag.UnquoteUsage(f)
			described := !s.isDefault() || strings.Contains(shown, strings.Join(strings.Fields(usage), " "))
			if !strings.Contains(shown, "--"+f.Name) || !described {
				t.Errorf("the page lacks --%s of %s: %s", f.Name, s.name, usage)
			}
		})
	}
}
