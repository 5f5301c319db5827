// Answers requests by iam-simulate: one in each line of the input, as JSON, and one answer in each line of the output:
// Allowed, ExplicitlyDenied, ImplicitlyDenied, or "error: " and what is wrong.
//
// The functions that the package exports either leave out keys that an action does not have, or fail where there is a
// resource policy. So this calls the one behind them.
import { createInterface } from "node:readline";
import { loadPolicy } from "@cloud-copilot/iam-policy";

const inside = "./node_modules/@cloud-copilot/iam-simulate/dist/esm/";
const { authorize } = await import(inside + "core_engine/CoreSimulatorEngine.js");
const { DiscoveryContextKeyConstraints } = await import(inside + "context_keys/discoveryContextKeyConstraints.js");
const { AwsRequestImpl } = await import(inside + "request/request.js");
const { RequestContextImpl } = await import(inside + "requestContext.js");

const load = (p) => loadPolicy(p.policy, { name: p.name });

function answer({ request, identityPolicies, permissionBoundaryPolicies, serviceControlPolicies, resourcePolicy }) {
  return authorize({
    request: new AwsRequestImpl(request.principal, request.resource, request.action, new RequestContextImpl(request.contextVariables)),
    identityPolicies: identityPolicies.map(load),
    serviceControlPolicies: serviceControlPolicies.map((level) => ({ orgIdentifier: level.orgIdentifier, policies: level.policies.map(load) })),
    resourceControlPolicies: [],
    resourcePolicy: resourcePolicy && loadPolicy(resourcePolicy, { name: "resource" }),
    permissionBoundaries: permissionBoundaryPolicies?.map(load),
    simulationParameters: { simulationMode: "Strict", discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]) },
    serviceSettings: {},
  }).result;
}

for await (const line of createInterface({ input: process.stdin })) {
  let out;
  try {
    out = answer(JSON.parse(line));
  } catch (e) {
    out = "error: " + String(e.stack).replaceAll("\n", " ");
  }
  process.stdout.write(out + "\n");
}
