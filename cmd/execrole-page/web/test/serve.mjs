// Serves a folder as the simplest web server does, for tests.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

// serve returns the address and a function that stops the server.
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
    try {
      const data = await readFile(join(folder, normalize(path.endsWith("/") ? path + "index.html" : path)));
      response.writeHead(200, { "Content-Type": types[extname(path.endsWith("/") ? ".html" : path)] ?? (path.endsWith("/") ? "text/html" : "application/octet-stream") }).end(data);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${server.address().port}/`, stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
}
