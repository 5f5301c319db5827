// Command execrole reads an Amazon ECS task definition and writes the exact IAM task execution role.
package main

import "os"

func main() {
	// A pipe that nobody reads any more, as in "execrole explain FILE | head", ends the program without a message: by the
	// signal SIGPIPE, as other programs, or on Windows by [command.print].
	c := command{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	os.Exit(c.run(os.Args[1:]))
}
