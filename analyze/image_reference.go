package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// imageRef is an image reference.
type imageRef struct {
	host       policy.Text // "" for Docker Hub
	repository policy.Text
	after      policy.Text // its tag and digest, as they are written; no permission depends on them
}

// cutImage cuts an image reference. List says why its registry or its repository is unknown: placeholders in a tag, or
// behind a host that is no ECR registry, do not matter.
//
// Source: https://pkg.go.dev/github.com/distribution/reference
func (p *pass) cutImage(t policy.Text) (ref imageRef, list []unknown) {
	components, tag, list := splitImage(t)
	filled := false
	for i, c := range components {
		components[i] = p.word(c, isComponent(c) || i == 0 && isHostName(c))
		filled = filled || components[i] != c
	}
	if filled {
		// The value of a word can have several components, and a tag. It is not filled again, since it can contain the
		// word itself.
		var more []unknown
		components, tag, more = splitImage(joinText(components, "/"))
		list = append(list, more...)
	}
	ref.after = tag
	last := len(components) - 1
	if components[0].HasSuffix(":") {
		return ref, append(list, unknown{reason: "an image has no scheme such as " + components[0].String() + "//"})
	}
	host := components[0]
	ecr := p.isECRHost(host)
	if last == 0 && ecr {
		// To Docker this is an image of Docker Hub; nobody means that.
		return ref, append(list, unknown{reason: "it names a registry, and no repository in it"})
	}
	if _, _, ok := t.CutSymbol(); ok && !ecr {
		// Whether the image is in Amazon ECR depends on how the value begins.
		return ref, append(list, p.beginsUnknown(t, "the URI of a repository whose ARN is known")...)
	}
	hidden := placeholders(host, false)
	if last > 0 && (host.IndexAny(".:") >= 0 || host == "localhost" || len(hidden) > 0 || !host.IsLiteral() || lowerASCII(host) != host) {
		ref.host, components = host, components[1:]
		if !ecr {
			list = append(list, unless(isHostName(host), host, "no registry")...)
		}
	}
	ref.repository = joinText(components, "/")
	if ref.host != "" && ecr {
		return ref, append(list, p.repositoryUnknown(components, tag)...)
	}
	// Docker Hub and other registries need no permission, whatever the rest of the name says.
	known := ref.host != "" && len(hidden) == 0 && ref.host.IsLiteral() || ref.host == "" && last > 0
	for _, c := range components {
		if !known || c.IsLiteral() && len(placeholders(c, false)) == 0 {
			list = append(list, unless(isComponent(c), c, noComponent)...)
		}
	}
	return ref, list
}

const noComponent = "no part of an image's name (small letters and digits, and . _ - between them)"

// repositoryUnknown returns why a repository of Amazon ECR is unknown; nothing if it is known. Tag is what follows its
// name.
func (p *pass) repositoryUnknown(components []policy.Text, tag policy.Text) (list []unknown) {
	for i, c := range components {
		switch symbols := c.Symbols(); {
		case symbols == nil:
			list = append(list, unless(isComponent(c), c, noComponent)...)
		case p.contrary(c, policy.MeansRepositoryName) != nil:
			list = append(list, p.contrary(c, policy.MeansRepositoryName)...)
		case !p.fits(c, func(b byte) bool { return isLower(b) || isDigit(b) || strings.IndexByte("._-/", b) >= 0 }, policy.MeansRepositoryName):
			list = append(list, unless(false, c, noComponent)...)
		case i == len(components)-1 && tag == "" && p.mayHaveTag(symbols):
			list = append(list, unknown{symbol: symbols[len(symbols)-1], reason: fmt.Sprintf("the value of %s is unknown until deployment, and it may have a tag, which is no part of the repository", policy.Of(symbols[len(symbols)-1]))})
		}
	}
	return list
}

// mayHaveTag reports whether the last of the symbols can have a tag in its value. One that is left open can have what the
// name of a repository can have.
func (p *pass) mayHaveTag(symbols []policy.Symbol) bool {
	s := symbols[len(symbols)-1]
	last := p.reader.Symbols().Lookup(s).Meaning
	_, isNarrow := p.narrowed[s]
	return (last == policy.MeansText || last == policy.MeansUnknown) && !isNarrow
}

