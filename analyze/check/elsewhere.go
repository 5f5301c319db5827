package check

import (
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Elsewhere returns the role that a task definition names and that is in no input. Nothing is known of it. So
// nobody can say whether it fits.
func Elsewhere(named analyze.NamedRole) *Role {
	role := &Role{Name: named.Role.String(), Place: named.At.Place, elsewhere: true}
	if s, rest, ok := named.Role.CutSymbol(); ok && rest == "" {
		role.Name = string(s)
	}
	if _, ok := policy.CutARN(named.Role); ok && named.Role.IsLiteral() {
		role.ARN, role.Name = named.Role, lastName(role.Name)
	}
	role.Unknown = []UnknownPolicy{{
		Name: "all policies of the role", Place: named.At.Place,
		Cure: "The role is not in the input: give it with --role, pass what aws iam get-account-authorization-details prints with --iam, or what terraform show -json prints of a state.",
	}}
	return role
}

// IsModuleCall reports whether the name of a task definition is that of a call of a module of somebody else, which has the task
// definition: module.web.
func IsModuleCall(name string) bool {
	before, last := "", name
	if i := strings.LastIndex(name, "module."); i >= 0 {
		before, last = name[:i], name[i+len("module."):]
	}
	key, _, _ := strings.Cut(last, "[")
	return last != name && key != "" && !strings.Contains(key, ".") && (before == "" || strings.HasSuffix(before, "."))
}

// InModule returns the role of a task definition that the module of somebody else makes, and that is not in the source.
func InModule(p *analyze.Plan) *Role {
	return &Role{Name: "of " + p.Name, elsewhere: true, Unknown: []UnknownPolicy{{
		Name: "all policies of the role that " + p.Name + " makes",
		Cure: "The module makes the role, and its source is not here: after an apply, pass what terraform show -json prints, or give the role with --role.",
	}}}
}
