package policy

import "testing"

func TestARN(t *testing.T) {
	for text, want := range map[Text]ARN{
		"arn:aws:s3:::bucket/a:b":                                {"aws", "s3", "", "", "bucket/a:b"},
		"arn:aws:ssm:us-east-1::parameter/x":                     {"aws", "ssm", "us-east-1", "", "parameter/x"},
		"arn:" + Of(Partition) + ":kms:us-east-1:1:" + Of("Key"): {Of(Partition), "kms", "us-east-1", "1", Of("Key")},
		LocalARN("ecr", "repository/a").Text():                   {Of(Partition), "ecr", Of(Region), Of(AccountID), "repository/a"},
	} {
		got, ok := CutARN(text)
		if !ok || got != want || got.Text() != text {
			t.Errorf("CutARN(%q) = %q, %v; as text %q", text, got, ok, got.Text())
		}
		if other := got.With("x"); other.Resource != "x" || other.Account != want.Account || got.Resource != want.Resource {
			t.Errorf("with another resource %q is %q", got, other)
		}
	}
	for _, text := range []Text{"", "arn:aws:s3::bucket", "ARN:aws:s3:::bucket", "bucket", Of("Secret")} {
		if got, ok := CutARN(text); ok || got != (ARN{}) {
			t.Errorf("CutARN(%q) = %q", text, got)
		}
	}
}

func TestWholeARN(t *testing.T) {
	bucket := Whole(Of("Bucket.Arn"))
	if !bucket.IsWhole() || bucket.Text() != Of("Bucket.Arn") || LocalARN("s3", "a").IsWhole() {
		t.Errorf("Whole is %q", bucket.Text())
	}
	if object := bucket.With(bucket.Resource + "/a.env"); object.Text() != Of("Bucket.Arn")+"/a.env" {
		t.Errorf("the object is %q", object.Text())
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[Text]Text{
		"": "", "plain": "plain", "*": "${*}", "a?$*": "a${?}${$}${*}", "${*}": "${$}{${*}}", Of(Region) + "$": Of(Region) + "${$}",
	} {
		if got := Escape(text); got != want {
			t.Errorf("Escape(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[Text]bool{"": false, "a": false, "*": true, "a?": true, "${*}": false, "${?}x": false, "${*}*": true, "${$}": false} {
		if HasWildcard(text) != want {
			t.Errorf("HasWildcard(%q) is %v", text, !want)
		}
	}
	for r, want := range map[rune]bool{' ': true, '~': true, 'ÿ': true, '\x1f': false, 'Ā': false, '\n': false} {
		if Allowed(r) != want {
			t.Errorf("Allowed(%q) is %v", r, !want)
		}
	}
}

// TestTextCuts: a symbol is never cut, and its name has any bytes.
func TestTextCuts(t *testing.T) {
	text := Of("Repo.Arn") + ":tag"
	if s, rest, ok := text.CutSymbol(); !ok || s != "Repo.Arn" || rest != ":tag" {
		t.Errorf("CutSymbol of %q: %q, %q, %v", text, s, rest, ok)
	}
	for _, none := range []Text{"", "a" + text} {
		if s, rest, ok := none.CutSymbol(); ok || s != "" || rest != none {
			t.Errorf("CutSymbol of %q: %q, %q, %v", none, s, rest, ok)
		}
	}
	if before, after, found := text.Cut("."); found || before != text || after != "" {
		t.Errorf("a symbol is cut at its dot: %q, %q", before, after)
	}
	if before, after, found := text.Cut(":"); !found || before != Of("Repo.Arn") || after != "tag" {
		t.Errorf("Cut: %q, %q, %v", before, after, found)
	}
	if rest, ok := Text("arn:x").CutPrefix("arn:"); !ok || rest != "x" || !Text("arn:x").HasPrefix("arn") || !text.HasSuffix(":tag") || text.HasSuffix("Arn") {
		t.Error("prefixes and suffixes")
	}
	if got := Text("plain").Symbols(); got != nil {
		t.Errorf("symbols %q", got)
	}
	for _, symbol := range []Symbol{"", "a", "\x01", "é/\xff", "A::B"} {
		if got := Of(symbol).Symbols(); len(got) != 1 || got[0] != symbol {
			t.Errorf("the symbol %q is %q", symbol, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a text that is cut inside a symbol is taken")
		}
	}()
	_ = Text("a\x00b").String()
}
