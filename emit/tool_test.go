package emit

import "github.com/execrole/execrole/emit/internal/tool"

// WantTrustJSON is the trust policy of every role, for the tests outside of this package.
const WantTrustJSON = wantTrustJSON

// RequireTool is [tool.Require], for the tests of both packages here.
var RequireTool = tool.Require
