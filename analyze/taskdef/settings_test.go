package taskdef

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

const unfilled = `{"family": "<FAMILY>", "containerDefinitions": [
  {"name": "a", "image": "<REG>/$Name:${TAG}", "secrets": [{"name": "A", "valueFrom": "arn:aws:ssm:us-east-1:ACCOUNT:parameter/${P}"}], "cpu": 5},
  {"name": "b", "command": ["{{ env ` + "`TAG`" + ` }}", "<REG>"]},
  {"name": "c"}]}`

// filled reads unfilled and returns its texts by their pointers, and all problems, those of settings that fit nothing last.
func filled(t *testing.T, opts Options, words ...string) (texts map[string]string, problems []string) {
	t.Helper()
	list, found := Read("f.json", []byte(unfilled), opts)
	if len(list) != 1 {
		t.Fatalf("%+v", found)
	}
	r := list[0].Reader()
	for _, word := range words {
		r.Word(policy.Text(word))
	}
	texts = map[string]string{}
	for _, path := range []string{"family", "containerDefinitions.image", "containerDefinitions.secrets.valueFrom", "containerDefinitions.command"} {
		for v := range r.Root().Each(strings.Split(path, ".")...) {
			text, _ := v.Text()
			texts[v.Ref().Pointer] = string(text)
			if v.Meant() {
				texts[v.Ref().Pointer] += " (meant)"
			}
		}
	}
	for _, p := range append(found, unused(r)...) {
		if p.Kind != Flags || p.Warning {
			t.Errorf("problem %+v", p)
		}
		problems = append(problems, fmt.Sprintf("%d:%d %s", p.At.Line, p.At.Column, p.Message))
	}
	return texts, problems
}

func TestSettings(t *testing.T) {
	const image, secret = "/containerDefinitions/0/image", "/containerDefinitions/0/secrets/0/valueFrom"
	for name, tt := range map[string]struct {
		opts     Options
		words    []string          // that a rule asks for
		want     map[string]string // texts by their pointers
		problems []string
	}{
		"placeholders": {
			opts: Options{Set: []Setting{{"FAMILY", "web"}, {"REG", "r"}, {"Name", "n"}, {"TAG", "1<REG>"}, {"P", "x"}}},
			want: map[string]string{"/family": "web", image: "r/n:1<REG>", secret: "arn:aws:ssm:us-east-1:ACCOUNT:parameter/x"},
		},
		"a pointer": {
			opts: Options{Set: []Setting{{image, "<REG>"}, {"REG", "r"}, {"/containerDefinitions/1/command/1", "x"}}},
			want: map[string]string{"/family": "<FAMILY>", image: "<REG> (meant)"},
			// What a pointer sets is no placeholder, whatever it looks like.
			problems: []string{"0:0 --set REG: there is no placeholder of that name, nor a string at that JSON pointer"},
		},
		"a word": {
			opts:  Options{Set: []Setting{{"ACCOUNT", "111122223333"}}},
			words: []string{"ACCOUNT", "OTHER"},
			want:  map[string]string{secret: "arn:aws:ssm:us-east-1:ACCOUNT:parameter/${P}"},
		},
		"a word that no rule asks for": {
			opts:     Options{Set: []Setting{{"ACCOUNT", "111122223333"}}},
			problems: []string{"0:0 --set ACCOUNT: there is no placeholder of that name, nor a string at that JSON pointer"},
		},
		"nothing fits": {
			opts: Options{Set: []Setting{{"NOTHING", "x"}, {"/family/x", "y"}}, Image: []Setting{{"x", "nginx"}}},
			problems: []string{
				`1:48 --image x: there is no container of that name; there are "a", "b", "c"`,
				"0:0 --set /family/x: there is no placeholder of that name, nor a string at that JSON pointer",
				"0:0 --set NOTHING: there is no placeholder of that name, nor a string at that JSON pointer",
			},
		},
		"misuse": {
			opts: Options{
				Set:   []Setting{{"REG", "r"}, {"REG", "s"}, {"", "x"}, {"/containerDefinitions/0/cpu", "x"}, {"/containerDefinitions", "x"}, {image, "i"}},
				Image: []Setting{{"a", "nginx"}, {"a", "nginx:2"}, {"", "x"}},
			},
			want: map[string]string{image: "nginx (meant)"},
			problems: []string{
				"1:1 --set REG is given twice",
				`1:1 --set has no name before the value "x"`,
				`1:1 --image has no name before the value "x"`,
				"1:48 --set /containerDefinitions: there is a list, and only strings can be set",
				"1:48 --image a is given twice",
				"2:26 --image a and --set give the same image",
				"2:144 --set /containerDefinitions/0/cpu: there is a number, and only strings can be set",
			},
		},
		"images": {
			opts: Options{Set: []Setting{{"TAG", "7"}}, Image: []Setting{{"a", "nginx:<TAG>"}, {"c", "redis"}}},
			want: map[string]string{image: "nginx:7", "/containerDefinitions/2/image": "redis"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			texts, problems := filled(t, tt.opts, tt.words...)
			for pointer, want := range tt.want {
				if texts[pointer] != want {
					t.Errorf("%s is %q, want %q", pointer, texts[pointer], want)
				}
			}
			if !slices.Equal(problems, tt.problems) {
				t.Errorf("problems %q\nwant %q", problems, tt.problems)
			}
		})
	}
}

func TestWord(t *testing.T) {
	r := reader(t, unfilled, Options{Set: []Setting{{"ACCOUNT", "111122223333"}}})
	if value, ok := r.Word("ACCOUNT"); value != "111122223333" || !ok {
		t.Errorf("ACCOUNT is %q, %v", value, ok)
	}
	if value, ok := r.Word("REGION"); value != "" || ok {
		t.Errorf("REGION is %q, %v", value, ok)
	}
}

// TestUnusedOfSeveral: a setting that fits one of several documents fits.
func TestUnusedOfSeveral(t *testing.T) {
	opts := Options{Set: []Setting{{"REG", "r"}, {"X", "x"}, {"/family", "web"}}, Image: []Setting{{"a", "nginx"}, {"z", "nginx"}, {"other", "nginx"}}}
	second := `{"containerDefinitions": [{"name": "z", "image": "x"}, {"name": "a", "image": "y"}]}`
	var got []string
	for _, p := range unused(reader(t, unfilled, opts), reader(t, second, opts)) {
		got = append(got, p.Message)
	}
	want := []string{
		`--image other: there is no container of that name; there are "a", "b", "c", "z"`,
		"--set X: there is no placeholder of that name, nor a string at that JSON pointer",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems %q\nwant %q", got, want)
	}
	if unused() != nil {
		t.Error("without a document nothing is unused")
	}
	opts = Options{Image: []Setting{{"a", "nginx"}}}
	for container, want := range map[string]string{
		`{"image": "x"}`:              "--image a: there is no container of that name",
		`{"name": "b", "image": "x"}`: `--image a: there is no container of that name; there are "b"`,
	} {
		if got := unused(reader(t, `{"containerDefinitions": [`+container+`]}`, opts)); len(got) != 1 || got[0].Message != want {
			t.Errorf("problems %+v, want %s", got, want)
		}
	}
}

// unused returns the problems with settings that fit none of the documents, of which each has a reader.
func unused(readers ...*Reader) []Problem {
	var uses Uses
	for _, r := range readers {
		uses.Add([]*Reader{r})
	}
	return uses.Unused()
}
