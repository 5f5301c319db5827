package analyze

import (
	"fmt"
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
	Unseen: []Unseen{
		{
			What: "a pull-through cache behind a private repository: the first pull of an image imports it and creates the repository",
			Cure: "--pull-through-cache PREFIX, with the prefix of the cache's repositories",
			Applies: func(p *Plan) bool {
				return p.requires(ecrLogin) && !p.requires(ecrImport)
			},
		},
	},
	check: checkImages,
}

var (
	ecrLogin = &Grant{
		Sid:      "GetECRAuthorizationToken",
		Why:      "ECS logs in to the registry of a private Amazon ECR image.",
		Actions:  []Action{{"ecr:GetAuthorizationToken", Called}},
		Agent:    "1.16.0",
		Wildcard: "ecr:GetAuthorizationToken has no resources of its own, so that IAM takes only * for it.",
	}
	// The agent and the container runtime call the first two. The third belongs to pushing, but AWS's
	// managed policy AmazonECSTaskExecutionRolePolicy and its VPC endpoint example have it.
	ecrPull = &Grant{
		Sid: "PullImages",
		Why: "ECS pulls the image's manifest and layers from private Amazon ECR.",
		Actions: []Action{
			{"ecr:BatchGetImage", Called},
			{"ecr:GetDownloadUrlForLayer", Called},
			{"ecr:BatchCheckLayerAvailability", Documented},
		},
		Agent: "1.16.0",
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
	}
	// Older agents do not know the host names ACCOUNT.dkr-ecr.REGION.on.aws.
	ecrPullDualStack = &Grant{Sid: ecrPull.Sid, When: "hosts of the form ACCOUNT.dkr-ecr.REGION.on.aws", Why: ecrPull.Why, Actions: ecrPull.Actions, Agent: "1.95.0"}
)

// openRegistries are accounts of AWS's own whose repositories admit everybody who may pull: their owners have nothing
// to allow.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html (AWS for Fluent Bit),
// https://docs.aws.amazon.com/app-mesh/latest/userguide/envoy.html (Envoy: one account, and others in newer regions)
var openRegistries = [...]string{
	"906394416424", // AWS for Fluent Bit
	"840364872350", // Envoy
	"772975370895", // Envoy in me-south-1
	"856666278305", // Envoy in ap-east-1
	marketplaceAccount,
}

// isOpenRegistry reports whether a requirement is for an image of AWS's own that everybody may pull: from the account
// that --guardduty is given too.
func isOpenRegistry(r *Requirement, account string) bool {
	return r.Rule == guardDuty || slices.Contains(openRegistries[:], account) ||
		slices.ContainsFunc(guardDutyAccounts[:], func(a guardDutyAccount) bool { return a.account == account })
}

// cachePrefixes are how people name the repositories of a pull-through cache, after AWS's own examples.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
var cachePrefixes = [...]string{"docker-hub/", "ecr-public/", "quay/", "ghcr/", "github/", "k8s/"}

func checkImages(p *pass, td taskdef.Value) {
	for container := range td.Each("containerDefinitions") {
		for image := range container.EachOrAbsent("image") {
			checkImage(p, container, image)
		}
	}
}

