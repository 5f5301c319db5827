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
		840364872350 772975370895 856666278305 422531588944 924023996002
		763104351884 626614931356 871362719292 364406365360 907027046896 692866216735 217643126080 914824155844 727897471807
		709825985650
		593207742271 307168627858 684579721401 733349766148 354763396469 339712888787 311141559934 758426053663 694911143906
		892757235363 665651866788 591436053604 323658145986 529164026651 266869475730 919611009337 197869348890 536382113932
		000014521398 870907303882 251508486986 950823858135 174946120834 005257825471 510637619217 251357961535 156041399949
		054037130133 533107202818 914738172881 273192626886 258348409381 259886477082 383115532789 383110348953`)
	if len(accounts) != 64 {
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
