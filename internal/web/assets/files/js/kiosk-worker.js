// Keeps the tablet's page and its files, so that it can be shown without network. It keeps nothing
// that is asked for after that: answers about visits always come from the server.
"use strict";

const kept = "sluse-tavle";
const own = (url) => url.origin === self.location.origin && (url.pathname === "/tavle" || url.pathname.startsWith("/assets/"));

self.addEventListener("install", (e) => {
  e.waitUntil(caches.open(kept).then((c) => c.add("/tavle")).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (e) => { e.waitUntil(self.clients.claim()); });

self.addEventListener("fetch", (e) => {
  if (e.request.method !== "GET" || !own(new URL(e.request.url))) { return; }
  e.respondWith((async () => {
    const cache = await caches.open(kept);
    try {
      const answer = await fetch(e.request);
      if (answer.ok) { await cache.put(e.request, answer.clone()); }
      return answer;
    } catch (err) {
      const old = await cache.match(e.request);
      if (old) { return old; }
      throw err;
    }
  })());
});
