package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
)

// own returns what the module says for a role that is to become a part of it, beside one of its resources. A resource of a
// module that is called is no part of the root: its provider and its role cannot be named there.
func (c *context) own(i *instance) *policy.Module {
	root := c.root.module
	m := &policy.Module{Values: map[policy.Symbol]string{}, Taken: map[string]bool{}}
	for name := range root.variables {
		m.Taken[name] = true
	}
	for name := range root.outputs {
		m.Taken[name] = true
	}
	for _, b := range root.order {
		m.Taken[b.Labels[len(b.Labels)-1]] = true
		if b.Type == "data" && len(b.Labels) == 2 {
			addValue(m, b)
		}
	}
	if i.scope != c.root {
		return m
	}
	if a := i.block.Body.Attributes["provider"]; a != nil {
		m.Provider = strings.Trim(c.source(a.Expr.Range()), `"`)
	}
	if a := i.block.Body.Attributes["execution_role_arn"]; a != nil {
		if v := c.eval(a.Expr); v.kind == unknown {
			if s, rest, ok := v.text.CutSymbol(); ok && rest == "" && strings.HasPrefix(string(s), "aws_iam_role.") {
				if resource, found := strings.CutSuffix(string(s), ".arn"); found {
					m.Role = resource + ".name"
				}
			}
		}
	}
	return m
}

// environmentSources are the attributes that data sources have for the symbols of the environment.
var environmentSources = [...]struct {
	kind, attribute string
	symbol          policy.Symbol
}{
	{"aws_caller_identity", "account_id", policy.AccountID}, {"aws_region", "id", policy.Region},
	{"aws_partition", "partition", policy.Partition}, {"aws_partition", "dns_suffix", policy.URLSuffix},
}

// addValue adds the symbols that a data source of the module says. One of another provider, or of a region that it names, says
// others.
func addValue(m *policy.Module, b *hclsyntax.Block) {
	if len(b.Body.Attributes) > 0 {
		return
	}
	for _, source := range environmentSources {
		if _, known := m.Values[source.symbol]; !known && source.kind == b.Labels[0] {
			m.Values[source.symbol] = "data." + strings.Join(b.Labels, ".") + "." + source.attribute
		}
	}
}
