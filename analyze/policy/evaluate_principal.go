package policy

import "strings"

// grantee says as whom the principals of a statement mean who asks. The last is the strongest.
type grantee int

const (
	account   grantee = iota // the account of who asks, whose own policies have the last word
	everybody                // anybody at all
	requester                // nobody else
)

// principal reports whether a statement of a resource policy is about who asks, and as whom.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (r *evaluation) principal(list []Principal) (is Truth, as grantee) {
	is = No
	add := func(one Truth, whom grantee) {
		if one == Yes && is == Yes || one == Unknown && is == Unknown {
			as = max(as, whom)
		} else if one == Yes || is == No {
			is, as = one, whom
		}
	}
	for _, p := range list {
		switch p.Type {
		case AnyPrincipal:
			add(Yes, everybody)
		case ServicePrincipal:
			for _, id := range p.IDs {
				if r.request.Principal.Service != "" {
					add(r.same(Text(r.request.Principal.Service), id), requester)
				}
			}
		case AWSPrincipal:
			for _, id := range p.IDs {
				add(r.awsPrincipal(id))
			}
		}
	}
	return is, as
}

// same reports whether two texts are the same, of which the first is unknown where it is "".
func (r *evaluation) same(a, b Text) Truth {
	if a == "" {
		return Unknown
	}
	return r.work.cover(r.resourcePattern(a, false), r.resourcePattern(b, false)).truth()
}

// awsPrincipal compares who asks with an account, with the ARN of a role or of one of its sessions, or with everybody.
func (r *evaluation) awsPrincipal(id Text) (Truth, grantee) {
	who := r.request.Principal
	arn, ok := CutARN(id)
	switch {
	case id == "*":
		return Yes, everybody
	case who.Service != "":
		return No, requester
	case IsAccount(id):
		return r.same(who.Account, id), account
	case !ok && id.IsLiteral():
		return No, requester // the unique ID of somebody who is gone
	case arn.Resource == "root":
		return r.same(who.Account, arn.Account), account
	case arn.Service == "sts":
		return r.session(arn), requester
	}
	return r.same(who.ARN, id), requester
}

// session reports whether the ARN of a session is that of who asks. Nobody knows how the sessions of a role will be called.
// The ARN has the role's name without its path.
func (r *evaluation) session(arn ARN) Truth {
	kind, rest, _ := arn.Resource.Cut("/")
	name, _, _ := rest.Cut("/")
	who := r.request.Principal
	own := string(who.ARN[strings.LastIndexByte(string(who.ARN), '/')+1:])
	switch {
	case kind != "assumed-role",
		who.ARN != "" && who.ARN.IsLiteral() && name.IsLiteral() && own != string(name),
		r.same(who.Account, arn.Account) == No:
		return No
	}
	return Unknown
}
