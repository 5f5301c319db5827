// Command execrole reads an Amazon ECS task definition and writes the exact IAM task execution role.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A pipe that its reader closed is then an error of the write, which is reported with a status as
	// any other, and not a silent death by signal.
	signal.Ignore(syscall.SIGPIPE)
	c := command{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	os.Exit(c.run(os.Args[1:]))
}
