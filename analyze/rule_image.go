package analyze

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

var ecrImage = &Rule{
	ID:     "ecr-image",
	Title:  "Images in private Amazon ECR",
	Why:    "ECS logs in to the registry of a private Amazon ECR image and pulls its manifest and layers.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
	Fields: []string{"containerDefinitions[].image"},
	Grants: []*Grant{ecrLogin, ecrPull, ecrPullDualStack, ecrImport},
	Unseen: []Unseen{{
		What:    "a pull-through cache behind a private repository: the first pull of an image imports it and creates the repository",
		Cure:    "--pull-through-cache PREFIX, with the prefix of the cache's repositories",
		Actions: []string{"ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:TagResource"}, Resource: "arn:PARTITION:ecr:REGION:ACCOUNT:repository/PREFIX/*",
		applies: func(p *pass) bool { return p.plan.requires(ecrLogin) && !p.plan.requires(ecrImport) },
	}},
	check:  checkImages,
	finish: finishImages,
	judge:  judgeImages,
}

var (
	ecrLogin = &Grant{
		Shown:    notPulled + "unable to retrieve ecr registry auth: … AccessDeniedException",
		Sid:      "GetECRAuthorizationToken",
		Why:      "ECS logs in to the registry of a private Amazon ECR image.",
		Actions:  []Action{{"ecr:GetAuthorizationToken", Called}},
		Agent:    "1.16.0",
		Wildcard: "ecr:GetAuthorizationToken has no resources of its own, so that IAM takes only * for it.",
	}
	// The agent and the container runtime call the first two. The third belongs to pushing, but AWS's
	// managed policy AmazonECSTaskExecutionRolePolicy and its VPC endpoint example have it.
	ecrPull = &Grant{
		Shown: imageShown,
		Sid:   "PullImages",
		Why:   "ECS pulls the image's manifest and layers from private Amazon ECR.",
		Actions: []Action{
			{"ecr:BatchGetImage", Called},
			{"ecr:GetDownloadUrlForLayer", Called},
			{"ecr:BatchCheckLayerAvailability", Documented},
		},
		Agent: "1.16.0",
		thing: imageThing,
		// GuardDuty keeps its own image.
		thingOf: func(r *Requirement) (policy.ARN, bool) { return r.ARN, r.At.Field != guardDutyFlag },
		// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
		endpoints: []endpoint{
			{service: "ecr.api"}, {service: "ecr.dkr"},
			{service: "s3", gateway: true, why: "Amazon ECR keeps the layers of images in its bucket prod-REGION-starport-layer-bucket, which a policy of the endpoint has to allow."},
		},
	}
	// ECR asks for these two in the pull itself, where the repository is a pull-through cache: the first pull
	// of an image imports it, and makes its repository.
	//
	// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
	ecrImport = &Grant{
		Sid:     "ImportImages",
		When:    "the repositories of --pull-through-cache",
		Why:     "The first pull of an image through the cache imports it from upstream and creates its repository.",
		Actions: []Action{{"ecr:BatchImportUpstreamImage", Called}, {"ecr:CreateRepository", Called}},
		Agent:   "1.16.0",
		thing:   imageThing, creates: true,
		// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
		noEndpoint: "The first pull of an image through the cache needs it, also where ECR has VPC endpoints; later pulls do not.",
	}
	// Older agents do not know the host names ACCOUNT.dkr-ecr.REGION.on.aws.
	ecrPullDualStack = ecrPull.variant(Grant{Shown: imageShown, When: "hosts of the form ACCOUNT.dkr-ecr.REGION.on.aws", Why: ecrPull.Why, Agent: "1.95.0",
		// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
		noEndpoint: "Amazon ECR has no VPC endpoint for hosts of the form ACCOUNT.dkr-ecr.REGION.on.aws.",
	})
)

// imageShown is what ECS shows where it cannot pull an image. The repository's own policy gives the same.
const imageShown = "CannotPullContainerError: … failed to resolve ref …: 403 Forbidden"

const noEndpoint = "VPC endpoints lead to no registry but private Amazon ECR."

// imageThing is what is pulled, in words.
const imageThing = "image"

