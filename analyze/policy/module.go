package policy

// Module is a module of Terraform of which a role becomes a part.
type Module struct {
	// Provider is the configuration of the provider that the task definition names: "aws.eu"; "" where it names none.
	Provider string
	// Values are the expressions that the module has for the symbols of the environment: data.aws_region.current.id.
	Values map[Symbol]string
	// Role is the expression of the role's name, where the module has the role already; "" where the role is still to be
	// written.
	Role string
	// Taken are the names of what the module declares.
	Taken map[string]bool
}

// Has reports whether the expression of a symbol can be written in the module. A symbol of a module that it calls has the
// module's address before its expression.
func (m *Module) Has(s Symbol, info SymbolInfo) bool {
	return m != nil && info.Expression != "" && info.Expression == string(s)
}
