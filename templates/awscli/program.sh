# What follows is the same for every role.

usage() {
	[ "$add_region_to_name" = no ] || role=$role-REGION
	cat <<END
Usage: sh FILE [--adopt]

Makes the role $role in ${account:+account }${account:-the account of your credentials}, or
brings it up to date, and prints its ARN. It needs the AWS CLI, and credentials
of that account. If the role needs a region that this file does not say, it is
that of AWS_REGION, of AWS_DEFAULT_REGION, or of the profile.

It knows the roles that it made by their tags execrole:family and
execrole:region, and touches no other role of that name. It knows the managed
policies that it made by their names and their tag execrole:document, and
touches no others. A run that was stopped is finished by the next one.

  --adopt   take over a role that was made in another way, and managed
            policies that have the names of its own

What is new is put into the role before what is old is taken out. The inline
policy $naming and the managed policies that it made are removed if it does
not write them, and AWS's managed policy that an earlier run attached. Other
policies and tags stay, and it says which policies those are.
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
	aws iam "$@" ${region:+"--region=$region"} --output text
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

# is_account WORD reports whether this is the number of an account. The values that this function and the next two check
# become parts of JSON. The letters are listed, because a range such as a-z contains more of them in some languages.
is_account() {
	case $1 in
	*[!0-9]*) return 1 ;;
	????????????) return 0 ;;
	esac
	return 1
}

# is_partition WORD
is_partition() {
	case $1 in
	aws) return 0 ;;
	aws-) return 1 ;;
	aws-*[!abcdefghijklmnopqrstuvwxyz-]*) return 1 ;;
	aws-*) return 0 ;;
	esac
	return 1
}

# is_region WORD
is_region() {
	case ${1##*-} in
	'' | *[!0-9]*) return 1 ;;
	esac
	case ${1%-*} in
	*[!abcdefghijklmnopqrstuvwxyz-]* | -* | *- | *--*) return 1 ;;
	*-*) return 0 ;;
	esac
	return 1
}

# partition_of REGION prints the partition of a region, or nothing where the region's name does not say it.
partition_of() {
	case $1 in
	us-gov-*) echo aws-us-gov ;;
	us-isob-*) echo aws-iso-b ;;
	us-isof-*) echo aws-iso-f ;;
	us-iso-*) echo aws-iso ;;
	eu-isoe-*) echo aws-iso-e ;;
	eusc-de-*) echo aws-eusc ;;
	cn-*) echo aws-cn ;;
	*-*-*-*) ;;
	us-* | eu-* | ap-* | sa-* | ca-* | me-* | af-* | il-* | mx-*) echo aws ;;
	esac
}

# find_environment asks the CLI for the values that the script does not have, and checks the answers. The sizes of the
# policies were measured for regions and partitions of a certain length. With longer ones they could exceed IAM's limits.
find_environment() {
	asked=
	if [ -z "$region" ] && [ "$needs_region" = yes ]; then
		asked=yes
		# This is the order of version 2 of the CLI.
		region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
		[ -n "$region" ] || region=$(aws configure get region) || region=
		[ -n "$region" ] || fail "the AWS CLI has no region: set AWS_REGION, or write this script with --region"
		is_region "$region" || fail "the region of the AWS CLI is \"$region\", and a region looks like us-east-1"
		[ "${#region}" -le 19 ] || fail "the region $region has more than 19 characters: write this script with --region $region"
		[ "$add_region_to_name" = no ] || role=$role-$region
	fi
	caller=$(aws sts get-caller-identity ${region:+"--region=$region"} --output text --query "[[Account],[Arn]]")
	{
		read -r caller
		read -r its_partition || :
	} <<END
$caller
END
	is_account "$caller" || fail "the AWS CLI says that the account is \"$caller\", and an account has 12 digits"
	[ -z "$account" ] || [ "$account" = "$caller" ] ||
		fail "the credentials are of account $caller, and this script is for account $account"
	account=$caller
	its_partition=${its_partition#arn:}
	its_partition=${its_partition%%:*}
	is_partition "$its_partition" || fail "the AWS CLI says that the partition is \"$its_partition\", and a partition looks like aws or aws-cn"
	if [ -z "$partition" ]; then
		partition=$its_partition
		[ "${#partition}" -le 10 ] || fail "the partition $partition has more than 10 characters: write this script with --partition $partition"
	fi
	[ "$partition" = "$its_partition" ] ||
		fail "the credentials are of the partition $its_partition, and this script is for the partition $partition"
	[ -z "$asked" ] || case $(partition_of "$region") in
	'' | "$partition") ;;
	*) fail "the region of the AWS CLI is $region, and the credentials are of the partition $partition" ;;
	esac
}

