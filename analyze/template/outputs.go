package template

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Output is an output of a template.
type Output struct {
	Name   string
	Value  *tree.Node // without functions
	Export string     // the name under which the stack exports the value; "" where it does not, or the name is unknown
}

// Outputs returns the outputs of the template that have a value, in its order.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
func (t *Template) Outputs() (list []Output) {
	outputs := t.top.Member("Outputs")
	if outputs == nil {
		return nil
	}
	for i := range outputs.Children {
		output := &outputs.Children[i]
		o := Output{Name: output.Name, Value: output.Member("Value")}
		if o.Value == nil {
			continue
		}
		t.Replace(o.Value)
		if name := output.Find("/Export/Name", (*tree.Node).Member); name != nil {
			t.Replace(name)
			if text := policy.Text(name.Text); name.Kind == tree.String && text.IsLiteral() {
				o.Export = text.String()
			}
		}
		list = append(list, o)
	}
	return list
}
