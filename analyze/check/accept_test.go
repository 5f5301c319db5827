package check

import (
	"path/filepath"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

// TestFingerprints: each finding of a case has a fingerprint of its own, which is the same where all lines have moved.
func TestFingerprints(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	for _, path := range paths {
		c := readCase(t, path)
		before := c.check(t)
		c.task = "\n\n" + c.task
		for i := range c.role {
			c.role[i].Source = append([]byte("\n \n"), c.role[i].Source...)
		}
		after := c.check(t)
		seen := map[string]bool{}
		for i, f := range before.Findings {
			print := before.Fingerprint(f)
			if seen[print] {
				t.Errorf("%s: %s has the fingerprint of another finding", path, line(f))
			}
			seen[print] = true
			if other := after.Fingerprint(after.Findings[i]); other != print {
				t.Errorf("%s: %s: %s, and %s where lines have moved", path, line(f), print, other)
			}
		}
	}
}

// TestAccept: a finding that is accepted does not count, and is kept with the reason.
func TestAccept(t *testing.T) {
	c := readCase(t, "testdata/missing.txtar")
	v := c.check(t)
	if v.Fits != policy.No {
		t.Fatalf("fits %v", v.Fits)
	}
	all := len(v.Findings)
	v.Accept(func(f Finding) (string, bool) { return "known", f.Kind == Missing })
	if v.Fits != policy.Yes || len(v.Accepted) == 0 || len(v.Accepted)+len(v.Findings) != all || v.Accepted[0].Reason != "known" || v.Accepted[0].Kind != Missing {
		t.Errorf("fits %v, accepted %+v", v.Fits, v.Accepted)
	}
}
