package taskdef

// Setting is a NAME=VALUE of --set or a CONTAINER=URI of --image.
type Setting struct {
	Name, Value string
}
