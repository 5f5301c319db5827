// Command execrole-mcp is a server for the Model Context Protocol: agents ask it what they would ask the command execrole. It
// reads from standard input and writes to standard output. It opens no file and no connection: a call has all texts that it
// is about.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const usage = `Usage: execrole-mcp

A server for the Model Context Protocol over standard input and output. An agent
starts it; docs/agents/mcp.md says how. It has the tools generate, explain,
check and diagnose of execrole, opens no file and no connection, and reads no
credentials.
`

// maxMessage is how long a message may be, in bytes. JSON can write a byte as six.
const maxMessage = 32 << 20

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, &mcp.StdioTransport{MaxLineLength: maxMessage}))
}

// run serves until the client closes its end, and returns the exit status.
func run(args []string, stdout, stderr io.Writer, transport mcp.Transport) int {
	switch {
	case len(args) == 1 && (args[0] == "-h" || args[0] == "--help"):
		fmt.Fprint(stdout, usage)
		return 0
	case len(args) == 1 && args[0] == "--version":
		fmt.Fprintln(stdout, "execrole-mcp", version())
		return 0
	case len(args) > 0:
		fmt.Fprintf(stderr, "execrole-mcp: it takes no arguments, and %q is one\n", args[0])
		return 2
	}
	if err := newServer().Run(context.Background(), transport); err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(stderr, "execrole-mcp:", err)
		return 1
	}
	return 0
}

// version returns the version of this program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