func checkImage(p *pass, container, image taskdef.Value) {
	name := containerName(container)
	flag := imageFlag(name)
	t, ok := image.Text()
	switch {
	case name == "" && !ok:
		p.Errorf(image, "the container has neither name nor image")
		return
	case name == "":
		flag = setFlag(image.Ref().Pointer)
	}
	if t == "" {
		p.find(Error, image.Ref(), []string{flag}, "container %q has no image: add %s", name, flag)
		return
	}
	ref, gaps := p.cutImage(string(t))
	host, ok := p.parseECRHost(ref.host)
	if gaps = slices.Concat(host.gaps, gaps); len(gaps) > 0 {
		var other []string
		if name != "" {
			other = []string{flag}
		}
		p.Gaps(image, "image", gaps, other...)
		return
	}
	if !ok {
		p.Notef(image, "image %s is not in a private Amazon ECR registry: pulling it needs no permission", quote(t))
		return
	}
	if host.port {
		p.find(Error, image.Ref(), []string{flag}, "image %s names a port: ECS does not take that for Amazon ECR; leave out the port, or add %s", quote(t), flag)
		return
	}
	if !isRepository(ref.repository) {
		p.find(Error, image.Ref(), []string{flag}, "image %s has %q for a repository: Amazon ECR allows 2 to 256 small letters, digits, and . _ - / between them; correct it, or add %s", quote(t), ref.repository, flag)
		return
	}
	partition := policy.PartitionText(policy.Text(host.region))
	if partition.IsLiteral() {
		if len(host.partitions) > 0 && !slices.Contains(host.partitions, string(partition)) {
			p.Warnf(image, "image %s: region %s is in partition %s, whose registries are in another domain", quote(t), host.region, partition)
		}
	} else if len(host.partitions) > 0 {
		partition = policy.Text(host.partitions[0])
	}
	cached := p.throughCache(ref.repository)
	for _, prefix := range cachePrefixes {
		if strings.HasPrefix(ref.repository, prefix) && !cached {
			p.Notef(image, "image %s looks like one of a pull-through cache: then the first pull also needs ecr:BatchImportUpstreamImage and ecr:CreateRepository on the repository", quote(t))
		}
	}
	repository := "arn:" + partition + ":ecr:" + policy.Text(host.region+":"+host.account+":repository/"+ref.repository)
	pull := ecrPull
	if host.dualStack {
		pull = ecrPullDualStack
	}
	p.Require(ecrLogin, "*", Exact, image.Ref())
	p.Require(pull, repository, Exact, image.Ref())
	if cached {
		p.Require(ecrImport, repository, Exact, image.Ref())
	}
}

// throughCache reports whether a repository is one of Options.PullThroughCaches.
func (p *pass) throughCache(repository string) bool {
	cached := false
	for _, prefix := range p.opts.PullThroughCaches {
		if prefix == "ROOT" || strings.HasPrefix(repository, strings.TrimSuffix(prefix, "/")+"/") {
			p.plan.usedCaches[prefix] = true
			cached = true
		}
	}
	return cached
}

// checkCaches says which prefixes fit no image.
func (p *Plan) checkCaches(td taskdef.Value, opts *Options) {
	for _, prefix := range opts.PullThroughCaches {
		if !p.usedCaches[prefix] {
			p.flag(td, "--pull-through-cache %s: no image is in a repository of private Amazon ECR whose name begins with %[1]s/; ROOT means all of them", prefix)
		}
	}
}

// checkEndpoints puts the conditions of Options.SourceVPCEndpoints and SourceVPCs on what is pulled in the
// role's region. The login cannot carry them: it does not come from the task's network. Nor can pulls from
// another region, which do not go through this region's endpoints. It comes after all rules: GuardDuty's agent is
// pulled too.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (p *Plan) checkEndpoints(td taskdef.Value, opts *Options) {
	var conditions []policy.Condition
	for _, c := range []struct {
		flag, key, prefix string
		ids               []string
	}{
		{"--source-vpce", "aws:SourceVpce", "vpce-", opts.SourceVPCEndpoints},
		{"--source-vpc", "aws:SourceVpc", "vpc-", opts.SourceVPCs},
	} {
		var values []policy.Text
		for _, id := range c.ids {
			if rest, ok := strings.CutPrefix(id, c.prefix); !ok || !all(rest, func(b byte) bool { return isDigit(b) || b >= 'a' && b <= 'f' }) {
				p.flag(td, "%s %q: an ID looks like %s0123456789abcdef0", c.flag, id, c.prefix)
				continue
			}
			values = append(values, policy.Text(id))
		}
		if len(values) > 0 {
			slices.Sort(values)
			conditions = append(conditions, policy.Condition{Operator: "StringEquals", Key: c.key, Values: slices.Compact(values)})
		}
	}
	if len(conditions) == 0 {
		return
	}
	regions := map[string]bool{}
	pulls := func(yield func(*Requirement, string) bool) {
		for i := range p.Requirements {
			r := &p.Requirements[i]
			if r.Grant != ecrPull && r.Grant != ecrPullDualStack {
				continue
			}
			if !yield(r, strings.Split(string(r.Resource), ":")[3]) {
				return
			}
		}
	}
	here := string(policy.Of(policy.Region))
	pulled := false
	for _, region := range pulls {
		pulled = true
		if region != here {
			regions[region] = true
		}
	}
	own := p.Environment.Region
	switch {
	case !pulled:
		p.flag(td, "--source-vpce or --source-vpc is given, and no image is in private Amazon ECR")
		return
	case own == "" && len(regions) > 1:
		p.flag(td, "--source-vpce or --source-vpc: images are in more than one region; add --region with the role's own")
		return
	}
	warned := map[string]bool{}
	for r, region := range pulls {
		if own == "" || region == own || region == here {
			r.Conditions = sorted(slices.Clone(conditions))
		} else if !warned[r.At.Pointer] {
			warned[r.At.Pointer] = true
			p.Findings = append(p.Findings, Finding{Severity: Warning, Rule: r.Rule.ID, At: r.At, Message: fmt.Sprintf(
				"the image is in region %s, and its pull does not go through the endpoints of %s: its permission has no condition", region, own)})
		}
	}
}

