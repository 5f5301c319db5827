package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is a complete IAM role. Every format writes all of it.
type Role struct {
	// Family is the family of the task definition; "" if it has none. It comes from the input: escape it.
	Family string
	// Name is the role's name; "" if it is chosen when the role is created.
	Name string
	// Properties are the role's path, tags and so on. Like Name they come from flags: escape them.
	Properties Properties
	// Trust says who may assume the role.
	Trust Document
	// Inline are the permissions policies inside the role, and Managed those that exist for it and that it has attached.
	// [Pack] uses one of the two. Both are empty if the task needs nothing.
	Inline, Managed []Policy
	// Attached are the ARNs of managed policies that exist without this role, as those of AWS do. The role has them
	// attached too.
	Attached []Text
	// Mappings give symbols of the documents a value for each region. Each of them is used.
	Mappings []Mapping
	// ResourcePolicies are what the owners of resources in other accounts have to allow, besides the role's own
	// policies.
	ResourcePolicies []ResourcePolicy
	// PassRole is what somebody has to be allowed who gives this role to the service that assumes it; its zero value where
	// that is unknown.
	PassRole Document
	// Environment is where the role is used, as far as that is known. Some formats leave it to the deployment.
	Environment Environment
	// Symbols says what is known of the symbols in the documents that are neither in the environment nor in Mappings.
	Symbols SymbolTable
	// Module is the module of Terraform that has the task definition; nil where none has it.
	Module *Module
}

// Mapping gives a symbol its value in each region, for a role whose region is unknown.
type Mapping struct {
	Symbol Symbol
	// Name and Column name the mapping and its values, in letters and digits: "GuardDutyAgent", "Account".
	Name, Column string
	Rows         []Row // sorted by region
}

// Row is the value of a mapping in a region.
type Row struct{ Region, Value string }

// Lookup returns the mapping's value in a region, and whether it has one.
func (m Mapping) Lookup(region string) (string, bool) {
	i, found := slices.BinarySearchFunc(m.Rows, region, func(r Row, region string) int { return strings.Compare(r.Region, region) })
	if !found {
		return "", false
	}
	return m.Rows[i].Value, true
}

// ByRegion returns the symbol for the mapping's value in the role's own region: the same for mappings with the same rows.
func (m Mapping) ByRegion() Symbol {
	var b strings.Builder
	b.WriteString("by region:")
	for _, row := range m.Rows {
		b.WriteString(" " + row.Region + "=" + row.Value)
	}
	return Symbol(b.String())
}

// ResourcePolicy is what the owner of resources in another account has to allow, where the role's own policies are not
// enough.
type ResourcePolicy struct {
	Account  string   // 12 digits
	Service  string   // as in ARNs: "ecr", "secretsmanager", "kms"
	Things   []Text   // the ARNs of the things whose policy gets these statements; sorted
	Document Document // statements with a principal
	From     []Source // the fields that name these things; sorted
}

// Policies returns all permissions policies, those inside the role first.
func (r *Role) Policies() []Policy { return slices.Concat(r.Inline, r.Managed) }

// Options are the properties of a role, and what its trust policy has.
type Options struct {
	// Name is the role's name: 1 to 64 of IAM's characters; "" for none.
	Name string
	// Properties are the role's path, tags and so on.
	Properties Properties
	// NoSourceConditions leaves aws:SourceAccount and aws:SourceArn out of the trust policy.
	NoSourceConditions bool
}

// MaxRoleName is the length of the longest role name, in characters.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MaxRoleName = 64

// Check returns everything that IAM would not accept, joined with [errors.Join].
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

// Symbols returns the symbols in the resources and conditions of the documents, each once, in the order of their first
// use.
func Symbols(documents ...Document) []Symbol {
	var list []Symbol
	seen := map[Symbol]bool{}
	add := func(t Text) {
		for s := range t.eachSymbol {
			if !seen[s] {
				seen[s] = true
				list = append(list, s)
			}
		}
	}
	for _, d := range documents {
		for _, s := range d.Statements {
			for _, v := range s.Resources {
				add(v.Text)
			}
			for _, v := range s.NotResources {
				add(v.Text)
			}
			for _, c := range s.Conditions {
				for _, v := range c.Values {
					add(v.Text)
				}
			}
		}
	}
	return list
}
