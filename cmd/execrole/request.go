package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// request is what the arguments of generate or explain ask for.
type request struct {
	formatName, output string
	set, image         []string
	credspecs          []string
	keys, owners       []string
	guardDuty          string
	calledOnly         bool
	own                policy.Environment
	role               policy.Options
	tags               []string
	duration           string
	strict, verbose    bool
	goPackage          string
	force              bool

	// What follows is made of the above.
	file    string // FILE, as it was given
	name    string // FILE, as messages name it
	format  *emit.Format
	target  target
	options analyze.Options
}

// generateFlags defines the flags of generate.
func (r *request) generateFlags(flags *pflag.FlagSet) {
	flags.StringVarP(&r.formatName, "format", "f", "", "the `FORMAT` to write: see below")
	r.flags(flags)
	flags.StringVar(&r.goPackage, "package", "", "-f cdk-go: write one file for the Go package `NAME`\nof an app that exists, and no app of its own")
	flags.BoolVar(&r.force, "force", false, "-f cdk-go: replace a Go file that execrole did not\nwrite")
}

// explainFlags defines the flags of explain: all that change what is required or found, so that the same
// flags explain what generate wrote.
func (r *request) explainFlags(flags *pflag.FlagSet) {
	flags.StringVarP(&r.formatName, "format", "f", "", "the `FORMAT` to explain in: see below")
	r.flags(flags)
}

func (r *request) flags(flags *pflag.FlagSet) {
	flags.StringVarP(&r.output, "output", "o", "", "write to `PATH`: a file, or a folder (one that\nexists, or a name that ends in /); - is standard\noutput")
	flags.StringArrayVar(&r.set, "set", nil, "fill a placeholder of the input, by its name or by\na JSON pointer: `NAME=VALUE`; repeatable")
	flags.StringArrayVar(&r.image, "image", nil, "the container's image, whatever the input says:\n`CONTAINER=URI`; repeatable")
	flags.StringArrayVar(&r.credspecs, "credspec", nil, "`FILE` is the credential spec of a domainless gMSA\ncontainer, which names its secret; repeatable")
	flags.StringArrayVar(&r.options.CredSpecSecrets, "credspec-secret", nil, "instead of --credspec, the `ARN` of that secret;\nrepeatable")
	flags.StringArrayVar(&r.keys, "kms-key", nil, "the customer-managed key that encrypts what REF\nnames, as it is written in the input (* is all):\n`REF=KEY`, the ARN of a key, or an alias; repeatable")
	flags.StringArrayVar(&r.owners, "bucket-owner", nil, "the account that owns the bucket, or all buckets:\n`[BUCKET=]ACCOUNT`; repeatable")
	flags.StringArrayVar(&r.options.SourceVPCEndpoints, "source-vpce", nil, "let images be pulled through the VPC endpoint `ID`\nonly; repeatable, since ECR has two")
	flags.StringArrayVar(&r.options.SourceVPCs, "source-vpc", nil, "let images be pulled from the VPC `ID` only;\nrepeatable")
	flags.StringArrayVar(&r.options.PullThroughCaches, "pull-through-cache", nil, "repositories below `PREFIX` are a pull-through\ncache; ROOT is all; repeatable")
	flags.StringVar(&r.guardDuty, "guardduty", "", "allow GuardDuty's agent image, as Runtime\nMonitoring adds it to Fargate tasks; `ACCOUNT` where\nthe region's is not known")
	flags.Lookup("guardduty").NoOptDefVal = "region"
	flags.BoolVar(&r.options.ManagedPolicy, "managed-policy", false, "attach AmazonECSTaskExecutionRolePolicy, and write\nonly what it does not grant: AWS's guide's way")
	flags.StringVar(&r.own.Account, "account", "", "the role's `ACCOUNT`, for formats that cannot leave\nit open; without it ARNs in the input tell")
	flags.StringVar(&r.own.Region, "region", "", "the role's `REGION`, likewise")
	flags.StringVar(&r.own.Partition, "partition", "", "the role's `PARTITION`; mostly the region tells it")
	flags.StringVar(&r.role.Name, "role-name", "", "the role's `NAME`; without it CloudFormation makes\none up, and CAPABILITY_IAM is enough to deploy;\naws-cli takes FAMILY-execution-REGION")
	properties := &r.role.Properties
	flags.StringVar(&properties.Path, "path", "", "the role's `PATH`, as /ecs/")
	flags.StringVar(&properties.PermissionsBoundary, "permissions-boundary", "", "the `ARN` of the policy beyond which the\nrole can do nothing")
	flags.StringArrayVar(&r.tags, "tag", nil, "a tag of the role: `KEY=VALUE`; repeatable")
	flags.StringVar(&properties.Description, "description", "", "the role's description: a `TEXT` for people")
	flags.StringVar(&r.duration, "max-session-duration", "", "the `SECONDS` that a session may last:\n3600 to 43200")
	flags.BoolVar(&r.calledOnly, "called-only", false, "leave out actions that AWS documents but no source\nis known to call")
	flags.BoolVar(&r.role.NoSourceConditions, "no-source-conditions", false, "trust ECS without aws:SourceAccount and\naws:SourceArn")
	flags.String("config", "", "read options from a YAML `FILE`; execrole.yaml where\nit exists, and '' for none; a flag wins")
	flags.BoolVar(&r.strict, "strict", false, "exit with 1 if there are warnings; the output is\nwritten all the same")
	flags.BoolVarP(&r.verbose, "verbose", "v", false, "print notes too")
}

