// Package policy is IAM as data: texts with open symbols, statements, documents and the role that holds
// them, and how single permissions become few statements. It knows IAM's grammar and limits and nothing
// of ECS.
package policy

// Version is the version of IAM's policy language that every document is written in; policy variables
// such as ${*} exist from it on.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const Version = "2012-10-17"

// Statement allows actions on resources, as one element of a policy document.
type Statement struct {
	// Sid is the statement's name: letters and digits, unique in its document. A trust policy's
	// statement has none.
	Sid string
	// Service is the service principal of a trust policy's statement; "" in a permissions policy.
	Service string
	// AWS is the principal of a resource's policy: the ARN of a role; "" in a role's own policies.
	AWS Text
	// Actions are names such as "s3:GetObject", in the order in which they are written.
	Actions []string
	// Resources are ARNs, perhaps with IAM's wildcards, sorted; nil in a trust policy.
	Resources []Text
	// Conditions all have to hold; sorted by operator, then key, no pair twice.
	Conditions []Condition
	// Reasons say why resources of the statement hold wildcards, in sentences; sorted, none twice, and none
	// where they hold none that needs a reason.
	Reasons []string
	// From says who asked for the statement, for people: "app: secrets DB_PASSWORD"; sorted, none twice.
	From []Source
}

// Source is the field that asked for a permission, in words that do not change when the input is
// reformatted or another container is put before this one.
type Source struct {
	// Container is the container's name; "" where the field belongs to the task.
	Container string
	// Field is the field's name and, in a list of named things, the thing's: "secrets DB_PASSWORD".
	Field string
}

// Condition is one operator on one key.
type Condition struct {
	Operator string // "StringEquals"
	Key      string // "aws:SourceAccount"
	Values   []Text // sorted; any of them may match
}

// Document is a policy document.
type Document struct {
	Statements []Statement
}

// Policy is a document with the name under which it is put into a role.
type Policy struct {
	Name     string
	Document Document
}
