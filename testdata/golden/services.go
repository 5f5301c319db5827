package golden

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
)

// Forms are the forms in which every service of testdata/services is written: the names of their sections. To add a form
// is to add its name here, and then to each service a section of that name, or a reason.
var Forms = []string{"task.json", "task.yaml", "template.yaml", "sam.yaml", "plan.json", "state.json", "main.tf"}

// Service is a case of testdata/services: one service as people write it in several forms, and what it needs.
//
// The comment of a case can have these lines besides sentences:
//
//	flags: …               the command's flags, for all forms
//	flags FORM: …          more flags for a form that cannot say the same itself
//	values FORM: NAME=V …  the values of what the form refers to, such as Db=arn:… for !Ref Db
//	without FORM: …        why the service has no section of that form
type Service struct {
	Name string // of the file, without its ending
	// Plan is what somebody expects of every form: the section "plan".
	Plan  []string
	Forms []ServiceForm // in the order of [Forms]
}

// ServiceForm is a service in one form.
type ServiceForm struct {
	Name    string            // one of [Forms]
	Files   map[string][]byte // by their names: one file, or those of a module of Terraform
	Options analyze.Options
	// Values are those of what the form refers to.
	Values []analyze.Setting
	// Findings are those that this form has on its own account, in lines as the plan has them: the section "findings FORM".
	Findings []string
}

// Input returns the form as an input.
func (f ServiceForm) Input() analyze.Input {
	if f.Name != "main.tf" {
		return analyze.Input{Name: f.Name, Source: f.Files[f.Name]}
	}
	files := fstest.MapFS{}
	for name, data := range f.Files {
		files[name] = &fstest.MapFile{Data: data}
	}
	return analyze.Input{Name: ".", Module: &analyze.Module{FS: files, Folder: "."}}
}

// Services returns all cases of testdata/services, sorted by their names.
func Services(t testing.TB) (list []Service) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Root(t), "testdata", "services", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no services: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, problems := readService(t, strings.TrimSuffix(filepath.Base(path), ".txtar"), archive)
		for _, problem := range problems {
			t.Errorf("%s: %s", path, problem)
		}
		list = append(list, s)
	}
	return list
}

// readService reads a case. A problem is a form that is neither there nor left out for a reason, and what nothing uses.
func readService(t testing.TB, name string, archive *txtar.Archive) (s Service, problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	sections := map[string][]byte{}
	for _, f := range archive.Files {
		if _, twice := sections[f.Name]; twice {
			report("the section %s is there twice", f.Name)
		}
		sections[f.Name] = f.Data
	}
	used := map[string]bool{}
	section := func(name string) ([]byte, bool) {
		used[name] = true
		data, ok := sections[name]
		return data, ok
	}
	comment := string(archive.Comment)
	s.Name = name
	plan, _ := section("plan")
	if s.Plan = linesOf(plan); s.Plan == nil {
		report("there is no plan")
	}
	for _, form := range Forms {
		source, ok := section(form)
		reason := false
		for line := range strings.SplitSeq(comment, "\n") {
			rest, isReason := strings.CutPrefix(line, "without "+form+":")
			reason = reason || isReason && strings.TrimSpace(rest) != ""
		}
		if ok == reason {
			report("there has to be either a section %[1]s or a line \"without %[1]s: REASON\"", form)
		}
		if !ok {
			continue
		}
		f := ServiceForm{Name: form, Files: map[string][]byte{form: source}, Values: Settings(wordsAfter(comment, "values "+form+": "))}
		f.Options, _ = parseFlags(t, name, comment, form)
		findings, _ := section("findings " + form)
		f.Findings = linesOf(findings)
		if form == "main.tf" {
			for _, file := range archive.Files {
				if strings.Contains(file.Name, "/") {
					f.Files[file.Name], _ = section(file.Name)
				}
			}
		}
		s.Forms = append(s.Forms, f)
	}
	for _, f := range archive.Files {
		if !used[f.Name] {
			report("nothing uses the section %s", f.Name)
		}
	}
	for line := range strings.SplitSeq(comment, "\n") {
		keyword, rest, _ := strings.Cut(line, " ")
		form, _, _ := strings.Cut(rest, ":")
		isThere := slices.ContainsFunc(s.Forms, func(f ServiceForm) bool { return f.Name == form })
		if (keyword == "flags" || keyword == "values") && !isThere || keyword == "without" && !slices.Contains(Forms, form) {
			report("%q is about no form of the service", line)
		}
	}
	return s, problems
}

// linesOf returns the lines of a section, sorted.
func linesOf(data []byte) (lines []string) {
	for line := range strings.SplitSeq(string(data), "\n") {
		if line != "" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}