// containerName returns the name of a container definition, or "".
func containerName(container taskdef.Value) string {
	for name := range container.Each("name") {
		t, _ := name.Text()
		return string(t)
	}
	return ""
}

// imageRef is an image reference without its tag and digest, which no permission depends on.
type imageRef struct {
	host       string // "" for Docker Hub
	repository string
}

// cutImage cuts an image reference. Gaps are what keeps its registry or repository from being known;
// placeholders in a tag, or behind a host that is no ECR registry, do not.
//
// Source: https://pkg.go.dev/github.com/distribution/reference
func (p *pass) cutImage(s string) (ref imageRef, gaps []gap) {
	components, gaps := splitImage(s)
	filled := false
	for i, c := range components {
		components[i] = p.word(c, isComponent(c) || i == 0 && isHostName(c))
		filled = filled || components[i] != c
	}
	if filled {
		// A word may stand for several components, and for a tag. What it holds is not filled again: it may
		// hold the word itself.
		var more []gap
		components, more = splitImage(strings.Join(components, "/"))
		gaps = append(gaps, more...)
	}
	last := len(components) - 1
	if strings.HasSuffix(components[0], ":") {
		return ref, append(gaps, gap{"", "an image has no scheme such as " + components[0] + "//"})
	}
	host := components[0]
	if last == 0 && isECRHost(host) {
		// To Docker this is an image of Docker Hub; nobody means that.
		return ref, append(gaps, gap{"", "it names a registry, and no repository in it"})
	}
	hidden := placeholders(host, false)
	if last > 0 && (strings.ContainsAny(host, ".:") || host == "localhost" || len(hidden) > 0 || strings.ToLower(host) != host) {
		ref.host, components = host, components[1:]
		if !isECRHost(host) {
			gaps = append(gaps, unless(isHostName(host), host, "no registry")...)
		}
	}
	ref.repository = strings.Join(components, "/")
	// Docker Hub and other registries need no permission, whatever the rest of the name says.
	known := ref.host != "" && len(hidden) == 0 && !isECRHost(host) || ref.host == "" && last > 0
	for _, c := range components {
		if !known || len(placeholders(c, false)) == 0 {
			gaps = append(gaps, unless(isComponent(c), c, "no part of an image's name (small letters and digits, and . _ - between them)")...)
		}
	}
	return ref, gaps
}

// splitImage splits an image reference at its slashes and leaves its tag and digest out. The gaps are those of
// tag and digest.
func splitImage(s string) (components []string, gaps []gap) {
	components = splitOutsidePlaceholders(s, '/', len(s)+1)
	last := len(components) - 1
	rest, digest, hasDigest := cutOutsidePlaceholders(components[last], '@')
	rest, tag, hasTag := cutOutsidePlaceholders(rest, ':')
	components[last] = rest
	if hasTag && len(placeholders(tag, false)) == 0 && !isTag(tag) {
		gaps = append(gaps, gap{"", fmt.Sprintf("%q is no tag", tag)})
	}
	if hasDigest && len(placeholders(digest, false)) == 0 && !isDigest(digest) {
		gaps = append(gaps, gap{"", fmt.Sprintf("%q is no digest", digest)})
	}
	return components, gaps
}

// cutOutsidePlaceholders cuts s at the first sep outside of placeholders.
func cutOutsidePlaceholders(s string, sep byte) (before, after string, found bool) {
	parts := splitOutsidePlaceholders(s, sep, 2)
	if len(parts) < 2 {
		return s, "", false
	}
	return parts[0], parts[1], true
}

// ecrHost is the host name of a private Amazon ECR registry.
type ecrHost struct {
	account, region string
	partitions      []string // those whose registries are in the domain; none where any may be
	dualStack       bool
	port            bool
	gaps            []gap
}

