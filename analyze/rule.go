package analyze

import (
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Rule is all that execrole knows about one kind of need: one file, rule_TOPIC.go, has it.
type Rule struct {
	ID     string   // "ecr-image": in findings, in explain and in docs/rules.md
	Title  string   // a few words, as a heading
	Why    string   // one sentence: what ECS does with the permission
	Doc    string   // the AWS page
	Fields []string // schema paths that the rule reads: "containerDefinitions[].image"
	Grants []*Grant // what it may ask for; empty for a rule that only remarks
	Unseen []Unseen // what the task definition cannot show about this topic
	// Needs are what has to be there besides permissions where the rule requires something; of a rule without grants, for
	// every task. Most needs follow from grants.
	Needs []Need
	// check reads one task definition.
	check func(*pass, taskdef.Value)
	// checkBeside reads what is read beside a task definition: a service, or a run, in the shape of a task definition that has
	// only what is added. It is nil for a rule that nothing can be added to.
	checkBeside func(*pass, taskdef.Value)
	// finish runs once for a document, when all rules have checked all its task definitions: for what depends on the
	// requirements of other rules.
	finish func(*finish)
	// judge runs once, when all documents have been read: for options that are malformed or fit nothing.
	judge func(*judgement)
}

// Grant is a set of actions that is always granted together.
type Grant struct {
	Sid     string // of the statement that has it; rules that need the same thing share it
	When    string // what it is for, where the rule has several grants with one Sid: "a JSON key"
	Why     string // one sentence, where the rule's does not say enough about it
	Actions []Action
	Agent   string // oldest version of the ECS container agent, "1.23.0"; source: its CHANGELOG
	// Wildcard says, in one sentence, why a resource of the grant can have a wildcard: for those who review
	// the policy, and for the tools that do. "" where none does.
	Wildcard string
	// Shown is the error that ECS shows where a role lacks the actions, or the part of it that says so; "" where none is
	// known. "…" stands for what differs from task to task. It is that of Fargate where the agent on EC2 says something else.
	Shown string
	// shownFor returns it where it depends on the requirement; nil elsewhere.
	shownFor func(*Requirement) string

	// The following say what has to be there for the actions to succeed, besides the permission: see [Need].

	// thing says in words what the resource is, which has to exist: "secret"; "" where nothing has to.
	thing string
	// thingOf returns the ARN of that thing where it is not the requirement's resource; it is not ok if there is none.
	thingOf func(*Requirement) (arn policy.ARN, ok bool)
	// ownRegion says that ECS reads the thing in the task's own region, whatever its ARN says.
	ownRegion bool
	// creates says that the actions create the thing if it is missing.
	creates bool
	// keys are what the JSON text in the thing has to hold.
	keys []policy.Text
	// endpoints are the VPC endpoints that the calls go through in a subnet without a way to the internet, or noEndpoint
	// says in a sentence why there is none.
	endpoints  []endpoint
	noEndpoint string
}

// variant returns a grant of the same actions for another purpose, which v describes: When, Why, Agent, Shown, keys,
// ownRegion and noEndpoint.
func (g *Grant) variant(v Grant) *Grant {
	v.Sid, v.Actions, v.Wildcard = g.Sid, g.Actions, g.Wildcard
	v.thing, v.thingOf, v.endpoints = g.thing, g.thingOf, g.endpoints
	return &v
}

// Action is an IAM action and how we know of it.
type Action struct {
	Name     string
	Strength Strength
}

// Strength says how it is known that ECS needs an action.
type Strength string

const (
	// Called actions are seen in the source of the agent or of a log driver.
	Called Strength = "called"
	// Documented actions are in AWS's guide or managed policy, and no source is known to call them.
	Documented Strength = "documented"
)

// Unseen is a permission that a task may need and its definition cannot show.
type Unseen struct {
	What string // what is not in the task definition
	Cure string // the flag to give or the statement to add by hand
	// Note is what the command says by default, in one line, where this is common and its lack is found late; "" elsewhere.
	Note string
	// Actions are what the role then has to allow, and Resource is on what: an ARN in which words in capitals are for
	// the reader to replace.
	Actions  []string
	Resource policy.Text
	// applies reports whether the task definition makes it likely; nil means always.
	applies func(*pass) bool
	// beside is what shows it, if that is read beside the task definition: see [Join].
	beside taskdef.Subject
}

// Rules returns the rules that read fields, in the order in which their statements are written.
func Rules() []*Rule {
	return []*Rule{
		ecrImage,
		guardDuty,
		awslogs,
		secrets,
		logSecrets,
		repositoryCredentials,
		environmentFiles,
		firelensConfig,
		credentialSpecs,
		fsxVolumes,
		executionRole,
		otherRoles,
		trustedExecution,
		requiresAttributes, // it looks at what the others found
	}
}

// optionRules returns the rules that read no fields of the schema: they are about options, or about all of the input.
func optionRules() []*Rule {
	return []*Rule{
		placeholderWords, // it looks at all requirements
		customerManagedKeys,
		managedPolicy,
		otherAccounts, // it looks at all requirements
		misplaced,     // last: it looks at all requirements and findings
	}
}

// allRules returns all rules, in the order in which they run.
var allRules = sync.OnceValue(func() []*Rule { return append(Rules(), optionRules()...) })

// Thing says in words what the resource of the grant is, which has to exist: "secret"; "" where nothing has to.
func (g *Grant) Thing() string { return g.thing }
