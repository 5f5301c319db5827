package emit_test

import (
	"fmt"
	"log"
	"os"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// A role is made in three steps: bytes to plan, plan to role, role to files. This code stands in README.md.
func Example_readme() {
	src, err := os.ReadFile("../docs/worker.json")
	if err != nil {
		log.Fatal(err)
	}
	plans, err := analyze.Read("worker.json", src, analyze.Options{})
	if err != nil {
		log.Fatal(err) // all errors, each with its place and its cure
	}
	role, err := plans[0].Role(policy.Options{})
	if err != nil {
		log.Fatal(err)
	}
	files, err := emit.CloudFormation.Emit(role, emit.Options{Source: "worker.json"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(files[0].Name) // files[0].Data is the template
	// Output: worker-execution-role.yaml
}
