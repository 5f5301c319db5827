// Validates documents by JSON schemas. Each line of the input is an object with the members schema and document, as JSON; a
// schema that is "sarif" is that of SARIF 2.1.0. Each line of the output is "ok", or what is wrong.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const require = createRequire(process.cwd() + "/");
const formats = require("ajv-formats").default;
// The schema of SARIF has a pattern that only the older syntax of regular expressions takes.
const options = { strict: false, allErrors: true, unicodeRegExp: false };
const validators = new Map();

function validator(schema) {
  const key = JSON.stringify(schema);
  if (!validators.has(key)) {
    if (schema === "sarif") {
      schema = JSON.parse(readFileSync("node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", "utf8"));
    }
    const draft = schema.$schema.includes("draft-04") ? "ajv-draft-04" : "ajv/dist/2020";
    const Ajv = require(draft).default;
    validators.set(key, formats(new Ajv(options)).compile(schema));
  }
  return validators.get(key);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { schema, document } = JSON.parse(line);
  const validate = validator(schema);
  process.stdout.write((validate(document) ? "ok" : JSON.stringify(validate.errors)) + "\n");
}
