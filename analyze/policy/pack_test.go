package policy

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asked returns texts as values that these fields asked for, for these reasons.
func asked(from []Source, reasons []string, texts ...Text) []Value {
	list := Values(texts...)
	for i := range list {
		list[i].From, list[i].Reasons = from, reasons
	}
	return list
}

// secretsOf returns the statements that n secrets ask for, before they are merged, and with a key what its
// decryption asks for too: a statement a secret, each with a condition of its own.
func secretsOf(n int, key bool) []Statement {
	list := []Statement{{
		Sid: "GetToken", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: asked([]Source{{Container: "app", Field: "image"}}, nil, "*"),
	}}
	secret := func(i int) Text {
		return "arn:" + Of(Partition) + ":secretsmanager:" + Of(Region) + ":" + Of(AccountID) + Text(fmt.Sprintf(":secret:shop/production/secret-%04d-??????", i))
	}
	from := func(i int) []Source { return []Source{{Container: "app", Field: fmt.Sprintf("secrets S%04d", i)}} }
	for i := range n {
		list = append(list, Statement{Sid: "ReadSecrets", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: asked(from(i), nil, secret(i))})
	}
	for i := range n {
		if key {
			list = append(list, Statement{
				Sid: "Decrypt", Actions: []string{"kms:Decrypt"}, Resources: asked(from(i), nil, "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f"),
				Conditions: []Condition{
					{"StringEquals", "kms:ViaService", asked(from(i), nil, "secretsmanager."+Of(Region)+".amazonaws.com")},
					{"StringLike", "kms:EncryptionContext:SecretARN", asked(from(i), nil, secret(i))},
				},
			})
		}
	}
	return list
}

// permissions returns a line for each action on one resource under conditions of one value each, sorted: what
// statements mean, however they are merged and cut. No line may come twice.
func permissions(t *testing.T, statements []Statement) []string {
	t.Helper()
	var lines []string
	for _, s := range statements {
		conditions := []string{""}
		for _, c := range s.Conditions {
			var longer []string
			for _, before := range conditions {
				if !alternatives(c.Operator) {
					longer = append(longer, fmt.Sprintf("%s if %s %s %q", before, c.Operator, c.Key, c.Values))
					continue
				}
				for _, v := range c.Values {
					longer = append(longer, fmt.Sprintf("%s if %s %s %q", before, c.Operator, c.Key, v))
				}
			}
			conditions = longer
		}
		for _, a := range s.Actions {
			for _, r := range s.Resources {
				for _, c := range conditions {
					lines = append(lines, fmt.Sprintf("%s on %q%s", a, r, c))
				}
			}
		}
	}
	slices.Sort(lines)
	if n := len(slices.Compact(slices.Clone(lines))); n != len(lines) {
		t.Errorf("%d of %d permissions stand twice", len(lines)-n, len(lines))
	}
	return lines
}

// checkPacked packs, and checks that the result means what was given and that IAM takes it.
func checkPacked(t *testing.T, statements []Statement) (inline, managed []Policy, err error) {
	t.Helper()
	inline, managed, err = Pack("P", statements, 0, nil)
	var limit LimitError
	if err != nil {
		if !errors.As(err, &limit) {
			t.Fatalf("error %v is no LimitError", err)
		}
		return nil, nil, err
	}
	role := &Role{Inline: inline, Managed: managed}
	if err := role.Check(); err != nil {
		t.Error(err)
	}
	if len(inline) > 0 && len(managed) > 0 || len(managed) == 1 {
		t.Errorf("%d inline and %d managed policies", len(inline), len(managed))
	}
	var all []Statement
	sids := map[string]bool{}
	for _, p := range role.Policies() {
		if len(p.Document.Statements) == 0 {
			t.Errorf("the policy %s is empty", p.Name)
		}
		for _, s := range p.Document.Statements {
			if sids[s.Sid] || len(s.Resources) == 0 || len(s.Askers()) == 0 {
				t.Errorf("statement %s: its Sid stands twice, or a part of it is empty", s.Sid)
			}
			if !slices.IsSorted(Texts(s.Resources)) || slices.ContainsFunc(s.Conditions, func(c Condition) bool { return !slices.IsSorted(Texts(c.Values)) }) {
				t.Errorf("statement %s is not sorted", s.Sid)
			}
			sids[s.Sid] = true
			all = append(all, s)
		}
	}
	var want []string
	for _, s := range statements {
		want = append(want, permissions(t, []Statement{s})...)
	}
	slices.Sort(want)
	if diff := cmp.Diff(slices.Compact(want), permissions(t, all)); diff != "" {
		t.Fatalf("the policies do not mean what was packed (-want +got):\n%.2000s", diff)
	}
	return inline, managed, nil
}