// openRegistries are accounts of AWS whose repositories let everybody pull: no policy of theirs has to name the role.
//
// Source: aws-for-fluent-bit, scripts/publish.sh; https://docs.aws.amazon.com/app-mesh/latest/userguide/envoy.html;
// deep-learning-containers, available_images.md
var openRegistries = [...]string{
	// AWS for Fluent Bit: one account for most regions, one for China, one for GovCloud, and others in newer regions.
	"906394416424", "128054284489", "161423150738", "449074385750", "741863432321", "928143927712", "960320637246",
	"921575906885", "358001906437", "146576467002", "269912160255", "378905956269", "279248816148", "577945010369",
	// Envoy of App Mesh: one account for most regions, and others in me-south-1, ap-east-1, eu-south-1 and af-south-1. The
	// last two are in the mapping that the CDK writes into templates.
	"840364872350", "772975370895", "856666278305", "422531588944", "924023996002",
	// AWS Deep Learning Containers.
	"763104351884", "626614931356", "871362719292", "364406365360", "907027046896", "692866216735", "217643126080",
	"914824155844", "727897471807",
	marketplaceAccount,
}

// isOpenRegistry reports whether a requirement is for an image of AWS that everybody may pull, also one from the account
// of --guardduty=ACCOUNT.
func isOpenRegistry(r *Requirement, account string) bool {
	return r.Rule == guardDuty || isAWSRegistry(policy.Text(account))
}

// isAWSRegistry reports whether an account ID is that of a registry of AWS with images that everybody may pull.
func isAWSRegistry(account policy.Text) bool {
	return slices.Contains(openRegistries[:], account.String()) ||
		slices.ContainsFunc(guardDutyAccounts[:], func(a guardDutyAccount) bool { return a.account == account.String() })
}

// cachePrefixes are how people name the repositories of a pull-through cache, after AWS's own examples.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
var cachePrefixes = [...]policy.Text{"docker-hub/", "ecr-public/", "quay/", "ghcr/", "github/", "k8s/", "chainguard/", "gitlab/"}

// LooksCached reports whether the name of a repository begins as people name those of a pull-through cache: docker-hub/library/nginx.
func LooksCached(repository policy.Text) bool {
	return slices.ContainsFunc(cachePrefixes[:], repository.HasPrefix)
}

func checkImages(p *pass, td taskdef.Value) {
	for container := range td.Each("containerDefinitions") {
		for image := range container.EachOrAbsent("image") {
			checkImage(p, container, image)
		}
	}
}

func checkImage(p *pass, container, image taskdef.Value) {
	t, ok := image.Text()
	var names []policy.Text
	for name := range containerNames(container) {
		names = append(names, name)
	}
	if names == nil {
		names = []policy.Text{""} // its name is of another type, which is an error of its own
	}
	named := len(names) == 1 && names[0] != "" && names[0].IsLiteral()
	flag := setFlag(image.Ref().Pointer)
	if named {
		flag = imageFlag(names[0].String())
	}
	switch {
	case names[0] == "" && !ok:
		p.Errorf(image, "the container has neither name nor image")
		return
	case t == "":
		p.find(Error, image.Ref(), []string{flag}, "container %s has no image: add %s", quote(names[0]), flag)
		return
	}
	p.mayName(image, aRepository)
	if p.pullSymbol(image, t) {
		return
	}
	ref, list := p.cutImage(t)
	host, ok := p.parseECRHost(ref.host)
	if list = slices.Concat(host.unknown, list); len(list) > 0 {
		var other []string
		if named {
			other = []string{flag}
		}
		p.Unknown(image, "image", list, other...)
		return
	}
	switch {
	case !ok:
		p.Notef(image, "image %s is not in a private Amazon ECR registry: pulling it needs no permission", quote(t))
		p.need(Need{Kind: NeedInternet, Thing: imageThing, Name: t, Why: noEndpoint, From: []taskdef.Ref{image.Ref()}})
	case host.port:
		p.find(Error, image.Ref(), []string{flag}, "image %s names a port: ECS does not take that for Amazon ECR; leave out the port, or add %s", quote(t), flag)
	case !p.isRepository(ref.repository):
		p.find(Error, image.Ref(), []string{flag}, "image %s has %s for a repository: Amazon ECR allows 2 to 256 small letters, digits, and . _ - / between them; correct it, or add %s", quote(t), quote(ref.repository), flag)
	default:
		p.pull(image, host, ref)
	}
}

