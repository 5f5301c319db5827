package emit

// DefaultRoleName is for the tests outside of this package.
var DefaultRoleName = defaultRoleName