// ecrSuffixes are the domains of private registries, and the partitions that have theirs there.
//
// Source: awslabs/amazon-ecr-credential-helper, ecr-login/api; botocore's partitions.json
var ecrSuffixes = [...]struct {
	suffix     string
	partitions []string
}{
	{".amazonaws.com.cn", []string{"aws-cn"}},
	{".on.amazonwebservices.com.cn", []string{"aws-cn"}},
	{".amazonaws.com", []string{"aws", "aws-us-gov"}},
	{".amazonaws.eu", []string{"aws-eusc"}},
	{".on.aws", nil},
	{".sc2s.sgov.gov", []string{"aws-iso-b"}},
	{".c2s.ic.gov", []string{"aws-iso"}},
	{".cloud.adc-e.uk", []string{"aws-iso-e"}},
	{".csp.hci.ic.gov", []string{"aws-iso-f"}},
}

// ecrServices are the labels between account and region.
var ecrServices = [...]struct {
	infix     string
	dualStack bool
}{
	{".dkr.ecr.", false}, {".dkr.ecr-fips.", false}, {".dkr-ecr.", true}, {".dkr-ecr-fips.", true},
}

// isECRHost reports whether a host has the form of a private registry's in one of AWS's domains, whatever
// stands for account and region.
func isECRHost(host string) bool {
	_, ok := (*pass)(nil).parseECRHost(host)
	return ok
}

// parseECRHost takes a registry's host name apart. It is not ok if the name is not one of a private
// registry at all. A nil pass fills no words.
func (p *pass) parseECRHost(host string) (h ecrHost, ok bool) {
	name, port, hasPort := cutOutsidePlaceholders(host, ':')
	h.port = hasPort && port != ""
	lower := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r // others might have another length in small
	}, name)
	for _, s := range ecrSuffixes {
		rest, found := strings.CutSuffix(lower, s.suffix)
		if !found {
			continue
		}
		h.partitions = s.partitions
		for _, service := range ecrServices {
			// Account and region may both be missing.
			i := strings.Index("."+rest+".", service.infix)
			if i < 0 {
				continue
			}
			h.account, h.region, h.dualStack = name[:max(i-1, 0)], name[min(i-1+len(service.infix), len(rest)):len(rest)], service.dualStack
			if p != nil {
				h.account, h.region = p.word(h.account, policy.IsAccount(h.account)), p.word(h.region, policy.IsRegion(h.region))
			}
			h.gaps = slices.Concat(
				unless(policy.IsAccount(h.account), h.account, "no account (12 digits)"),
				unless(policy.IsRegion(h.region), h.region, "no region"),
			)
			return h, true
		}
		return ecrHost{}, false
	}
	return ecrHost{}, false
}

// isHostName reports whether s is a host, perhaps with a port, as image references may have it.
func isHostName(s string) bool {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		// An address of IPv6; other words in brackets are placeholders.
		address, port, ok := strings.Cut(rest, "]")
		return ok && strings.Contains(address, ":") && all(address, func(c byte) bool { return isHex(c) || c == ':' || c == '.' }) &&
			(port == "" || port[0] == ':' && all(port[1:], isDigit))
	}
	name, port, hasPort := strings.Cut(s, ":")
	if hasPort && !all(port, isDigit) {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !all(label, oneOf("-")) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	// In capitals it is a placeholder, not a machine.
	return strings.ContainsAny(s, ".:") || s == "localhost"
}

// isComponent reports whether s is one part of a repository's path: small letters and digits, and between
// them single dots, one or two underscores, or hyphens.
func isComponent(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && (isLower(s[i]) || isDigit(s[i])) {
			i++
		}
		if i == start {
			return false
		}
		if i == len(s) {
			return true
		}
		start = i
		for i < len(s) && strings.IndexByte("._-", s[i]) >= 0 {
			i++
		}
		if separator := s[start:i]; separator != "." && separator != "_" && separator != "__" && strings.Trim(separator, "-") != "" || separator == "" {
			return false
		}
	}
	return false
}

// isRepository reports whether s is the name of a repository in Amazon ECR.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
func isRepository(s string) bool {
	if len(s) < 2 || len(s) > 256 {
		return false
	}
	for c := range strings.SplitSeq(s, "/") {
		if !isComponent(c) {
			return false
		}
	}
	return true
}

func isTag(s string) bool {
	return all(s, oneOf("_.-")) && len(s) <= 128 && s[0] != '.' && s[0] != '-'
}

func isDigest(s string) bool {
	algorithm, hex, ok := strings.Cut(s, ":")
	return ok && all(algorithm, oneOf("+._-")) && len(hex) >= 32 && all(hex, func(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' })
}
