package analyze

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// otherAccounts remarks on things of other accounts. A role's own policies are half of what is needed there: the owner
// of the thing has to allow the role too, in the policy of a repository, a secret, a key or a bucket.
var otherAccounts = &Rule{
	ID:    "other-accounts",
	Title: "Things of other accounts",
	Why:   "Across accounts, the owner of a thing has to allow the role too.",
	Doc:   "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
	finish: func(f *finish) {
		for _, p := range f.passes {
			p.checkPartitions()
			p.checkOtherAccounts()
		}
	},
}

// otherThing is a thing of another account that a requirement names.
type otherThing struct {
	account string
	service string      // a key of resourcePolicyOwners
	arn     policy.Text // the ARN of what has the policy: a repository, a secret, a key, a bucket; of a registry its beginning
	// partition is that of the ARN, and so that of the role.
	partition policy.Text
}

// resourcePolicyOwners are the services whose things can be used from other accounts and are read with this role, by
// their names in ARNs, and what has the policy there. A pull-through cache makes the repository in the first pull, so
// that its registry has to allow that. Parameter Store is none of them: ECS reads no parameters of other accounts.
var resourcePolicyOwners = map[string]string{
	"ecr":            "the policy of the repository",
	"ecr-registry":   "the permissions policy of the registry",
	"secretsmanager": "the resource policy of the secret",
	"kms":            "the policy of the key",
	"s3":             "the policy of the bucket",
}

// otherThing returns what a requirement names in an account other than the role's own. AWS's own registries let
// everybody pull.
func (p *Plan) otherThing(r *Requirement) (s otherThing, ok bool) {
	own := p.Environment.Account
	if r.Conditions == nil && !policy.IsAccount(r.ARN.Account) || r.ARN.Account == policy.Text(own) && own != "" {
		return s, false // as nearly all are
	}
	s = otherThing{account: r.ARN.Account.String(), service: r.ARN.Service.String(), arn: r.Resource, partition: r.ARN.Partition}
	if r.ARN.IsWhole() {
		// It begins with a symbol. The account is then known of buckets alone, by a condition.
		s.service, s.partition = "s3", policy.Of(policy.Partition)
	}
	if resourcePolicyOwners[s.service] == "" {
		return s, false
	}
	if r.Grant == ecrImport {
		// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
		s.service = "ecr-registry"
		s.arn, _ = r.ARN.With("").Text().CutSuffix(":")
	}
	for _, c := range r.Conditions {
		switch c.Key {
		case "aws:ResourceAccount":
			bucket, _, _ := r.ARN.Resource.Cut("/")
			s.account, s.arn = c.Values[0].Text.String(), r.ARN.With(bucket).Text()
		case "kms:ResourceAliases":
			s.arn = r.ARN.With(c.Values[0].Text).Text()
		}
	}
	switch {
	case !policy.IsAccount(s.account) || s.account == own || s.service == "ecr" && isOpenRegistry(r, s.account):
		return s, false
	case r.Grant == readRegistrySecret && own != "":
		return s, false // AWS wants it in the role's own account, and no policy makes up for that
	}
	return s, true
}

// checkPartitions warns of things in another partition than the role's, where no credentials of the role are valid.
//
// Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func (p *pass) checkPartitions() {
	own := policy.Text(p.plan.Environment.Partition)
	said := map[string]bool{}
	for i := range p.plan.Requirements {
		r := &p.plan.Requirements[i]
		partition, known := r.ARN.Partition, policy.PartitionOf(r.ARN.Region)
		switch {
		case own == "" || partition == own || !policy.IsPartition(partition) || said[r.At.Pointer]:
		case known != "" && known != partition.String(): // an ARN that contradicts itself has a warning
		default:
			said[r.At.Pointer] = true
			p.plan.use(policy.Partition)
			p.plan.Findings = append(p.plan.Findings, Finding{Severity: Warning, Rule: r.Rule.ID, At: r.At, Message: fmt.Sprintf(
				"%s is in partition %s, and the role in %s: no role works in another partition", p.plan.Environment.Fill(r.Resource), partition, own)})
		}
	}
}