// request reads the arguments of generate or explain and checks all of them that can be checked without
// the input. When it returns nil, everything has been said and status is the exit status.
func (c *command) request(name string, args []string) (r *request, status int) {
	r = new(request)
	flags := newFlags()
	formats := emit.Formats()
	if name == "explain" {
		r.explainFlags(flags)
		formats = explainFormats()
	} else {
		r.generateFlags(flags)
	}
	files, status, ok := c.parse(name, flags, args)
	if !ok {
		return nil, status
	}

	var problems []error
	problem := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}

	switch {
	case len(files) == 0:
		problem(errors.New("no FILE: name the task definition's file, or - for standard input"))
	case len(files) > 1 && slices.ContainsFunc(subcommands(), func(s subcommand) bool { return s.name == files[1] }):
		problem(fmt.Errorf("%q is a second FILE there: a command's name stands first", files[1]))
	case len(files) > 1:
		var names []string
		for _, s := range subcommands() {
			names = append(names, s.name)
		}
		problem(fmt.Errorf("one FILE at a time, not %q and %q%s", files[0], files[1], didYouMean("execrole ", files[0], names)))
	case files[0] == "":
		problem(errors.New("FILE is empty: name the task definition's file, or - for standard input"))
	default:
		r.file, r.name = files[0], analyze.Printable(files[0])
		if r.file == "-" {
			r.name = "<stdin>"
		}
	}

	// An empty value is most often a variable of the shell that is not set. It must not count as a flag
	// that is not given.
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && f.Name != "config" {
			problem(fmt.Errorf("--%s is empty: give it a value or leave it out", f.Name))
		}
	})

	problems = append(problems, c.configure(name, flags)...)

	r.format = formats[0]
	if r.formatName != "" {
		r.format = lookup(formats, r.formatName)
	}
	if r.format == nil {
		var names []string
		for _, f := range formats {
			names = append(append(names, f.Name), f.Aliases...)
		}
		problem(fmt.Errorf("unknown format %q%s; the formats are %s",
			r.formatName, didYouMean("", r.formatName, names), formatNames(formats)))
	}
	flags.Visit(func(flag *pflag.Flag) {
		var takers []*emit.Format
		for _, f := range formats {
			if slices.Contains(f.Flags, flag.Name) {
				takers = append(takers, f)
			}
		}
		if takers != nil && r.format != nil && !slices.Contains(takers, r.format) {
			problem(fmt.Errorf("--%s is for the format %s, and the format is %s", flag.Name, formatNames(takers), r.format.Name))
		}
	})
	if r.goPackage != "" {
		problem(emit.CheckPackage(r.goPackage))
	}
	if r.output != "" {
		var err error
		r.target, err = findTarget(r.output)
		if err == nil && r.format != nil && r.target.path != "" && !r.target.folder {
			err = checkExtension(r.output, r.format, formats, name)
		}
		problem(err)
	}

	r.options.CalledOnly = r.calledOnly
	var errs []error
	r.options.Set, errs = settings("--set", "NAME=VALUE", r.set)
	problems = append(problems, errs...)
	r.options.Image, errs = settings("--image", "CONTAINER=URI", r.image)
	for _, s := range r.options.Image {
		if s.Value == "" {
			errs = append(errs, fmt.Errorf("--image %s= names no image; write --image CONTAINER=URI", s.Name))
		}
	}
	problems = append(problems, errs...)
	for _, v := range r.keys {
		// A REF may have a "=" in it, a KEY has none.
		i := strings.LastIndexByte(v, '=')
		if i <= 0 || i == len(v)-1 {
			problem(fmt.Errorf("--kms-key %q: write --kms-key REF=KEY", v))
			continue
		}
		r.options.KMSKeys = append(r.options.KMSKeys, analyze.KMSKey{Ref: v[:i], Key: v[i+1:]})
	}
	for _, v := range r.owners {
		bucket, account, ok := strings.Cut(v, "=")
		if !ok {
			bucket, account = "", v
		}
		if ok && bucket == "" || account == "" {
			problem(fmt.Errorf("--bucket-owner %q: write --bucket-owner ACCOUNT or --bucket-owner BUCKET=ACCOUNT", v))
			continue
		}
		r.options.BucketOwners = append(r.options.BucketOwners, analyze.BucketOwner{Bucket: bucket, Account: account})
	}
	if r.guardDuty != "" {
		r.options.GuardDuty = true
		if r.guardDuty != "region" {
			r.options.GuardDutyAccount = r.guardDuty
		}
	}
	if slices.Contains(slices.Concat(r.options.SourceVPCEndpoints, r.options.SourceVPCs, r.options.PullThroughCaches), "") {
		problem(errors.New("--source-vpce, --source-vpc or --pull-through-cache is empty: give it a value or leave it out"))
	}
	r.options.Environment, errs = r.own.Check()
	problems = append(problems, errs...)
	var tags []taskdef.Setting
	tags, errs = settings("--tag", "KEY=VALUE", r.tags)
	problems = append(problems, errs...)
	for _, t := range tags {
		r.role.Properties.Tags = append(r.role.Properties.Tags, policy.Tag{Key: t.Name, Value: t.Value})
	}
	if r.duration != "" {
		var err error
		r.role.Properties.MaxSessionDuration, err = sessionDuration(r.duration)
		problem(err)
	}
	problems = append(problems, each(r.role.Check())...)
	if slices.Contains(r.credspecs, "") || slices.Contains(r.options.CredSpecSecrets, "") {
		problem(errors.New("--credspec or --credspec-secret is empty: give it a value or leave it out"))
	}

	if len(problems) > 0 {
		return nil, c.misuse(name, problems)
	}
	return r, statusDone
}

