package report

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze"
)

// programJSON returns a document for programs, made of strings, numbers and lists of them.
func programJSON(document any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	text := jsontext.Value(b.Bytes())
	if err == nil {
		// The indentation of encoding/json took a quarter of a run over many inputs.
		err = text.Indent(jsontext.WithIndent("  "))
	}
	if err != nil {
		panic("report: " + err.Error())
	}
	return []byte(analyze.PrintableLines(string(text) + "\n"))
}