// pullSymbol requires an image that is named by the URI of a repository, of which the ARN is known. It reports whether
// there is such a symbol.
func (p *pass) pullSymbol(image taskdef.Value, t policy.Text) bool {
	s, rest, ok := t.CutSymbol()
	if !ok || rest != "" && rest[0] != ':' && rest[0] != '@' {
		return false
	}
	info := p.reader.Symbols().Lookup(s)
	if info.Meaning != policy.MeansRepositoryURI || info.ARN == (policy.ARN{}) {
		return false
	}
	login := len(p.plan.Requirements)
	when := p.given(info.ARN, nil)
	p.Require(ecrLogin, everything, Exact, image.Ref())
	for i := login; i < len(p.plan.Requirements); i++ {
		p.plan.Requirements[i].When = when
	}
	p.Require(ecrPull, info.ARN, Exact, image.Ref())
	if when == nil || rest != "" { // the tag of an image that is left open is as unknown
		p.partOfLast(imageTag(rest))
	}
	repository, _ := info.ARN.Resource.CutPrefix("repository/")
	if p.throughCache(image, repository) {
		p.Require(ecrImport, info.ARN, Exact, image.Ref())
	}
	return true
}

// imageTag returns what is pulled of a repository, by what follows its name in an image reference: the digest, or the tag,
// which is latest where none is given.
func imageTag(after policy.Text) policy.Text {
	tag, digest, _ := cutText(after, '@')
	tag, _ = tag.CutPrefix(":")
	return cmp.Or(digest, tag, "latest")
}

// pull requires an image of a repository in private Amazon ECR.
func (p *pass) pull(image taskdef.Value, host ecrHost, ref imageRef) {
	t, _ := image.Text()
	repository := ref.repository
	partition := policy.PartitionText(host.region)
	if partition.IsLiteral() {
		if len(host.partitions) > 0 && !slices.Contains(host.partitions, partition) {
			p.Warnf(image, "image %s: region %s is in partition %s, whose registries are in another domain", quote(t), host.region, partition)
		}
	} else if len(host.partitions) > 0 && host.region.IsLiteral() {
		partition = host.partitions[0]
	}
	cached := !isAWSRegistry(host.account) && p.throughCache(image, repository)
	for _, prefix := range cachePrefixes {
		if repository.HasPrefix(prefix) && !cached {
			p.Notef(image, "image %s looks like one of a pull-through cache: then the first pull also needs ecr:BatchImportUpstreamImage and ecr:CreateRepository on the repository", quote(t))
		}
	}
	arn := policy.ARN{Partition: partition, Service: "ecr", Region: host.region, Account: host.account, Resource: "repository/" + repository}
	grant := ecrPull
	if host.dualStack {
		grant = ecrPullDualStack
	}
	p.Require(ecrLogin, everything, Exact, image.Ref())
	p.Require(grant, arn, Exact, image.Ref())
	p.partOfLast(imageTag(ref.after))
	if cached {
		p.Require(ecrImport, arn, Exact, image.Ref())
	}
}

// pullThroughCache is a prefix of Options.PullThroughCaches, as a key of pass.used.
type pullThroughCache string

// throughCache reports whether the repository of an image is one of Options.PullThroughCaches. Where that depends on the
// value of a symbol, it says so.
func (p *pass) throughCache(image taskdef.Value, repository policy.Text) bool {
	cached, open := false, policy.Text("")
	for _, prefix := range p.opts.PullThroughCaches {
		folder := policy.Text(strings.TrimSuffix(prefix, "/") + "/")
		switch {
		case prefix == "ROOT" || repository.HasPrefix(folder):
			cached = true
		case !repository.IsLiteral() && folder.HasPrefix(repository.Before()):
			open = folder
		default:
			continue
		}
		p.used[pullThroughCache(prefix)] = true
	}
	if open != "" && !cached {
		t, _ := image.Text()
		p.Notef(image, "image %s: whether its repository begins with %s is unknown until deployment: then the first pull also needs ecr:BatchImportUpstreamImage and ecr:CreateRepository on the repository", quote(t), open)
	}
	return cached
}

// finishImages puts the conditions of Options.SourceVPCEndpoints and SourceVPCs on what is pulled in the role's region.
// GuardDuty's agent is pulled too, by another rule. The login cannot have conditions: it does not come from the task's
// network. Nor can pulls from another region, which do not go through this region's endpoints, nor those from a
// dual-stack host, which no endpoint of ECR serves.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html,
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
func finishImages(f *finish) {
	conditions, _ := f.opts().sources()
	if len(conditions) == 0 {
		return
	}
	for _, p := range f.passes {
		if p.pullFrom(conditions) {
			p.used[sourcesOfPulls{}] = true
		}
	}
}

