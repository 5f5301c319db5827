package policy

import (
	"math/rand/v2"
	"testing"
)

// pickText returns one of a few texts that often fit each other.
func pickText(r *rand.Rand) Text {
	list := []Text{
		"*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/k", "arn:aws:s3:::b/?", "arn:aws:s3:::${aws:username}/k", "arn:aws:s3:::b" + Of("S"), Of("S"), "arn:aws:s3:::b/k*", "arn:aws:sqs:*",
		"arn:aws:s3:::b/${*}", "arn:" + Of(Partition) + ":s3:::b/*",
	}
	return list[r.IntN(len(list))]
}

// randomStatement returns a statement that often applies.
func randomStatement(r *rand.Rand, effect Effect) Statement {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	s := Statement{Effect: effect, Actions: []string{pick("s3:GetObject", "s3:*", "*", "sqs:*", "s3:Get*")}, Resources: Values(pickText(r))}
	if r.IntN(6) == 0 {
		s.Actions, s.NotActions = nil, s.Actions
	}
	if r.IntN(6) == 0 {
		s.Resources, s.NotResources = nil, s.Resources
	}
	for r.IntN(3) == 0 {
		s.Conditions = append(s.Conditions, Condition{
			Operator: pick("StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAllValues:StringLike", "ForAnyValue:StringEquals", "Null", "ArnLike", "NumericLessThan", "Bool"),
			Key:      pick("aws:username", "k:list", "k:absent", "k:unknown"),
			Values:   Values(Text(pick("b", "*", "true", "a", "1", "arn:aws:s3:::b"))),
		})
	}
	return s
}

func randomRequest(r *rand.Rand) Request {
	q := Request{Action: "s3:GetObject", Resource: pickText(r), Match: []Match{Exact, Each, OneOf}[r.IntN(3)], Context: Context{}}
	q.Context.SetValues("aws:username", "b")
	q.Context.SetValues("k:list", "a", "b")
	q.Context.Set("k:absent", ContextKey{State: KeyAbsent})
	return q
}

// TestEvaluationLaws: more that is allowed never allows less, more that is denied never allows more, a boundary never allows
// more, and what becomes known never turns one answer into the other.
func TestEvaluationLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	better := func(a, b Truth) bool { return a == b || a == No || b == Yes } // b is at least as much as a
	counts := map[Truth]int{}
	for range 20000 {
		statements := []Statement{randomStatement(r, Allow)}
		for r.IntN(3) > 0 {
			statements = append(statements, randomStatement(r, Effect(r.IntN(2))))
		}
		q := randomRequest(r)
		ask := func(p Policies, symbols map[Symbol]string, q Request) Truth {
			return NewEvaluator(p, nil, symbols).Evaluate(q).Allowed
		}
		of := func(list ...Statement) Policies {
			return Policies{Identity: []Policy{{Document: NewDocument(list...)}}}
		}
		answer := ask(of(statements...), nil, q)
		counts[answer]++
		allow, deny := randomStatement(r, Allow), randomStatement(r, Deny)
		if more := ask(of(append([]Statement{allow}, statements...)...), nil, q); !better(answer, more) {
			t.Fatalf("%v becomes %v with a statement that allows\n%+v\n%+v\n%+v", answer, more, statements, allow, q)
		}
		if less := ask(of(append([]Statement{deny}, statements...)...), nil, q); !better(less, answer) {
			t.Fatalf("%v becomes %v with a statement that denies\n%+v\n%+v\n%+v", answer, less, statements, deny, q)
		}
		limited := of(statements...)
		limited.Boundary = &Policy{Document: NewDocument(randomStatement(r, Allow))}
		if less := ask(limited, nil, q); !better(less, answer) {
			t.Fatalf("%v becomes %v with a boundary", answer, less)
		}
		known := q
		known.Context = Context{}
		for k, v := range q.Context {
			known.Context[k] = v
		}
		switch r.IntN(2) {
		case 0:
			known.Context.Set("k:unknown", ContextKey{State: KeyAbsent})
		default:
			known.Context.SetValues("k:unknown", "b")
		}
		values := map[Symbol]string{Partition: "aws", "S": []string{"", "/k", "arn:aws:s3:::b/k"}[r.IntN(3)]}
		if again := ask(of(statements...), values, known); answer != Unknown && again != answer {
			t.Fatalf("%v becomes %v when %v and %v are known\n%+v\n%+v", answer, again, values, known.Context, statements, q)
		}
		if q.Match == Each && answer == Yes {
			q.Match = OneOf
			if again := ask(of(statements...), nil, q); again != Yes {
				t.Fatalf("each is allowed, and one of them is %v\n%+v\n%+v", again, statements, q)
			}
		}
	}
	for _, a := range []Truth{Yes, No, Unknown} {
		if counts[a] < 500 {
			t.Errorf("the answers are %v", counts)
		}
	}
}

