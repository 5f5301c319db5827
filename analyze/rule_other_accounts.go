package analyze

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Across accounts a role's own policies are half of what is needed: the owner of the thing has to allow the role
// too, in the policy of a repository, a secret, a key or a bucket.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html

// RoleARN is the symbol of the role's ARN in the policies of others, where the role has no name as yet.
const RoleARN policy.Symbol = "TaskExecutionRoleArn"

// shared is a thing of another account's that a requirement names.
type shared struct {
	account string
	service string      // a key of sharing
	thing   policy.Text // the ARN of what has the policy: a repository, a secret, a key, a bucket; of a registry its begin
}

// sharing are the services that can share with other accounts and are read with this role, by their names in ARNs, and
// what has the policy there. A pull-through cache makes the repository in the first pull, so that its registry has
// to allow that. Parameter Store is none of them: ECS reads no parameters of other accounts.
var sharing = map[string]string{
	"ecr":            "the policy of the repository",
	"ecr-registry":   "the permissions policy of the registry",
	"secretsmanager": "the resource policy of the secret",
	"kms":            "the policy of the key",
	"s3":             "the policy of the bucket",
}

// sharedBy returns what a requirement names in an account other than the role's own. AWS's own registries admit
// everybody.
func (p *Plan) sharedBy(r *Requirement) (s shared, ok bool) {
	if account, ok := arnAccount(r.Resource); !ok || account == "" && r.Conditions == nil || account == p.Environment.Account && account != "" {
		return shared{}, false // as nearly all are
	}
	parts := strings.SplitN(string(r.Resource), ":", 6)
	if sharing[parts[2]] == "" {
		return shared{}, false
	}
	s = shared{account: parts[4], service: parts[2], thing: r.Resource}
	if r.Grant == ecrImport {
		// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
		s.service, s.thing = "ecr-registry", policy.Text(strings.Join(parts[:5], ":"))
	}
	for _, c := range r.Conditions {
		switch c.Key {
		case "aws:ResourceAccount":
			bucket, _, _ := strings.Cut(parts[5], "/")
			s.account, s.thing = string(c.Values[0]), policy.Text(strings.Join(parts[:5], ":")+":"+bucket)
		case "kms:ResourceAliases":
			s.thing = policy.Text(strings.Join(parts[:5], ":") + ":" + string(c.Values[0]))
		}
	}
	if !policy.IsAccount(s.account) || s.account == p.Environment.Account || s.service == "ecr" && isOpenRegistry(r, s.account) {
		return shared{}, false
	}
	return s, true
}

// arnAccount returns the account of an ARN; it is not ok if the text is none.
func arnAccount(t policy.Text) (string, bool) {
	rest, ok := string(t), true
	for range 4 {
		if _, rest, ok = strings.Cut(rest, ":"); !ok {
			return "", false
		}
	}
	account, _, ok := strings.Cut(rest, ":")
	return account, ok
}

// checkShared remarks on what belongs to other accounts. It comes after all rules.
func (p *Plan) checkShared(td taskdef.Value) {
	type remark struct {
		shared  shared
		pointer string
	}
	var accounts map[string]bool
	var said map[remark]bool
	for i := range p.Requirements {
		r := &p.Requirements[i]
		s, ok := p.sharedBy(r)
		if !ok {
			continue
		}
		if !p.shared { // mostly there is nothing to keep
			p.shared, accounts, said = true, map[string]bool{}, map[remark]bool{}
		}
		accounts[s.account] = true
		if k := (remark{s, r.At.Pointer}); p.Environment.Account != "" && !said[k] {
			said[k] = true
			p.Findings = append(p.Findings, Finding{Severity: Note, Rule: r.Rule.ID, At: r.At, Message: fmt.Sprintf(
				"%s belongs to account %s, and the role to %s: %s has to allow the role too; explain shows what, and -o DIR/ writes it",
				s.thing, s.account, p.Environment.Account, sharing[s.service])})
		}
	}
	switch {
	case p.Environment.Account != "" && len(accounts) > 0:
		p.use(policy.AccountID)
	case len(accounts) > 1:
		p.Findings = append(p.Findings, Finding{Severity: Note, Rule: "own-values", At: td.Ref(), Message: fmt.Sprintf(
			"what the task needs belongs to the accounts %s, and only one of them can be the role's: the others have to allow the role too; add --account, and explain shows what, and -o DIR/ writes it",
			strings.Join(slices.Sorted(maps.Keys(accounts)), ", "))})
	}
}

// shares returns what other accounts have to allow, by account, service and thing.
func (p *Plan) shares(opts policy.Options) []policy.ResourcePolicy {
	if p.Environment.Account == "" || !p.shared {
		return nil
	}
	statements, from := map[shared][]policy.Statement{}, map[shared][]policy.Source{}
	for _, r := range p.ordered() {
		s, ok := p.sharedBy(r)
		if !ok {
			continue
		}
		statement := r.statement()
		from[s] = append(from[s], statement.From...)
		statement.AWS, statement.From, statement.Reasons = p.principal(opts, s), nil, nil
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
			statement.Resources = []policy.Text{"*"}
		}
		statement.Conditions = slices.DeleteFunc(slices.Clone(statement.Conditions), func(c policy.Condition) bool {
			// These choose the thing, and its own policy is about nothing else.
			return c.Key == "aws:ResourceAccount" || c.Key == "kms:ResourceAliases"
		})
		statements[s] = append(statements[s], statement)
	}
	things := slices.SortedFunc(maps.Keys(statements), func(a, b shared) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.service, b.service), cmp.Compare(a.thing, b.thing))
	})
	// Things whose policies are to say the same are one share.
	var list []policy.ResourcePolicy
	index := map[string]int{}
	for _, s := range things {
		document := policy.Document{Statements: policy.Merge(statements[s])}
		key := fmt.Sprintf("%s %s %q", s.account, s.service, document)
		i, seen := index[key]
		if !seen {
			i = len(list)
			index[key] = i
			list = append(list, policy.ResourcePolicy{Account: s.account, Service: s.service, Document: document})
		}
		list[i].Things = append(list[i].Things, s.thing)
		list[i].From = append(list[i].From, from[s]...)
	}
	for i := range list {
		list[i].From = policy.SortSources(list[i].From)
	}
	return list
}

// principal returns the role as the policy of a thing names it. A role that has no name as yet is a symbol.
func (p *Plan) principal(opts policy.Options, s shared) policy.Text {
	if opts.Name == "" {
		return policy.Of(RoleARN)
	}
	// Nothing is shared between partitions.
	partition := policy.Text(strings.SplitN(string(s.thing), ":", 3)[1])
	if !partition.IsLiteral() && p.Environment.Partition != "" {
		partition = policy.Text(p.Environment.Partition)
	}
	return "arn:" + partition + ":iam::" + policy.Text(p.Environment.Account) + ":role" + policy.Text(cmp.Or(opts.Properties.Path, "/")+opts.Name)
}