// checkOtherAccounts remarks on what belongs to other accounts.
func (p *pass) checkOtherAccounts() {
	type remark struct {
		thing   otherThing
		pointer string
	}
	own := p.plan.Environment.Account
	accounts, said := map[string]bool{}, map[remark]bool{}
	for i := range p.plan.Requirements {
		r := &p.plan.Requirements[i]
		s, ok := p.plan.otherThing(r)
		if !ok {
			continue
		}
		accounts[s.account] = true
		if k := (remark{s, r.At.Pointer}); own != "" && !said[k] {
			said[k] = true
			p.plan.Findings = append(p.plan.Findings, Finding{Severity: Note, Rule: r.Rule.ID, At: r.At, Message: fmt.Sprintf(
				"%s belongs to account %s, and the role to %s: %s has to allow the role too; explain shows what, and -o DIR/ writes it",
				s.arn, s.account, own, resourcePolicyOwners[s.service])})
		}
	}
	switch {
	case own != "" && len(accounts) > 0:
		p.plan.use(policy.AccountID)
	case len(accounts) > 1:
		p.plan.Findings = append(p.plan.Findings, Finding{Severity: Note, Rule: "own-values", At: p.td.Ref(), Message: fmt.Sprintf(
			"what the task needs belongs to the accounts %s, and only one of them can be the role's: the others have to allow the role too; add --account, and explain shows what, and -o DIR/ writes it",
			strings.Join(slices.Sorted(maps.Keys(accounts)), ", "))})
	}
}

// resourcePolicies returns what other accounts have to allow, by account, service and thing.
func (p *Plan) resourcePolicies(opts policy.Options) []policy.ResourcePolicy {
	if p.Environment.Account == "" {
		return nil
	}
	statements, from := map[otherThing][]policy.Statement{}, map[otherThing][]policy.Source{}
	for _, i := range p.ordered() {
		r := &p.Requirements[i]
		s, ok := p.otherThing(r)
		if !ok {
			continue
		}
		statement := r.statement([]policy.Source{r.source(i + 1)})
		from[s] = append(from[s], statement.Askers()...)
		statement.Principals = []policy.Principal{{Type: policy.AWSPrincipal, IDs: []policy.Text{p.principal(opts, s)}}}
		// The sources are those of the whole resource policy, so that documents that say the same are equal.
		statement.Resources = policy.Values(policy.Texts(statement.Resources)...)
		for i := range statement.Conditions {
			statement.Conditions[i].Values = policy.Values(policy.Texts(statement.Conditions[i].Values)...)
		}
		switch s.service {
		case "ecr":
			// The policy of a repository is about that repository, and has no element Resource.
			//
			// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
			statement.Resources = nil
		case "secretsmanager", "kms":
			// Of a secret or a key, * is the thing itself.
			//
			// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html,
			// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
			statement.Resources = policy.Values("*")
		}
		statement.Conditions = slices.DeleteFunc(slices.Clone(statement.Conditions), func(c policy.Condition) bool {
			// These choose the thing, and its own policy is about nothing else.
			return c.Key == "aws:ResourceAccount" || c.Key == "kms:ResourceAliases"
		})
		statements[s] = append(statements[s], statement)
	}
	things := slices.SortedFunc(maps.Keys(statements), func(a, b otherThing) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.service, b.service), cmp.Compare(a.arn, b.arn))
	})
	// Things whose policies say the same have one document.
	var list []policy.ResourcePolicy
	index := map[string]int{}
	for _, s := range things {
		document := policy.NewDocument(policy.Merge(statements[s])...)
		key := fmt.Sprintf("%s %s %q", s.account, s.service, document)
		i, seen := index[key]
		if !seen {
			i = len(list)
			index[key] = i
			list = append(list, policy.ResourcePolicy{Account: s.account, Service: s.service, Document: document})
		}
		list[i].Things = append(list[i].Things, s.arn)
		list[i].From = append(list[i].From, from[s]...)
	}
	for i := range list {
		list[i].From = policy.OnePerField(policy.SortSources(list[i].From))
	}
	return list
}

// principal returns the role as the policy of a thing names it. A role that has no name yet is a symbol.
func (p *Plan) principal(opts policy.Options, s otherThing) policy.Text {
	if opts.Name == "" {
		return policy.Of(RoleARN)
	}
	// The thing and the role are in one partition.
	partition := s.partition
	if !partition.IsLiteral() && p.Environment.Partition != "" {
		partition = policy.Text(p.Environment.Partition)
	}
	return policy.ARN{
		Partition: partition, Service: "iam", Account: policy.Text(p.Environment.Account),
		Resource: policy.Text("role" + cmp.Or(opts.Properties.Path, "/") + opts.Name),
	}.Text()
}
