package main

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

func versionCommand() *subcommand {
	return &subcommand{
		name:  "version",
		about: "print the version",
		text: `Prints the version of execrole, the Go release that built it, and the platform.
`,
		run: runVersion,
	}
}

// runVersion prints which execrole this is.
func runVersion(c *command, in *invocation) error {
	if len(in.args) > 0 {
		return misuse("version", errors.New("version takes no arguments"))
	}
	return c.print(fmt.Sprintf("execrole %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
}

// version returns the version of this program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok { // a build without modules
		info = new(debug.BuildInfo)
	}
	return versionOf(info)
}

// versionOf returns the module's version, or what is known of the commit where it has none.
func versionOf(info *debug.BuildInfo) string {
	version := info.Main.Version
	if version != "" && version != "(devel)" {
		return version // made from a tag or, as a pseudo-version, from a commit
	}
	version = "(devel)"
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if revision == "" {
		return version
	}
	return version + "-" + strings.ToLower(revision[:min(12, len(revision))]) + dirty
}
