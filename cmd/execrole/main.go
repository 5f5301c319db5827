// Command execrole reads an Amazon ECS task definition and writes the exact IAM task execution role.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Writing to a pipe that nobody reads any more is then an error like any other, with a message and a status. The
	// signal would end the program without a word.
	signal.Ignore(syscall.SIGPIPE)
	c := command{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	os.Exit(c.run(os.Args[1:]))
}
