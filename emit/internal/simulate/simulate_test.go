// Package simulate compares this project's evaluation of policies with that of iam-simulate, a package of Node under the
// AGPL: it runs in a process of its own.
package simulate

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// differences are what iam-simulate is known to do otherwise. Each can be taken out of a case, so that the answer of this
// project stays the same. Where the answers then agree, it was the reason why they did not.
var differences = []struct {
	name, right string
	take        func(*testCase)
}{
	{"a wildcard does not cross a colon", "execrole: \"it can expand to match beyond the colon boundaries\" (reference_policies_elements_resource.html)", takeColons},
	{"a wildcard is not in the type of a resource", "execrole: wildcards are \"within any ARN segment\", of which the type is a part (reference_policies_elements_resource.html)", takeTypes},
	{"a * in the requested resource is a wildcard", "execrole: the key of an object can have a *, and the object is one all the same", takeStars},
	{"the action *:* is none", "execrole: IAM takes it for all actions of all services", takeActions},
	{"variables have values before the fifth colon", "execrole: only \"after the fifth colon\" (reference_policies_variables.html)", takeVariables},
	{"variables have values in Version 2008-10-17", "execrole: they \"are treated as literal strings\" there (reference_policies_variables.html)", takeVersions},
	{"${*} is not the character * in StringEquals", "execrole: \"in any string where you can use regular policy variables\" (reference_policies_variables.html)", takeSpecial},
	{"an address without a prefix is no range", "execrole: \"the default prefix value of /32\" (reference_policies_elements_condition_operators.html)", takeAddresses},
	{"0.0.0.0/0 has no address", "execrole: it has all of them", takeRanges},
	{"seconds since 1970 are no date", "execrole: \"or in epoch (UNIX) time\" (reference_policies_elements_condition_operators.html)", takeSeconds},
}

// oracle is iam-simulate in a process of its own.
type oracle struct {
	in  *bufio.Writer
	out *bufio.Scanner
}

func startOracle(t *testing.T) *oracle {
	t.Helper()
	node := tool.Require(t, "node", "https://nodejs.org")
	folder := filepath.Join(golden.Root(t), "testdata", "iam-simulate")
	dir := tool.NodeModules(t, folder)
	script, err := os.ReadFile(filepath.Join(folder, "simulate.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "simulate.mjs"), script, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "simulate.mjs")
	cmd.Dir = dir
	var errors bytes.Buffer
	cmd.Stderr = &errors
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v\n%s", err, errors.String())
		}
	})
	return &oracle{bufio.NewWriter(in), bufio.NewScanner(out)}
}

