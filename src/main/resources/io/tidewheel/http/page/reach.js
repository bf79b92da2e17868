// A worker: says which of some brokers answers first, or null. Its policy names those that were members when it began.

const REACH_MILLIS = 1_000;

/** Whether a member answers; what it says is for its own page. */
async function reach(url) {
  await fetch(new URL("/health/live", url), { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(REACH_MILLIS) });
  return url;
}

self.addEventListener("message", async ({ data }) => {
  self.postMessage(await Promise.any(data.map(reach)).catch(() => null));
});
// It is ready.
self.postMessage(null);
