package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// answer returns the error for the exit status.
func (r *checkRequest) answer(verdicts []*check.Verdict) error {
	strictness := slices.Index(failOn, r.failOn)
	no, untold := false, false
	for _, v := range verdicts {
		has := func(kinds ...check.Kind) bool {
			return slices.ContainsFunc(v.Findings, func(f check.Finding) bool { return slices.Contains(kinds, f.Kind) })
		}
		switch {
		case v.Fits == policy.No, strictness >= 1 && v.Fits == policy.Unknown, strictness >= 2 && has(check.Unneeded), strictness >= 3 && len(v.Findings) > 0:
			no = true
		}
		untold = untold || v.Fits == policy.Unknown && slices.ContainsFunc(v.Findings, func(f check.Finding) bool {
			return f.Code == check.DependsOnPolicy || f.Code == check.PolicyUnknown
		})
	}
	switch {
	case no:
		return errNo
	case untold:
		return &exitError{status: statusFailed, err: errors.New("whether the role fits cannot be told: a policy of it is not among the files")}
	}
	return nil
}

// isIgnored reports whether --ignore names a finding.
func (r *checkRequest) isIgnored(f check.Finding) bool {
	return slices.ContainsFunc(r.ignored, func(ignored string) bool {
		code, resource, one := strings.Cut(ignored, "=")
		if code != string(f.Code) {
			return false
		}
		if !one {
			return true
		}
		if f.Permission != nil {
			return f.Permission.Resource().String() == resource
		}
		return slices.ContainsFunc(f.Resources, func(t policy.Text) bool { return t.String() == resource })
	})
}
