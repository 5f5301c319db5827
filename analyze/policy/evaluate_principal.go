package policy

import "strings"

// principal reports whether a statement of a resource policy is about who asks. Account says that it is about everybody in
// the requester's account, whose own policies have the last word: "the account delegates".
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (r *evaluation) principal(list []Principal) (is Truth, account bool) {
	is = No
	for _, p := range list {
		one, whole := r.onePrincipal(p)
		switch {
		case one == Yes && !whole:
			return Yes, false
		case one == Yes, one == Unknown && is == No:
			is, account = one, whole
		case one == Unknown && is == Unknown:
			account = account && whole
		}
	}
	return is, account
}

func (r *evaluation) onePrincipal(p Principal) (is Truth, account bool) {
	who := r.request.Principal
	is = No
	switch p.Type {
	case AnyPrincipal:
		return Yes, false
	case ServicePrincipal:
		for _, id := range p.IDs {
			if who.Service != "" {
				is = is.Or(r.work.cover(r.resourcePattern(Text(who.Service), false), r.resourcePattern(id, false)).truth())
			}
		}
	case AWSPrincipal:
		for _, id := range p.IDs {
			one, whole := r.awsPrincipal(id)
			if one == Yes && !whole {
				return Yes, false
			}
			if one == Yes || is == No {
				is, account = one, whole
			}
		}
	}
	return is, account
}

// awsPrincipal compares who asks with an account, with the ARN of a role or of one of its sessions, or with everybody.
func (r *evaluation) awsPrincipal(id Text) (is Truth, account bool) {
	who := r.request.Principal
	if id == "*" {
		return Yes, false
	}
	if who.Service != "" {
		return No, false
	}
	same := func(a, b Text) Truth {
		if a == "" {
			return Unknown
		}
		return r.work.cover(r.resourcePattern(a, false), r.resourcePattern(b, false)).truth()
	}
	arn, ok := CutARN(id)
	switch {
	case !ok && IsAccount(id):
		return same(who.Account, id), true
	case !ok && id.IsLiteral():
		return No, false // the unique ID of somebody who is gone
	case !ok:
		return same(who.ARN, id), false
	case arn.Resource == "root":
		return same(who.Account, arn.Account), true
	case arn.Service == "sts":
		// A session: nobody knows how it will be called. Its ARN has the role's name without the path.
		role, _, _ := arn.Resource.Cut("/")
		if role != "assumed-role" {
			return No, false
		}
		_, name, _ := arn.Resource.Cut("/")
		name, _, _ = name.Cut("/")
		own := who.ARN.String()
		if who.ARN != "" && who.ARN.IsLiteral() && name.IsLiteral() && own[strings.LastIndexByte(own, '/')+1:] != string(name) {
			return No, false
		}
		if who.Account != "" && same(who.Account, arn.Account) == No {
			return No, false
		}
		return Unknown, false
	}
	return same(who.ARN, id), false
}
