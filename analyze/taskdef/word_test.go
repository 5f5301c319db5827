package taskdef

import (
	"slices"
	"testing"
)

// TestWords: words that say of themselves that they are to be replaced, and names that only look like them.
func TestWords(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"/ecs/api-ENV_PLACEHOLDER", []string{"ENV_PLACEHOLDER"}},
		{"ENV-PLACEHOLDER", []string{"ENV-PLACEHOLDER"}},
		{"env-placeholder", []string{"placeholder"}},
		{"SecretPlaceholder", []string{"SecretPlaceholder"}},
		{"TBD", []string{"TBD"}},
		{"ENV_PLACEHOLDER2/tbd1", []string{"ENV_PLACEHOLDER2", "tbd1"}},
		{"api-TBD/tbd_name/TBD_NAME", []string{"TBD", "tbd", "TBD_NAME"}},
		{"prod/CHANGEME:changeMe", []string{"CHANGEME", "changeMe"}},
		{"change-me/CHANGE_ME/change_this", []string{"change-me", "CHANGE_ME", "change_this"}},
		{"REPLACE_ME", []string{"REPLACE_ME"}},
		{"REPLACE_ME_REGION.replace-me", []string{"REPLACE_ME_REGION", "replace-me"}},
		{"replace-with-your-bucket", []string{"replace-with-your-bucket"}},
		{"api-will-be-replaced-by-ci", []string{"will-be-replaced-by-ci"}},
		{"to_be_defined", []string{"to_be_defined"}},
		{"your-secret-name", []string{"your-secret-name"}},
		{"api-YOUR-ENV-x", []string{"YOUR-ENV"}},
		{"secret:YOUR_SECRET_NAME:key::", []string{"YOUR_SECRET_NAME"}},
		{"yourSecretName-a1B2c3", []string{"yourSecretName"}},
		{"yourbucket/yourdirectory/extra.conf", []string{"yourbucket", "yourdirectory"}},
		{"INSERT_YOUR_BUCKET_HERE", []string{"INSERT_YOUR_BUCKET_HERE"}},
		{"PASSWORD_HERE/put-secret-here", []string{"PASSWORD_HERE", "put-secret-here"}},
		{"xxxx/api-XXX/xxxx-xxxx", []string{"xxxx", "XXX", "xxxx-xxxx"}},
		{"DB_2_PLACEHOLDER/XXX_TBD/YOUR-app/db_HERE", []string{"DB_2_PLACEHOLDER", "XXX", "TBD", "YOUR-app", "db_HERE"}},
		{"FIXME/TODO", []string{"FIXME", "TODO"}},
		{"/ecs/__APP_SLUG__-web/__env__", []string{"__APP_SLUG__", "__env__"}},
		{"__SECRET_ARN__:key::/__PREFIX__db", []string{"__SECRET_ARN__", "__PREFIX__"}},
		{"__ENV_PLACEHOLDER__TBD/__A____B-c__-TBD", []string{"__ENV_PLACEHOLDER__", "TBD", "__A__", "__B-c__", "TBD"}},
		{"___ENV___", []string{"__ENV__"}},
		{"REPLACED_BY_VARS_SECRET_ARN/image-replaced-by-ci", []string{"REPLACED_BY_VARS_SECRET_ARN", "replaced-by-ci"}},
		{"REPLACE_WITH_ARN:KEY::/files-REPLACE_ACCOUNT_ID", []string{"REPLACE_WITH_ARN", "REPLACE_ACCOUNT_ID"}},
		{"REPLACE_LOG_GROUP/REPLACE-WITH-ARN", []string{"REPLACE_LOG_GROUP", "REPLACE-WITH-ARN"}},
		// Inside of delimiters it is the name of another placeholder.
		{"<TBD>/${REPLACE_ME}/{{ your-secret }}/TBD", []string{"TBD"}},

		{"know-your-customer/yourls/yours", nil},
		{"todo-app/here-maps/HERE_API_KEY/somewhere/wherehouse", nil},
		{"DB_PASSWORD/AWS_REGION/ENV/prod", nil},
		{"me-south-1/theme-main/replace-method/change-metrics", nil},
		{"max-xl/xx/1234XXXX5678/1xxx", nil},
		{"__health-check/_a_b_/a__b/____/__-x", nil},
		{"REPLACE/FIND_REPLACE_ALL/replace-log-group/replaced-image/REPLACER_X/irreplaceable", nil},
		{"placeholders/displaced/replacement/be-replacing", nil},
		{"", nil},
	} {
		var got []string
		for _, w := range Words(tt.text) {
			got = append(got, w.Name)
			if tt.text[w.Start:w.End] != w.Name {
				t.Errorf("Words(%q): %q is not at %d", tt.text, w.Name, w.Start)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("Words(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
