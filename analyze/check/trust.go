package check

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// checkTrust asks whether ECS may assume the role, and who else may.
func (c *checker) checkTrust() {
	if c.role.Trust == nil {
		return
	}
	request := analyze.AssumeRole()
	trust := c.role.Trust
	a := c.trusts(trust.Document, request)
	c.verdict.Checklist.Trust = a.Allowed
	cure := Cure{Trust: analyze.TrustPolicy(c.opts.Role)}
	if a.Allowed != policy.Yes {
		f := c.whyNot(a, request)
		f.Kind, f.Policy, f.Cure = Trust, &trust.Policy, cure
		if f.Statement == nil {
			f.At = trust.Place
		}
		c.find(f)
	}
	for i := range trust.Document.Statements {
		s := &trust.Document.Statements[i]
		if s.Effect == policy.Deny {
			continue
		}
		c.findOthers(s, request.Principal.Service)
		only := c.trusts(policy.Document{Version: trust.Document.Version, Statements: []policy.Statement{*s}}, request)
		bound := slices.ContainsFunc(s.Conditions, func(condition policy.Condition) bool { return isSource(condition.Key) })
		if only.Allowed == policy.Yes && !bound && !c.opts.Role.NoSourceConditions {
			c.find(Finding{Code: TrustNoConditions, Kind: Trust, Sure: true, Policy: &trust.Policy, Statement: s, At: s.Place, Cure: cure})
		}
	}
}

// isSource reports whether a key of a condition says whose task it is.
func isSource(key string) bool {
	return slices.Contains([]string{"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}, strings.ToLower(key))
}

// trusts evaluates a trust policy.
func (c *checker) trusts(d policy.Document, request policy.Request) policy.Answer {
	parts := c.conditionals([]Policy{{Policy: policy.Policy{Document: d}}}, request.Action)
	return c.across(c.all(nil, c.role.branches), parts, func(w policy.World) policy.Answer {
		var key strings.Builder
		there := policy.Policy{Document: c.in(d, w, &key)}
		return policy.NewEvaluator(policy.Policies{Resource: &there}, c.role.Symbols, c.values).Evaluate(request)
	})
}

// whyNot finds out why ECS may not assume the role, or perhaps not: it takes conditions out of the trust policy.
func (c *checker) whyNot(a policy.Answer, request policy.Request) Finding {
	f := Finding{Code: TrustKeepsOut, Sure: a.Allowed == policy.No}
	d := c.role.Trust.Document
	for i := range a.Deciders {
		if s := a.Deciders[i].Statement; s.Effect == policy.Deny {
			f.Code, f.Statement, f.At = TrustDenied, c.original(s), s.Place
			return f
		}
	}
	for i := range d.Statements {
		s := d.Statements[i]
		if s.Effect == policy.Deny {
			continue
		}
		for j := range s.Conditions {
			without := s
			without.Conditions = nil
			alone := s
			alone.Conditions = s.Conditions[j : j+1]
			of := func(s policy.Statement) policy.Truth {
				return c.trusts(policy.Document{Version: d.Version, Statements: []policy.Statement{s}}, request).Allowed
			}
			if of(without) != policy.Yes || of(alone) == policy.Yes {
				continue
			}
			f.Statement, f.At, f.Condition = &d.Statements[i], s.Place, &d.Statements[i].Conditions[j]
			switch strings.ToLower(f.Condition.Key) {
			case "aws:sourcearn":
				f.Code = TrustSourceArn
			case "aws:sourceaccount":
				f.Code = TrustSourceAccount
			default:
				f.Code = TrustOtherCondition
			}
			if of(alone) == policy.No {
				return f
			}
		}
	}
	return f
}

// original returns the statement of the role's trust policy that has the place of another.
func (c *checker) original(s *policy.Statement) *policy.Statement {
	list := c.role.Trust.Document.Statements
	for i := range list {
		if list[i].Place == s.Place && list[i].Sid == s.Sid && list[i].Effect == s.Effect {
			return &list[i]
		}
	}
	return s
}

// covered says whether a text fits one of the role.
func (c *checker) covered(t, of policy.Text) policy.Coverage {
	return c.role.Symbols.Pattern(t, c.values).CoveredBy(c.role.Symbols.Pattern(of, c.values))
}

// findOthers finds those besides ECS who may assume the role by a statement.
func (c *checker) findOthers(s *policy.Statement, service string) {
	for _, p := range s.Principals {
		other := policy.Principal{Type: p.Type}
		for _, id := range p.IDs {
			if p.Type != policy.ServicePrincipal || id != policy.Text(service) && (id.IsLiteral() || c.covered(policy.Text(service), id) == policy.CoversNone) {
				other.IDs = append(other.IDs, id)
			}
		}
		if p.Type == policy.AnyPrincipal || other.IDs != nil {
			c.find(Finding{
				Code: TrustOthers, Kind: Trust, Sure: true, Policy: &c.role.Trust.Policy, Statement: s, At: s.Place, Principal: other,
				Cure: Cure{Trust: analyze.TrustPolicy(c.opts.Role)},
			})
		}
	}
}
