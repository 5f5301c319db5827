package report

import (
	"bytes"
	"encoding/json"

	"github.com/execrole/execrole/analyze"
)

// programJSON returns a document for programs, made of strings, numbers and lists of them.
func programJSON(document any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		panic("report: " + err.Error())
	}
	return []byte(analyze.PrintableLines(b.String()))
}
