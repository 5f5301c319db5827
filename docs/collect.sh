#!/bin/sh
# Writes the task definitions and the roles of an AWS account into a folder, as execrole check --iam FOLDER takes it. It asks
# the AWS CLI, with calls that read and change nothing, and it reads no secret: no value of a secret or of a parameter, and no
# content of an object. Run it again at any time: it asks for what is new, and removes what is gone.
set -eu

usage() {
	cat <<'USAGE'
usage: collect.sh [--all] [--describe-keys] [--region REGION] FOLDER

Writes FOLDER/tasks and FOLDER/iam, and with --describe-keys FOLDER/keys. Then:

    execrole check --iam FOLDER

--all            all active revisions, and not only the last one of each family
--describe-keys  ask what secrets, parameters and S3 objects are encrypted with
--region REGION  the region; without it, that of the AWS CLI. Run it once for
                 each region, with the same folder.
USAGE
}

complain() { printf 'collect.sh: %s\n' "$*" >&2; }
fail() {
	complain "$*"
	exit 1
}

all=false describe_keys=false folder='' region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
while [ $# -gt 0 ]; do
	case $1 in
	--all) all=true ;;
	--describe-keys) describe_keys=true ;;
	--region)
		[ $# -gt 1 ] || fail "--region needs a value"
		region=$2
		shift
		;;
	--region=*) region=${1#*=} ;;
	-h | --help)
		usage
		exit 0
		;;
	-*) fail "there is no flag $1; --help lists all" ;;
	*)
		[ -z "$folder" ] || fail "there is one FOLDER, and not both $folder and $1"
		folder=$1
		;;
	esac
	shift
done
[ -n "$folder" ] || fail "no FOLDER; --help says more"
command -v aws >/dev/null || fail "the AWS CLI is missing: https://aws.amazon.com/cli/"

# The CLI asks no user and waits where AWS wants it slower. It writes JSON with one member in a line.
export AWS_PAGER='' AWS_RETRY_MODE="${AWS_RETRY_MODE:-adaptive}" AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-10}"
[ -n "$region" ] || region=$(aws configure get region) || region=''
[ -n "$region" ] || fail "no region: add --region REGION"
account=$(aws sts get-caller-identity --region "$region" --query Account --output text) || fail "the AWS CLI has no credentials that work: see its error above"

# A folder belongs to one account, and to this script.
umask 077
if [ -e "$folder/account" ]; then
	owner=$(cat "$folder/account")
	[ "$owner" = "$account" ] || fail "$folder is that of account $owner, and the credentials are of $account: use another folder"
