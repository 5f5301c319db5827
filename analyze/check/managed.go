package check

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// managedFiles are policies that AWS manages and that execution roles are found with, one in a file: its ARN, its version,
// the date of that version, and the document.
//
// Source: public copies of what AWS's API says, made in 2026: the folder managed-policies that the tests compare with, and moto's
// aws_managed_policies.py, which agrees with it.
//
//go:embed managed/*.json
var managedFiles embed.FS

// ManagedPolicies returns the policies of AWS that this package knows, sorted by name. AWS can have newer versions of them.
var ManagedPolicies = sync.OnceValue(func() []policy.ManagedPolicy {
	var list []policy.ManagedPolicy
	files, err := fs.Glob(managedFiles, "managed/*.json")
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		src, err := managedFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		p, problems := readManaged(name, src)
		if problems != nil {
			panic(fmt.Sprintf("%s: %v", name, problems))
		}
		list = append(list, p)
	}
	return list
})

// readManaged reads one of the files.
func readManaged(name string, src []byte) (p policy.ManagedPolicy, problems []tree.Problem) {
	doc, problems := tree.ReadJSON(name, src)
	if doc == nil {
		return p, problems
	}
	text := func(member string) string {
		if n := doc.Root.Member(member); n != nil {
			return n.Text
		}
		return ""
	}
	path, _ := strings.CutPrefix(text("arn"), "arn:aws:iam::aws:policy")
	slash := strings.LastIndexByte(path, '/')
	document := doc.Root.Member("document")
	if slash < 0 || document == nil {
		return p, []tree.Problem{{At: doc.Source.Place(0), Message: "the file has no ARN of a policy of AWS, or no document"}}
	}
	p.Path, p.Name, p.Version = path[:slash+1], path[slash+1:], text("version")
	p.Date, _, _ = strings.Cut(text("updatedate"), "T")
	p.Document, problems = policy.ReadDocumentAt(doc, document)
	return p, problems
}

// managedPolicy returns the policy of AWS that has an ARN, in the partition of the ARN.
func managedPolicy(arn policy.Text) (policy.ManagedPolicy, bool) {
	cut, ok := policy.CutARN(arn)
	if !ok || cut.Service != "iam" || cut.Account != "aws" {
		return policy.ManagedPolicy{}, false
	}
	for _, p := range ManagedPolicies() {
		if p.ARN(cut.Partition) == arn {
			p.Document = inPartition(p.Document, cut.Partition)
			return p, true
		}
	}
	return policy.ManagedPolicy{}, false
}

// inPartition returns a document with the resources of another partition than aws.
func inPartition(d policy.Document, partition policy.Text) policy.Document {
	statements := make([]policy.Statement, len(d.Statements))
	for i, s := range d.Statements {
		resources := make([]policy.Value, len(s.Resources))
		for j, v := range s.Resources {
			if rest, ok := v.Text.CutPrefix("arn:aws:"); ok {
				v.Text = "arn:" + partition + ":" + rest
			}
			resources[j] = v
		}
		if s.Resources != nil {
			s.Resources = resources
		}
		statements[i] = s
	}
	d.Statements = statements
	return d
}
