package page

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
)

// The languages of files of the input.
const (
	languageJSON = "json"
	languageYAML = "yaml"
	languageHCL  = "hcl"
)

// input are the files of a request as the analysis reads them.
type input struct {
	files     []File
	languages []string
	inputs    []analyze.Input
	module    bool
	problem   string // why the files cannot be read; "" if they can
	base      string // the name that the output has in its header
}

// readInput sorts the files: those of Terraform's source are one module, with all files beside them.
func readInput(files []File) (in input) {
	in.files = slices.Clone(files)
	for i, f := range files {
		if f.Name == "" {
			in.files[i].Name = "input"
		}
		in.languages = append(in.languages, language(f))
		in.module = in.module || in.languages[i] == languageHCL
	}
	if !in.module {
		for _, f := range in.files {
			if strings.TrimSpace(f.Text) != "" {
				in.inputs = append(in.inputs, analyze.Input{Name: analyze.Printable(f.Name), Source: []byte(f.Text)})
			}
		}
		if len(in.files) > 0 {
			in.base = path.Base(in.files[0].Name)
		}
		return in
	}
	archive := new(txtar.Archive)
	for i, f := range in.files {
		name := path.Clean(f.Name)
		if !fs.ValidPath(name) || name == "." {
			name = path.Base(name)
		}
		if in.languages[i] == languageHCL && !taskdef.IsTerraformSource(name) {
			name = "main.tf" // of a text that was pasted
		}
		in.files[i].Name = name
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(f.Text)})
	}
	module, err := txtar.FS(archive)
	if err != nil {
		in.problem = err.Error() // two files of one name, say
		return in
	}
	in.base = moduleBase
	only := ""
	if len(in.files) == 1 { // as the command is given a file, and not its folder
		in.base, only = path.Base(in.files[0].Name), in.files[0].Name
	}
	in.inputs = []analyze.Input{{Name: ".", Module: &analyze.Module{FS: module, Folder: ".", Within: ".", File: only}}}
	return in
}

// moduleBase is the name of the folder of a module that the page has without a folder.
const moduleBase = "module"

// empty reports whether there is nothing to read.
func (in *input) empty() bool {
	return !slices.ContainsFunc(in.files, func(f File) bool { return strings.TrimSpace(f.Text) != "" })
}

// arguments returns what the command is given.
func (in *input) arguments() (words []string) {
	if in.module && len(in.files) > 1 {
		return []string{"./"}
	}
	for _, f := range in.files {
		words = append(words, analyze.ShellQuote(f.Name))
	}
	return words
}

// language returns the language of a file, by its name and, of a text without a telling name, by how its lines begin.
func language(f File) string {
	if taskdef.IsTerraformSource(f.Name) {
		return languageHCL
	}
	text := strings.TrimLeft(f.Text, " \t\r\n\ufeff")
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") || strings.HasSuffix(f.Name, ".json") {
		return languageJSON
	}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(line, " ")
		if slices.Contains([]string{"resource", "module", "variable", "data", "locals", "provider", "terraform", "output"}, word) && strings.Contains(rest, "{") {
			return languageHCL
		}
	}
	return languageYAML
}
