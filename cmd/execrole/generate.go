package main

func generateCommand() *subcommand {
	r := new(request)
	return &subcommand{
		name:    "generate",
		args:    "[flags] FILE...",
		example: "execrole -o role.yaml task-definition.json\nexecrole -f terraform -o modules/worker/ task-definition.json\nexecrole -o roles/ tasks/",
		about:   "write the role (the default command)",
		text: `Reads an ECS task definition and writes its task execution role. Without -o the
main file of the format goes to standard output. With -o FILE the same goes to
FILE, and with -o FOLDER/ all files of the format are written, under names made
of the task definition's family. Missing folders are made. A file is written
whole or not at all, and one that would not change is left alone. Standard error
says which files are written, unchanged or kept; of many files, how many.

Of several task definitions, -o FOLDER/ writes each role under the name of its
family, and one that has errors does not stop the others. Without it, the
formats of CloudFormation write one template with a role for each. --shared-role
writes one role for all, such as the revisions of a family: ECS starts the old
one again when a deployment is rolled back. A last line says what became of all.

An app of cdk-go has the same names for every task definition, and so a folder
of its own where there are several. Of it, stack.go is written anew each time,
unless somebody else wrote it; the other files, which are for you to edit, are
written only where they do not exist.

Errors and warnings go to standard error, with -v notes too. An input that has
errors writes nothing. "generate" may be left out.
`,
		formats: roleFormats(),
		flags:   r.roleFlags,
		run: func(c *command, in *invocation) error {
			if err := r.complete(in); err != nil {
				return err
			}
			return c.perform(r, r.makeRole)
		},
	}
}
