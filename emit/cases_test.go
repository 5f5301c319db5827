package emit_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/emit"
)

var update = flag.Bool("update", false, "write the outputs in testdata/golden anew; never the plans, which are written by hand")

// goldenCase is a file of testdata/golden: an input, the plan that somebody expects of it, and outputs.
type goldenCase struct {
	path    string
	archive *txtar.Archive
	opts    analyze.Options
	role    policy.Options
}

func goldenCases(t testing.TB) []*goldenCase {
	t.Helper()
	paths, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	var cases []*goldenCase
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		opts, role := parseFlags(t, path, string(archive.Comment))
		cases = append(cases, &goldenCase{path, archive, opts, role})
	}
	return cases
}

func (c *goldenCase) name() string { return strings.TrimSuffix(filepath.Base(c.path), ".txtar") }

// section returns a file of the archive, and whether it is there.
func (c *goldenCase) section(name string) (string, bool) {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

// check compares a section with what came out, or replaces it under -update. Nothing comes out as "".
func (c *goldenCase) check(t *testing.T, name, got string) {
	t.Helper()
	want, _ := c.section(name)
	if got == want {
		return
	}
	if !*update {
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		return
	}
	i := slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
	switch {
	case got == "":
		c.archive.Files = slices.Delete(c.archive.Files, i, i+1)
	case i < 0:
		c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(got)})
	default:
		c.archive.Files[i].Data = []byte(got)
	}
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o666); err != nil {
		t.Fatal(err)
	}
}

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
		if err := flags.Parse(shellWords(line)); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		opts.Set, opts.Image = settings(*set), settings(*image)
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
		for _, tag := range settings(*tags) {
			role.Properties.Tags = append(role.Properties.Tags, policy.Tag{Key: tag.Name, Value: tag.Value})
		}
	}
	return opts, role
}

func settings(list []string) []taskdef.Setting {
	var out []taskdef.Setting
	for _, s := range list {
		name, value, _ := strings.Cut(s, "=")
		out = append(out, taskdef.Setting{Name: name, Value: value})
	}
	return out
}

// shellWords splits a line at spaces outside of single and double quotes; a backslash outside of them takes the
// next character as it is.
func shellWords(line string) []string {
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

// planLines writes a plan as the cases do: a line for each action on a resource for a field, and one for
// each finding.
func planLines(plan *analyze.Plan) []string {
	var lines []string
	for _, r := range plan.Requirements {
		field := r.At.Field
		if r.At.Container != "" {
			field = r.At.Container + ": " + field
		}
		for _, a := range r.Actions {
			line := fmt.Sprintf("%s %s on %s (%s) for %s", a.Strength, a.Name, r.Resource, r.Match, field)
			for _, c := range r.Conditions {
				line += fmt.Sprintf(" if %s %s %s", c.Key, c.Operator, c.Values)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	for _, f := range plan.Findings {
		lines = append(lines, fmt.Sprintf("%s %d:%d %s", f.Severity, f.At.Line, f.At.Column, f.Rule))
	}
	slices.Sort(lines)
	return lines
}

func TestGoldenPlans(t *testing.T) {
	for _, c := range goldenCases(t) {
		t.Run(c.name(), func(t *testing.T) {
			input, ok := c.section("input.json")
			if !ok {
				t.Fatal("no input.json")
			}
			wanted, ok := c.section("plan")
			if !ok {
				t.Fatal("no plan")
			}
			want := strings.Split(strings.TrimSpace(wanted), "\n")
			slices.Sort(want)
			plan, _ := analyze.JSON("input.json", []byte(input), c.opts)
			if diff := cmp.Diff(want, planLines(plan)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
				for _, f := range plan.Findings {
					t.Log(f)
				}
			}
			var findings strings.Builder
			for _, f := range plan.Findings {
				findings.WriteString(f.String() + "\n")
			}
			c.check(t, "findings", findings.String())
		})
	}
}

// TestGoldenOutputs compares every format's files with the sections of those names. For formats that need
// them, the role's own values are the ones below.
func TestGoldenOutputs(t *testing.T) {
	own := policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
	for _, c := range goldenCases(t) {
		t.Run(c.name(), func(t *testing.T) {
			input, _ := c.section("input.json")
			plan, err := analyze.JSON("input.json", []byte(input), c.opts)
			if err == nil {
				role, err := plan.Role(c.role)
				if err != nil {
					t.Fatal(err)
				}
				outputs := map[string]string{}
				for _, format := range emit.Formats() {
					files, err := format.Emit(role, emit.Options{Source: "input.json", Values: own.Values()})
					if err != nil {
						t.Fatalf("format %s: %v", format.Name, err)
					}
					for _, f := range files {
						_, kind, _ := strings.Cut(f.Name, "-execution-")
						// The rest of a script is the same for every role.
						outputs[kind], _, _ = strings.Cut(string(f.Data), emit.ProgramBegin)
					}
				}
				names := []string{"role.yaml", "policy.json", "role.json", "attach.json"}
				// Of these, some cases are enough: a test compares what they all mean.
				for _, name := range []string{"role.tf", "role.sh"} {
					if _, ok := c.section(name); ok {
						names = append(names, name)
					}
				}
				shares, err := emit.WithResourcePolicies(make([]emit.File, 1), role, plan.Environment.Values())
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range shares[1:] {
					_, kind, _ := strings.Cut(f.Name, "-execution-")
					outputs[kind] = string(f.Data)
					names = append(names, kind)
				}
				for _, f := range c.archive.Files {
					if isShare(f.Name) && !slices.Contains(names, f.Name) {
						names = append(names, f.Name)
					}
				}
				for _, name := range names {
					c.check(t, name, outputs[name])
				}
				// A script's documents are those of the other sections.
				for _, name := range []string{"policy.json", "trust.json"} {
					if document := outputs[name]; document != "" && !strings.Contains(outputs["role.sh"], "<<'END'\n"+document+"END\n") {
						t.Errorf("the script has not the document of %s:\n%s", name, outputs["role.sh"])
					}
				}
				// The trust policy depends on nothing in the input.
				if outputs["trust.json"] != emit.WantTrustJSON {
					t.Errorf("trust policy (-want +got):\n%s", cmp.Diff(emit.WantTrustJSON, outputs["trust.json"]))
				}
				return
			}
			for _, f := range c.archive.Files {
				if isShare(f.Name) {
					t.Errorf("the case has %s, but no role can be written: %v", f.Name, err)
				}
			}
			for _, name := range []string{"role.yaml", "policy.json", "role.tf", "role.sh"} {
				if _, ok := c.section(name); ok {
					t.Errorf("the case has %s, but no role can be written: %v", name, err)
				}
			}
		})
	}
}

// isShare reports whether a section is what another account has to allow.
func isShare(name string) bool { return name[0] >= '0' && name[0] <= '9' }

// TestGoldenTemplatesPassLint runs cfn-lint over every template of the golden cases: it has nothing to say.
func TestGoldenTemplatesPassLint(t *testing.T) {
	t.Parallel()
	lint := emit.RequireTool(t, "cfn-lint", "pip install cfn-lint")
	dir := t.TempDir()
	var paths []string
	for _, c := range goldenCases(t) {
		if template, ok := c.section("role.yaml"); ok {
			path := filepath.Join(dir, c.name()+".yaml")
			if err := os.WriteFile(path, []byte(template), 0o666); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	if len(paths) < 100 {
		t.Fatalf("only %d golden cases have templates", len(paths))
	}
	if out, err := exec.Command(lint, paths...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
}
