package analyze

import (
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

// TestObjectURLs: the forms that S3's documentation has for the URL of an object.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/dual-stack-endpoints.html
func TestObjectURLs(t *testing.T) {
	const none = ""
	for url, want := range map[string]string{ // bucket, a space, and key
		"https://shop.s3.us-east-1.amazonaws.com/web/a.env":           "shop web/a.env",
		"https://shop.s3.amazonaws.com/a.env":                         "shop a.env",
		"https://shop.s3-us-west-2.amazonaws.com/a.env":               "shop a.env",
		"https://shop.s3.dualstack.us-east-1.amazonaws.com/a.env":     "shop a.env",
		"https://shop.s3-fips.us-gov-west-1.amazonaws.com/a.env":      "shop a.env",
		"https://shop.s3-fips.dualstack.us-east-1.amazonaws.com/a.b":  "shop a.b",
		"https://shop.s3.cn-north-1.amazonaws.com.cn/a.env":           "shop a.env",
		"https://shop.s3.eusc-de-east-1.amazonaws.eu/a.env":           "shop a.env",
		"https://a.s3.b.s3.us-east-1.amazonaws.com/a.env":             "a.s3.b a.env",
		"http://s3.us-east-1.amazonaws.com/shop/web/a.env":            "shop web/a.env",
		"https://s3.dualstack.us-east-1.amazonaws.com/shop/a.env?x=y": "shop a.env",
		"https://s3.us-east-1.amazonaws.com/shop":                     none,
		"https://s3.us-east-1.amazonaws.com/":                         none,
		"https://shop.s3.amazonaws.com/":                              none,
		"https://s3.a.b.c.amazonaws.com/shop/a.env":                   none,
		"https://shop.s3.example.com/a.env":                           none,
		"https://ec2.us-east-1.amazonaws.com/shop/a.env":              none,
		"ftp://shop.s3.amazonaws.com/a.env":                           none,
	} {
		bucket, key, ok := cutObjectURL(policy.Text(url))
		got := string(bucket) + " " + string(key)
		if !ok {
			got = none
		}
		if got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
