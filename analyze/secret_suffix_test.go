package analyze

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestReadsLikeWords: what people write reads like words, and what nobody writes does not.
func TestReadsLikeWords(t *testing.T) {
	for _, tt := range []struct {
		words, known bool
		tails        []string
	}{
		{true, true, []string{"secret", "config", "oauth2", "ApiKey", "APIKey", "OAuth2", "MyPass", "dbPass", "dbUser", "RdsPwd", "userID", "DBPASS", "PASSWD", "202401"}},
		{true, false, []string{"cuwyhr", "matter", "abc123", "XKCDQW", "zzqq12", "MatPol"}},
		{false, false, []string{"JtsHgc", "Ng6pPB", "a1B2c3", "AbC1dE", "aBcDeF", "AB1cd4", "Ab12cd", "uVuDZE", "Strpwt", "abCDef"}},
	} {
		for _, tail := range tt.tails {
			if readsLikeWords(tail) != tt.words || isKnownWords(tail) != tt.known {
				t.Errorf("%s reads like words: %v, known: %v", tail, readsLikeWords(tail), isKnownWords(tail))
			}
		}
	}
}

// TestRandomSuffixes measures how many random suffixes are taken for words: a false alarm each.
func TestRandomSuffixes(t *testing.T) {
	const characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const n = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	words, known := 0, 0
	for range n {
		b := make([]byte, 6)
		for i := range b {
			b[i] = characters[random.IntN(len(characters))]
		}
		tail := string(b)
		if readsLikeWords(tail) {
			words++
		}
		if isKnownWords(tail) {
			known++
		}
	}
	t.Logf("of %d random suffixes, %d read like words, %d of them known", n, words, known)
	if words > n*4/100 || known > n/10_000 {
		t.Errorf("of %d random suffixes, %d read like words, %d of them known", n, words, known)
	}
}

// TestAnsweredSuffixes: the answers of AWS show complete ARNs, so that no flag has to say whether an ARN has its suffix. Of two
// secrets, Secrets Manager finds the one whose complete ARN is asked for.
func TestAnsweredSuffixes(t *testing.T) {
	const secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
	keys, problems := ReadKeys([]Input{{Name: "keys/a.json", Source: []byte(`
{"ARN": "` + secret + `api-config", "Name": "api"}
{"ARN": "` + secret + `db-secret-AbCdEf", "Name": "db-secret"}
{"ARN": "` + secret + `app-Ab12Cd-Xy12Zw", "Name": "app-Ab12Cd"}
{"ARN": "` + secret + `svc-tokens", "Name": "svc"}
{"SecretList": [{"ARN": "` + secret + `svc-tokens-QwErTy", "Name": "svc-tokens"}]}`)}})
	if problems != nil {
		t.Fatal(problems)
	}
	const lacks, doubtful = "lacks its suffix, as keys/a.json:", "may lack the six random characters"
	for _, tt := range []struct {
		value, want, warning string
	}{
		{"api-config", "api-config", ""},
		{"api-config:key::", "api-config", ""},
		{"api", "api-??????", ""},
		{"db-secret", "db-secret-??????", lacks},
		{"db-secret-AbCdEf", "db-secret-AbCdEf", ""},
		{"app-Ab12Cd", "app-Ab12Cd-??????", lacks},
		{"svc-tokens", "svc-tokens", ""},
		{"svc-tokens-QwErTy", "svc-tokens-QwErTy", ""},
		{"other-secret", "other-secret other-secret-??????", doubtful},
		{"db-secret-XXXXXX", "db-secret-??????", "write the complete ARN"},
	} {
		for _, opts := range []Options{{}, {PartialARNs: true}, {CompleteARNs: true}} {
			opts.Keys = keys
			src := fmt.Appendf(nil, `{"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": %q}]}]}`, secret+tt.value)
			plans, err := Read("t.json", src, opts)
			if err != nil {
				t.Errorf("%s: %v", tt.value, err)
				continue
			}
			var got []string
			for _, r := range plans[0].Requirements {
				got = append(got, strings.TrimPrefix(r.Resource.String(), secret))
			}
			if tt.warning == doubtful && (opts.PartialARNs || opts.CompleteARNs) {
				continue // no answer, and a flag
			}
			if strings.Join(got, " ") != tt.want || tt.warning != "" && !hasFinding(plans[0], tt.warning) || tt.warning == "" && (hasFinding(plans[0], lacks) || hasFinding(plans[0], doubtful)) {
				t.Errorf("%s: %q, want %s, and the warning %q of\n%v", tt.value, got, tt.want, tt.warning, plans[0].Findings)
			}
		}
	}
	for _, elsewhere := range []string{"arn:aws:secretsmanager:us-east-1:111122223333:secret:api-config", "arn:aws:secretsmanager:eu-west-1:444455556666:secret:api-config"} {
		plans, err := Read("t.json", fmt.Appendf(nil, `{"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": %q}]}]}`, elsewhere), Options{Keys: keys})
		if err != nil || len(plans[0].Requirements) != 2 || !hasFinding(plans[0], doubtful) {
			t.Errorf("%s: %v, %+v", elsewhere, err, plans)
		}
	}
}

// TestOpenSecretParts: a secret that a parameter of a template names is compared with the version that the value names too.
func TestOpenSecretParts(t *testing.T) {
	const src = `Parameters: {Secret: {Type: String}}
Resources:
  T: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Sub "${Secret}:key:AWSPREVIOUS:v1"}]}]}}
`
	plans, err := Read("t.yaml", []byte(src), Options{TemplateParameters: true, RoleExists: true})
	if err != nil || len(plans) != 1 || len(plans[0].Requirements) != 2 {
		t.Fatalf("%v, %+v", err, plans)
	}
	for _, r := range plans[0].Requirements {
		if got := fmt.Sprint(r.Part, " ", r.Stage, " ", r.Version); got != "key AWSPREVIOUS v1" {
			t.Errorf("%s: %s", r.Resource, got)
		}
	}
}