// FuzzEvaluate: whatever the policy, the answer is the same the second time, and a role with the policy and a statement that
// allows everything is not allowed less.
func FuzzEvaluate(f *testing.F) {
	for _, src := range []string{
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}]}`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "NotAction": "s3:Get*", "NotResource": ["*a*b*c?", "${a, 'b'}"], "Condition": {"ForAllValues:ArnLikeIfExists": {"k": ["arn:*:${*}:::x"]}, "DateLessThan": {"k": "2020-01-01T00:00:00.5+01:00"}}}}`,
		`{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:root", "1"]}, "Action": "*", "Condition": {"IpAddress": {"k": "::/0"}, "Null": {"k": true}, "NumericEquals": {"k": 1}, "BinaryEquals": {"k": "AA=="}, "Bool": {"k": "x"}}}}`,
	} {
		f.Add([]byte(src), "s3:GetObject", "arn:aws:s3:::b/a/*", "v", uint8(1))
	}
	f.Fuzz(func(t *testing.T, src []byte, action, resource, value string, options uint8) {
		d, problems := ReadDocument("f", src)
		if problems != nil || !Text(action+resource+value).IsLiteral() {
			return // no reader takes the character that symbols begin with
		}
		q := Request{Action: action, Resource: Text(resource), Match: []Match{Exact, Each, OneOf}[options%3], Context: Context{}, Principal: Requester{ARN: Text(value), Account: "1"}, Account: "1"}
		if options&4 != 0 {
			q.Context.SetValues("k", Text(value), "x")
		}
		p := Policies{Identity: []Policy{{Document: d}}}
		if options&8 != 0 {
			p.Resource = &Policy{Document: d}
		}
		first := NewEvaluator(p, nil, nil).Evaluate(q)
		if again := NewEvaluator(p, nil, nil).Evaluate(q); again.Allowed != first.Allowed || len(again.Deciders) != len(first.Deciders) {
			t.Errorf("%v and then %v", first.Allowed, again.Allowed)
		}
		for _, decider := range first.Deciders {
			if decider.Statement == nil || decider.Policy == nil || decider.Applies == No {
				t.Errorf("decider %+v", decider)
			}
		}
		p.Identity = append(p.Identity, Policy{Document: NewDocument(Statement{Actions: []string{"*"}, Resources: Values("*")})})
		if more := NewEvaluator(p, nil, nil).Evaluate(q).Allowed; first.Allowed == Yes && more != Yes {
			t.Errorf("%v, and with more that is allowed %v", first.Allowed, more)
		}
	})
}

func FuzzReadDocument(f *testing.F) {
	f.Add([]byte(`{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": ["a:b"], "Resource": "*", "Condition": {"Bool": {"k": true}}}]}`))
	f.Add([]byte(`{"Statement": {"Effect": "Deny", "NotAction": "a:b", "NotResource": [], "Principal": {"AWS": "*"}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, problems := ReadDocument("f", src)
		for _, p := range problems {
			if p.Message == "" || p.At.File != "f" {
				t.Errorf("problem %+v", p)
			}
		}
		if problems == nil {
			for _, s := range d.Statements {
				if s.Place.Line == 0 || (s.Actions == nil) == (s.NotActions == nil) {
					t.Errorf("statement %+v", s)
				}
			}
		}
	})
}
