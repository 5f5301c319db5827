# What follows is the same for every role.

usage() {
	cat <<END
Usage: sh FILE [--adopt]

Makes the role $role in account $account, or brings it up to date,
and prints its ARN. It needs the AWS CLI, and credentials of that account.

It knows the roles that it made by their tags execrole:family and
execrole:region, and touches no other role of that name.

  --adopt   take over a role that was made in another way, and managed
            policies that have the names of its own

What is new is put into the role before what is old is taken out. Policies of
its own naming that it does not write are removed, and AWS's managed policy
that an earlier run attached. Other policies and tags stay, and it says which
policies those are.
END
}

say() {
	printf '%s: %s\n' "$role" "$1" >&2
}

fail() {
	say "$1"
	exit 1
}

iam() {
	aws iam "$@" --region="$region" --output text
}

# look prints what a call prints, or nothing where IAM knows no such thing. A call that fails is made again, to read
# why: what one that works says beside its answer must not get into that.
look() {
	iam "$@" 2>/dev/null && return
	why=$(iam "$@" 2>&1 >/dev/null) || case $why in
	*"(NoSuchEntity)"*) return 0 ;;
	*)
		printf '%s\n' "$why" >&2
		return 1
		;;
	esac
	iam "$@"
}

# among WORD LIST
among() {
	case " $2 " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# own tells whether a policy has a name that this script gives: the beginning, and perhaps a number.
own() {
	case ${1#"$naming"} in
	"$1" | *[!0-9]*) return 1 ;;
	esac
}

inline_policy() {
	iam put-role-policy --role-name="$role" --policy-name="$1" --policy-document "$2"
}

# managed_policy WHEN NAME HASH DOCUMENT makes a managed policy and attaches it, or gives it a new version. Its tag has
# the default version and the hash of that: versions do not change, so where both are the same so is the document,
# however IAM and the CLI print it, and whoever made another version meanwhile is noticed.
managed_policy() {
	policy=${arn%%:role/*}:policy/$2
	if among "$policy" "$had"; then when=old; else when=new; fi
	[ "$1" = "$when" ] || return 0
	wanted="$wanted $policy"
	if [ "$when" = old ]; then
		renew "$3" "$4"
		return
	fi
	why=$(iam create-policy --policy-name="$2" --policy-document "$4" \
		--tags "[{\"Key\": \"execrole:document\", \"Value\": \"v1:$3\"}]" --query Policy.Arn 2>&1) || case $why in
	*"(EntityAlreadyExists)"*) renew "$3" "$4" ;;
	*) fail "$why" ;;
	esac
	iam attach-role-policy --role-name="$role" --policy-arn="$policy"
}

# renew HASH DOCUMENT gives $policy a new version if it has another document.
renew() {
	known=$(iam get-policy --policy-arn="$policy" \
		--query "[[Policy.DefaultVersionId],[Policy.Tags[?Key=='execrole:document'].Value | [0]]]")
	{
		read -r default
		read -r mark
	} <<END
$known
END
	[ "$mark" != None ] || [ "$adopt" = yes ] ||
		fail "the policy $policy exists, and this script did not make it: --adopt takes it over"
	[ "$mark" = "$default:$1" ] || new_version "$1" "$2"
}

# new_version HASH DOCUMENT gives $policy a new default version. IAM keeps five.
new_version() {
	versions=$(iam list-policy-versions --policy-arn="$policy" --query "Versions[?!IsDefaultVersion].VersionId")
	others=0
	oldest=
	for version in $versions; do
		others=$((others + 1))
		if [ -z "$oldest" ] || [ "${version#v}" -lt "${oldest#v}" ]; then oldest=$version; fi
	done
	[ "$others" -lt 4 ] || iam delete-policy-version --policy-arn="$policy" --version-id="$oldest"
	version=$(iam create-policy-version --policy-arn="$policy" --policy-document "$2" --set-as-default --query PolicyVersion.VersionId)
	iam tag-policy --policy-arn="$policy" --tags "[{\"Key\": \"execrole:document\", \"Value\": \"$version:$1\"}]"
}

# delete_policy removes $policy, which IAM does only without versions besides the default one.
delete_policy() {
	versions=$(iam list-policy-versions --policy-arn="$policy" --query "Versions[?!IsDefaultVersion].VersionId")
	for version in $versions; do
		iam delete-policy-version --policy-arn="$policy" --version-id="$version"
	done
	iam delete-policy --policy-arn="$policy"
}

# create makes the role.
create() {
	arn=$(iam create-role --role-name="$role" --path="$path" --assume-role-policy-document "$(trust_policy)" \
		--cli-input-json "$(properties)" --tags "$(tags)" ${boundary:+"--permissions-boundary=$boundary"} --query Role.Arn)
	say "the role is made; it may take some seconds until ECS can assume it"
}

# update brings the role up to date, apart from its policies and tags.
update() {
	iam update-assume-role-policy --role-name="$role" --policy-document "$(trust_policy)"
	iam update-role --role-name="$role" --cli-input-json "$(properties)"
	[ -z "$boundary" ] || [ "$boundary" = "$bounded" ] ||
		iam put-role-permissions-boundary --role-name="$role" --permissions-boundary="$boundary"
}

# remove takes out of the role what this run does not write.
remove() {
	for policy in $had; do
		among "$policy" "$attached $wanted" && continue
		name=${policy#"${arn%%:role/*}:policy/$role-"}
		if own "$name"; then
			iam detach-role-policy --role-name="$role" --policy-arn="$policy"
			delete_policy
		elif among "$policy" "$dropped"; then
			iam detach-role-policy --role-name="$role" --policy-arn="$policy"
		else
			say "the managed policy $policy stays attached: this script did not attach it"
		fi
	done
	names=$(iam list-role-policies --role-name="$role" --query PolicyNames)
	for name in $names; do
		among "$name" "$inline" && continue
		if own "$name"; then
			iam delete-role-policy --role-name="$role" --policy-name="$name"
		else
			say "the inline policy $name stays: this script did not write it"
		fi
	done
	[ -n "$boundary" ] || [ "$bounded" = None ] || iam delete-role-permissions-boundary --role-name="$role"
}

main() {
	adopt=no
	for argument in "$@"; do
		case $argument in
		--adopt) adopt=yes ;;
		-h | --help)
			usage
			exit 0
			;;
		*)
			printf 'unknown argument: %s\n\n' "$argument" >&2
			usage >&2
			exit 2
			;;
		esac
	done
	set -f # lists are split at spaces, and no word of them is a pattern
	export AWS_PAGER=

	caller=$(aws sts get-caller-identity --region="$region" --output text --query Account)
	[ "$caller" = "$account" ] || fail "the credentials are of account $caller, and this script is for account $account"

	found=$(look get-role --role-name="$role" --query "[[Role.Arn],[Role.Path],[Role.PermissionsBoundary.PermissionsBoundaryArn],\
[Role.Tags[?Key=='execrole:family'].Value | [0]],[Role.Tags[?Key=='execrole:region'].Value | [0]],\
[Role.Tags[?Key=='execrole:attached'].Value | [0]]]")
	had=
	wanted=
	recorded=
	if [ -z "$found" ]; then
		create
	else
		{
			read -r arn
			read -r at
			read -r bounded
			read -r its_family
			read -r its_region
			read -r recorded
		} <<END
$found
END
		[ "$recorded" != None ] || recorded=
		if [ "$its_family $its_region" != "$family $region" ] && [ "$adopt" = no ]; then
			fail "a role of this name exists, and its tags execrole:family and execrole:region are $its_family and $its_region, not $family and $region: --adopt takes it over"
		fi
		[ "$at" = "$path" ] || fail "the role exists with the path $at, not $path, and IAM cannot change a path"
		policies=$(iam list-attached-role-policies --role-name="$role" --query "AttachedPolicies[].PolicyArn")
		for policy in $policies; do
			had="$had $policy"
		done
		update
	fi

	dropped=
	for policy in $recorded; do
		among "$policy" "$attached" || dropped="$dropped $policy"
	done
	# Which policies that exist without the role are this script's doing stands in a tag: no others are detached.
	[ -z "$found" ] || [ "$attached$dropped" = "$recorded" ] ||
		iam tag-role --role-name="$role" --tags "[{\"Key\": \"execrole:attached\", \"Value\": \"$attached$dropped\"}]"
	for policy in $attached; do
		among "$policy" "$had" || iam attach-role-policy --role-name="$role" --policy-arn="$policy"
	done
	inline_policies
	managed_policies new
	managed_policies old
	if [ -n "$found" ]; then
		remove
		iam tag-role --role-name="$role" --tags "$(tags)"
	fi
	[ -z "$dropped" ] || [ -n "$attached" ] || iam untag-role --role-name="$role" --tag-keys execrole:attached
	printf '%s\n' "$arn"
}

main "$@"