# ours reports whether the role's tags are those of this script. A role without a region fits every region.
ours() {
	[ "$its_family" = "$family" ] || return 1
	case $its_region in
	"$region" | '') return 0 ;;
	None) return 1 ;;
	esac
	[ -z "$region" ]
}

# find_role reads the role, if there is one, and fails where this script must not touch it.
find_role() {
	found=$(look get-role --role-name="$role" --query "[[Role.Arn],[Role.Path],[Role.PermissionsBoundary.PermissionsBoundaryArn],\
[Role.Tags[?Key=='execrole:family'].Value | [0]],[Role.Tags[?Key=='execrole:region'].Value | [0]],\
[Role.Tags[?Key=='execrole:attached'].Value | [0]]]")
	had=
	recorded=
	[ -n "$found" ] || return 0
	{
		read -r arn
		read -r at
		read -r bounded
		read -r its_family
		read -r its_region
		read -r recorded || : # there is no line for an empty one
	} <<END
$found
END
	[ "$recorded" != None ] || recorded=
	ours || [ "$adopt" = yes ] ||
		fail "a role of this name exists, and its tags execrole:family and execrole:region are $its_family and $its_region, not $family and $region: --adopt takes it over"
	[ "$at" = "$path" ] || fail "the role exists with the path $at, not $path, and IAM cannot change a path"
	names=$(iam list-attached-role-policies --role-name="$role" --query "AttachedPolicies[].PolicyArn")
	for policy in $names; do
		had="$had $policy"
	done
}

# find_policies looks for managed policies that have names of this script. They may be attached or not: a run that was
# stopped may have left some. "named" gets a word for each, with the ARN, the default version and the script's tag, and
# "|" between them. "elsewhere" gets the ARNs of those that have another path.
find_policies() {
	named=
	elsewhere=
	policies=$(iam list-policies --scope Local --query "Policies[?starts_with(PolicyName, '$role-$naming')].Arn")
	for policy in $policies $had; do
		name=${policy##*/}
		case ${name#"$role-$naming"} in
		"$name" | *[!0-9]*) continue ;;
		esac
		case $policy in
		"$own$name") recall "$policy" || read_policy "$policy" ;;
		"$own"*) elsewhere="$elsewhere $policy" ;;
		esac
	done
}

# read_policy ARN adds a policy to "named". The tag is None if there is none.
read_policy() {
	known=$(look get-policy --policy-arn="$1" \
		--query "[[Policy.DefaultVersionId],[Policy.Tags[?Key=='execrole:document'].Value | [0]]]")
	[ -n "$known" ] || return 0 # somebody deleted it a moment ago
	{
		read -r default
		read -r mark || : # there is no line for an empty one
	} <<END
$known
END
	case $mark in
	*" "*) mark=other ;; # no run writes that
	esac
	named="$named $1|$default|$mark"
}