elif [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; then
	fail "$folder has files of others: use an empty folder"
fi
mkdir -p "$folder/tasks"
printf '%s\n' "$account" >"$folder/account"
work=$folder/.work
rm -rf "$work"
mkdir "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

jobs=8 # calls at the same time

# tasks writes a file for each active task definition. One that is there does not change any more.
tasks() {
	aws ecs list-task-definitions --region "$region" --status ACTIVE --query 'taskDefinitionArns[]' --output text >"$work/listed" ||
		fail "the task definitions cannot be listed"
	# FILE ARN of each, and of several revisions of a family only the last one.
	tr '\t' '\n' <"$work/listed" | sed -n 's|^arn:[^:]*:ecs:\([^:]*\):[0-9]*:task-definition/\(.*\):\([0-9]*\)$|\1.\2 \3 &|p' |
		LC_ALL=C sort -k1,1 -k2,2n | awk -v all="$all" '
			{ file = $1 "." $2 ".json" }
			all == "true" { print file, $3; next }
			NR > 1 && $1 != family { print line }
			{ family = $1; line = file " " $3 }
			END { if (all != "true" && NR > 0) print line }' >"$work/tasks"
	: >"$work/failed"
	n=0
	while read -r file arn; do
		[ ! -e "$folder/tasks/$file" ] || continue
		task "$file" "$arn" </dev/null &
		n=$((n + 1))
		[ $((n % jobs)) -ne 0 ] || wait
	done <"$work/tasks"
	wait
	# What is no longer active, or no longer the last revision.
	cut -d ' ' -f 1 "$work/tasks" | LC_ALL=C sort >"$work/names"
	listed "$region" | LC_ALL=C sort | LC_ALL=C comm -23 - "$work/names" | while read -r file; do rm "$folder/tasks/$file"; done
	if [ -s "$work/failed" ]; then
		while read -r arn; do complain "no answer about $arn"; done <"$work/failed"
		fail "the task definitions are not complete: run it again, and it asks for what is missing"
	fi
	complain "$(($(wc -l <"$work/tasks"))) task definitions in $region, $n of them new"
}

# listed REGION prints the names of the files with task definitions of a region.
listed() { find "$folder/tasks" -name "$1.*.json" | sed 's|.*/||'; }

# task FILE ARN writes a task definition.
task() {
	if aws ecs describe-task-definition --region "$region" --task-definition "$2" --output json >"$work/$1"; then
		mv "$work/$1" "$folder/tasks/$1"
	else
		printf '%s\n' "$2" >>"$work/failed"
	fi
}

# roles writes the roles and the managed policies of the account, a file for each page.
roles() {
	mkdir "$work/iam"
	page=0 marker=''
	while :; do
		page=$((page + 1))
		file=$work/iam/roles-$(printf %04d "$page").json
		aws iam get-account-authorization-details --filter Role LocalManagedPolicy AWSManagedPolicy --no-paginate --region "$region" \
			--output json ${marker:+--marker "$marker"} >"$file" || fail "the roles cannot be read"
		before=$marker
		marker=$(sed -n 's/^ *"Marker": "\(.*\)",\{0,1\}$/\1/p' "$file")
		grep -q '^ *"IsTruncated": true' "$file" || break
		if [ -z "$marker" ] || [ "$marker" = "$before" ]; then
			fail "page $page of the roles does not say where the next one begins"
		fi
	done
	rm -rf "$folder/iam"
	mv "$work/iam" "$folder/iam"
	complain "the roles, in $page files"
}

# keys writes what the secrets, parameters and objects of the task definitions are encrypted with. What AWS does not answer
# stays unknown.
keys() {
	mkdir "$work/keys"
	# Regions of which there are task definitions. A name is looked for in the region of the task.
	listed '*' | cut -d . -f 1 | sort -u >"$work/regions"
	: >"$work/found"
	while read -r in; do references "$in" >>"$work/found"; done <"$work/regions"
	for kind in secret parameter object; do sed -n "s/^$kind //p" "$work/found" | sort -u >"$work/${kind}s"; done
	describe secret <"$work/secrets"
	cut -d ' ' -f 1 "$work/parameters" | sort -u | while read -r in; do
		sed -n "s/^$in //p" "$work/parameters" | paste -s -d ',,,,,,,,,\n' - | sed "s/^/$in /"
	done >"$work/batches"
	describe parameters <"$work/batches"
	describe object <"$work/objects"
	# The aliases say which keys are AWS's own.
	{
		cat "$work/regions"
		cut -d ' ' -f 1 "$work/secrets" "$work/parameters"
		[ ! -e "$work/keys/object.json" ] || sed -n 's/^.*"SSEKMSKeyId": "arn:[^:]*:kms:\([^:]*\):.*$/\1/p' "$work/keys/object.json"
	} | sort -u | describe aliases
	rm -rf "$folder/keys"
	mv "$work/keys" "$folder/keys"
}

# references REGION prints what the task definitions of a region name: a kind, a region where it is known, and a name or an ARN.
references() {
	find "$folder/tasks" -name "$1.*.json" -exec cat {} + >"$work/all"
	# All strings, a line each, and the values of the fields that can have a name in the place of an ARN.
	tr '"' '\n' <"$work/all" >"$work/strings"
	field() { sed -n 's/^ *"'"$1"'": "\(.*\)",\{0,1\}$/\1/p' "$work/all" | grep -v '^arn:' || :; }
	sed -n 's/^\(arn:[^:]*:secretsmanager:\)\([^:]*\)\(:[0-9]*:secret:[^:]*\).*$/secret \2 \1\2\3/p' "$work/strings"
	field credentialsParameter | sed "s/^/secret $1 /"
	field valueFrom | sed -n "s|^/aws/reference/secretsmanager/|secret $1 |p"
	# A name of one level is the same ARN with and without a slash. What AWS publishes is not encrypted.
	{
		sed -n "s/^arn:[^:]*:ssm:\([^:]*\):$account:parameter\(\/[^:]*\).*$/parameter \1 \2/p" "$work/strings"
		field valueFrom | sed "s/:.*//; s/^/parameter $1 /"
	} | grep '^[^ ]* [^ ]* [A-Za-z0-9_./-]*$' | sed -n -e '/ \/aws\//d' -e 'p' -e 's/^\([^ ]* [^ ]* \)\/\([^/]*\)$/\1\2/p'
	sed -n 's/^\(credentialspec[a-z]*:\)\{0,1\}\(arn:[^:]*:s3:::[^/]*\/.*\)$/object \2/p' "$work/strings"
}

# describe KIND asks about each line of standard input, and writes the answers into one file.
describe() {
	mkdir "$work/answers"
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		answer "$1" "$line" "$work/answers/$(printf %06d $n)" </dev/null &
		[ $((n % jobs)) -ne 0 ] || wait
	done
	wait
	answers=0
	for path in "$work/answers"/*.json; do
		[ -e "$path" ] || continue
		answers=$((answers + 1))
		cat "$path"
	done >"$work/keys/$1.json"
	[ -s "$work/keys/$1.json" ] || rm "$work/keys/$1.json"
	rm -rf "$work/answers"
	complain "$1: $answers answers to $n questions"
}

# answer KIND LINE PATH asks AWS one question, and writes the answer to PATH.json.
answer() {
	in=${2%% *} what=${2#* }
	case $1 in
	secret)
		ask "$3" "$what" aws secretsmanager describe-secret --region "$in" --secret-id "$what" --output json || return 0
		mv "$3" "$3.json"
		;;
	parameters)
		ask "$3" "$what" aws ssm describe-parameters --region "$in" --parameter-filters "Key=Name,Option=Equals,Values=$what" --output json || return 0
		{
			printf '{"Region": "%s", "Account": "%s", "Answer": ' "$in" "$account"
			cat "$3"
			echo '}'
		} >"$3.json"
		;;
	object)
		object=${2#*:::}
		case $object in
		*\\*)
			complain "no answer about $2: its name has characters that this script does not read"
			return 0
			;;
		esac
		ask "$3" "$2" aws s3api head-object --region "$region" --bucket "${object%%/*}" --key "${object#*/}" --output json || return 0
		{
			printf '{"Object": "%s", "Answer": ' "$2"
			cat "$3"
			echo '}'
		} >"$3.json"
		;;
	aliases)
		ask "$3" "the aliases of keys in $2" aws kms list-aliases --region "$2" --output json || return 0
		mv "$3" "$3.json"
		;;
	esac
}

# ask PATH WHAT COMMAND... writes what a command prints to PATH. If there is no answer, it says so.
ask() {
	path=$1 about=$2
	shift 2
	"$@" >"$path" 2>"$path.error" && return 0
	complain "no answer about $about: $(tr '\n' ' ' <"$path.error")"
	return 1
}

tasks
roles
if $describe_keys; then keys; fi
