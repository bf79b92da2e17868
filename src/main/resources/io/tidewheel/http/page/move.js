// Which other member answers. The browser lets this page reach its own broker only, and a worker those that were members
// when it began: so there is one, and a new one whenever there are others, while the broker that says so is still there.

const RETRY_MILLIS = 3_000;

let scout = null;
let seen = null;

/** The members but the one that says so, by their urls. */
function others(cluster) {
  return ((cluster && cluster.members) || []).filter((member) => member.url && member.node !== cluster.node);
}

/** Makes sure that those members can be asked when this broker is gone; null before it has told of any. */
export function learn(cluster) {
  const now = others(cluster).map((member) => member.url).sort().join(" ");
  if (now === seen) return;
  seen = now;
  send(now);
}

function send(sought) {
  const worker = new Worker("/monitor/reach.js");
  worker.addEventListener("message", () => {
    if (scout) scout.terminate();
    scout = worker;
  }, { once: true });
  worker.addEventListener("error", () => {
    worker.terminate();
    if (sought === seen) setTimeout(() => sought === seen && send(sought), RETRY_MILLIS);
  }, { once: true });
}

/** The url of the first that answers; fails if none does. */
export function next(cluster) {
  const urls = others(cluster).filter((member) => member.status === "up").map((member) => member.url);
  return new Promise((found, none) => {
    if (!scout || urls.length === 0) {
      none(new Error("no other member is known"));
      return;
    }
    scout.addEventListener("message", ({ data }) => (data ? found(data) : none(new Error("none answers"))), { once: true });
    scout.postMessage(urls);
  });
}
