package policy

import (
	"errors"
	"fmt"
	"slices"
)

// Role is an IAM role, complete: every format writes all of it.
type Role struct {
	// Family is the task definition's family, or "" where it says none. It is input: escape it.
	Family string
	// Name is the role's name, or "" to leave naming to whoever creates it.
	Name string
	// Properties are the role's path, tags and the like. Like Name they come from flags: escape them.
	Properties Properties
	// Trust says who may assume the role.
	Trust Document
	// Inline are the permissions policies inside the role, and Managed those beside it, which it has
	// attached. [Pack] uses one of the two; both are empty when the task needs nothing.
	Inline, Managed []Policy
}

// Policies returns all permissions policies, those inside the role first.
func (r *Role) Policies() []Policy { return slices.Concat(r.Inline, r.Managed) }

// Options are the role's own properties.
type Options struct {
	// Name is the role's name: 1 to 64 of IAM's characters; "" for none.
	Name string
	// Properties are the role's path, tags and the like.
	Properties Properties
	// NoSourceConditions leaves aws:SourceAccount and aws:SourceArn out of the trust policy.
	NoSourceConditions bool
}

// MaxRoleName is the length of the longest role name, in characters.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MaxRoleName = 64

// Check reports everything that IAM would not accept, joined with [errors.Join].
func (o Options) Check() error {
	return errors.Join(o.checkName(), o.Properties.Check())
}

func (o Options) checkName() error {
	if n := len([]rune(o.Name)); n > MaxRoleName {
		return fmt.Errorf("role name %q has %d characters; IAM allows %d", o.Name, n, MaxRoleName)
	}
	for _, r := range o.Name {
		if !isNameCharacter(r) {
			return fmt.Errorf("role name %q has %q; IAM allows letters, digits and %s", o.Name, r, nameMarks)
		}
	}
	return nil
}

// Symbols returns every symbol that the documents use, each once, in the order of their first use.
func Symbols(documents ...Document) []Symbol {
	var list []Symbol
	seen := map[Symbol]bool{}
	add := func(texts []Text) {
		for _, t := range texts {
			for _, s := range t.Symbols() {
				if !seen[s] {
					seen[s] = true
					list = append(list, s)
				}
			}
		}
	}
	for _, d := range documents {
		for _, s := range d.Statements {
			add(s.Resources)
			for _, c := range s.Conditions {
				add(c.Values)
			}
		}
	}
	return list
}
