package analyze

// JSON is [Read] for an input with one task definition.
func JSON(name string, src []byte, opts Options) (*Plan, error) {
	plans, err := Read(name, src, opts)
	return plans[0], err
}
