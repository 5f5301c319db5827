// A link carries the state of the page in its fragment, which browsers send to no server: JSON, compressed, in base64url.

import { kinds } from "./policies.js";

const limit = 8 << 20; // bytes of JSON: a link can be anybody's
const longest = 1 << 20; // characters of a link: no browser takes more than 2 MiB, and some take less

async function through(bytes, transform) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if ((size += value.length) > limit) throw new Error("the link has too much in it");
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

export async function encode(state) {
  const json = new TextEncoder().encode(JSON.stringify(state));
  if (json.length > limit) throw new Error("the link would have too much in it");
  const packed = await through(json, new CompressionStream("deflate-raw"));
  let binary = "";
  for (let i = 0; i < packed.length; i += 0x8000) binary += String.fromCharCode(...packed.subarray(i, i + 0x8000));
  const fragment = "#1=" + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (fragment.length > longest) throw new Error("the link would be too long");
  return fragment;
}

// decode returns the state in a fragment; null if it has none that can be read.
export async function decode(fragment) {
  if (!fragment.startsWith("#1=")) return null;
  try {
    const binary = atob(fragment.slice(3).replaceAll("-", "+").replaceAll("_", "/"));
    const json = await through(Uint8Array.from(binary, (c) => c.charCodeAt(0)), new DecompressionStream("deflate-raw"));
    return clean(JSON.parse(new TextDecoder().decode(json)));
  } catch {
    return null;
  }
}

const text = (value) => (typeof value === "string" ? value : "");
const list = (value) => (Array.isArray(value) ? value : []);
const files = (value) => list(value).map((f) => ({ name: text(f?.name), text: text(f?.text) }));

// clean keeps what a state has, in its types.
function clean(state) {
  return {
    mode: text(state?.mode),
    files: files(state?.files),
    roles: files(state?.roles),
    account: state?.account === true,
    policies: list(state?.policies).map((p) => ({ kind: text(p?.kind), arn: text(p?.arn), text: text(p?.text) })).filter((p) => kinds.includes(p.kind)),
    message: text(state?.message),
    options: list(state?.options).map(text),
    tab: text(state?.tab),
    task: Number.isInteger(state?.task) ? state.task : 0,
  };
}
