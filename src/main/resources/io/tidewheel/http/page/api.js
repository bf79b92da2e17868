// Calls to the broker this page came from.

/** What the broker said was wrong. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export async function call(method, path, body, headers = {}) {
  const isText = typeof body === "string";
  const response = await fetch(path, {
    method,
    headers: body === undefined || isText ? headers : { "Content-Type": "application/json", ...headers },
    body: body === undefined || isText ? body : JSON.stringify(body),
    cache: "no-store",
  });
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const answer = isJson ? await response.json() : {};
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);

const enc = encodeURIComponent;
export const topicPath = (topic) => `/v1/topics/${enc(topic)}`;
export const subscriptionPath = (topic, name) => `${topicPath(topic)}/subscriptions/${enc(name)}`;

export function query(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length === 0 ? path : `${path}?${given.map(([key, value]) => `${key}=${enc(value)}`).join("&")}`;
}