// splitImage splits an image reference at its slashes, and cuts off its tag and digest, which it returns as they are
// written. List is what is wrong with them.
func splitImage(t policy.Text) (components []policy.Text, after policy.Text, list []unknown) {
	components = splitText(t, '/', len(t)+1)
	last := len(components) - 1
	whole := components[last]
	rest, digest, hasDigest := cutText(whole, '@')
	rest, tag, hasTag := cutText(rest, ':')
	components[last] = rest
	known := func(t policy.Text) bool { return t.IsLiteral() && len(placeholders(t, false)) == 0 }
	if hasTag && known(tag) && !isTag(tag) {
		list = append(list, unknown{reason: fmt.Sprintf("%q is no tag", tag)})
	}
	if hasDigest && known(digest) && !isDigest(digest) {
		list = append(list, unknown{reason: fmt.Sprintf("%q is no digest", digest)})
	}
	return components, whole[len(rest):], list
}

func joinText(parts []policy.Text, separator policy.Text) policy.Text {
	var joined strings.Builder
	for i, t := range parts {
		if i > 0 {
			joined.WriteString(string(separator))
		}
		joined.WriteString(string(t))
	}
	return policy.Text(joined.String())
}

// ecrHost is the host name of a private Amazon ECR registry.
type ecrHost struct {
	account, region policy.Text
	partitions      []policy.Text // those whose registries are in the domain; none where any may be
	dualStack       bool
	port            bool
	unknown         []unknown
}

// ecrSuffixes are the domains of private registries, and the partitions that have theirs there.
//
// Source: awslabs/amazon-ecr-credential-helper, ecr-login/api; botocore's partitions.json
var ecrSuffixes = [...]struct {
	suffix     policy.Text
	partitions []policy.Text
}{
	{".amazonaws.com.cn", []policy.Text{"aws-cn"}},
	{".on.amazonwebservices.com.cn", []policy.Text{"aws-cn"}},
	{".amazonaws.com", []policy.Text{"aws", "aws-us-gov"}},
	{".amazonaws.eu", []policy.Text{"aws-eusc"}},
	{".on.aws", nil},
	{".sc2s.sgov.gov", []policy.Text{"aws-iso-b"}},
	{".c2s.ic.gov", []policy.Text{"aws-iso"}},
	{".cloud.adc-e.uk", []policy.Text{"aws-iso-e"}},
	{".csp.hci.ic.gov", []policy.Text{"aws-iso-f"}},
}

// ownSuffix is the domain of the role's own partition, left open, in small letters.
var ownSuffix = lowerASCII("." + policy.Of(policy.URLSuffix))

// ecrServices are the labels between account and region.
var ecrServices = [...]struct {
	infix     string
	dualStack bool
}{
	{".dkr.ecr.", false}, {".dkr.ecr-fips.", false}, {".dkr-ecr.", true}, {".dkr-ecr-fips.", true},
}

// lowerASCII returns s with its letters of ASCII in small. Other letters might have another length in small.
func lowerASCII[S ~string](s S) S {
	isUpper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	for i := range len(s) {
		if isUpper(s[i]) {
			b := []byte(s)
			for ; i < len(b); i++ {
				if isUpper(b[i]) {
					b[i] += 'a' - 'A'
				}
			}
			return S(b)
		}
	}
	return s
}

// isInECR reports whether an image is in a registry that has the form of a private one.
func (p *pass) isInECR(image policy.Text) bool {
	if image == "" {
		return false
	}
	if s, _, ok := image.CutSymbol(); ok && p.reader.Symbols().Lookup(s).Meaning == policy.MeansRepositoryURI {
		return true
	}
	ref, _ := p.cutImage(image)
	return p.isECRHost(ref.host)
}

// isECRHost reports whether a host has the form of a private registry's in one of AWS's domains, whatever
// its account and region are.
func (p *pass) isECRHost(host policy.Text) bool {
	_, _, _, ok := cutECRHost(host)
	return ok
}

