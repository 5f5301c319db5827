// Package flags defines the flags of the command that change what a task needs and what its role is. The tests of
// other packages use them too, so that a case can be written as a command line.
//
// A value that a flag does not accept is an error of [pflag.Value.Set]. Its text continues a sentence that begins with
// the flag's name: "--set " + `"IMAGE" has no "="`.
package flags

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Analyze defines the flags that change o. Two checks need more than one flag and remain for the caller:
// [policy.Environment.Check], and those of [analyze.Read].
func Analyze(fs *pflag.FlagSet, o *analyze.Options) {
	fs.Var(&pairs{shape: "--set NAME=VALUE", add: func(name, value string) error {
		o.Set = append(o.Set, analyze.Setting{Name: name, Value: value})
		return nil
	}}, "set", "fill a placeholder of the input, by its name or by\na JSON pointer: `NAME=VALUE`; repeatable")
	fs.Var(&pairs{shape: "--image CONTAINER=URI", add: func(name, value string) error {
		if value == "" {
			return fmt.Errorf("%s= names no image; write --image CONTAINER=URI", name)
		}
		o.Image = append(o.Image, analyze.Setting{Name: name, Value: value})
		return nil
	}}, "image", "the container's image, whatever the input says:\n`CONTAINER=URI`; repeatable")
	fs.BoolVar(&o.Parameters, "parameters", false, "leave open what placeholders and references leave\nopen: the output asks for the values")
	fs.BoolVar(&o.CompleteARNs, "complete-arns", false, "ARNs of secrets that may lack their random suffix\nhave it")
	fs.BoolVar(&o.PartialARNs, "partial-arns", false, "ARNs of secrets that may lack their random suffix\nlack it")
	Strings(fs, &o.CredSpecSecrets, "credspec-secret", "the `ARN` of the secret that the credential spec of\na domainless gMSA container names; repeatable")
	fs.Var(&list{add: func(s string) error {
		// REF may contain a "=", KEY cannot.
		i := strings.LastIndexByte(s, '=')
		if i <= 0 || i == len(s)-1 {
			return fmt.Errorf("%q: write --kms-key REF=KEY", s)
		}
		o.KMSKeys = append(o.KMSKeys, analyze.KMSKey{Ref: s[:i], Key: s[i+1:]})
		return nil
	}}, "kms-key", "the customer-managed key that encrypts what REF\nnames: an ARN, a name, a bucket or a field (* is\nall): `REF=KEY`, the ARN of a key, or an alias;\nrepeatable")
	fs.Var(&list{add: func(s string) error {
		bucket, account, found := strings.Cut(s, "=")
		if !found {
			bucket, account = "", s
		}
		if found && bucket == "" || account == "" {
			return fmt.Errorf("%q: write --bucket-owner ACCOUNT or --bucket-owner BUCKET=ACCOUNT", s)
		}
		o.BucketOwners = append(o.BucketOwners, analyze.BucketOwner{Bucket: bucket, Account: account})
		return nil
	}}, "bucket-owner", "the account that owns the bucket, or all buckets:\n`[BUCKET=]ACCOUNT`; repeatable")
	Strings(fs, &o.SourceVPCEndpoints, "source-vpce", "let images be pulled through the VPC endpoint `ID`\nonly; repeatable, since ECR has two")
	Strings(fs, &o.SourceVPCs, "source-vpc", "let images be pulled from the VPC `ID` only;\nrepeatable")
	Strings(fs, &o.PullThroughCaches, "pull-through-cache", "repositories below `PREFIX` are a pull-through\ncache; ROOT is all; repeatable")
	fs.Var(guardDuty{o}, "guardduty", "allow GuardDuty's agent image, as Runtime\nMonitoring adds it to Fargate tasks; `ACCOUNT` where\nthe region's is not known")
	fs.Lookup("guardduty").NoOptDefVal = guardDutyOfRegion
	fs.BoolVar(&o.ManagedPolicy, "managed-policy", false, "attach AmazonECSTaskExecutionRolePolicy, and write\nonly what it does not grant: AWS's guide's way")
	Strings(fs, &o.Resources, "resource", "of several task definitions, read that of this\n`NAME`: a logical ID or a family; repeatable")
	fs.BoolVar(&o.CalledOnly, "called-only", false, "leave out actions that AWS documents but no source\nis known to call")
	fs.StringVar(&o.Environment.Account, "account", "", "the role's `ACCOUNT`, for formats that cannot leave\nit open; without it, that of ARNs in the input")
	fs.StringVar(&o.Environment.Region, "region", "", "the role's `REGION`, likewise")
	fs.StringVar(&o.Environment.Partition, "partition", "", "the role's `PARTITION`; mostly the region implies it")
}

// Role defines the flags that change o. [policy.Options.Check] remains for the caller.
func Role(fs *pflag.FlagSet, o *policy.Options) {
	p := &o.Properties
	fs.StringVar(&o.Name, "role-name", "", "the role's `NAME`; without it CloudFormation makes\none up, and CAPABILITY_IAM is enough to deploy;\naws-cli takes FAMILY-execution-REGION")
	fs.StringVar(&p.Path, "path", "", "the role's `PATH`, as /ecs/")
	fs.StringVar(&p.PermissionsBoundary, "permissions-boundary", "", "the `ARN` of the policy beyond which the\nrole can do nothing")
	fs.Var(&pairs{shape: "--tag KEY=VALUE", add: func(key, value string) error {
		p.Tags = append(p.Tags, policy.Tag{Key: key, Value: value})
		return nil
	}}, "tag", "a tag of the role: `KEY=VALUE`; repeatable")
	fs.StringVar(&p.Description, "description", "", "the role's description: a `TEXT` for people")
	fs.Var((*seconds)(&p.MaxSessionDuration), "max-session-duration", "the `SECONDS` that a session may last:\n3600 to 43200")
	fs.BoolVar(&o.NoSourceConditions, "no-source-conditions", false, "trust ECS without aws:SourceAccount and\naws:SourceArn")
}

