package taskdef

// Value is a node of the input.
type Value struct{}