// parseECRHost takes the host name of a registry apart. It is not ok if the name is not one of a private
// registry at all.
func (p *pass) parseECRHost(host policy.Text) (h ecrHost, ok bool) {
	h, account, region, ok := cutECRHost(host)
	if !ok {
		return h, false
	}
	isAccount := func(t policy.Text) bool { return p.isPart(t, policy.IsAccount, policy.MeansAccount) }
	isRegion := func(t policy.Text) bool { return p.isPart(t, policy.IsRegion, policy.MeansRegion) }
	h.account, h.region = p.word(account, isAccount(account)), p.word(region, isRegion(region))
	h.unknown = slices.Concat(
		ofKind("account", unless(isAccount(h.account), h.account, "no account (12 digits)")),
		ofKind("region", unless(isRegion(h.region), h.region, "no region")),
	)
	return h, true
}

// cutECRHost returns what the domain of a registry's host says, and the texts in the places of account and region.
// A domain that is a symbol is that of the role's own partition.
func cutECRHost(host policy.Text) (h ecrHost, account, region policy.Text, ok bool) {
	name, port, hasPort := cutText(host, ':')
	h.port = hasPort && port != ""
	lower := lowerASCII(name)
	rest, found := lower.CutSuffix(ownSuffix)
	for i := 0; !found && i < len(ecrSuffixes); i++ {
		if rest, found = lower.CutSuffix(ecrSuffixes[i].suffix); found {
			h.partitions = ecrSuffixes[i].partitions
		}
	}
	if !found {
		return ecrHost{}, "", "", false
	}
	for _, service := range ecrServices {
		// Account and region may both be missing.
		i := ("." + rest + ".").Index(service.infix)
		if i < 0 {
			continue
		}
		h.dualStack = service.dualStack
		return h, name[:max(i-1, 0)], name[min(i-1+len(service.infix), len(rest)):len(rest)], true
	}
	return ecrHost{}, "", "", false
}

// isHostName reports whether a text is a host, perhaps with a port, as image references may have it.
func isHostName(t policy.Text) bool {
	if rest, ok := t.CutPrefix("["); ok {
		// An address of IPv6; other words in brackets are placeholders.
		address, port, ok := rest.Cut("]")
		return ok && address.Count(":") > 0 && all(address, func(c byte) bool { return isHex(c) || c == ':' || c == '.' }) &&
			(port == "" || port[0] == ':' && all(port[1:], isDigit))
	}
	name, port, hasPort := t.Cut(":")
	if hasPort && !all(port, isDigit) {
		return false
	}
	for label := range name.Split(".") {
		if !all(label, oneOf("-")) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	// A single word in capitals is a placeholder, not a host.
	return t.IndexAny(".:") >= 0 || t == "localhost"
}

// isComponent reports whether a text is one part of a repository's path: small letters and digits, and between
// them single dots, one or two underscores, or hyphens.
func isComponent(t policy.Text) bool {
	for i := 0; i < len(t); {
		start := i
		for i < len(t) && (isLower(t[i]) || isDigit(t[i])) {
			i++
		}
		if i == start {
			return false
		}
		if i == len(t) {
			return true
		}
		start = i
		for i < len(t) && strings.IndexByte("._-", t[i]) >= 0 {
			i++
		}
		if separator := t[start:i]; separator != "." && separator != "_" && separator != "__" && (separator == "" || separator.TrimLeft("-") != "") {
			return false
		}
	}
	return false
}

// isRepository reports whether t is the name of a repository in Amazon ECR. Components with symbols have been checked
// by repositoryUnknown.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
func (p *pass) isRepository(t policy.Text) bool {
	if n := len(t.String()); n < 2 || n > 256 {
		return false
	}
	return !slices.ContainsFunc(splitText(t, '/', len(t)+1), func(c policy.Text) bool { return c.IsLiteral() && !isComponent(c) })
}

func isTag(t policy.Text) bool {
	return all(t, oneOf("_.-")) && len(t) <= 128 && t[0] != '.' && t[0] != '-'
}

func isDigest(t policy.Text) bool {
	algorithm, hex, ok := t.Cut(":")
	return ok && all(algorithm, oneOf("+._-")) && len(hex) >= 32 && all(hex, func(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' })
}
