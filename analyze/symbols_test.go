package analyze

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// meanings are all that a symbol can mean.
var meanings = []policy.Meaning{
	policy.MeansSecretARN, policy.MeansSecretName, policy.MeansParameterName, policy.MeansParameterARN, policy.MeansImage,
	policy.MeansRepositoryURI, policy.MeansRepositoryARN, policy.MeansRepositoryName, policy.MeansLogGroupName, policy.MeansLogGroupARN,
	policy.MeansBucketName, policy.MeansBucketARN, policy.MeansKeyARN, policy.MeansAccount, policy.MeansRegion, policy.MeansPartition,
	policy.MeansDomain, policy.MeansRoleName, policy.MeansRoleARN, policy.MeansText, policy.MeansUnknown,
}

// symbolPattern is how the cases write a symbol: ${NAME}, ${NAME:MEANING}, or ${NAME:MEANING=NAME} with the symbol of
// the thing's ARN.
var symbolPattern = regexp.MustCompile(`\$\{(AWS::[A-Za-z]+|[A-Za-z.]+)(?::([a-zA-Z ]+))?(?:=([A-Za-z.]+))?\}`)

// readSymbols is a reader for tests: JSON in which strings have symbols, and in which {"Fn::If": [A, B]} is a
// conditional whose branches are A and B, null being the absent value.
func readSymbols(t testing.TB, src []byte, opts taskdef.Options) ([]*taskdef.TaskDefinition, []taskdef.Problem) {
	t.Helper()
	doc, problems := tree.ReadJSON("f", src)
	if doc == nil {
		t.Fatalf("%v in %s", problems, src)
	}
	symbols := policy.SymbolTable{}
	var convert func(n *tree.Node)
	convert = func(n *tree.Node) {
		if branches := n.Member("Fn::If"); branches != nil {
			n.Kind, n.Children = tree.Choice, branches.Children
		}
		if n.Kind == tree.String {
			n.Text = symbolPattern.ReplaceAllStringFunc(n.Text, func(s string) string {
				m := symbolPattern.FindStringSubmatch(s)
				symbol := policy.Symbol(m[1])
				if m[2] != "" {
					info := policy.SymbolInfo{Kind: policy.Parameter, Meaning: policy.Meaning(m[2])}
					if m[3] != "" {
						info.ARN = policy.Whole(policy.Of(policy.Symbol(m[3])))
					}
					symbols[symbol] = info
				}
				return string(policy.Of(symbol))
			})
		}
		for i := range n.Children {
			convert(&n.Children[i])
		}
	}
	convert(doc.Root)
	doc.Root.Adopt()
	return taskdef.New(doc, []taskdef.Part{{Root: doc.Root}}, symbols, opts)
}

// analyzeSymbols analyzes what readSymbols reads.
func analyzeSymbols(t testing.TB, src []byte, opts Options) *Plan {
	t.Helper()
	a := NewAnalysis(opts)
	tds, problems := readSymbols(t, src, taskdef.Options{Set: opts.Set, Image: opts.Image})
	plans, _ := finished(a.add("f", tds, problems, nil), a.Finish())
	return plans[0]
}

