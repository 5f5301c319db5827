package report

import (
	"encoding/json"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// DiagnosisSchema is the number of the form that [JSONDiagnosis] writes. It changes as [Schema] does.
const DiagnosisSchema = 1

type (
	diagnosisDocument struct {
		Schema  int                `json:"schema"`
		Answers []diagnosisAnswer  `json:"answers"`
		Unknown []diagnosisUnknown `json:"unknown"`
		More    int                `json:"more"` // messages that nobody looked at
		Checked bool               `json:"checked"`
		Next    []diagnosisNext    `json:"next"`
		AddNext json.RawMessage    `json:"addNext"` // a policy document, or null
	}
	diagnosisAnswer struct {
		Sure        string             `json:"sure"`
		Causes      []diagnosisCause   `json:"causes"`
		Shape       string             `json:"shape"`
		Message     string             `json:"message"` // the shape's text
		Platform    string             `json:"platform"`
		Source      string             `json:"source"`
		Messages    []diagnosisMessage `json:"messages"`
		Says        diagnosisFacts     `json:"says"`
		Environment environment        `json:"environment"`
		Fields      []diagnosisField   `json:"fields"`
		RoleAllows  string             `json:"roleAllows"` // "yes", "no", "cannot tell"
		Code        string             `json:"code"`       // of the verdict
		Notes       []string           `json:"notes"`
		Remarks     []string           `json:"remarks"`
		Needs       []need             `json:"needs"`
		Add         json.RawMessage    `json:"add"`      // a policy document, or null, as the next two
		Trust       json.RawMessage    `json:"trust"`    // the trust policy to have
		PassRole    json.RawMessage    `json:"passRole"` // for whoever calls ECS
		Allow       json.RawMessage    `json:"allow"`    // for the policy that is the first cause, and none of the role
		Others      []otherAccount     `json:"otherAccounts"`
	}
	diagnosisCause struct {
		Cause    string `json:"cause"`
		Sentence string `json:"sentence"`
		Cure     string `json:"cure"`
		Settle   string `json:"settle"`
		Page     string `json:"page"` // of AWS; "" for none
	}
	diagnosisMessage struct {
		Text string `json:"text"`
		From string `json:"from"`
		Task string `json:"task"`
		Stop string `json:"stopCode"`
		At   place  `json:"at"`
	}
	diagnosisFacts struct {
		Action       string `json:"action"`
		Resource     string `json:"resource"`
		Principal    string `json:"principal"`
		Role         string `json:"role"`
		RoleARN      string `json:"roleArn"`
		Session      string `json:"session"`
		Policy       string `json:"policy"`
		ExplicitDeny bool   `json:"explicitDeny"`
		PolicyARN    string `json:"policyArn"`
		Image        string `json:"image"`
		Secret       string `json:"secret"`
		Key          string `json:"key"`
		Parameter    string `json:"parameter"`
		Bucket       string `json:"bucket"`
		File         string `json:"file"`
		LogGroup     string `json:"logGroup"`
	}
	diagnosisField struct {
		place
		Sure bool `json:"sure"`
	}
	diagnosisUnknown struct {
		diagnosisMessage
		Says diagnosisFacts `json:"says"`
	}
	diagnosisNext struct {
		Code     string  `json:"code"`
		Kind     string  `json:"kind"`
		Sure     bool    `json:"sure"`
		Title    string  `json:"title"`
		Action   string  `json:"action"`
		Resource string  `json:"resource"`
		From     []place `json:"from"`
	}
)

func diagnosisJSON(d *diagnose.Diagnosis, _ bool) []byte {
	doc := diagnosisDocument{Schema: DiagnosisSchema, Answers: []diagnosisAnswer{}, Unknown: []diagnosisUnknown{}, More: d.More, Checked: d.Checked, Next: []diagnosisNext{}, AddNext: document0(d.AddNext, environmentOfNext(d))}
	for i := range d.Answers {
		doc.Answers = append(doc.Answers, jsonAnswer(&d.Answers[i]))
	}
	for i := range d.Unknown {
		u := &d.Unknown[i]
		doc.Unknown = append(doc.Unknown, diagnosisUnknown{jsonMessage(&u.Message), jsonFacts(&u.Facts)})
	}
	for _, f := range d.Next {
		one := diagnosisNext{Code: string(f.Code), Kind: string(f.Kind), Sure: f.Sure, Title: check.Explain(f.Code).Title, From: []place{}}
		if p := f.Permission; p != nil {
			one.Action, one.Resource, one.From = p.Action.Name, p.Needs[0].Plan.Environment.Fill(p.Resource()), placesOf(p)
		}
		doc.Next = append(doc.Next, one)
	}
	return programJSON(doc)
}

// document0 returns a document with statements; null where there are none.
func document0(list []policy.Statement, known policy.Environment) json.RawMessage {
	if len(list) == 0 {
		return json.RawMessage("null")
	}
	return documentOrNull(policy.NewDocument(list...), known)
}

func documentOrNull(d policy.Document, known policy.Environment) json.RawMessage {
	if d.Statements == nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(emit.OpenDocument(d, known))
}

func jsonMessage(m *diagnose.Message) diagnosisMessage {
	return diagnosisMessage{Text: m.Text, From: m.From, Task: m.Task, Stop: m.StopCode, At: place{File: m.At.File, Line: m.At.Line, Column: m.At.Column}}
}

func jsonFacts(f *diagnose.Facts) diagnosisFacts {
	return diagnosisFacts{
		Action: f.Action, Resource: f.Resource, Principal: f.Principal, Role: f.Role, RoleARN: f.RoleARN, Session: f.Session, Policy: f.Policy, ExplicitDeny: f.Explicit, PolicyARN: f.PolicyARN,
		Image: f.Image, Secret: f.Secret, Key: f.Key, Parameter: f.Parameter, Bucket: f.Bucket, File: f.File, LogGroup: f.Group,
	}
}

func jsonAnswer(a *diagnose.Answer) diagnosisAnswer {
	out := diagnosisAnswer{
		Sure: string(a.Sure), Shape: a.Shape.ID, Message: a.Shape.Text, Platform: a.Shape.Platform, Source: a.Shape.Source, Says: jsonFacts(&a.Facts),
		Environment: environment{a.Environment.Partition, a.Environment.Region, a.Environment.Account}, Causes: []diagnosisCause{}, Messages: []diagnosisMessage{}, Fields: []diagnosisField{},
		RoleAllows: a.Allowed.String(), Notes: append([]string{}, a.Notes...), Remarks: []string{}, Needs: []need{}, Others: []otherAccount{},
		Add: document0(a.Add, a.Environment), Trust: documentOrNull(a.Trust, a.Environment), PassRole: documentOrNull(a.PassRole, a.Environment), Allow: documentOrNull(a.Allow, a.Environment),
	}
	for _, c := range a.Causes {
		out.Causes = append(out.Causes, diagnosisCause{string(c), a.Sentence(c), a.Cure(c), a.Settle(c), diagnose.Explain(c).Page})
	}
	for i := range a.Messages {
		out.Messages = append(out.Messages, jsonMessage(&a.Messages[i]))
	}
	for _, f := range a.Fields {
		out.Fields = append(out.Fields, diagnosisField{placeOf(f.At), f.Sure})
	}
	if a.Finding != nil {
		out.Code = string(a.Finding.Code)
	}
	for _, r := range a.Remarks {
		out.Remarks = append(out.Remarks, r.String())
	}
	for _, n := range a.Needs {
		out.Needs = append(out.Needs, needOf(n, a.Environment))
	}
	for _, p := range a.Theirs {
		out.Others = append(out.Others, viewOfOther(p, a.Environment).json())
	}
	return out
}
