// Builds the page into a folder: node build.mjs [--fast] [FOLDER]
//
// The folder can be served by any web server. The names of the assets have hashes of their contents, so that they may be
// kept forever; index.html and sw.js are the only files with names that stay. --fast compresses less. The variable
// EXECROLE_PAGE names the folder of the Go package, if that is not the one above.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const fast = args.includes("--fast");
const out = resolve(args.find((arg) => !arg.startsWith("--")) ?? join(here, "dist"));
const run = (command, args, options) => execFileSync(command, args, { cwd: here, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28, ...options });

const hash = (data) => createHash("sha256").update(data).digest("base64url").slice(0, 12);

const assets = [];

// add writes an asset under a name with its hash, and returns that name.
function add(name, data) {
  const dot = name.indexOf(".");
  const hashed = `${name.slice(0, dot)}-${hash(data)}${name.slice(dot)}`;
  writeFileSync(join(out, hashed), data);
  assets.push(hashed);
  return hashed;
}

// joined returns WebAssembly with its data in one segment. Go's linker leaves out zeros: it writes a hundred thousand segments,
// each with its address. Compressed, the zeros take no space, and the addresses take 0.1 MB.
function joined(wasm) {
  let at = 8; // after the magic number and the version
  const number = () => { // LEB128, also where it has a sign: the addresses here have none
    for (let value = 0, shift = 1; ; shift *= 128) {
      const byte = wasm[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const encoded = (value, bits = 128) => { // with bits = 64, the last byte has room for a sign
    const bytes = [];
    for (; value >= bits; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
    return Buffer.from([...bytes, value]);
  };
  const parts = [wasm.subarray(0, at)];
  while (at < wasm.length) {
    const begin = at, id = wasm[at++], size = number(), end = at + size;
    if (id !== 11) {
      parts.push(wasm.subarray(begin, at = end));
      continue;
    }
    const segments = [];
    for (let left = number(); left > 0; left--) {
      if (wasm[at++] !== 0 || wasm[at++] !== 0x41) throw new Error("a segment of data that Go's linker did not write before");
      const address = number();
      if (wasm[at++] !== 0x0b) throw new Error("a segment of data without a constant address");
      const length = number();
      segments.push({ address, bytes: wasm.subarray(at, at += length) });
    }
    if (at !== end) throw new Error("the segments do not fill their section");
    const first = segments[0].address, last = segments.at(-1);
    const data = Buffer.alloc(last.address + last.bytes.length - first);
    for (const { address, bytes } of segments) data.set(bytes, address - first);
    const head = Buffer.concat([Buffer.from([1, 0, 0x41]), encoded(first, 64), Buffer.from([0x0b]), encoded(data.length)]);
    parts.push(Buffer.from([11]), encoded(head.length + data.length), head, data);
  }
  return Buffer.concat(parts);
}

// core compiles the core. Without inlining it is a fifth smaller when compressed. xz is smaller than gzip by a third, and needs
// no settings of the server: the worker of the page unpacks it.
function core() {
  const scratch = mkdtempSync(join(tmpdir(), "execrole-page-"));
  try {
    const wasm = join(scratch, "core.wasm");
    run("go", ["build", "-trimpath", "-ldflags=-s -w", "-gcflags=all=-l", "-o", wasm, "."], { cwd: process.env.EXECROLE_PAGE ?? join(here, ".."), env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
    const data = joined(readFileSync(wasm));
    writeFileSync(wasm, data);
    const packed = run("xz", ["--format=xz", "--check=crc32", "--threads=1", fast ? "-1" : "--lzma2=preset=9e,pb=0", "--stdout", wasm]);
    return { data, packed };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

// bundle bundles one file of src for the browser.
async function bundle(entry, define) {
  const result = await esbuild.build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    format: entry === "app.js" ? "esm" : "iife",
    target: ["chrome111", "firefox115", "safari16.4"],
    charset: "utf8",
    loader: { ".json": "text", ".yaml": "text", ".tf": "text", ".txt": "text" },
    // The glue of Go's compiler belongs to the compiler that is used.
    alias: { wasm_exec: join(run("go", ["env", "GOROOT"]).toString().trim(), "lib/wasm/wasm_exec.js") },
    define: Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)])),
    logLevel: "warning",
  });
  return result.outputFiles[0].text;
}

if (existsSync(out) && !existsSync(join(out, "sw.js")) && readdirSync(out).length > 0) {
  console.error(`${out} has other files: choose a new folder`);
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const { data, packed } = core();
const coreName = add("core.wasm.xz", packed);
const workerName = add("worker.js", await bundle("worker.js", { CORE: coreName, CORE_SIZE: packed.length }));
// The styles of the editor are made by scripts. The nonce lets these alone in.
const nonce = hash(packed + "styles");
const appName = add("app.js", await bundle("app.js", { WORKER: workerName, NONCE: nonce }));
const styleName = add("style.css", (await esbuild.transform(readFileSync(join(here, "src/style.css"), "utf8"), { loader: "css", minify: true })).code);
const iconName = add("icon.svg", readFileSync(join(here, "src/icon.svg")));
const index = readFileSync(join(here, "src/index.html"), "utf8")
  .replaceAll("%APP%", appName).replaceAll("%STYLE%", styleName).replaceAll("%ICON%", iconName).replaceAll("%NONCE%", nonce).replaceAll("%CORE%", coreName);
writeFileSync(join(out, "index.html"), index);
writeFileSync(join(out, "sw.js"), await bundle("sw.js", { ASSETS: assets, VERSION: hash(assets.join() + index) }));
writeFileSync(join(out, ".nojekyll"), ""); // GitHub Pages serves the files as they are

const size = (name) => statSync(join(out, name)).size;
console.log(`${out}: core ${(data.length / 1e6).toFixed(1)} MB, packed ${(size(coreName) / 1e6).toFixed(2)} MB; script ${(size(appName) / 1e3).toFixed(0)} kB, worker ${(size(workerName) / 1e3).toFixed(0)} kB`);