// sessionDuration reads the seconds of --max-session-duration, a number as IAM has it. Whoever writes 1h is
// told how many those are: a unit that is guessed wrong is a session of another length.
func sessionDuration(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err == nil && n != 0 {
		return n, nil
	}
	limits := fmt.Sprintf("write seconds, %d to %d", policy.MinSession, policy.MaxSession)
	if d, err := time.ParseDuration(s); err == nil && d >= policy.MinSession*time.Second && d <= policy.MaxSession*time.Second && d%time.Second == 0 {
		limits += fmt.Sprintf("; %s is %d", s, d/time.Second)
	}
	return 0, fmt.Errorf("--max-session-duration %q: %s", s, limits)
}

// each returns the errors that [errors.Join] joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, err := range joined.Unwrap() {
			list = append(list, each(err)...)
		}
		return list
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// lookup returns the format of that name or alias, or nil.
func lookup(formats []*emit.Format, name string) *emit.Format {
	for _, f := range formats {
		if f.Name == name || slices.Contains(f.Aliases, name) {
			return f
		}
	}
	return nil
}

// settings cuts the values of a repeatable flag at their first "=".
func settings(flag, shape string, values []string) (list []taskdef.Setting, errs []error) {
	for _, v := range values {
		name, value, found := strings.Cut(v, "=")
		s := taskdef.Setting{Name: name, Value: value}
		i := slices.IndexFunc(list, func(old taskdef.Setting) bool { return old.Name == name })
		switch {
		case !found:
			errs = append(errs, fmt.Errorf("%s %q has no \"=\"; write %s %s", flag, v, flag, shape))
		case name == "":
			errs = append(errs, fmt.Errorf("%s %q has nothing before the \"=\"; write %s %s", flag, v, flag, shape))
		case !utf8.ValidString(v):
			errs = append(errs, fmt.Errorf("%s %q is not UTF-8", flag, v))
		case i >= 0 && list[i] != s:
			errs = append(errs, fmt.Errorf("%s %s is given twice, as %q and as %q", flag, name, list[i].Value, value))
		case i < 0:
			list = append(list, s)
		}
	}
	return list, errs
}