# recall ARN sets "default" and "mark" to the default version and the tag of a policy in "named", or fails.
recall() {
	for entry in $named; do
		case $entry in
		"$1|"*)
			mark=${entry##*|}
			default=${entry%|*}
			default=${default##*|}
			return 0
			;;
		esac
	done
	return 1
}

# check_policy fails where $policy or its name belongs to somebody else. Names are unique in an account, whatever the path.
check_policy() {
	for other in $elsewhere; do
		[ "${other##*/}" != "${policy##*/}" ] || fail "the policy $other exists, and this script needs its name for the path /"
	done
	! recall "$policy" || [ "$mark" != None ] || [ "$adopt" = yes ] ||
		fail "the policy $policy exists, and this script did not make it: --adopt takes it over"
}

inline_policy() {
	iam put-role-policy --role-name="$role" --policy-name="$1" --policy-document "$2"
}

# managed_policy WHEN NAME MARK DOCUMENT makes a managed policy and attaches it, or gives it a new version. The policy's
# tag contains the default version and the mark of the document. IAM never changes a version. So if both are the same,
# the document is the same, and a version of somebody else is noticed.
managed_policy() {
	policy=$own$role-$2
	if among "$policy" "$had"; then when=old; else when=new; fi
	case $1 in
	check)
		wanted="$wanted $policy"
		check_policy
		;;
	"$when")
		if recall "$policy"; then renew "$3" "$4"; else make_policy "$3" "$4"; fi
		[ "$when" = old ] || iam attach-role-policy --role-name="$role" --policy-arn="$policy"
		;;
	esac
}

# make_policy MARK DOCUMENT makes $policy. If it exists, it is so new that IAM did not list it.
make_policy() {
	why=$(iam create-policy --policy-name="${policy##*/}" --policy-document "$2" \
		--tags "[{\"Key\": \"execrole:document\", \"Value\": \"v1:$1\"}]" --query Policy.Arn 2>&1) || case $why in
	*"(EntityAlreadyExists)"*)
		read_policy "$policy"
		recall "$policy" || fail "$why"
		check_policy
		renew "$1" "$2"
		;;
	*) fail "$why" ;;
	esac
}

# renew MARK DOCUMENT gives $policy a new default version if its document is another one. It needs what recall set. IAM
# keeps five versions.
renew() {
	[ "$mark" != "$default:$1" ] || return 0
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
	why=$(iam delete-policy --policy-arn="$policy" 2>&1) || case $why in
	*"(DeleteConflict)"*) say "the managed policy $policy stays: something else uses it too" ;;
	*) fail "$why" ;;
	esac
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
		if among "$policy" "$dropped" || { recall "$policy" && [ "$mark" != None ]; }; then
			iam detach-role-policy --role-name="$role" --policy-arn="$policy"
		else
			say "the managed policy $policy stays attached: this script did not attach it"
		fi
	done
	names=$(iam list-role-policies --role-name="$role" --query PolicyNames)
	for name in $names; do
		among "$name" "$inline" && continue
		if [ "$name" = "$naming" ]; then
			iam delete-role-policy --role-name="$role" --policy-name="$name"
		else
			say "the inline policy $name stays: this script does not write it"
		fi
	done
	[ -n "$boundary" ] || [ "$bounded" = None ] || iam delete-role-permissions-boundary --role-name="$role"
}

# delete_leftovers deletes the managed policies that this script made and no longer writes. They are no longer attached to
# the role.
delete_leftovers() {
	for entry in $named; do
		policy=${entry%%|*}
		[ "${entry##*|}" = None ] || among "$policy" "$attached $wanted" || delete_policy
	done
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

	# Nothing changes before all of this has been checked.
	find_environment
	mappings
	attached=$(attached_policies)
	own=arn:$partition:iam::$account:policy/ # the beginning of the ARNs of the script's own managed policies
	find_role
	find_policies
	wanted=
	managed_policies check

	if [ -z "$found" ]; then create; else update; fi
	dropped=
	for policy in $recorded; do
		among "$policy" "$attached" || dropped="$dropped $policy"
	done
	# A tag records which policies that exist without the role this script has attached: no others are detached.
	record=$attached$dropped
	record=${record# }
	[ -z "$found" ] || [ "$record" = "$recorded" ] ||
		iam tag-role --role-name="$role" --tags "[{\"Key\": \"execrole:attached\", \"Value\": \"$record\"}]"
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
	delete_leftovers
	[ -z "$dropped" ] || [ -n "$attached" ] || iam untag-role --role-name="$role" --tag-keys execrole:attached
	printf '%s\n' "$arn"
}

main "$@"
