package golden

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// parseFlags reads the line "flags: …" of a case's comment, as a shell would.
func parseFlags(t testing.TB, path, comment string) (opts analyze.Options, role policy.Options) {
	for line := range strings.SplitSeq(comment, "\n") {
		line, ok := strings.CutPrefix(line, "flags: ")
		if !ok {
			continue
		}
		flags := pflag.NewFlagSet(path, pflag.ContinueOnError)
		set := flags.StringArray("set", nil, "")
		image := flags.StringArray("image", nil, "")
		flags.BoolVar(&opts.CalledOnly, "called-only", false, "")
		flags.BoolVar(&opts.ManagedPolicy, "managed-policy", false, "")
		guardDuty := flags.String("guardduty", "", "")
		flags.Lookup("guardduty").NoOptDefVal = "region"
		keys := flags.StringArray("kms-key", nil, "")
		owners := flags.StringArray("bucket-owner", nil, "")
		flags.StringArrayVar(&opts.SourceVPCEndpoints, "source-vpce", nil, "")
		flags.StringArrayVar(&opts.SourceVPCs, "source-vpc", nil, "")
		flags.StringArrayVar(&opts.PullThroughCaches, "pull-through-cache", nil, "")
		flags.StringArrayVar(&opts.CredSpecSecrets, "credspec-secret", nil, "")
		flags.StringVar(&opts.Environment.Account, "account", "", "")
		flags.StringVar(&opts.Environment.Region, "region", "", "")
		flags.StringVar(&role.Name, "role-name", "", "")
		flags.StringVar(&role.Properties.Path, "path", "", "")
		flags.StringVar(&role.Properties.PermissionsBoundary, "permissions-boundary", "", "")
		flags.StringVar(&role.Properties.Description, "description", "", "")
		flags.IntVar(&role.Properties.MaxSessionDuration, "max-session-duration", 0, "")
		tags := flags.StringArray("tag", nil, "")
		if err := flags.Parse(Words(line)); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		opts.Set, opts.Image = Settings(*set), Settings(*image)
		opts.GuardDuty, opts.GuardDutyAccount = *guardDuty != "", strings.TrimPrefix(*guardDuty, "region")
		for _, k := range *keys {
			i := strings.LastIndexByte(k, '=')
			opts.KMSKeys = append(opts.KMSKeys, analyze.KMSKey{Ref: k[:i], Key: k[i+1:]})
		}
		for _, o := range *owners {
			bucket, account, ok := strings.Cut(o, "=")
			if !ok {
				bucket, account = "", o
			}
			opts.BucketOwners = append(opts.BucketOwners, analyze.BucketOwner{Bucket: bucket, Account: account})
		}
		for _, tag := range Settings(*tags) {
			role.Properties.Tags = append(role.Properties.Tags, policy.Tag{Key: tag.Name, Value: tag.Value})
		}
	}
	return opts, role
}

// Settings returns NAME=VALUE pairs as settings.
func Settings(list []string) []taskdef.Setting {
	var out []taskdef.Setting
	for _, s := range list {
		name, value, _ := strings.Cut(s, "=")
		out = append(out, taskdef.Setting{Name: name, Value: value})
	}
	return out
}

// Words splits a line at spaces outside of single and double quotes; a backslash outside of them takes the
// next character as it is.
func Words(line string) []string {
	var words []string
	var word strings.Builder
	quote, in, escaped := rune(0), false, false
	for _, r := range line + " " {
		switch {
		case escaped:
			word.WriteRune(r)
			in, escaped = true, false
		case quote == 0 && r == '\\':
			escaped = true
		case quote == 0 && r == ' ':
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case r == quote:
			quote = 0
		default:
			word.WriteRune(r)
			in = true
		}
	}
	return words
}
