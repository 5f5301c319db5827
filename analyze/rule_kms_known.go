package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// KnownKeys says with which keys secrets, parameters and objects are encrypted, and which secrets there are, as the answers of
// AWS say it. What they do not name is unknown, as without them.
type KnownKeys struct {
	things map[string][]knownThing // by the service and the name; of a secret, with its random suffix and with anySuffix
}

// knownThing is a secret, a parameter or an object with its key.
type knownThing struct {
	arn  policy.ARN
	key  string // the ARN of a customer-managed key, or of an alias; "" for a key of AWS's own, or none
	from tree.Place
	// unsure says that the answers do not say whether the key is one of AWS's own.
	unsure bool
}

// ReadKeys reads files with what these commands of the AWS CLI print, one answer or several in a file,
//
//	aws secretsmanager describe-secret, list-secrets
//	aws ssm describe-parameters
//	aws s3api head-object
//	aws kms list-aliases, describe-key
//
// An answer can be inside of an object, which says what the answer does not: {"Region": …, "Account": …, "Answer": …} for
// parameters and {"Object": ARN, "Answer": …} for an object. A key of which an answer about aliases or keys says that AWS
// manages it needs no permission, as the absence of a key does. S3 names AWS's own key as any other, so that an object is
// known only together with the aliases of the key's region.
//
// Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html,
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterMetadata.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html,
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
func ReadKeys(inputs []Input) (*KnownKeys, []tree.Problem) {
	r := keyReader{aliases: map[policy.Text]policy.Text{}, own: map[policy.Text]bool{}, regions: map[policy.Text]bool{}}
	for _, in := range inputs {
		doc, _, problems := tree.Read(in.Name, in.Source)
		r.problems = append(r.problems, problems...)
		if doc == nil {
			continue
		}
		r.doc = doc
		r.value(doc.Root, about{})
	}
	k := &KnownKeys{things: map[string][]knownThing{}}
	for _, t := range r.things {
		one := knownThing{arn: t.arn, from: t.from, key: r.resolve(t)}
		one.unsure = t.arn.Service == "s3" && one.key != "" && !r.knowsOwner(policy.Text(one.key))
		name := indexOf(t.arn)
		k.things[name] = append(k.things[name], one)
		if t.arn.Service == "secretsmanager" && len(name) > suffixLength { // a task definition can lack the suffix
			name = name[:len(name)-suffixLength] + anySuffix
			k.things[name] = append(k.things[name], one)
		}
	}
	return k, r.problems
}

// keyReader collects what the answers say.
type keyReader struct {
	doc      *tree.Document
	problems []tree.Problem
	things   []knownThing                // with the keys as the answers have them
	aliases  map[policy.Text]policy.Text // the ARN of a key, by that of its alias
	own      map[policy.Text]bool        // whether AWS manages a key, by its ARN
	regions  map[policy.Text]bool        // of which the aliases are known
}

// about is what is written around an answer.
type about struct{ region, account, object string }

// text returns the text of a member; "" if there is none.
func textOf(n *tree.Node, name string) string {
	if m := n.Member(name); m != nil && m.Kind == tree.String {
		return m.Text
	}
	return ""
}

func (r *keyReader) place(n *tree.Node) tree.Place { return r.doc.Source.Place(n.Start) }

func (r *keyReader) report(n *tree.Node, format string, args ...any) {
	r.problems = append(r.problems, tree.Problem{At: r.place(n), Message: fmt.Sprintf(format, args...)})
}

// value reads one answer, or a list of them.
func (r *keyReader) value(n *tree.Node, a about) {
	switch list := cmp.Or(n.Member("SecretList"), n.Member("Parameters"), n.Member("Aliases")); {
	case n.Kind == tree.List:
		for i := range n.Children {
			r.value(&n.Children[i], a)
		}
	case n.Member("Answer") != nil:
		r.value(n.Member("Answer"), about{textOf(n, "Region"), textOf(n, "Account"), textOf(n, "Object")})
	case list != nil:
		for i := range list.Children {
			one := &list.Children[i]
			switch {
			case list.Name == "SecretList":
				r.secret(one)
			case list.Name == "Aliases":
				r.alias(one)
			default:
				r.parameter(one, a)
			}
		}
	case n.Member("KeyMetadata") != nil:
		key := n.Member("KeyMetadata")
		r.own[policy.Text(textOf(key, "Arn"))] = textOf(key, "KeyManager") == "AWS"
	case a.object != "":
		r.object(n, a)
	case strings.Contains(textOf(n, "ARN"), ":secretsmanager:"):
		r.secret(n)
	default:
		r.report(n, "this is no answer of AWS about a secret, parameters, an object or keys")
	}
}

// secret reads a secret. Without KmsKeyId, it is encrypted with aws/secretsmanager.
func (r *keyReader) secret(n *tree.Node) {
	arn, ok := policy.CutARN(policy.Text(textOf(n, "ARN")))
	if !ok || arn.Service != "secretsmanager" {
		r.report(n, "the secret has no ARN")
		return
	}
	r.add(n, arn, "KmsKeyId")
}

