package policy

import "github.com/execrole/execrole/analyze/tree"

// Module is a module of Terraform of which a role becomes a part.
type Module struct {
	// Folder is the module's folder, as findings name it.
	Folder string
	// File is the name of the file in the module's folder that has the resource of the task definition, and Resource is its
	// address; "" where a module that is called has it. Label is its name, also there.
	File, Resource, Label string
	// Argument is the argument of Resource that names the role; "" where the name is inside of another argument.
	Argument string
	// Provider is the configuration of the provider that the task definition names: "aws.eu"; "" where it names none.
	Provider string
	// Values are the expressions that the module has for the symbols of the environment: data.aws_region.current.id.
	Values map[Symbol]string
	// Expressions are the expressions of symbols that can be written anywhere in the module.
	Expressions map[Symbol]string
	// Roles are the expressions of the names of roles that the module has, by the symbols of their ARNs.
	Roles map[Symbol]string
	// Taken are the addresses of what the module declares: aws_iam_role.app, data.aws_region.current, var.image, local.name,
	// output.arn.
	Taken map[string]bool
	// Lists are the arguments with which the module lists all policies of such a role, as aws_iam_role.app.inline_policy, by the
	// same symbols. Terraform removes every other policy of that kind from the role.
	Lists map[Symbol]RoleLists
	// Role is the expression of the role's name, where the module has the role already; "" where the role is still to be
	// written. RoleLists are those of the role.
	Role      string
	RoleLists RoleLists
}

// RoleLists are the arguments that list all policies inside a role, and all managed policies that are attached to it.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role,
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policies_exclusive,
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachments_exclusive
type RoleLists struct{ Inline, Attached RoleList }

// RoleList is an argument and its place; empty where nothing lists the policies.
type RoleList struct {
	Argument string // aws_iam_role.app.inline_policy
	Place    tree.Place
	// Exclusive says that the list is that of a resource beside the role, which only names the policies: those can be resources
	// of their own. Elements are what it names, as texts, and the references in it: aws_iam_role_policy.app.name.
	Exclusive bool
	Elements  []string
}

// Expression returns the expression of a symbol in the module, and whether it has one there.
func (m *Module) Expression(s Symbol) (expression string, ok bool) {
	if m == nil {
		return "", false
	}
	expression, ok = m.Expressions[s]
	return expression, ok
}