func TestPackSecrets(t *testing.T) {
	for _, tt := range []struct {
		n    int
		key  bool
		want int // managed policies; 0 for one inside of the role, -1 for too many
	}{
		{0, false, 0}, {1, false, 0}, {60, false, 0}, {100, false, 2}, {400, false, 8}, {2000, false, -1},
		{0, true, 0}, {1, true, 0}, {60, true, 3}, {100, true, 4}, {250, true, 10}, {400, true, -1}, {2000, true, -1},
	} {
		t.Run(fmt.Sprintf("%d,key=%v", tt.n, tt.key), func(t *testing.T) {
			statements := secretsOf(tt.n, tt.key)
			inline, managed, err := checkPacked(t, statements)
			if tt.want < 0 {
				if err == nil {
					t.Fatalf("%d policies", len(managed))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(managed) != tt.want || len(inline) != max(0, 1-tt.want) {
				t.Errorf("%d inline and %d managed policies, want %d managed", len(inline), len(managed), tt.want)
			}
			if n := len(merge(statements)); n > 3 {
				t.Errorf("%d statements before they are cut, want 3 at most", n)
			}
			// Each permission is traced to the one field that asks for it, as far as cuts can tell.
			for _, p := range managed {
				for _, s := range p.Document.Statements {
					n := len(s.Resources)
					if len(s.Conditions) > 0 {
						n = len(s.Conditions[1].Values)
					}
					if len(s.Askers()) != n {
						t.Errorf("%s %s: %d fields ask for %d things", p.Name, s.Sid, len(s.Askers()), n)
					}
				}
			}
			again, managedAgain, _ := Pack("P", statements, 0, nil)
			if diff := cmp.Diff(append(inline, managed...), append(again, managedAgain...)); diff != "" {
				t.Errorf("packed once more: %s", diff)
			}
		})
	}
}

// TestPackNames shows what becomes of two statements that fill two policies: the names, and where they are cut.
func TestPackNames(t *testing.T) {
	_, managed, err := Pack("TaskExecution", secretsOf(100, false), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range managed {
		for _, s := range p.Document.Statements {
			got = append(got, fmt.Sprintf("%s %s %d: %s to %s", p.Name, s.Sid, len(s.Resources), s.Askers()[0].Field, s.Askers()[len(s.Askers())-1].Field))
		}
	}
	want := []string{
		"TaskExecution1 GetToken 1: image to image",
		"TaskExecution1 ReadSecrets 55: secrets S0000 to secrets S0054",
		"TaskExecution2 ReadSecrets2 45: secrets S0055 to secrets S0099",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPackLimit cuts at the very character.
func TestPackLimit(t *testing.T) {
	filled := func(n int) []Statement { // a document of n characters
		s := []Statement{{Sid: "A", Actions: []string{"a:b"}}}
		for i := range 20 {
			s[0].Resources = append(s[0].Resources, asked([]Source{{Field: "f"}}, nil, Text(fmt.Sprintf("%02d%s", i, strings.Repeat("x", 400))))...)
		}
		rest := n - NewDocument(s...).Size(nil)
		s[0].Resources[19].Text += Text(strings.Repeat("x", rest))
		if got := NewDocument(s...).Size(nil); got != n {
			t.Fatalf("the document has %d characters, want %d", got, n)
		}
		return s
	}
	for size, want := range map[int]int{MaxInline - 1: 0, MaxInline: 0, MaxInline + 1: 2} {
		if _, managed, err := checkPacked(t, filled(size)); err != nil || len(managed) != want {
			t.Errorf("%d characters: %d managed policies, error %v", size, len(managed), err)
		}
	}
	// A single resource that is larger than a policy is cut nowhere.
	big := []Statement{{Sid: "A", Actions: []string{"a:b"}, Resources: Values(Text(strings.Repeat("x", MaxInline)))}}
	if _, _, err := Pack("P", big, 0, nil); err == nil || !strings.Contains(err.Error(), "alone has") || len(err.Error()) > 400 {
		t.Errorf("error %v", err)
	}
}

// TestPackManagedLimit fills managed policies to the very character: two of four equal resources fit into one, with room
// for the number behind the Sid, or do not.
func TestPackManagedLimit(t *testing.T) {
	filled := func(size int) []Statement {
		s := Statement{Sid: "A", Actions: []string{"a:b"}}
		for i := range 4 {
			s.Resources = append(s.Resources, asked([]Source{{Field: "f"}}, nil, Text(fmt.Sprintf("%d%s", i, strings.Repeat("x", 2990))))...)
		}
		pair := s
		pair.Resources = s.Resources[:2]
		rest := size - sidReserve - NewDocument(pair).Size(nil)
		for i := range s.Resources {
			s.Resources[i].Text += Text(strings.Repeat("x", rest/2))
		}
		s.Sid += strings.Repeat("a", rest%2)
		if got := NewDocument(pair).Size(nil) + rest%2 + sidReserve; got != size {
			t.Fatalf("a policy has %d characters, want %d", got, size)
		}
		return []Statement{s}
	}
	for size, want := range map[int]int{MaxManaged - 1: 2, MaxManaged: 2, MaxManaged + 1: 4} {
		if _, managed, err := checkPacked(t, filled(size)); err != nil || len(managed) != want {
			t.Errorf("%d characters: %d managed policies, error %v; want %d", size, len(managed), err, want)
		}
	}
}

// TestPackGaps: what does not fit in turn may fit in another order, which saves a policy.
func TestPackGaps(t *testing.T) {
	var in []Statement
	for i, n := range []int{3500, 3500, 2000, 2000} {
		in = append(in, Statement{
			Sid: "S", Actions: []string{fmt.Sprintf("a:%d", i)}, Resources: asked([]Source{{Field: "f"}}, nil, Text(strings.Repeat("x", n))),
		})
	}
	_, managed, err := checkPacked(t, in)
	if err != nil || len(managed) != 2 {
		t.Errorf("%d policies, error %v; want 2", len(managed), err)
	}
}

// TestPackAttached: policies that the role has attached already take the place of others.
func TestPackAttached(t *testing.T) {
	_, alone, err := Pack("P", secretsOf(400, false), 0, nil)
	n := len(alone)
	if err != nil || n < 2 || n >= MaxAttached {
		t.Fatalf("%d managed policies, error %v", n, err)
	}
	for attached, fits := range map[int]bool{1: true, MaxAttached - n: true, MaxAttached - n + 1: false, MaxAttached + 1: false} {
		_, managed, err := Pack("P", secretsOf(400, false), attached, nil)
		if (err == nil) != fits || fits && len(managed) != n {
			t.Errorf("%d attached: %d managed policies, error %v; want %d", attached, len(managed), err, n)
		}
	}
}

func TestPackError(t *testing.T) {
	_, _, err := Pack("P", secretsOf(2000, false), 0, nil)
	want := "the permissions have 214219 characters, and IAM allows a role 10240 inside of it, or 10 managed policies of 6144; they would fill 36: that is 26 policies, or 157671 characters, too many"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestMerge(t *testing.T) {
	st := func(sid, action string, resource Text, conditions ...Condition) Statement {
		return Statement{Sid: sid, Actions: []string{action}, Resources: asked([]Source{{Field: sid + string(resource)}}, nil, resource), Conditions: conditions}
	}
	like := func(v ...Text) Condition { return Condition{"StringLike", "k", Values(v...)} }
	via := func(v ...Text) Condition { return Condition{"StringEquals", "via", Values(v...)} }
	not := func(v ...Text) Condition { return Condition{"StringNotLike", "k", Values(v...)} }
	all := func(v ...Text) Condition { return Condition{"ForAllValues:StringLike", "k", Values(v...)} }
	anyOf := func(v ...Text) Condition { return Condition{"ForAnyValue:StringLikeIfExists", "k", Values(v...)} }
	for _, tt := range []struct {
		name string
		in   []Statement
		want []string // Sid, resources, conditions
	}{
		{"resources", []Statement{st("A", "x", "2"), st("A", "x", "1"), st("A", "y", "1")}, []string{`A ["1" "2"] []`, `A2 ["1"] []`}},
		{"values", []Statement{st("A", "x", "1", like("b")), st("A", "x", "1", like("a"))}, []string{`A ["1"] [{"StringLike" "k" ["a" "b"]}]`}},
		{"the second condition", []Statement{st("A", "x", "1", via("s"), like("b")), st("A", "x", "1", via("s"), like("a"))},
			[]string{`A ["1"] [{"StringEquals" "via" ["s"]} {"StringLike" "k" ["a" "b"]}]`}},
		{"two conditions differ", []Statement{st("A", "x", "1", via("s"), like("b")), st("A", "x", "1", via("t"), like("a"))},
			[]string{`A ["1"] [{"StringEquals" "via" ["s"]} {"StringLike" "k" ["b"]}]`, `A2 ["1"] [{"StringEquals" "via" ["t"]} {"StringLike" "k" ["a"]}]`}},
		{"resource and condition differ", []Statement{st("A", "x", "1", like("b")), st("A", "x", "2", like("a"))},
			[]string{`A ["1"] [{"StringLike" "k" ["b"]}]`, `A2 ["2"] [{"StringLike" "k" ["a"]}]`}},
		{"a square", []Statement{st("A", "x", "1", via("s"), like("a")), st("A", "x", "2", via("s"), like("b")), st("A", "x", "1", via("s"), like("b")), st("A", "x", "2", via("s"), like("a"))},
			[]string{`A ["1" "2"] [{"StringEquals" "via" ["s"]} {"StringLike" "k" ["a" "b"]}]`}},
		{"values, then resources", []Statement{st("A", "x", "1", like("a")), st("A", "x", "1", like("b")), st("A", "x", "2", like("a", "b"))},
			[]string{`A ["1" "2"] [{"StringLike" "k" ["a" "b"]}]`}},
		{"with and without", []Statement{st("A", "x", "1", like("a")), st("A", "x", "1")}, []string{`A ["1"] [{"StringLike" "k" ["a"]}]`, `A2 ["1"] []`}},
		{"another operator", []Statement{st("A", "x", "1", like("a")), st("A", "x", "1", Condition{"StringEquals", "k", Values("b")})},
			[]string{`A ["1"] [{"StringLike" "k" ["a"]}]`, `A2 ["1"] [{"StringEquals" "k" ["b"]}]`}},
		{"negated", []Statement{st("A", "x", "1", not("a")), st("A", "x", "1", not("b"))},
			[]string{`A ["1"] [{"StringNotLike" "k" ["a"]}]`, `A2 ["1"] [{"StringNotLike" "k" ["b"]}]`}},
		{"all values", []Statement{st("A", "x", "1", all("a")), st("A", "x", "1", all("b"))},
			[]string{`A ["1"] [{"ForAllValues:StringLike" "k" ["a"]}]`, `A2 ["1"] [{"ForAllValues:StringLike" "k" ["b"]}]`}},
		{"any value", []Statement{st("A", "x", "1", anyOf("a")), st("A", "x", "1", anyOf("b"))},
			[]string{`A ["1"] [{"ForAnyValue:StringLikeIfExists" "k" ["a" "b"]}]`}},
		{"a Sid that is taken", []Statement{st("A", "x", "1"), st("A", "y", "1"), st("A2", "z", "1"), st("A2", "w", "1")},
			[]string{`A ["1"] []`, `A3 ["1"] []`, `A2 ["1"] []`, `A22 ["1"] []`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := fmt.Sprintf("%q", tt.in)
			var got []string
			for _, s := range Merge(tt.in) {
				got = append(got, fmt.Sprintf("%s %q %q", s.Sid, s.Resources, s.Conditions))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if after := fmt.Sprintf("%q", tt.in); after != before {
				t.Errorf("the input became %s", after)
			}
			checkPacked(t, tt.in)
		})
	}
}

// TestMergeLeavesOthers: statements that deny, or that except actions or resources, are not joined: two of them do not
// mean what one would.
func TestMergeLeavesOthers(t *testing.T) {
	for name, list := range map[string][]Statement{
		"Deny":         {{Effect: Deny, Actions: []string{"x"}, Resources: Values("1")}, {Effect: Deny, Actions: []string{"x"}, Resources: Values("2")}},
		"NotActions":   {{NotActions: []string{"x"}, Resources: Values("1")}, {NotActions: []string{"y"}, Resources: Values("2")}},
		"NotResources": {{Actions: []string{"x"}, NotResources: Values("1")}, {Actions: []string{"x"}, NotResources: Values("2")}},
	} {
		for _, conditions := range [][]Condition{nil, {{"StringEquals", "k", Values("v")}}} {
			for i := range list {
				list[i].Conditions = conditions
			}
			if got := Merge(list); len(got) != 2 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

// TestAlternatives has every operator of IAM.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func TestAlternatives(t *testing.T) {
	for operator, want := range map[string]bool{
		"StringEquals": true, "StringEqualsIgnoreCase": true, "StringLike": true, "ArnEquals": true, "ArnLike": true, "IpAddress": true,
		"StringEqualsIfExists": true, "ForAnyValue:StringEquals": true, "ForAnyValue:StringLikeIfExists": true,
		"StringNotEquals": false, "StringNotEqualsIgnoreCase": false, "StringNotLike": false, "ArnNotEquals": false, "ArnNotLike": false,
		"NotIpAddress": false, "ForAllValues:StringEquals": false, "ForAnyValue:StringNotEquals": false, "Null": false, "NumericNotEquals": false, "DateNotEquals": false,
	} {
		if alternatives(operator) != want {
			t.Errorf("alternatives(%q) is %v", operator, !want)
		}
	}
}

// TestMergeSources: whoever asked for one of the statements that become one asked for its resource and its values, and
// reasons are kept.
func TestMergeSources(t *testing.T) {
	st := func(field string, resource, value Text) Statement {
		from := []Source{{Field: field}}
		return Statement{
			Sid: "A", Actions: []string{"x"}, Resources: asked(from, []string{"because of " + field}, resource),
			Conditions: []Condition{{"StringEquals", "same", asked(from, nil, "s")}, {"StringLike", "k", asked(from, nil, value)}},
		}
	}
	for _, tt := range []struct {
		name string
		in   []Statement
		want []string // resources and values with those who asked for them
	}{
		{"equal", []Statement{st("b", "1", "v"), st("a", "1", "v")}, []string{"1 [a b] [because of a because of b]", "s [a b] []", "v [a b] []"}},
		{"resources", []Statement{st("b", "1", "v"), st("a", "2", "v")}, []string{"1 [b] [because of b]", "2 [a] [because of a]", "s [a b] []", "v [a b] []"}},
		{"values", []Statement{st("b", "1", "v"), st("a", "1", "w")}, []string{"1 [a b] [because of a because of b]", "s [a b] []", "v [b] []", "w [a] []"}},
	} {
		merged := Merge(tt.in)
		if len(merged) != 1 {
			t.Errorf("%s: %d statements", tt.name, len(merged))
			continue
		}
		values := slices.Clone(merged[0].Resources)
		for _, c := range merged[0].Conditions {
			values = append(values, c.Values...)
		}
		var got []string
		for _, v := range values {
			var fields []string
			for _, from := range v.From {
				fields = append(fields, from.Field)
			}
			got = append(got, fmt.Sprint(v.Text, " ", fields, " ", v.Reasons))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

// TestPackRandom packs whatever comes, small and large on both axes, and in two orders.
func TestPackRandom(t *testing.T) {
	packed := map[int]int{}
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		length := []int{5, 80, 900}[r.IntN(3)]
		text := func(kinds int) Text {
			i := r.IntN(kinds)
			return Text(fmt.Sprintf("%s%d", strings.Repeat("x", i%length), i)) + Of([]Symbol{Partition, Region, AccountID, "Other"}[i%4])
		}
		var in []Statement
		for range 1 + r.IntN(250) {
			s := Statement{Sid: "S", Actions: []string{[]string{"a:a", "b:b", "c:c"}[r.IntN(3)]}, Resources: Values(text(100))}
			for _, c := range []Condition{{Operator: "StringEquals", Key: "k"}, {Operator: "StringLike", Key: "l"}, {Operator: "StringNotEquals", Key: "n"}}[:r.IntN(4)] {
				var values []Text
				for range 1 + r.IntN(2) {
					values = append(values, text(20))
				}
				slices.Sort(values)
				c.Values = Values(slices.Compact(values)...)
				s.Conditions = append(s.Conditions, c)
			}
			from := []Source{{Container: fmt.Sprint(len(in) % 7), Field: string(s.Resources[0].Text), Requirement: len(in) + 1}}
			s.Resources[0].From = from
			for _, c := range s.Conditions {
				for i := range c.Values {
					c.Values[i].From = from
				}
			}
			in = append(in, s)
		}
		bySort := func(list []Statement) []Statement {
			list = slices.Clone(list)
			slices.SortStableFunc(list, func(a, b Statement) int {
				if c := strings.Compare(a.Actions[0], b.Actions[0]); c != 0 {
					return c
				}
				return CompareConditions(a.Conditions, b.Conditions)
			})
			return list
		}
		inline, managed, err := Pack("P", bySort(in), 0, nil)
		role := &Role{Inline: inline, Managed: managed}
		if err := role.Check(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if err == nil {
			var got, want []string
			for _, p := range role.Policies() {
				for _, s := range p.Document.Statements {
					got = append(got, permissions(t, []Statement{s})...)
					if len(s.Askers()) == 0 {
						t.Errorf("seed %d: nobody asked for %s", seed, s.Sid)
					}
				}
			}
			for _, s := range in {
				want = append(want, permissions(t, []Statement{s})...)
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(slices.Compact(want), slices.Compact(got)); diff != "" {
				t.Errorf("seed %d: (-want +got)\n%.1000s", seed, diff)
			}
		}
		packed[len(managed)]++
		r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		againInline, againManaged, againErr := Pack("P", bySort(in), 0, nil)
		if diff := cmp.Diff([]any{inline, managed, fmt.Sprint(err)}, []any{againInline, againManaged, fmt.Sprint(againErr)}); diff != "" {
			t.Errorf("seed %d: another order of the input makes another role:\n%.1000s", seed, diff)
		}
	}
	if len(packed) < 8 {
		t.Errorf("numbers of policies that came up: %v", packed)
	}
}

func TestRoleCheck(t *testing.T) {
	document := func(n int) Document {
		d := NewDocument(Statement{Actions: []string{"a:b"}, Resources: Values("")})
		d.Statements[0].Resources[0].Text = Text(strings.Repeat("x", n-d.Size(nil)))
		return d
	}
	many := make([]Policy, MaxAttached+1)
	for _, tt := range []struct {
		role Role
		want string
	}{
		{Role{Trust: document(2048), Inline: []Policy{{"A", document(5000)}, {"B", document(5240)}}, Managed: []Policy{{"C", document(6144)}}}, ""},
		{Role{Trust: document(2049)}, "the trust policy has 2049 characters, and IAM allows 2048: 1 too many"},
		{Role{Inline: []Policy{{"A", document(5000)}, {"B", document(5241)}}}, "the inline policies have 10241 characters, and IAM allows 10240: 1 too many"},
		{Role{Managed: []Policy{{"C", document(6146)}}}, "the managed policy C has 6146 characters, and IAM allows 6144: 2 too many"},
		{Role{Managed: many}, "the role has 11 managed policies, and IAM allows 10: 1 too many"},
		{Role{Managed: many[:10]}, ""},
	} {
		got := ""
		if err := tt.role.Check(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
