package analyze_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// TestOpenRegistries: accounts of AWS let everybody pull, so nobody there has to allow the role. Another account has to.
//
// Source: aws-for-fluent-bit scripts/publish.sh; the user guides of App Mesh (Envoy), Marketplace and GuardDuty;
// deep-learning-containers available_images.md
func TestOpenRegistries(t *testing.T) {
	accounts := strings.Fields(`
		906394416424 128054284489 161423150738 449074385750 741863432321 928143927712 960320637246 921575906885 358001906437
		146576467002 269912160255 378905956269 279248816148 577945010369
		840364872350 772975370895 856666278305
		763104351884 626614931356 871362719292 364406365360 907027046896 692866216735 217643126080 914824155844 727897471807
		709825985650
		593207742271 000014521398 383115532789`)
	if len(accounts) != 30 {
		t.Fatalf("%d accounts", len(accounts))
	}
	for _, account := range append(accounts, "444455556666") {
		src := fmt.Sprintf(`{"executionRoleArn": "arn:aws:iam::111122223333:role/r",
			"containerDefinitions": [{"name": "a", "image": "%s.dkr.ecr.us-east-1.amazonaws.com/x/y:1"}]}`, account)
		plans, err := analyze.Read("f", []byte(src), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		role, err := plans[0].Role(policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		said := false
		for _, f := range plans[0].Findings {
			said = said || strings.Contains(f.Message, "has to allow the role too")
		}
		if want := account == "444455556666"; said != want || (len(role.ResourcePolicies) > 0) != want {
			t.Errorf("account %s: a note %v, %d resource policies; want %v", account, said, len(role.ResourcePolicies), want)
		}
	}
}
