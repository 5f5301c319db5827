// Command execrole reads an Amazon ECS task definition and writes the exact IAM task execution role.
package main

import "os"

func main() {
	// A pipe that nobody reads any more, as in "execrole explain FILE | head", ends the program without a message: by the
	// signal SIGPIPE, as other programs, or on Windows by [command.print].
	c := command{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	growStack()
	os.Exit(c.run(os.Args[1:]))
}

// growStack makes the stack as large as a run needs, while there is little on it. Go doubles a stack that is full and copies
// what is on it, which takes the longer the deeper the calls are.
//
//go:noinline
func growStack() (last byte) {
	// The size of the frame is what matters. Nothing is written into it, since a program has a name.
	if len(os.Args) == 0 {
		var room [32 << 10]byte
		last = room[len(os.Args)]
	}
	return last
}