// answers returns whether each request is allowed.
func (o *oracle) answers(t *testing.T, cases []testCase) []bool {
	t.Helper()
	allowed := make([]bool, len(cases))
	const atOnce = 100 // what fits into the pipe, so that nobody waits for the other
	for i := 0; i < len(cases); i += atOnce {
		batch := cases[i:min(i+atOnce, len(cases))]
		done := make(chan error, 1)
		go func() {
			for j := range batch {
				line, err := json.Marshal(batch[j])
				if err == nil {
					_, err = o.in.Write(append(line, '\n'))
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- o.in.Flush()
		}()
		for j := range batch {
			if !o.out.Scan() {
				t.Fatalf("node stopped: %v", o.out.Err())
			}
			switch answer := o.out.Text(); answer {
			case "Allowed", "ExplicitlyDenied", "ImplicitlyDenied":
				allowed[i+j] = answer == "Allowed"
			default:
				t.Fatalf("%s\n%s", answer, shown(&batch[j]))
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	return allowed
}

// shown writes a case for a message.
func shown(c *testCase) string {
	text, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, absent: %v", text, c.absent)
}

// read reads a document as a file with it would be read.
func read(t *testing.T) func(document) policy.Document {
	return func(d document) policy.Document {
		src, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		out, problems := policy.ReadDocument("p.json", src)
		if problems != nil {
			t.Fatalf("%v\n%s", problems, src)
		}
		return out
	}
}

// copied returns a case that shares nothing with c.
func copied(t *testing.T, c *testCase) testCase {
	src, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out := testCase{absent: c.absent}
	if err := json.Unmarshal(src, &out); err != nil {
		t.Fatal(err)
	}
	out.Request.Context = c.Request.Context
	return out
}

// changeResources replaces each resource of a statement by what change returns for it. Filled is the resource with the values of
// policy variables.
func changeResources(c *testCase, change func(text, filled string) string) {
	c.eachDocument(func(d *document) {
		for _, s := range d.Statement {
			for _, list := range [][]string{s.Resource, s.NotResource} {
				for i, r := range list {
					filled := strings.NewReplacer("$", "${$}").Replace(r)
					if d.Version == "2012-10-17" {
						filled = withVariables(c, r)
					}
					list[i] = change(r, filled)
				}
			}
		}
	})
}

// takeColons replaces each resource of a statement that fits the request only across a colon by *, which fits too.
func takeColons(c *testCase) {
	requested := c.Request.Resource.Resource
	changeResources(c, func(text, filled string) string {
		if glob(filled, requested, ".") && !glob(filled, requested, "[^:]") {
			return "*"
		}
		return text
	})
}

// takeTypes replaces each resource of a statement that fits the request with a wildcard in the type, as repositor*/app, by *.
func takeTypes(c *testCase) {
	changeResources(c, func(text, filled string) string {
		parts := strings.SplitN(filled, ":", 6)
		if len(parts) < 6 || !glob(filled, c.Request.Resource.Resource, ".") {
			return text
		}
		if i := strings.IndexAny(parts[5], "*?"); i >= 0 && !strings.ContainsAny(parts[5][:i], ":/") {
			return "*"
		}
		return text
	})
}

// takeVariables replaces each resource of a statement that has a variable before the fifth colon by one that fits nothing.
func takeVariables(c *testCase) {
	changeResources(c, func(text, filled string) string {
		if i := strings.Index(text, "${"); i >= 0 && strings.Count(text[:i], ":") < 5 {
			return "arn:aws:s3:::none"
		}
		return text
	})
}

// changeValues replaces each value of a condition by those that change returns for it.
func changeValues(c *testCase, change func(d *document, operator, value string) []string) {
	c.eachDocument(func(d *document) {
		for _, s := range d.Statement {
			for operator, keys := range s.Condition {
				for key, values := range keys {
					var list []string
					for _, v := range values {
						list = append(list, change(d, operator, v)...)
					}
					keys[key] = list
				}
			}
		}
	})
}

// takeVersions replaces what has variables in documents that cannot have them. The text itself fits no request.
func takeVersions(c *testCase) {
	changeValues(c, func(d *document, _, value string) []string {
		if d.Version == "2008-10-17" && strings.Contains(value, "${") {
			value = "arn:aws:s3:::none"
		}
		return []string{value}
	})
	c.eachDocument(func(d *document) {
		for _, s := range d.Statement {
			for _, list := range [][]string{s.Resource, s.NotResource} {
				for i, r := range list {
					if d.Version == "2008-10-17" && strings.Contains(r, "${") {
						list[i] = "arn:aws:s3:::none"
					}
				}
			}
		}
	})
}

// takeSpecial writes * for ${*} where it is no wildcard.
func takeSpecial(c *testCase) {
	changeValues(c, func(d *document, operator, value string) []string {
		if d.Version == "2012-10-17" && strings.Contains(operator, "Equals") {
			value = strings.ReplaceAll(value, "${*}", "*")
		}
		return []string{value}
	})
}

// takeAddresses writes addresses as ranges.
func takeAddresses(c *testCase) {
	changeValues(c, func(_ *document, _, value string) []string {
		if value == "203.0.113.7" {
			value += "/32"
		}
		return []string{value}
	})
}

// takeRanges writes both halves of the range of all addresses.
func takeRanges(c *testCase) {
	changeValues(c, func(_ *document, _, value string) []string {
		if value == "0.0.0.0/0" {
			return []string{"0.0.0.0/1", "128.0.0.0/1"}
		}
		return []string{value}
	})
}

// takeSeconds writes dates for seconds.
func takeSeconds(c *testCase) {
	dates := map[string]string{"1577836800": "2020-01-01T00:00:00Z", "1577836801": "2020-01-01T00:00:01Z"}
	changeValues(c, func(_ *document, _, value string) []string { return []string{cmp.Or(dates[value], value)} })
	c.Request.Context = maps.Clone(c.Request.Context)
	if value, ok := c.Request.Context["aws:CurrentTime"].(string); ok {
		c.Request.Context["aws:CurrentTime"] = cmp.Or(dates[value], value)
	}
}

// withVariables puts the values of policy variables into a resource. The special ones stay.
func withVariables(c *testCase, r string) string {
	colons := 0
	end := strings.IndexFunc(r, func(r rune) bool {
		if r == ':' {
			colons++
		}
		return colons == 5
	})
	if end < 0 {
		return r
	}
	for _, name := range []string{"aws:username", "aws:PrincipalTag/team"} {
		value, ok := c.Request.Context[name].(string)
		value = strings.NewReplacer("*", "${*}", "?", "${?}").Replace(value)
		if ok {
			r = r[:end] + strings.ReplaceAll(r[end:], "${"+name+"}", value)
		}
		if !ok {
			value = "web"
		}
		r = r[:end] + strings.ReplaceAll(r[end:], "${"+name+", 'web'}", value)
	}
	return r
}

// glob matches a pattern, whose wildcards stand for characters of a class.
func glob(pattern, s, class string) bool {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], "${*}"), strings.HasPrefix(pattern[i:], "${?}"), strings.HasPrefix(pattern[i:], "${$}"):
			b.WriteString(regexp.QuoteMeta(pattern[i+2 : i+3]))
			i += 3
		case pattern[i] == '*':
			b.WriteString(class + "*")
		case pattern[i] == '?':
			b.WriteString(class)
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return regexp.MustCompile("^(?s:" + b.String() + ")$").MatchString(s)
}

// takeStars writes ~ for each * in the requested resource, and for ${*} in policies.
func takeStars(c *testCase) {
	if !strings.Contains(c.Request.Resource.Resource, "*") {
		return
	}
	c.Request.Resource.Resource = strings.ReplaceAll(c.Request.Resource.Resource, "*", "~")
	c.eachDocument(func(d *document) {
		for _, s := range d.Statement {
			for _, list := range [][]string{s.Resource, s.NotResource} {
				for i := range list {
					if d.Version == "2012-10-17" {
						list[i] = strings.ReplaceAll(list[i], "${*}", "~")
					}
				}
			}
		}
	})
}

// takeActions writes * for *:*.
func takeActions(c *testCase) {
	c.eachDocument(func(d *document) {
		for _, s := range d.Statement {
			for _, list := range [][]string{s.Action, s.NotAction} {
				for i, a := range list {
					if a == "*:*" {
						list[i] = "*"
					}
				}
			}
		}
	})
}

// differencesFile lists the cases in which iam-simulate gives another answer, by the reason.
const differencesFile = "testdata/iam-simulate/differences.md"

// TestAgreesWithIAMSimulate: of 25,000 made cases, both give the same answer but for known reasons. They are listed with who
// is right.
func TestAgreesWithIAMSimulate(t *testing.T) {
	const number = 25000
	g := generator{rand.New(rand.NewPCG(13, 1))}
	cases := make([]testCase, number)
	for i := range cases {
		cases[i] = g.testCase()
	}
	o := startOracle(t)
	theirs := o.answers(t, cases)
	counts := map[policy.Truth]int{}
	var disagreed []testCase // each without each difference, and then without any
	var answers []policy.Truth
	for i := range cases {
		answer := ours(&cases[i], read(t)).Allowed
		counts[answer]++
		if answer == policy.Unknown || (answer == policy.Yes) == theirs[i] {
			continue
		}
		answers = append(answers, answer)
		all := copied(t, &cases[i])
		for _, d := range differences {
			one := copied(t, &cases[i])
			d.take(&one)
			d.take(&all)
			disagreed = append(disagreed, one)
		}
		disagreed = append(disagreed, all)
	}
	if counts[policy.Yes] < number/5 || counts[policy.No] < number/2 || counts[policy.Unknown] > number/50 {
		t.Errorf("of %d cases, the answers are %v", number, counts)
	}
	theirs = o.answers(t, disagreed)
	n := len(differences) + 1
	reasons := make([]int, n) // how many cases have this one reason; the last is several
	for i, answer := range answers {
		variants, said := disagreed[i*n:(i+1)*n], theirs[i*n:(i+1)*n]
		for j := range variants {
			if again := ours(&variants[j], read(t)).Allowed; again != answer {
				t.Errorf("without a difference, execrole answers %v and not %v: %s", again, answer, shown(&variants[j]))
			}
		}
		reason := slices.Index(said, answer == policy.Yes)
		if reason < 0 {
			small := o.shrunk(t, variants[n-1])
			t.Errorf("execrole answers %v, and iam-simulate does not: %s", answer, brief(&small))
			continue
		}
		reasons[reason]++
	}
	golden.CheckFile(t, differencesFile, table(number, counts, reasons))
}

// table writes the reasons.
func table(number int, counts map[policy.Truth]int, reasons []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Where iam-simulate answers otherwise

The test in emit/internal/simulate makes %d cases of policies and a request, always the same. Of these, execrole allows %d,
denies %d, and cannot tell %d. It compares the others with iam-simulate. A row says in how many cases the answers differ for
this reason alone: without it, they are the same.

| iam-simulate | cases | who is right |
|---|---|---|
`, number, counts[policy.Yes], counts[policy.No], counts[policy.Unknown])
	for i, d := range differences {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", d.name, reasons[i], d.right)
	}
	fmt.Fprintf(&b, "| several of these | %d | as above |\n", reasons[len(differences)])
	b.WriteString(`
IAM's documentation does not say what iam-simulate answers here, and execrole cannot tell: capital letters before the resource
of an ARN, ForAnyValue with IfExists where the key is absent, ARN operators with a text that is no ARN, operators without a set
operator on a key with several values, and what a resource policy allows to everybody where the role's permissions boundary
does not.
`)
	return b.String()
}

// brief writes what is left of a case that was made small.
func brief(c *testCase) string {
	text := c.Request.Action + " on " + c.Request.Resource.Resource + " of " + c.Request.Resource.Account
	c.eachDocument(func(d *document) {
		for _, s := range d.Statement {
			line, _ := json.Marshal(s)
			text += "\n\t" + d.Version + " " + string(line)
			for _, keys := range s.Condition {
				for key := range keys {
					text += fmt.Sprintf(" %s=%v", key, c.Request.Context[key])
				}
			}
		}
	})
	return text
}
