package emit

import (
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
)

// TestTemplates: what is printed is what text/template prints.
func TestTemplates(t *testing.T) {
	type row struct {
		Name, Value string
		Here        bool
	}
	data := struct {
		Name, Empty string
		Yes, No     bool
		Rows, None  []row
		One         row
	}{"web", "", true, false, []row{{"a", "1", true}, {"b", "", false}}, nil, row{"c", "3", true}}
	for _, text := range []string{
		"", "{{/* a comment */}}text\n", "{{.Name}}, {{.One.Value}}{{.Empty}}", "a\n{{- if .Yes}}\nyes{{else}}no{{end}}\n",
		"{{if .No}}no{{else if .Empty}}empty{{else}}else{{end}}", "{{if or .No .Rows .Empty}}one{{end}}{{if or .No .None}}none{{end}}",
		"{{range .Rows}}{{.Name}}={{.Value}}{{if .Here}}!{{end}} {{end}}{{range .None}}x{{else}}nothing{{end}}",
		"{{range .Rows}}{{$v := .Name}}{{if .Here}}{{$w := .Value}}{{$v}}{{$w}}{{end}}{{$.Name}}{{end}}", "{{$n := .Name}}{{range .Rows}}{{$n}}{{end}}",
		"{{define \"inner\"}}[{{.Name}}{{$.Value}}]{{end}}{{template \"inner\" .One}}{{range .Rows}}{{template \"inner\" .}}{{end}}", "{{or .Empty .Name}}", "  {{- .Name -}}  x",
	} {
		set, err := parseTemplates(fstest.MapFS{"t/main.tmpl": {Data: []byte(text)}}, "t/*.tmpl")
		if err != nil {
			t.Fatal(err)
		}
		got, err := set.print("main.tmpl", data)
		var want strings.Builder
		if err := template.Must(template.New("main").Parse(text)).Execute(&want, data); err != nil {
			t.Fatal(err)
		}
		if err != nil || string(got) != want.String() {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want.String())
		}
	}
	for text, want := range map[string]string{
		"{{.Gone}}": "has no field Gone", "{{.Name.Gone}}": "has no field Gone", "{{.Yes}}": "a string can be printed", "{{range .Name}}{{end}}": "range over string",
		"{{template \"gone\" .}}": "there is no template \"gone\"", "{{.Name | or}}": "not for these templates", "{{with .Name}}{{end}}": "not for these templates", "{{or .Name 1}}{{or 1}}": "not for these templates",
	} {
		set, err := parseTemplates(fstest.MapFS{"main.tmpl": {Data: []byte(text)}}, "*.tmpl")
		if err == nil {
			_, err = set.print("main.tmpl", data)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"{{len .Name}}", "{{if .Name}}"} {
		if _, err := parseTemplates(fstest.MapFS{"main.tmpl": {Data: []byte(text)}}, "*.tmpl"); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}
