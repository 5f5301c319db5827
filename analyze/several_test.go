package analyze

import (
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

const (
	withSecret = `{"family": "a", "containerDefinitions": [{"name": "app", "image": "<IMAGE>", "secrets": [{"name": "A", "valueFrom": "/a"}]}]}`
	withFile   = `{"family": "b", "containerDefinitions": [{"name": "web", "image": "nginx", "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/a.env"}]}]}`
)

// TestOptionsAreJudgedOnce: an option that fits one of several documents is none too many, and one that fits none is
// reported once.
func TestOptionsAreJudgedOnce(t *testing.T) {
	opts := Options{
		Set:               []Setting{{Name: "IMAGE", Value: "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop"}, {Name: "NOTHING", Value: "x"}},
		Image:             []Setting{{Name: "web", Value: "nginx"}, {Name: "nobody", Value: "nginx"}},
		KMSKeys:           []KMSKey{{Ref: "/a", Key: "alias/a"}, {Ref: "/b", Key: "alias/b"}, {Ref: "/c", Key: "none"}},
		BucketOwners:      []BucketOwner{{Bucket: "bucket", Account: "111122223333"}, {Bucket: "other", Account: "111122223333"}, {Bucket: "x", Account: "1"}},
		PullThroughCaches: []string{"ROOT", "cache"},
		SourceVPCs:        []string{"vpc-1"},
		CredSpecSecrets:   []string{"arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3"},
	}
	for _, inputs := range [][]Input{
		{{Name: "a.json", Source: []byte(withSecret)}, {Name: "b.json", Source: []byte(withFile)}},
		{{Name: "b.json", Source: []byte(withFile)}, {Name: "a.json", Source: []byte(withSecret)}},
	} {
		plans, err := ReadAll(inputs, opts)
		if len(plans) != 2 || err == nil {
			t.Fatalf("%d plans, error %v", len(plans), err)
		}
		if plans[0].Err() != nil {
			t.Errorf("the first document has errors: %v", plans[0].Err())
		}
		var got []string
		for _, f := range plans[1].errors() {
			words := strings.Fields(strings.ReplaceAll(f.Message, ":", ""))
			got = append(got, strings.Join(words[:2], " "))
		}
		slices.Sort(got)
		want := []string{
			"--bucket-owner other=111122223333", "--bucket-owner x=1", "--credspec or", "--image nobody", "--kms-key /b=alias/b", "--kms-key /c=none",
			"--pull-through-cache cache", "--set NOTHING",
		}
		if !slices.Equal(got, want) {
			t.Errorf("errors about %q, want %q", got, want)
		}
	}
}

// TestOptionsOfOneDocument is the same with one document, where every option that belongs to the other is a mistake.
func TestOptionsOfOneDocument(t *testing.T) {
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{Set: []Setting{{Name: "IMAGE", Value: "x"}}}, "--set IMAGE"},
		{Options{Image: []Setting{{Name: "app", Value: "x"}}}, "--image app"},
		{Options{KMSKeys: []KMSKey{{Ref: "/a", Key: "alias/a"}}}, "--kms-key /a"},
		{Options{BucketOwners: []BucketOwner{{Bucket: "other", Account: "111122223333"}}}, "--bucket-owner other"},
		{Options{PullThroughCaches: []string{"ROOT"}}, "--pull-through-cache ROOT"},
		{Options{SourceVPCs: []string{"vpc-1"}}, "--source-vpc"},
		{Options{CredSpecSecrets: []string{"arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3"}}, "--credspec-secret"},
	} {
		_, err := Read("b.json", []byte(withFile), c.opts)
		if errs, _ := err.(Errors); len(errs) != 1 || !strings.Contains(errs[0].Message, c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

// TestUnreadDocument: where one document cannot be read, nothing is said of options that could fit it, and the plans of
// the others are there.
func TestUnreadDocument(t *testing.T) {
	opts := Options{KMSKeys: []KMSKey{{Ref: "/b", Key: "alias/b"}}, Set: []Setting{{Name: "X", Value: "x"}}, SourceVPCs: []string{"vpc-1"}}
	plans, err := ReadAll([]Input{{Name: "bad.json", Source: []byte("{")}, {Name: "b.json", Source: []byte(withFile)}}, opts)
	if errs, _ := err.(Errors); len(plans) != 2 || len(errs) != 1 || errs[0].At.File != "bad.json" || errs[0].Rule != "json" {
		t.Errorf("%d plans, error %v", len(plans), err)
	}
	// Nothing makes anything likely of what could not be read.
	for _, u := range plans[0].Unseen {
		if u.applies != nil {
			t.Errorf("of the document that could not be read: %s", u.What)
		}
	}
	if len(plans[0].Unseen) == 0 {
		t.Error("what no task definition shows is unseen there too")
	}
	if len(plans[1].Requirements) != 2 {
		t.Errorf("requirements %v", plans[1].Requirements)
	}
}

// TestSeveralTaskDefinitions: a document can have several. Pointers begin at the top of the document, and fields and
// containers at each task definition.
func TestSeveralTaskDefinitions(t *testing.T) {
	doc, problems := tree.ReadJSON("all.json", []byte(`{"Resources": {"A": {"Properties": `+withSecret+`}, "B": {"Properties": `+withFile+`}}}`))
	if doc == nil {
		t.Fatal(problems)
	}
	root := func(id string) *tree.Node {
		return doc.Root.Find("/Resources/"+id+"/Properties", (*tree.Node).Member)
	}
	opts := Options{
		Set:   []Setting{{Name: "/Resources/B/Properties/containerDefinitions/0/environmentFiles/0/value", Value: "arn:aws:s3:::other/b.env"}},
		Image: []Setting{{Name: "app", Value: "nginx"}, {Name: "web", Value: "nginx"}},
	}
	tds, found := taskdef.New(doc, []taskdef.Part{{Root: root("A")}, {Root: root("B")}}, nil, taskdef.Options{Set: opts.Set, Image: opts.Image})
	a := NewAnalysis(opts)
	plans, err := finished(a.add("all.json", tds, found, nil), a.Finish())
	if err != nil || len(plans) != 2 {
		t.Fatalf("%d plans, error %v", len(plans), err)
	}
	var got []string
	for _, p := range plans {
		for _, r := range p.Requirements {
			got = append(got, p.Family+" "+r.At.Pointer+" "+r.String())
		}
	}
	want := []string{
		"a /Resources/A/Properties/containerDefinitions/0/secrets/0/valueFrom called ssm:GetParameters on arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a (exact) for app: secrets A",
		"b /Resources/B/Properties/containerDefinitions/0/environmentFiles/0/value called s3:GetObject on arn:aws:s3:::other/b.env (exact) for web: environmentFiles",
		"b /Resources/B/Properties/containerDefinitions/0/environmentFiles/0/value documented s3:GetBucketLocation on arn:aws:s3:::other (exact) for web: environmentFiles",
	}
	if !slices.Equal(got, want) {
		t.Errorf("requirements:\n%s", strings.Join(got, "\n"))
	}
}