// parameter reads a parameter. Only one of the type SecureString is encrypted.
func (r *keyReader) parameter(n *tree.Node, a about) {
	name := policy.Text(textOf(n, "Name"))
	arn, ok := policy.CutARN(policy.Text(textOf(n, "ARN")))
	if !ok {
		arn = policy.LocalARN("ssm", "parameter/"+cutSlash(name))
		if a.region != "" {
			arn.Partition, arn.Region = policy.PartitionText(policy.Text(a.region)), policy.Text(a.region)
		}
		if a.account != "" {
			arn.Account = policy.Text(a.account)
		}
	}
	switch {
	case name == "":
		r.report(n, "the parameter has no Name")
	case textOf(n, "Type") != "SecureString":
		r.things = append(r.things, knownThing{arn: arn, from: r.place(n)})
	default:
		r.add(n, arn, "KeyId")
	}
}

// object reads what head-object says. An object without SSEKMSKeyId is not encrypted by KMS.
func (r *keyReader) object(n *tree.Node, a about) {
	arn, ok := policy.CutARN(policy.Text(a.object))
	if !ok || arn.Service != "s3" {
		r.report(n, "Object %q is no ARN of an object in S3", a.object)
		return
	}
	arn.Resource, _ = escapeKey(arn.Resource)
	if key := textOf(n, "SSEKMSKeyId"); key != "" && !strings.HasPrefix(key, "arn:") {
		r.report(n, "SSEKMSKeyId %q is no ARN: S3 answers with that of the key", key)
		return
	}
	r.add(n, arn, "SSEKMSKeyId")
}

// add adds a thing whose key a member names.
func (r *keyReader) add(n *tree.Node, arn policy.ARN, member string) {
	from := n
	if m := n.Member(member); m != nil {
		from = m
	}
	r.things = append(r.things, knownThing{arn: arn, key: textOf(n, member), from: r.place(from)})
}

// alias reads an alias. AWS's own keys have those that begin with alias/aws/.
func (r *keyReader) alias(n *tree.Node) {
	arn, ok := policy.CutARN(policy.Text(textOf(n, "AliasArn")))
	id := policy.Text(textOf(n, "TargetKeyId"))
	if ok {
		r.regions[arn.Region] = true
	}
	if !ok || id == "" {
		return // AWS made the alias beforehand, and there is no key yet
	}
	key := arn.With("key/" + id).Text()
	r.aliases[arn.Text()] = key
	if arn.Resource.HasPrefix("alias/aws/") {
		r.own[key] = true
	}
}

// knowsOwner reports whether the answers say whether AWS manages a key. A key of a region whose aliases are known is not AWS's own
// where none of these says so: one that belongs to another account is never.
func (r *keyReader) knowsOwner(key policy.Text) bool {
	arn, _ := policy.CutARN(key)
	_, described := r.own[key]
	return described || r.regions[arn.Region]
}

// resolve returns the ARN of the customer-managed key of a thing, or that of its alias where its key is unknown; "" where
// there is no such key. The answers have the ID of a key, its ARN, its alias or the ARN of that. What has no ARN is in the
// region and the account of the thing.
func (r *keyReader) resolve(t knownThing) string {
	key := policy.Text(t.key)
	arn, whole := policy.CutARN(key)
	if !whole {
		arn = t.arn.With(key)
		if arn.Service = "kms"; !key.HasPrefix("alias/") {
			arn.Resource = "key/" + key
		}
	}
	if target, ok := r.aliases[arn.Text()]; ok {
		arn, _ = policy.CutARN(target)
	}
	if key == "" || r.own[arn.Text()] || arn.Resource.HasPrefix("alias/aws/") {
		return ""
	}
	return arn.Text().String()
}

// indexOf returns the service and the name of a thing.
func indexOf(thing policy.ARN) string { return thing.Service.String() + ":" + thing.Resource.String() }

// sure returns what is known of a thing with one of these ARNs, without doubt.
func (k *KnownKeys) sure(things []policy.ARN, in policy.Environment) []knownThing {
	return slices.DeleteFunc(k.find(things, in), func(t knownThing) bool { return t.unsure })
}

// find returns what is known of a thing with one of these ARNs, which is used in an environment.
func (k *KnownKeys) find(things []policy.ARN, in policy.Environment) (found []knownThing) {
	if k == nil {
		return nil
	}
	same := func(a, b policy.Text, s policy.Symbol) bool {
		known := func(t policy.Text) policy.Text {
			if t == policy.Of(s) {
				return policy.Text(in.Value(s))
			}
			return t
		}
		a, b = known(a), known(b)
		return a == b || a == "" || b == "" || !a.IsLiteral() || !b.IsLiteral()
	}
	for _, thing := range things {
		if thing.IsWhole() {
			continue // a symbol
		}
		for _, one := range k.things[indexOf(thing)] {
			if same(one.arn.Partition, thing.Partition, policy.Partition) && same(one.arn.Region, thing.Region, policy.Region) &&
				same(one.arn.Account, thing.Account, policy.AccountID) && !slices.Contains(found, one) {
				found = append(found, one)
			}
		}
	}
	return found
}

// Complete returns the complete ARN of a secret whose random suffix a requirement leaves out, as in …:secret:db-??????. It is not
// ok if the answers name no such secret, or several. In is the account and region where the secret is used.
func (k *KnownKeys) Complete(arn policy.ARN, in policy.Environment) (complete policy.ARN, ok bool) {
	if arn.Service != "secretsmanager" || !arn.Resource.HasSuffix(anySuffix) {
		return arn, false
	}
	found := k.find([]policy.ARN{arn}, in)
	if len(found) == 0 || slices.ContainsFunc(found, func(t knownThing) bool { return t.arn.Resource != found[0].arn.Resource }) {
		return arn, false
	}
	return arn.With(found[0].arn.Resource), true
}
