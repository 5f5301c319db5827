package analyze

// ShellQuote quotes a word for a POSIX shell where that is needed.
func ShellQuote(s string) string { return shellQuote(s) }
