package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// readPolicies reads the other policies that have a say.
func (r *checkRequest) readPolicies() error {
	var errs []error
	read := func(path string) (p policy.Policy) {
		data, err := readFile(path, tree.MaxSize)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read %s: %w", analyze.Printable(path), reason(err)))
			return p
		}
		document, problems := policy.ReadDocument(analyze.Printable(path), data)
		for _, problem := range problems {
			if !problem.Warning {
				errs = append(errs, fmt.Errorf("%s: %s", problem.At, problem.Message))
			}
		}
		return policy.Policy{Name: filepath.Base(path), Document: document}
	}
	if r.boundary != "" {
		p := read(r.boundary)
		r.boundaryPolicy = &p
	}
	for _, path := range r.serviceControl {
		r.serviceControlled = append(r.serviceControlled, read(path))
	}
	for _, s := range r.resourcePolicies {
		arn, path, ok := strings.Cut(s, "=")
		if _, isARN := policy.CutARN(policy.Text(arn)); !ok || !isARN {
			errs = append(errs, fmt.Errorf("--resource-policy %q: write --resource-policy ARN=FILE", s))
			continue
		}
		r.resourcePolicyOf = append(r.resourcePolicyOf, check.ResourcePolicy{Of: policy.Text(arn), Policy: read(path)})
	}
	return errors.Join(errs...)
}
