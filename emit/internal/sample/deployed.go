package sample

import (
	"fmt"
	"strconv"

	"github.com/execrole/execrole/analyze/policy"
)

// Deployed returns a role of that name with the given properties, and one statement on a thing of this name in its
// inline policy, or in each of n managed ones.
func Deployed(n int, thing string, properties policy.Properties, attached ...policy.Text) *policy.Role {
	role := &policy.Role{Family: "web", Name: "web", Properties: properties, Attached: attached}
	role.Trust.Statements = []policy.Statement{{Principals: ECSTasks(), Actions: []string{"sts:AssumeRole"}}}
	document := func(i int) policy.Document {
		return policy.Document{Statements: []policy.Statement{{
			Sid: fmt.Sprint("Read", i), Actions: []string{"ssm:GetParameters"},
			Resources: policy.Values(policy.LocalARN("ssm", policy.Text(fmt.Sprintf("parameter/%s/%d", thing, i))).Text()),
		}}}
	}
	if n == 0 {
		role.Inline = []policy.Policy{{Name: policy.Name, Document: document(0)}}
	}
	for i := range n {
		role.Managed = append(role.Managed, policy.Policy{Name: policy.Name + strconv.Itoa(i+1), Document: document(i + 1)})
	}
	return role
}

// ARNs of policies that deployed roles have.
const (
	AmazonPolicy = policy.Text("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
	HandPolicy   = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	Boundary     = "arn:aws:iam::111122223333:policy/boundary"
)
