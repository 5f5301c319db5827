package analyze

import "github.com/execrole/execrole/analyze/taskdef"

// trustedExecution grants nothing: no permission of the execution role is known for tasks in a sandbox. The layers of an
// image can be encrypted there, and AWS does not say which role decrypts them.
var trustedExecution = &Rule{
	ID:     "trusted-execution",
	Title:  "Isolated and confidential tasks",
	Why:    "A confidential task decrypts the layers of an encrypted image with a key of AWS KMS, and AWS does not say as which role.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ict-encrypted-container-images.html",
	Fields: []string{"trustedExecutionConfiguration.isolationMode", "trustedExecutionConfiguration.attestationPolicy"},
	check:  checkTrustedExecution,
}

func checkTrustedExecution(p *pass, td taskdef.Value) {
	for config := range td.Each("trustedExecutionConfiguration") {
		attested := false
		for v := range config.Each("attestationPolicy") {
			t, _ := v.Text()
			attested = attested || t != ""
		}
		for mode := range config.Each("isolationMode") {
			t, _ := mode.Text()
			isolated, confidential := mode.Is("ISOLATED_SANDBOX"), mode.Is("CONFIDENTIAL_SANDBOX")
			if (isolated || confidential) && onlyOn(td, ec2, fargate, external) {
				p.Warnf(mode, "isolation mode %s: ECS has it on Managed Instances only, and requiresCompatibilities has no MANAGED_INSTANCES", quote(t))
			}
			if confidential && !attested {
				p.Warnf(mode, "isolation mode %s without attestationPolicy: ECS demands it", quote(t))
			}
			if !isolated && !mode.Is("SHARED") { // these two take no encrypted images
				p.Notef(mode, "isolation mode %s: no permission of this role is known to be needed for it; AWS does not say which role decrypts the layers of an encrypted image with AWS KMS", quote(t))
			}
		}
	}
}