// sourcesOfPulls is Options.SourceVPCEndpoints and SourceVPCs, as a key of pass.used.
type sourcesOfPulls struct{}

// sources returns the conditions of the places that images are pulled from, and what is wrong with the IDs of these.
func (o *Options) sources() (conditions []policy.Condition, problems []string) {
	for _, c := range []struct {
		flag, key, prefix string
		ids               []string
	}{
		{"--source-vpce", "aws:SourceVpce", "vpce-", o.SourceVPCEndpoints},
		{"--source-vpc", "aws:SourceVpc", "vpc-", o.SourceVPCs},
	} {
		var values []policy.Text
		for _, id := range c.ids {
			if rest, ok := strings.CutPrefix(id, c.prefix); !ok || !all(rest, func(b byte) bool { return isDigit(b) || b >= 'a' && b <= 'f' }) {
				problems = append(problems, fmt.Sprintf("%s %q: an ID looks like %s0123456789abcdef0", c.flag, id, c.prefix))
				continue
			}
			values = append(values, policy.Text(id))
		}
		if len(values) > 0 {
			slices.Sort(values)
			conditions = append(conditions, policy.Condition{Operator: "StringEquals", Key: c.key, Values: policy.Values(slices.Compact(values)...)})
		}
	}
	return conditions, problems
}

// judgeImages says which IDs are malformed, and which options fit no image.
func judgeImages(j *judgement) {
	conditions, problems := j.opts.sources()
	for _, problem := range problems {
		j.misfit("%s", problem)
	}
	if len(conditions) > 0 && !j.used[sourcesOfPulls{}] && !j.opts.RoleExists {
		j.unused("--source-vpce or --source-vpc is given, and no image is in private Amazon ECR")
	}
	for _, prefix := range j.opts.PullThroughCaches {
		if !j.used[pullThroughCache(prefix)] {
			j.unused("--pull-through-cache %s: no image is in a repository of private Amazon ECR whose name begins with %[1]s/; ROOT means all of them", prefix)
		}
	}
}

// pullFrom puts the conditions on the pulls of a plan. It reports whether there are any.
func (p *pass) pullFrom(conditions []policy.Condition) (pulled bool) {
	here, own := policy.Of(policy.Region), policy.Text(p.plan.Environment.Region)
	// regionOf returns the region of an image. A repository whose ARN is a symbol is declared beside the role.
	regionOf := func(r *Requirement) policy.Text {
		if r.ARN.IsWhole() {
			return here
		}
		return r.ARN.Region
	}
	var pulls, dualStack []*Requirement
	elsewhere := map[policy.Text]bool{}
	for i := range p.plan.Requirements {
		switch r := &p.plan.Requirements[i]; r.Grant {
		case ecrPullDualStack:
			dualStack = append(dualStack, r)
		case ecrPull:
			pulls = append(pulls, r)
			if region := regionOf(r); region != here {
				elsewhere[region] = true
			}
		}
	}
	warned := map[string]bool{}
	warn := func(r *Requirement, format string, args ...any) {
		if !warned[r.At.Pointer] {
			warned[r.At.Pointer] = true
			p.plan.Findings = append(p.plan.Findings, Finding{Severity: Warning, Rule: r.Rule.ID, At: r.At, Message: fmt.Sprintf(format, args...)})
		}
	}
	for _, r := range dualStack {
		warn(r, "the image's host is dual-stack, and Amazon ECR has no VPC endpoint for such hosts: its permission has no condition; a host of the form ACCOUNT.dkr.ecr.REGION.amazonaws.com gets one")
	}
	if own == "" && len(elsewhere) > 1 {
		p.flag("--source-vpce or --source-vpc: images are in more than one region; add --region with the role's own")
		return true
	}
	for _, r := range pulls {
		region := regionOf(r)
		if own == "" || region == own || region == here {
			r.Conditions = sorted(slices.Clone(conditions))
		} else {
			warn(r, "the image is in region %s, and its pull does not go through the endpoints of %s: its permission has no condition", region, own)
		}
	}
	return len(pulls)+len(dualStack) > 0
}

// containerNames yields the names that a container definition can have: "" where it has none.
func containerNames(container taskdef.Value) iter.Seq[policy.Text] {
	return func(yield func(policy.Text) bool) {
		for name := range container.EachOrAbsent("name") {
			t, _ := name.Text()
			if !yield(t) {
				return
			}
		}
	}
}