// Strings defines a flag that repeats, whose values are appended to p. The flag of pflag itself makes a CSV writer with a buffer of
// 4 KiB for each such flag of each run, to print its default.
func Strings(fs *pflag.FlagSet, p *[]string, name, usage string) {
	fs.Var(&list{add: func(s string) error {
		*p = append(*p, s)
		return nil
	}}, name, usage)
}

// list is the value of a flag that repeats. Every value is given to add.
type list struct {
	add    func(string) error
	values []string
}

func (l *list) Set(s string) error {
	if err := l.add(s); err != nil {
		return err
	}
	l.values = append(l.values, s)
	return nil
}

func (l *list) String() string { return strings.Join(l.values, " ") }

// Type is that of pflag's own flags that repeat.
func (l *list) Type() string { return "stringArray" }

// pairs is the value of a flag that repeats and takes KEY=VALUE, cut at the first "=". The same pair may be given
// twice; a key with two values is an error. Every pair is given to add once.
type pairs struct {
	shape  string // "--set NAME=VALUE", for messages
	add    func(key, value string) error
	keys   []string
	values map[string]string // by key
}

func (p *pairs) Set(s string) error {
	key, value, found := strings.Cut(s, "=")
	if !found {
		return fmt.Errorf("%q has no \"=\"; write %s", s, p.shape)
	}
	return p.SetPair(key, value)
}

// SetPair is Set for a pair that is already taken apart, as a configuration file has it: its key may contain a "=".
func (p *pairs) SetPair(key, value string) error {
	old, known := p.values[key]
	switch s := key + "=" + value; {
	case key == "":
		return fmt.Errorf("%q has nothing before the \"=\"; write %s", s, p.shape)
	case !utf8.ValidString(s):
		return fmt.Errorf("%q is not UTF-8", s)
	case known && old != value:
		return fmt.Errorf("%s is given twice, as %q and as %q", key, old, value)
	case known:
		return nil
	}
	if err := p.add(key, value); err != nil {
		return err
	}
	if p.values == nil {
		p.values = map[string]string{}
	}
	p.values[key] = value
	p.keys = append(p.keys, key)
	return nil
}

func (p *pairs) String() string {
	var list []string
	for _, key := range p.keys {
		list = append(list, key+"="+p.values[key])
	}
	return strings.Join(list, " ")
}

// Type is that of pflag's own flags that repeat.
func (p *pairs) Type() string { return "stringArray" }

// guardDutyOfRegion is the value of --guardduty without an account.
const guardDutyOfRegion = "region"

// guardDuty is the value of --guardduty: an account, or [guardDutyOfRegion] for the one that is known for the region.
type guardDuty struct{ options *analyze.Options }

func (g guardDuty) Set(s string) error {
	g.options.GuardDuty, g.options.GuardDutyAccount = true, ""
	if s != guardDutyOfRegion {
		g.options.GuardDutyAccount = s
	}
	return nil
}

func (g guardDuty) String() string {
	if g.options.GuardDuty && g.options.GuardDutyAccount == "" {
		return guardDutyOfRegion
	}
	return g.options.GuardDutyAccount
}

func (g guardDuty) Type() string { return "string" }

// seconds is the value of --max-session-duration: a number, as IAM takes it. A duration such as 1h is refused, and the
// message says how many seconds that is. Which numbers IAM allows is for [policy.Properties.Check] to say.
type seconds int

func (n *seconds) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err == nil && v != 0 {
		*n = seconds(v)
		return nil
	}
	limits := fmt.Sprintf("write seconds, %d to %d", policy.MinSession, policy.MaxSession)
	if d, err := time.ParseDuration(s); err == nil && d >= policy.MinSession*time.Second && d <= policy.MaxSession*time.Second && d%time.Second == 0 {
		limits += fmt.Sprintf("; %s is %d", s, d/time.Second)
	}
	return fmt.Errorf("%q: %s", s, limits)
}

func (n *seconds) String() string {
	if *n == 0 {
		return ""
	}
	return strconv.Itoa(int(*n))
}

func (n *seconds) Type() string { return "string" }

// Parse parses a command line. Unlike [pflag.FlagSet.Parse] it goes on after a value that a flag does not accept, and
// returns all such problems. Err is about the shape of the command line, as pflag reports it, and ends the parsing.
//
// An empty value is a problem too, except for --config: most often it is a variable of the shell that is not set, and
// must not count as a flag that is not given.
func Parse(fs *pflag.FlagSet, args []string) (problems []error, err error) {
	err = fs.ParseAll(args, func(f *pflag.Flag, value string) error {
		err := fs.Set(f.Name, value)
		isBool := f.Value.Type() == "bool"
		switch {
		case isBool && err != nil:
			err = fmt.Errorf("--%s is on or off and takes no value, not %q", f.Name, value)
		case value == "" && !isBool && f.Name != "config":
			err = fmt.Errorf("--%s is empty: give it a value or leave it out", f.Name)
		case err != nil:
			err = fmt.Errorf("--%s %w", f.Name, errors.Unwrap(err))
		}
		if err != nil {
			f.Changed = true // the flag was given, though not well
			problems = append(problems, err)
		}
		return nil
	})
	return problems, err
}
