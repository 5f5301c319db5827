// Runs both versions of cdk-nag over the stacks of a synthesised app: node nag.js CDK_OUT
//
// Each template is read back into a stack, where cdk-nag sees the same resources as in the app. Metadata of
// resources comes with the template; what constructs acknowledge stands beside the app's manifest, and is put
// back on the construct that it was on. It prints what is found: stack, version, with and without these two, and then
// lines such as "Role1234 AwsSolutions-IAM5[Resource::*]".
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { App, Stack, Validations } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const nag2 = require("cdk-nag-2");
const nag3 = require("cdk-nag-3");

const folder = process.argv[2];
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));
const manifest = read("manifest.json");

// acknowledged returns, for each logical ID of a stack, the rules that its construct acknowledges.
function acknowledged(artifact) {
  const rules = {};
  const metadata = artifact.metadata ?? (artifact.additionalMetadataFile ? read(artifact.additionalMetadataFile) : {});
  for (const entries of Object.values(metadata)) {
    const id = entries.find((e) => e.type === "aws:cdk:logicalId")?.data;
    for (const e of entries) {
      if (e.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY) {
        (rules[id] ??= []).push(e.data);
      }
    }
  }
  return rules;
}

// resources reads a template into a stack, and returns its resources by their logical IDs.
function resources(artifact, suppress) {
  const templateFile = path.join(folder, artifact.properties.templateFile);
  const stack = new Stack(new App(), "stack");
  const template = new CfnInclude(stack, "template", { templateFile });
  const rules = acknowledged(artifact);
  const list = {};
  for (const id of Object.keys(read(artifact.properties.templateFile).Resources)) {
    const resource = (list[id] = template.getResource(id));
    if (!suppress) {
      resource.cfnOptions.metadata = undefined;
      continue;
    }
    for (const data of rules[id] ?? []) {
      resource.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, data);
    }
  }
  return list;
}

function version2(list) {
  const found = [];
  let id;
  const name = (d) => `${id} ${d.ruleId}` + (d.findingId ? `[${d.findingId}]` : "");
  const ignore = () => {};
  const logger = {
    onCompliance: ignore,
    onNonCompliance: (d) => found.push(name(d)),
    onSuppressed: ignore,
    onError: (d) => found.push(`${name(d)}: ${d.errorMessage}`),
    onSuppressedError: (d) => found.push(`${name(d)}: ${d.errorMessage}`),
    onNotApplicable: ignore,
  };
  const pack = new nag2.AwsSolutionsChecks({ reports: false, additionalLoggers: [logger] });
  for (const [logicalId, resource] of Object.entries(list)) {
    id = logicalId;
    pack.visit(resource);
  }
  return found;
}

function version3(list) {
  const found = [];
  for (const [id, resource] of Object.entries(list)) {
    for (const v of new nag3.AwsSolutionsChecks().validateScope(resource).violations) {
      found.push(`${id} ${v.ruleName}`);
    }
  }
  return found;
}

const report = {};
for (const [name, artifact] of Object.entries(manifest.artifacts)) {
  if (artifact.type !== "aws:cloudformation:stack") continue;
  report[name] = {};
  for (const [version, check] of Object.entries({ 2: version2, 3: version3 })) {
    report[name][version] = {
      left: check(resources(artifact, true)).sort(),
      found: check(resources(artifact, false)).sort(),
    };
  }
}
process.stdout.write(JSON.stringify(report, null, 1) + "\n");
