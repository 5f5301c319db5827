package emit

import (
	"bytes"
	"go/format"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// checkFormatted reports what gofmt would change.
func checkFormatted(t *testing.T, name string, src []byte) {
	t.Helper()
	formatted, err := format.Source(src)
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, src)
		return
	}
	got, want := strings.Split(string(src), "\n"), strings.Split(string(formatted), "\n")
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: gofmt would write line %d as\n%q\nand not as\n%q", name, i+1, want[i], got[i])
			return
		}
	}
	if !bytes.Equal(formatted, src) {
		t.Errorf("%s: gofmt would write %d lines and not %d", name, len(want), len(got))
	}
}

// TestGoFields: literals with keys of all lengths are aligned as gofmt does it.
func TestGoFields(t *testing.T) {
	const letters = "aäあ\"'`\\ \n"
	random := rand.New(rand.NewPCG(1, 2))
	text := func(max int) string {
		b := make([]rune, 1+random.IntN(max))
		for i := range b {
			b[i] = []rune(letters)[random.IntN(len([]rune(letters)))]
		}
		return strconv.Quote(string(b))
	}
	for range 3000 {
		var w goWriter
		w.line("package p")
		w.line()
		w.line("var _ = T{")
		w.indent++
		for i := range random.IntN(8) {
			key := `"` + strconv.Itoa(i) + text([]int{5, 45, 150}[random.IntN(3)])[1:]
			switch random.IntN(6) {
			case 0:
				w.list(key+": f(", []string{text(9) + "+" + text(9), "x"}, "),")
			case 1:
				w.open(key, ": T{")
				w.field(text(9), "1")
				w.close("},")
			case 2:
				w.commented(key, text(50), "comment "+text(9))
			default:
				w.field(key, text(50))
			}
		}
		w.align()
		if strings.HasSuffix(w.b.String(), "{\n") {
			continue // gofmt writes an empty literal in one line
		}
		w.close("}")
		checkFormatted(t, "fields", []byte(w.String()))
		if t.Failed() {
			return
		}
	}
}

// TestCDKGoEmptyLists: roles that execrole does not make are written as gofmt would write them too.
func TestCDKGoEmptyLists(t *testing.T) {
	roles := map[string]*policy.Role{}
	role := func(name string) *policy.Role {
		roles[name] = sample.Web()
		return roles[name]
	}
	role("no statements").Inline[0].Document.Statements = nil
	role("no resources").Inline[0].Document.Statements[0].Resources = nil
	role("no actions").Inline[0].Document.Statements[0].Actions = nil
	role("no values").Inline[0].Document.Statements[0].Conditions = []policy.Condition{{Operator: "Null", Key: "a"}}
	role("no rows").Mappings = []policy.Mapping{{Symbol: "A::B", Name: "T", Column: "C"}}
	role("no conditions").Trust.Statements[0].Conditions = nil
	role("one tag").Properties.Tags = []policy.Tag{{Key: "a"}}
	one := sample.Inputs()
	one.Inline[0].Document.Statements = one.Inline[0].Document.Statements[:1]
	roles["one input"] = one
	several := role("several keys")
	for i := range 9 {
		key := strings.Repeat("k", 1+30*i*i%97)
		several.Inline[0].Document.Statements[0].Conditions = append(several.Inline[0].Document.Statements[0].Conditions,
			policy.Condition{Operator: "StringEquals", Key: key, Values: policy.Values(policy.Text(key))})
	}
	for name, role := range roles {
		files, err := CDKGo.Emit(role, Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkFormatted(t, name, files[0].Data)
		checkFormatted(t, name, files[1].Data)
	}
}