// outcome writes a plan in lines: what is required, and the errors and warnings.
func outcome(plan *Plan) []string {
	var lines []string
	for _, r := range plan.Requirements {
		for _, a := range r.Actions {
			one := r
			one.Actions = []Action{a}
			lines = append(lines, one.String())
		}
	}
	for _, f := range plan.Findings {
		if f.Severity != Note {
			lines = append(lines, fmt.Sprintf("%s %s", f.Severity, f.Rule))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// TestSymbols runs the cases of testdata/symbols. Each has an input in which VALUE is one value, and blocks of a line
// "value TEXT" and the outcome that somebody expects of it. A block "other meanings" is about a value that is one symbol
// of a meaning that no other block has.
func TestSymbols(t *testing.T) {
	paths, err := filepath.Glob("../testdata/symbols/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		input, cases := string(archive.Files[0].Data), string(archive.Files[1].Data)
		seen := map[policy.Meaning]bool{}
		others := false
		for block := range strings.SplitSeq(strings.TrimSpace(cases), "\n\n") {
			head, rest, _ := strings.Cut(block, "\n")
			var want []string
			for line := range strings.Lines(rest) {
				want = append(want, strings.TrimSpace(line))
			}
			slices.Sort(want)
			check := func(value string) {
				t.Run(name+"/"+value, func(t *testing.T) {
					var src string
					if strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[") {
						src = strings.ReplaceAll(input, `"VALUE"`, value)
					} else {
						quoted, err := json.Marshal(value)
						if err != nil {
							t.Fatal(err)
						}
						src = strings.ReplaceAll(input, `"VALUE"`, strings.ReplaceAll(string(quoted), `\u0026`, "&"))
					}
					plan := analyzeSymbols(t, []byte(src), Options{})
					if diff := cmp.Diff(want, outcome(plan)); diff != "" {
						t.Errorf("outcome (-want +got):\n%s", diff)
						for _, f := range plan.Findings {
							t.Log(f)
						}
					}
					for _, f := range plan.Findings {
						if f.Severity == Error && len(f.Flags) == 0 && !strings.Contains(f.Message, ";") && !strings.Contains(f.Message, ":") {
							t.Errorf("nothing settles %v", f)
						}
					}
				})
			}
			if head == "other meanings" {
				others = true
				for _, m := range meanings {
					if !seen[m] {
						check("${X:" + string(m) + "}")
					}
				}
				continue
			}
			value, ok := strings.CutPrefix(head, "value ")
			if !ok {
				t.Fatalf("%s: a block begins with %q", path, head)
			}
			if m := symbolPattern.FindStringSubmatch(value); m != nil && m[0] == value {
				seen[policy.Meaning(m[2])] = true
			}
			check(value)
		}
		// Conditionals around whole parts of a task definition have files of their own.
		if !others && len(seen) < len(meanings) && !strings.HasPrefix(name, "conditional-") {
			t.Errorf("%s has %d of %d meanings", path, len(seen), len(meanings))
		}
	}
}

// TestSymbolCharacters: names with any characters survive, and no cut goes through one.
func TestSymbolCharacters(t *testing.T) {
	for _, name := range []policy.Symbol{"Repo.Arn", "a/b:c", "x-y_z", "é", `"`, "\x01", "Fn::GetAtt Db.Endpoint", "a=b@c"} {
		text := "arn:aws:ecr:us-east-1:" + policy.Of(name) + ":repository/x"
		arn, ok := policy.CutARN(text)
		if !ok || arn.Account != policy.Of(name) || arn.Text() != text {
			t.Errorf("%q: cut as %+v", name, arn)
		}
		if got := arn.Account.Symbols(); len(got) != 1 || got[0] != name {
			t.Errorf("%q comes back as %q", name, got)
		}
		if len(splitText("a/"+policy.Of(name)+":b@c", '/', 9)) != 2 {
			t.Errorf("%q is cut", name)
		}
	}
}

// TestKeysOfSymbols: with a key for everything, what a symbol names is decrypted too; FSx reads a parameter as it is.
func TestKeysOfSymbols(t *testing.T) {
	const container = `{"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "${X:%s}"}]}]}`
	const volume = `{"containerDefinitions": [{"name": "app", "image": "nginx"}], "volumes": [{"name": "v", "fsxWindowsFileServerVolumeConfiguration":
		{"fileSystemId": "fs-1", "rootDirectory": "r", "authorizationConfig": {"domain": "d", "credentialsParameter": "${X:%s}"}}}]}`
	const key = "arn:aws:kms:us-east-1:111122223333:key/1"
	for _, tt := range []struct {
		src     string
		meaning policy.Meaning
		context string // "" where nothing is decrypted
	}{
		{container, policy.MeansSecretARN, "kms:EncryptionContext:SecretARN StringEquals [${X}]"},
		{container, policy.MeansParameterARN, "kms:EncryptionContext:PARAMETER_ARN StringEquals [${X}]"},
		{volume, policy.MeansSecretARN, "kms:EncryptionContext:SecretARN StringEquals [${X}]"},
		{volume, policy.MeansParameterARN, ""},
	} {
		plan := analyzeSymbols(t, []byte(fmt.Sprintf(tt.src, tt.meaning)), Options{KMSKeys: []KMSKey{{"*", key}}})
		var got []string
		for _, r := range plan.Requirements {
			if r.Grant == useKey {
				got = append(got, r.String())
			}
		}
		if tt.context == "" {
			if got != nil {
				t.Errorf("%s: %q is decrypted", tt.meaning, got)
			}
		} else if len(got) != 1 || !strings.HasPrefix(got[0], "called kms:Decrypt on "+key+" (exact)") || !strings.Contains(got[0], " if "+tt.context) {
			t.Errorf("%s: decrypted %q, want the context %s", tt.meaning, got, tt.context)
		}
	}
}

// TestAgentOfTwoSystems: a task that can run on two operating systems needs what either of them needs, in whatever order
// the conditional has them.
func TestAgentOfTwoSystems(t *testing.T) {
	for systems, want := range map[string]string{
		`"WINDOWS_SERVER_2022_CORE", "LINUX"`:                    "1.66.0",
		`"LINUX", "WINDOWS_SERVER_2022_CORE"`:                    "1.66.0",
		`null, "WINDOWS_SERVER_2022_CORE"`:                       "1.66.0",
		`"WINDOWS_SERVER_2022_CORE", "WINDOWS_SERVER_2019_FULL"`: "1.34.0",
	} {
		src := `{"runtimePlatform": {"operatingSystemFamily": {"Fn::If": [` + systems + `]}},
			"containerDefinitions": [{"name": "app", "image": "nginx", "credentialSpecs": ["credentialspec:arn:aws:s3:::bucket/a.json"]}]}`
		if got := analyzeSymbols(t, []byte(src), Options{}).Agent(); got != want {
			t.Errorf("%s: agent %q, want %q", systems, got, want)
		}
	}
}
