package taskdef

import "slices"

// schema says what a value of the ECS API can be. The schema of a task definition is schemaRoot, in schema_table.go:
// what aws ecs describe-task-definition prints or register-task-definition takes. It is data that the linker lays out.
// The SDK makes its schemas whenever a program starts, all 800 of them.
type schema struct {
	kind    kind
	members []member // of a structure or a union, sorted by name
	element *schema  // of a list, or of the values of a mapping
	values  []string // of an enumeration, in the SDK's order
}

type member struct {
	name   string
	schema *schema
}

// kind is a type of the SDK's schema, apart from how large a number may be.
type kind uint8

const (
	boolean kind = iota
	integer
	number
	text
	enumeration
	timestamp
	list
	mapping
	structure
	union
)

// member returns the schema of a member, or nil.
func (s *schema) member(name string) *schema {
	// Most names differ in their lengths, so this loop compares few of them. It is faster than a map.
	for i := range s.members {
		if s.members[i].name == name {
			return s.members[i].schema
		}
	}
	return nil
}

// names returns the names of a structure's members, sorted.
func (s *schema) names() []string {
	list := make([]string, len(s.members))
	for i, m := range s.members {
		list[i] = m.name
	}
	return list
}

// Members returns the names of the members that ECS takes at a path of names, or in the elements of a list there, sorted.
func Members(path ...string) []string { return schemaAt(path).names() }

// Enumeration returns the values that ECS takes at a path of names, or at the elements of a list there.
func Enumeration(path ...string) []string { return slices.Clone(schemaAt(path).values) }

// schemaAt returns the schema at a path of names below a task definition; of a list, that of its elements. It panics where ECS
// has no such member.
func schemaAt(path []string) *schema {
	s := &schemaRoot
	for _, name := range path {
		s = below(s, name)
	}
	if s.kind == list {
		s = s.element
	}
	return s
}
