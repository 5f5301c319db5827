package check

// Explanation says what a finding with a code means.
type Explanation struct {
	Code  Code
	Kind  Kind   // of the findings; [Trust] and [RoleUse] are about the role
	Title string // a few words
	Means string // what it means, and what ECS does then
	Cure  string // how it is cured
}

// explanations are those of all codes, in the order of the codes.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
var explanations = []Explanation{
	{NotAllowed, Missing, "not allowed", "No policy of the role allows a permission that a task needs. ECS cannot start the task: it stops with an error that names the action, and the service stays at 0 running tasks.", "Add the statement to the role."},
	{DeniedByRole, Denied, "denied by the role", "A statement of the role denies a permission that a task needs. A deny wins over every allow, so that ECS cannot start the task.", "Take the action or the resource out of the statement, or narrow its conditions."},
	{DeniedByBoundary, Denied, "denied by the permissions boundary", "The permissions boundary denies a permission that a task needs, or does not allow it. A role can do only what its boundary allows too.", "Allow it in the boundary, or give the role another one."},
	{DeniedByControl, Denied, "denied by a service control policy", "A service control policy of the organization denies a permission that a task needs, or does not allow it.", "Whoever administers the organization has to allow it."},
	{DeniedByResource, Denied, "denied by the resource", "The policy of the resource denies a permission that a task needs, or, in another account, does not allow it.", "The owner of the resource has to allow the role there."},
	{DependsOnCondition, Conditional, "allowed under a condition", "A statement allows or denies the permission under a condition that cannot be decided here.", "Look at the condition, or give the value that it asks for."},
	{DependsOnString, Conditional, "allowed for some of the names", "The task definition does not say the whole name of what the task needs, such as the six random characters of a secret. The role allows some of the names that it can be.", "Compare the name in the role with the name of what exists, write the complete ARN into the task definition, or pass with --keys what aws secretsmanager describe-secret prints."},
	{DependsOnValue, Conditional, "depends on a value", "Whether the role allows the permission depends on a value that is known only at deployment.", "Give the value, with --set or --account and --region."},
	{DependsOnPolicy, Conditional, "depends on an unknown policy", "No policy that is known allows the permission, and the role has a policy whose document is not in the input.", "Pass the document too: aws iam get-policy-version prints it."},
	{DocumentedOnly, Documented, "only documented", "AWS's guide lists the action, the role does not allow it, and no source is known to call it. The task most likely starts without it.", "Add it, if you follow the guide to the letter. --called-only leaves such actions out."},
	{TooLong, Conditional, "too long to compare", "The policies of the role are so long, or have so many wildcards, that they could not be compared with the permission in a bounded time.", "Take statements out of the role, and wildcards out of the statements."},
	{NoRole, Missing, "no execution role", "The task definition names no execution role. On Fargate, the task does not start. On EC2, ECS uses the role of the instance for images and logs, and refuses secrets.", "Write a role with execrole generate, and put its ARN into executionRoleArn; --merge does both in a template."},
	{Escalation, Unneeded, "can get more rights", "The role may give itself or others more rights: it may pass or assume roles, or change policies. No task needs that of its execution role.", "Take the actions out of the statement."},
	{SecretsByWildcard, Unneeded, "secrets by a wildcard", "The role may read secrets or use keys by a wildcard, so that everybody who can register a task definition can read all of them.", "Allow the secrets and keys that the tasks name, and no others."},
	{OtherSecrets, Unneeded, "another secret", "The role may read a secret or use a key that no task names.", "Take it out of the statement."},
	{UnneededWrites, Unneeded, "can change something", "The role may change something that no task needs changed by it.", "Take the actions or the resources out of the statement."},
	{UnneededReads, Unneeded, "can read something", "The role may read something that no task needs.", "Take the actions or the resources out of the statement."},
	{PerhapsNeeded, Unexplained, "perhaps needed", "The role allows something that no given task definition asks for, and that something outside of a task definition can need, such as a pull-through cache or a customer-managed key.", "Say so with the flag that the finding names; then it is needed, or unneeded."},
	{TrustKeepsOut, Trust, "ECS may not assume the role", "No statement of the trust policy lets ECS assume the role, so that no task with it starts.", "Use the trust policy that the finding shows."},
	{TrustOthers, Trust, "others may assume the role", "Somebody besides ECS may assume the role, and then reads the secrets of the tasks.", "Leave ecs-tasks.amazonaws.com alone in the trust policy."},
	{TrustSourceArn, Trust, "aws:SourceArn keeps ECS out", "The condition on aws:SourceArn does not fit the tasks. ECS sends an ARN of the task's region and account, arn:PARTITION:ecs:REGION:ACCOUNT:*.", "Name the account, and leave the rest open."},
	{TrustSourceAccount, Trust, "aws:SourceAccount keeps ECS out", "The condition on aws:SourceAccount names another account than that of the tasks.", "Name the account of the role."},
	{TrustNoConditions, Trust, "no condition on the source", "ECS may assume the role for tasks of any account that can pass it. AWS's guide has conditions on aws:SourceAccount and aws:SourceArn.", "Use the trust policy that the finding shows."},
	{TrustOtherCondition, Trust, "a condition keeps ECS out", "A condition of the trust policy asks for something that ECS does not send, so that it cannot assume the role.", "Take the condition out."},
	{TrustDenied, Trust, "the trust policy denies ECS", "A statement of the trust policy denies ECS to assume the role.", "Take the statement out, or except ecs-tasks.amazonaws.com."},
	{SameRole, RoleUse, "task role and execution role are one", "The task role is the execution role: the containers can read every secret that ECS reads for them. What the containers need is unknown, so that nothing is judged unneeded.", "Give the task a role of its own."},
	{PolicyUnknown, RoleUse, "a policy is unknown", "The role has a policy whose document is not in the input.", "Pass the document too: aws iam get-policy-version prints it."},
	{NotCompared, RoleUse, "too long to look for more", "The policies of the role are so long, or have so many wildcards, that the search for what is unneeded ended at this statement.", "Take statements out of the role, and wildcards out of the statements."},
}

// Explanations returns what each code means, in the order of the codes.
func Explanations() []Explanation { return append([]Explanation(nil), explanations...) }

// Explain returns what a code means.
func Explain(code Code) Explanation {
	for _, e := range explanations {
		if e.Code == code {
			return e
		}
	}
	return Explanation{Code: code}
}

// Advice says how a finding is cured: what is known of it, or else what its code says.
func (f *Finding) Advice() string {
	if f.Unknown != nil && f.Unknown.Cure != "" {
		return f.Unknown.Cure
	}
	return Explain(f.Code).Cure
}
