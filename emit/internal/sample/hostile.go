package sample

import (
	"fmt"
	"slices"

	"github.com/execrole/execrole/analyze/policy"
)

// Hostile puts one string into every place of a role that input or a flag can reach.
func Hostile(s string) *policy.Role {
	text := policy.Text(s)
	properties := policy.Properties{Path: s, PermissionsBoundary: s, Description: s, MaxSessionDuration: 3600, Tags: []policy.Tag{{Key: s, Value: s}}}
	policies := []policy.Policy{{
		Name: "TaskExecution",
		Document: policy.Document{Statements: []policy.Statement{{
			Sid: "Files", Actions: []string{"s3:GetObject"},
			Resources: Asked([]policy.Source{{Container: s, Field: s}, {Task: s, Field: "volumes " + s}}, []string{"Since " + s},
				"arn:aws:s3:::"+text+"*", "arn:"+partition+":s3:::"+text+region+text+"*",
			),
			Conditions: []policy.Condition{{Operator: "StringEquals", Key: "aws:x", Values: policy.Values(text)}},
		}, {
			Sid: "Any", Actions: []string{"s3:ListAllMyBuckets"}, Resources: Asked(nil, []string{"Since " + s}, "*"),
		}}},
	}}
	return &policy.Role{Family: s, Name: s, Properties: properties, Trust: Trust(), Inline: policies, Managed: policies}
}

// HostileRoles returns a role for each of [Strings] that an input can hold.
func HostileRoles() map[string]*policy.Role {
	roles := map[string]*policy.Role{}
	for i, s := range Strings {
		if Readable(s) {
			role := Hostile(s)
			managed := role.Inline[0] // with a Sid of its own, as packing makes them
			managed.Document.Statements = slices.Clone(managed.Document.Statements)
			managed.Document.Statements[0].Sid += "2"
			role.Managed = []policy.Policy{managed}
			roles[fmt.Sprintf("hostile-%d", i)] = role
		}
	}
	return roles
}
