// The service worker keeps all files of the page, so that it opens without a network after the first time.
const name = `execrole-${VERSION}`;
const files = ["./", ...ASSETS];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) {
      if (key.startsWith("execrole-") && key !== name) await caches.delete(key);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  event.respondWith((async () => {
    const cache = await caches.open(name);
    if (event.request.mode === "navigate") {
      // A newer page is better than the one that is kept.
      try {
        return await fetch(event.request);
      } catch {
        return (await cache.match("./")) ?? Response.error();
      }
    }
    return (await cache.match(event.request, { ignoreSearch: true })) ?? fetch(event.request);
  })());
});