// input is what was read from FILE.
type input struct {
	data []byte
	// base is the file's base name, which stands in the output, or "" if it is not a file: the numbers
	// of pipes differ from run to run.
	base string
	info fs.FileInfo // nil where there is no file
}

// read reads the request's FILE. Its errors say all there is to say.
func (c *command) read(r *request) (in input, err error) {
	from := c.Stdin
	if r.file != "-" {
		f, err := os.Open(r.file)
		if err != nil {
			return in, fmt.Errorf("cannot read %s: %v", r.name, reason(err))
		}
		defer f.Close()
		from = f
	}
	if f, ok := from.(*os.File); ok {
		if in.info, err = f.Stat(); err != nil {
			return in, fmt.Errorf("cannot read %s: %v", r.name, reason(err))
		}
		if in.info.IsDir() {
			return in, fmt.Errorf("cannot read %s: it is a folder; name the task definition's file in it", r.name)
		}
		if r.file != "-" && in.info.Mode().IsRegular() {
			in.base = filepath.Base(r.file)
		}
	}
	in.data, err = io.ReadAll(io.LimitReader(from, tree.MaxSize+1))
	if err != nil {
		return in, fmt.Errorf("cannot read %s: %v", r.name, reason(err))
	}
	if len(in.data) > tree.MaxSize {
		return in, fmt.Errorf("cannot read %s: it has more than %d MiB, and ECS takes no task definition of that size", r.name, tree.MaxSize>>20)
	}
	return in, nil
}

// readCredSpecs reads the files of --credspec.
func (r *request) readCredSpecs() []error {
	var errs []error
	for _, file := range r.credspecs {
		data, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read --credspec %s: %v", file, reason(err)))
			continue
		}
		r.options.CredSpecs = append(r.options.CredSpecs, analyze.CredSpec{File: analyze.Printable(file), Data: data})
	}
	return errs
}

// foreign are extensions of files that no format writes. Output under such a name would be taken for
// what it is not, by people and by tools that read every file of a folder.
var foreign = [...]struct{ extension, what string }{
	{".tf.json", "Terraform's JSON"},
}

// checkExtension refuses a file name that says something else than the format: role.json without -f json.
func checkExtension(path string, format *emit.Format, formats []*emit.Format, command string) error {
	lower := strings.ToLower(path)
	for _, f := range foreign {
		if strings.HasSuffix(lower, f.extension) {
			return fmt.Errorf("-o %s: the name says %s, and no format writes that; the formats are %s", path, f.what, formatNames(formats))
		}
	}
	extension := filepath.Ext(lower)
	if extension == "" || slices.Contains(format.Extensions, extension) {
		return nil
	}
	has := func(f *emit.Format) bool { return slices.Contains(f.Extensions, extension) }
	if i := slices.IndexFunc(formats, has); i >= 0 {
		return fmt.Errorf("-o %s: the name says %s, and the format is %s; add -f %s, or choose another name",
			path, formats[i].Name, format.Name, formats[i].Name)
	}
	if i := slices.IndexFunc(emit.Formats(), has); i >= 0 && command != "generate" {
		return fmt.Errorf("-o %s: the name says %s, which %s does not write; choose another name, or use execrole generate",
			path, emit.Formats()[i].Name, command)
	}
	return nil
}

// exit returns the exit status of a run that was done with these findings.
func (r *request) exit(findings []analyze.Finding) int {
	if r.strict && warned(findings) {
		return statusNo
	}
	return statusDone
}

// fail reports what stands in the way, besides findings: those have been reported.
func (c *command) fail(errs ...error) int {
	for _, err := range errs {
		var findings analyze.Errors
		if err != nil && !errors.As(err, &findings) {
			c.complain("%v", err)
		}
	}
	return statusFailed
}
