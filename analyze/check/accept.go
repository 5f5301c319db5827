package check

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// Accepted is a finding that does not count.
type Accepted struct {
	Finding
	Reason string // why it does not, in the words of whoever accepts it; "" if nobody says
}

// Accept takes findings out of the verdict, and judges again. Reason says of a finding whether it is accepted, and why.
func (v *Verdict) Accept(reason func(Finding) (why string, ok bool)) {
	left := v.Findings[:0]
	for _, f := range v.Findings {
		if why, ok := reason(f); ok {
			v.Accepted = append(v.Accepted, Accepted{f, why})
		} else {
			left = append(left, f)
		}
	}
	clear(v.Findings[len(left):])
	v.Findings = left
	v.judge()
}

// Fingerprint returns 32 hexadecimal digits that are those of the same finding in another run, wherever lines have moved.
// They are made of the role's name, the finding's code, and what the finding is about.
func (v *Verdict) Fingerprint(f Finding) string {
	var parts []string
	add := func(more ...string) { parts = append(parts, more...) }
	add(cmp.Or(v.Role.Name, v.Role.ARN.String()), string(f.Code))
	if f.Permission != nil {
		add("permission", f.Permission.Action.Name, f.Permission.Resource().String())
	} else {
		if f.Policy != nil {
			add("policy", f.Policy.Name)
		}
		if f.Statement != nil {
			add("statement", f.Statement.Sid)
			add(f.Statement.NotActions...)
			for _, t := range policy.Texts(f.Statement.NotResources) {
				add("not", t.String())
			}
		}
	}
	add(f.Actions...)
	for _, r := range f.Resources {
		add("on", r.String())
	}
	add(f.Principal.Type)
	for _, id := range f.Principal.IDs {
		add(id.String())
	}
	if f.Condition != nil {
		add("condition", f.Condition.Operator, f.Condition.Key)
		for _, t := range policy.Texts(f.Condition.Values) {
			add(t.String())
		}
	}
	if f.Unknown != nil {
		add("unknown", f.Unknown.Name, f.Unknown.ARN.String())
	}
	add(f.Task)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
