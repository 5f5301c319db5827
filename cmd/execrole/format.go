package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// format is one of the forms that a subcommand writes: of a role or of an explanation.
type format struct {
	name       string
	aliases    []string
	help       string
	extensions []string // those that a file of this format may have, the usual one first: ".yaml"
	flags      []string // the flags that have a meaning for this format, and not for all

	// One of these writes it.
	role      *emit.Format
	report    *report.Report
	verdict   *report.VerdictReport
	diagnosis *report.DiagnosisReport
}

// roleFormats returns the formats of a role.
func roleFormats() (list []*format) {
	for _, f := range emit.Formats() {
		list = append(list, &format{name: f.Name, aliases: f.Aliases, help: f.Help, extensions: f.Extensions, flags: f.Flags, role: f})
	}
	return list
}

// explanationFormats returns the formats of an explanation.
func explanationFormats() (list []*format) {
	for _, f := range report.Explanations() {
		list = append(list, &format{name: f.Name, aliases: f.Aliases, help: f.Help, extensions: f.Extensions, report: f})
	}
	return list
}

// verdictFormats returns the formats of a verdict.
func verdictFormats() (list []*format) {
	for _, f := range report.Verdicts() {
		list = append(list, &format{name: f.Name, help: f.Help, extensions: f.Extensions, verdict: f})
	}
	return list
}

// diagnosisFormats returns the formats of a diagnosis.
func diagnosisFormats() (list []*format) {
	for _, f := range report.Diagnoses() {
		list = append(list, &format{name: f.Name, aliases: f.Aliases, help: f.Help, extensions: f.Extensions, diagnosis: f})
	}
	return list
}

// String returns the format's name and, in parentheses, its aliases.
func (f *format) String() string {
	if len(f.aliases) == 0 {
		return f.name
	}
	return f.name + " (" + strings.Join(f.aliases, ", ") + ")"
}

// formatNames lists formats in words.
func formatNames(formats []*format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.String()
	}
	return strings.Join(names, ", ")
}

// findFormat returns the format of that name or alias; "" is the first.
func findFormat(formats []*format, name string) (*format, error) {
	if name == "" {
		return formats[0], nil
	}
	var names []string
	for _, f := range formats {
		if f.name == name || slices.Contains(f.aliases, name) {
			return f, nil
		}
		names = append(append(names, f.name), f.aliases...)
	}
	return nil, fmt.Errorf("unknown format %q%s; the formats are %s", name, didYouMean("", name, names), formatNames(formats))
}

// checkFlags returns an error for each flag that is given, or set by the configuration file, and has a meaning for other
// formats alone.
func (f *format) checkFlags(in *invocation) (errs []error) {
	in.flags.VisitAll(func(flag *pflag.Flag) {
		at, configured := in.configured[flag.Name]
		if !flag.Changed && !configured {
			return
		}
		var takers []*format
		for _, g := range in.formats {
			if slices.Contains(g.flags, flag.Name) {
				takers = append(takers, g)
			}
		}
		if takers == nil || slices.Contains(takers, f) {
			return
		}
		name := "--" + flag.Name
		if configured {
			name = at.String() + ": " + flag.Name
		}
		errs = append(errs, fmt.Errorf("%s is for the format %s, and the format is %s", name, formatNames(takers), f.name))
	})
	return errs
}

// unwritten are extensions of files that no format writes. People, and tools that read every file of a folder, would take
// output of such a name for something else.
var unwritten = [...]struct{ extension, what string }{
	{".tf.json", "Terraform's JSON"},
}

// checkExtension refuses the name of an output file that says something else than the format: role.json without -f json.
func (f *format) checkExtension(path string, s *subcommand) error {
	lower := strings.ToLower(path)
	for _, f := range unwritten {
		if strings.HasSuffix(lower, f.extension) {
			return fmt.Errorf("-o %s: the name says %s, and no format writes that; the formats are %s", path, f.what, formatNames(s.formats))
		}
	}
	extension := filepath.Ext(lower)
	if extension == "" || slices.Contains(f.extensions, extension) {
		return nil
	}
	if names, flags := withExtension(s.formats, extension); names != "" {
		return fmt.Errorf("-o %s: the name says %s, and the format is %s; add %s, or choose another name", path, names, f.name, flags)
	}
	if names, _ := withExtension(roleFormats(), extension); names != "" {
		return fmt.Errorf("-o %s: the name says %s, which %s does not write; choose another name, or use execrole generate", path, names, s.name)
	}
	return nil
}

// withExtension lists the formats whose files may have an extension, and the flags that choose them, in words.
func withExtension(formats []*format, extension string) (names, flags string) {
	var all, choose []string
	for _, f := range formats {
		if slices.Contains(f.extensions, extension) {
			all = append(all, f.name)
			name := f.name
			if len(name) > len("cloudformation") && len(f.aliases) > 0 { // too long to type
				name = f.aliases[0]
			}
			choose = append(choose, "-f "+name)
		}
	}
	return strings.Join(all, " or "), strings.Join(choose, " or ")
}
