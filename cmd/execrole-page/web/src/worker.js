// The worker loads the core, and answers requests of the page one after another.
import "wasm_exec";
import WARM from "./examples/web-service.json";
import { XzReadableStream } from "xz-decompress";

// counted passes a stream on, and calls step with the number of bytes so far.
function counted(stream, step) {
  let bytes = 0;
  return stream.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      step(bytes);
      controller.enqueue(chunk);
    },
  }));
}

async function load() {
  const response = await fetch(CORE);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  let last = 0;
  const packed = counted(response.body, (bytes) => {
    if (bytes - last > 30000 || bytes === CORE_SIZE) postMessage({ type: "progress", bytes: (last = bytes), all: CORE_SIZE });
  });
  const wasm = new Response(new XzReadableStream(packed), { headers: { "Content-Type": "application/wasm" } });
  const go = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(wasm, go.importObject);
  go.run(instance);
  // The browser compiles what runs for the first time. So the first role of the user does not wait for that.
  execrole(JSON.stringify({ files: [{ name: "task.json", text: WARM }], options: [] }));
  postMessage({ type: "ready" });
}

const loaded = load();
loaded.catch((error) => postMessage({ type: "failed", message: String(error?.message ?? error) }));

onmessage = async ({ data }) => {
  try {
    await loaded;
  } catch {
    return; // said above
  }
  const start = performance.now();
  const response = execrole(data.request);
  postMessage({ type: "response", id: data.id, response, milliseconds: performance.now() - start });
};
