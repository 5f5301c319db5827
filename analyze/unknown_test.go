package analyze

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

// TestCuts: a placeholder stays whole, whatever separators it contains.
func TestCuts(t *testing.T) {
	for _, tt := range []struct {
		text      policy.Text
		separator byte
		want      []policy.Text // of splitText; cutText cuts at the first separator only
	}{
		{"a", ':', []policy.Text{"a"}},
		{"a:b:", ':', []policy.Text{"a", "b", ""}},
		{"{{ env:a }}:b", ':', []policy.Text{"{{ env:a }}", "b"}},
		{"x{{ a/b }}y/c/${d/e}", '/', []policy.Text{"x{{ a/b }}y", "c", "${d/e}"}},
		{"<a@b>", '@', []policy.Text{"<a@b>"}},
		{"a:" + policy.Of("Fn::x") + ":b", ':', []policy.Text{"a", policy.Of("Fn::x"), "b"}},
	} {
		if got := splitText(tt.text, tt.separator, 99); !slices.Equal(got, tt.want) {
			t.Errorf("splitText(%q) = %q, want %q", tt.text, got, tt.want)
		}
		before, after, found := cutText(tt.text, tt.separator)
		rest := joinText(tt.want[1:], policy.Text(tt.separator))
		if before != tt.want[0] || after != rest || found != (len(tt.want) > 1) {
			t.Errorf("cutText(%q) = %q, %q, %v", tt.text, before, after, found)
		}
	}
	if got := splitText("a:b:c:d", ':', 3); !slices.Equal(got, []policy.Text{"a", "b", "c:d"}) {
		t.Errorf("in three parts: %q", got)
	}
}

// TestLengths: names of the least and the greatest length that AWS allows are known, and others are errors.
func TestLengths(t *testing.T) {
	const logs = `"image": "nginx", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": "us-east-1", "awslogs-stream-prefix": "p", "awslogs-group": %q}}`
	for _, tt := range []struct {
		members     string // of a container, with %q for the value
		value       string // with N for the name
		least, most int
	}{
		{`"name": "a", "image": "nginx", "secrets": [{"name": "A", "valueFrom": %q}]`, "arn:aws:secretsmanager:us-east-1:111122223333:secret:N", 1, 512},
		{`"name": "a", "image": %q`, "111122223333.dkr.ecr.us-east-1.amazonaws.com/N", 2, 256},
		{`"name": "a", "image": %q`, "nginx:N", 0, 128},
		{`"name": "a", "image": "nginx", "environmentFiles": [{"type": "s3", "value": %q}]`, "arn:aws:s3:::N/a.env", 3, 255},
		{`"name": "a", ` + logs, "N", 1, 512},
		{`"name": %q, ` + fmt.Sprintf(logs, "group"), "N", 1, 255},
	} {
		for n, fits := range map[int]bool{tt.least - 1: false, tt.least: true, tt.most: true, tt.most + 1: false} {
			if n <= 0 {
				continue
			}
			value := strings.ReplaceAll(tt.value, "N", strings.Repeat("a", n))
			src := `{"containerDefinitions": [{` + fmt.Sprintf(tt.members, value) + `}]}`
			_, err := Read("f", []byte(src), Options{})
			if (err == nil) != fits {
				t.Errorf("%s of %d characters: error %v", tt.value, n, err)
			}
		}
	}
}
