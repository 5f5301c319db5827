package page

import (
	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
)

// suggestion returns the mode that the input belongs to, if it is not a task definition; "" for none. People paste an error message or
// a role into the first editor, and would only read that it is not a task definition.
func (s *session) suggestion(plans []*analyze.Plan) string {
	if len(s.input.files) != 1 || s.input.module || len(plans) != 1 || !plans[0].Unread {
		return ""
	}
	in := s.input.inputs[0]
	if messages, err := diagnose.Read(messageName, in.Source); err == nil {
		known := diagnose.Known{From: check.Own}
		if d, _ := known.Diagnose(messages); len(d.Answers) > 0 {
			return Diagnose
		}
	}
	if roles, problems := check.Read(s.input.inputs); len(roles) > 0 && len(problems) == 0 {
		return Check
	}
	return ""
}
