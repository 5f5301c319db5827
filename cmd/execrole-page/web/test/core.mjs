// Runs the core under Node: node test/core.mjs FOLDER WASM_EXEC REQUESTS
//
// FOLDER has the page as build.mjs makes it, WASM_EXEC is the glue of Go's compiler, and REQUESTS is a file with a request in
// each line. It prints the responses, one in each line.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, glue, requests] = process.argv.slice(2);
createRequire(import.meta.url)(glue);
const core = join(folder, readdirSync(folder).find((name) => name.endsWith(".wasm.xz")));
const go = new Go();
const { instance } = await WebAssembly.instantiate(execFileSync("xz", ["--decompress", "--stdout", core], { maxBuffer: 1 << 28 }), go.importObject);
go.run(instance);
const responses = readFileSync(requests, "utf8").split("\n").filter(Boolean).map((request) => globalThis.execrole(request) + "\n");
process.stdout.write(responses.join(""), () => process.exit()); // the core waits for more
