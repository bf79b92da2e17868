// The frame around the views: which one is shown, and whether what it shows is live.

import { h, fill, text } from "./dom.js";
import { serverSays, span } from "./format.js";
import { known, start } from "./live.js";
import { overview } from "./overview.js";
import { topics } from "./topics.js";
import { topic } from "./topic.js";
import { feedback } from "./feedback.js";
import { members } from "./members.js";

const main = document.getElementById("main");
const live = document.getElementById("live");
const stale = document.getElementById("stale");
let leave = () => {};

/** The hash is #/view/name?parameters. */
function place() {
  const [path, question = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...rest] = path.split("/");
  return { view, rest: rest.map((part) => decodeURIComponent(part)), parameters: new URLSearchParams(question) };
}

function show() {
  leave();
  fill(main);
  let at;
  try {
    at = place();
  } catch {
    at = { view: "none", rest: [], parameters: new URLSearchParams() };
  }
  const views = {
    "": () => overview(main),
    topics: () => topics(main, at.parameters),
    topic: () => topic(main, at.rest[0] || "", at.rest[1] || "subscriptions", at.parameters),
    feedback: () => feedback(main),
    members: () => members(main),
  };
  const view = views[at.view];
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.dataset.view === (at.view === "topic" ? "topics" : at.view || "overview");
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const name = at.view === "topic" ? at.rest[0] : { topics: "Topics", feedback: "Feedback", members: "Members" }[at.view];
  document.title = name ? `${name} · Tidewheel` : "Tidewheel";
  leave = (view ? view() : nothing()) || (() => {});
}

function nothing() {
  fill(main, h("h1", {}, "There is no such view"), h("p", {}, h("a", { href: "#/" }, "To the overview")));
}

function state(frame) {
  if (frame && frame.type === "overview") serverSays(frame.at);
  if (frame && frame.type === "cluster") text(document.getElementById("where"), `connected to ${frame.node}`);
  const seconds = (Date.now() - known.heardAt) / 1000;
  live.className = `live ${known.isLive ? "on" : "off"}`;
  text(live.querySelector(".words"), known.isLive ? "live" : "not live");
  stale.hidden = known.isLive || seconds < 3;
  if (!stale.hidden) {
    text(stale, `Not live: the broker was last heard ${span(seconds)} ago. What you see is from then. Trying again …`);
  }
}

document.querySelector(".find").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = event.target.topic.value.trim();
  location.hash = wanted ? `#/topics?topic=${encodeURIComponent(wanted)}` : "#/topics";
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  show();
  main.focus();
  scrollTo(0, 0);
});
start(state);
show();
