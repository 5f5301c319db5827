package policy

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
	// Role is the expression of the role's name, where the module has the role already; "" where the role is still to be
	// written.
	Role string
}

// Expression returns the expression of a symbol in the module, and whether it has one there.
func (m *Module) Expression(s Symbol) (expression string, ok bool) {
	if m == nil {
		return "", false
	}
	expression, ok = m.Expressions[s]
	return expression, ok
}
