package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
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

// ignored are findings that --ignore leaves out, with the reasons that the configuration file gives.
type ignored []ignoredFindings

type ignoredFindings struct {
	code, resource string // "" is any resource
	reason         string
}

func (l *ignored) Set(s string) error { return l.SetPair(s, "") }

// SetPair is Set with a reason, as a mapping of the configuration file has it.
func (l *ignored) SetPair(what, reason string) error {
	code, resource, _ := strings.Cut(what, "=")
	*l = append(*l, ignoredFindings{code, resource, reason})
	return nil
}

func (l *ignored) String() string {
	words := make([]string, len(*l))
	for i, one := range *l {
		words[i] = one.String()
	}
	return strings.Join(words, " ")
}

func (l *ignored) Type() string { return "stringArray" }

// String returns the value as the flag takes it.
func (i ignoredFindings) String() string {
	if i.resource == "" {
		return i.code
	}
	return i.code + "=" + i.resource
}

// reason says whether --ignore names a finding, and why.
func (l ignored) reason(v *check.Verdict, f check.Finding) (why string, ok bool) {
	for _, one := range l {
		if one.code == string(f.Code) && one.isAbout(v, f) {
			return cmp.Or(one.reason, "--ignore "+one.String()), true
		}
	}
	return "", false
}

// isAbout reports whether a finding is about the resource, as the report has it or with the symbols in it.
func (i ignoredFindings) isAbout(v *check.Verdict, f check.Finding) bool {
	is := func(t policy.Text) bool { return v.Environment.Fill(t) == i.resource || t.String() == i.resource }
	switch {
	case i.resource == "":
		return true
	case f.Permission != nil:
		return is(f.Permission.Resource())
	}
	return slices.ContainsFunc(f.Resources, is)
}

// baseline are the fingerprints of the findings that a file accepts, with the name of the file.
type baseline struct {
	file         string
	fingerprints map[string]bool
}

// readBaseline reads what check -f json has written.
func readBaseline(path string) (*baseline, error) {
	data, err := readFile(path, tree.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("--baseline: cannot read %s: %w", analyze.Printable(path), reason(err))
	}
	name := analyze.Printable(path)
	doc, _, problems := tree.Read(name, data)
	for _, p := range problems {
		if !p.Warning {
			return nil, fmt.Errorf("--baseline: %s: %s", p.At, p.Message)
		}
	}
	roles := doc.Root.Member("roles")
	if roles == nil || roles.Kind != tree.List {
		return nil, fmt.Errorf("--baseline: %s: this is not what execrole check -f json writes", doc.Source.Place(doc.Root.Start))
	}
	b := &baseline{name, map[string]bool{}}
	for i := range roles.Children {
		for _, list := range []string{"findings", "accepted"} {
			findings := roles.Children[i].Member(list)
			if findings == nil {
				continue
			}
			for j := range findings.Children {
				if f := findings.Children[j].Member("fingerprint"); f != nil {
					b.fingerprints[f.Text] = true
				}
			}
		}
	}
	return b, nil
}

// accept takes out of a verdict what --ignore and --baseline name.
func (r *checkRequest) accept(v *check.Verdict) {
	v.Accept(func(f check.Finding) (string, bool) {
		if why, ok := r.ignored.reason(v, f); ok {
			return why, true
		}
		if r.accepted != nil && r.accepted.fingerprints[v.Fingerprint(f)] {
			return "in " + r.accepted.file, true
		}
		return "", false
	})
}
