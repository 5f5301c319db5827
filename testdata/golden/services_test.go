package golden

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestServiceProblems: a case has every form or a reason, and nothing in it is ignored.
func TestServiceProblems(t *testing.T) {
	// with returns a case with these lines in its comment, and a section of every form apart from one.
	with := func(comment, without string, more ...string) string {
		text := "A service.\n" + comment
		for _, name := range append([]string{"plan"}, append(Forms, more...)...) {
			if name != without {
				text += "-- " + name + " --\nx\n"
			}
		}
		return text
	}
	for _, c := range []struct{ name, in, want string }{
		{"complete", with("flags: --region eu-west-1\nvalues sam.yaml: A=b\n", "", "findings plan.json"), ""},
		{"with a reason", with("without plan.json: no resource\n", "plan.json"), ""},
		{"without a reason", with("without plan.json: \n", "plan.json"), `there has to be either a section plan.json or a line "without plan.json: REASON"`},
		{"with neither", with("", "plan.json"), `there has to be either a section plan.json or a line "without plan.json: REASON"`},
		{"with both", with("without plan.json: no resource\n", ""), `there has to be either a section plan.json or a line "without plan.json: REASON"`},
		{"no plan", with("", "plan"), "there is no plan"},
		{"another section", with("", "", "plan.jsn"), "nothing uses the section plan.jsn"},
		{"findings of a form that is not there", with("without plan.json: no resource\n", "plan.json", "findings plan.json"), "nothing uses the section findings plan.json"},
		{"twice", with("", "", "sam.yaml"), "the section sam.yaml is there twice"},
		{"flags of no form", with("flags sam.yml: --region eu-west-1\n", ""), `"flags sam.yml: --region eu-west-1" is about no form of the service`},
		{"values of a form that is not there", with("without plan.json: no resource\nvalues plan.json: A=b\n", "plan.json"), `"values plan.json: A=b" is about no form of the service`},
		{"a reason for no form", with("without sam.yml: no resource\n", ""), `"without sam.yml: no resource" is about no form of the service`},
	} {
		s, problems := readService(t, c.name, txtar.Parse([]byte(c.in)))
		if diff := cmp.Diff(c.want, strings.Join(problems, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if s.Name != c.name || len(s.Forms) < len(Forms)-1 {
			t.Errorf("%s has %d forms", s.Name, len(s.Forms))
		}
	}
}
