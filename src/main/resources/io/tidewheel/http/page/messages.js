// What is stored: browsing, finding, dead letters, and what workers hold.

import { h, add, fill, text } from "./dom.js";
import { clock, count, exact, span, serverNow } from "./format.js";
import { get, query, topicPath, subscriptionPath } from "./api.js";
import { Table } from "./table.js";
import { redrive } from "./actions.js";

const PAGE_SIZE = 50;
const MAX_SHOWN = 20_000;

/** What a message carries, as text; bytes that are no text as they came. */
export function payload(message) {
  if (message.body !== undefined) return JSON.stringify(message.body, null, 2);
  if (message.bodyText !== undefined) return message.bodyText;
  return message.bodyBase64 === undefined ? "" : `base64: ${message.bodyBase64}`;
}

function short(message) {
  const words = message.body !== undefined ? JSON.stringify(message.body) : payload(message);
  return words.length > 90 ? `${words.slice(0, 90)}…` : words;
}

/** A dialog with all that is known of a message, and where it is for each subscription. */
export async function show(topic, queue, offset) {
  const box = h("div", { class: "stack" }, h("p", { class: "mute" }, "Looking …"));
  const dialog = h("dialog", { class: "wide", "aria-label": "Message", onclose: () => dialog.remove() },
    h("form", { method: "dialog" },
      h("h2", {}, `Message ${queue} / ${offset} of ${topic}`), box,
      h("footer", {}, h("button", { class: "main" }, "Close"))));
  document.body.append(dialog);
  dialog.showModal();
  try {
    const message = await get(`${topicPath(topic)}/messages/${queue}/${offset}`);
    fill(box, facts(message), h("pre", { tabindex: 0 }, payload(message).slice(0, MAX_SHOWN)), places(message));
  } catch (refused) {
    fill(box, h("p", { class: "error" }, refused.message));
  }
}

function facts(message) {
  const list = h("dl", { class: "facts" });
  const put = (name, value) => value !== undefined && value !== null && list.append(h("dt", {}, name), h("dd", {}, value));
  put("id", message.id);
  put("key", message.key);
  put("stored", clock(message.publishedAt));
  put("content type", message.contentType);
  for (const [name, value] of Object.entries(message.headers || {})) put(name, value);
  return list;
}

function places(message) {
  const all = message.subscriptions || [];
  const rows = Array.isArray(all) ? all : Object.entries(all).map(([name, each]) => ({ subscription: name, ...each }));
  const table = new Table([
    { title: "Subscription", cls: "name", cell: (row) => row.subscription || row.name },
    { title: "State", cls: "", cell: (row) => row.state },
    { title: "Failed attempts", cls: "num", cell: (row) => row.attempts },
    { title: "Worker", cls: "wrap p1", cell: (row) => [row.worker, row.version].filter(Boolean).join(" ") },
    { title: "When", cls: "p1", cell: (row) => (row.until ? `until ${clock(row.until)}` : row.at ? clock(row.at) : "") },
    { title: "Why", cls: "wrap", cell: (row) => row.reason || (row.blockedBy === undefined ? "" : `behind offset ${row.blockedBy}`) },
  ], { key: (row) => row.subscription || row.name, label: "Where it is", empty: "No subscription." });
  table.update(rows);
  return table.element;
}

function place(topic) {
  return {
    title: "Queue / offset",
    cls: "",
    make: (cell, row) => {
      const button = h("button", { class: "small", type: "button", onclick: () => show(topic, row().queue, row().offset) }, `${row().queue} / ${row().offset}`);
      cell.append(button);
      return null;
    },
  };
}

const id = { title: "Id", cls: "name", cell: (row) => ({ text: row.id, title: row.id }) };
const key = { title: "Key", cls: "name p1", cell: (row) => ({ text: row.key || "", title: row.key || "" }) };
const byPlace = (row) => `${row.queue}/${row.offset}`;

/** Browsing by place or time, and finding by id or key. */
export function messages(topic, parameters) {
  const table = new Table([
    place(topic), id, key,
    { title: "Stored", cls: "p1", cell: (row) => clock(row.publishedAt) },
    { title: "Payload", cls: "wrap", cell: short },
  ], { key: byPlace, label: "Messages", empty: "No message found." });
  const how = h("select", { name: "how", "aria-label": "Find by" },
    [["newest", "newest"], ["oldest", "oldest"], ["id", "with the id"], ["key", "with the key"], ["time", "stored since"]]
      .map(([value, words]) => h("option", { value }, words)));
  const what = h("input", { name: "what", "aria-label": "What to find", maxlength: 600, placeholder: "id, key or time" });
  const words = h("span", { role: "status" });
  const onward = h("button", { type: "button", hidden: true }, "Go on");
  let rows = [];
  how.value = parameters.get("how") || "newest";
  what.value = parameters.get("what") || "";

  async function newest() {
    const resource = await get(topicPath(topic));
    const each = Math.max(1, Math.floor(PAGE_SIZE / Math.max(1, Math.min(10, resource.queues.length))));
    const pages = await Promise.all(resource.queues.slice(0, 10).filter((queue) => queue.nextOffset > queue.startOffset).map((queue) =>
      get(query(`${topicPath(topic)}/messages`, { queue: queue.queue, from: Math.max(queue.startOffset, queue.nextOffset - each), max: each }))));
    const found = pages.flatMap((page) => page.messages);
    found.sort((one, other) => Date.parse(other.publishedAt) - Date.parse(one.publishedAt) || other.offset - one.offset);
    return { messages: found };
  }

  async function find(next) {
    const path = `${topicPath(topic)}/messages`;
    text(words, "looking …");
    onward.hidden = true;
    try {
      let page;
      if (how.value === "newest") page = await newest();
      else if (how.value === "oldest") page = await get(query(path, { max: PAGE_SIZE }));
      else if (how.value === "time") page = await get(query(path, { time: new Date(what.value).toISOString(), max: PAGE_SIZE }));
      else page = await get(query(`${path}:search`, { [how.value]: what.value, max: PAGE_SIZE, next }));
      rows = next ? [...rows, ...page.messages] : page.messages;
      table.update(rows);
      const scanned = page.scanned ? `${exact(page.scanned.messages)} messages looked at. ` : "";
      text(words, `${scanned}${count(rows.length)} found.`);
      onward.hidden = !page.next;
      onward.onclick = () => find(page.next);
    } catch (refused) {
      text(words, refused instanceof RangeError ? "A time is written like 2026-01-31 12:00." : refused.message);
    }
  }

  const form = h("form", { class: "tools", onsubmit: (event) => { event.preventDefault(); find(); } },
    how, what, h("button", { type: "submit" }, "Find"));
  find();
  return {
    element: h("div", {}, h("div", { class: "body pager" }, form, words, onward), table.element),
  };
}

/** Chooses a subscription of a topic, and calls back with it. */
function chooser(topic, wanted, onChoice) {
  const select = h("select", { "aria-label": "Subscription", onchange: () => onChoice(select.value) });
  get(topicPath(topic)).then((resource) => {
    for (const each of resource.subscriptions) select.append(h("option", { value: each.name }, each.name));
    const names = resource.subscriptions.map((each) => each.name);
    if (names.includes(wanted)) select.value = wanted;
    onChoice(select.value);
  }, (refused) => add(select.parentElement || select, [h("span", {}, refused.message)]));
  return select;
}

/** Pages of a subscription's messages in one state. */
class Listed {
  constructor(topic, state, table, words) {
    Object.assign(this, { topic, state, table, words, tokens: [undefined] });
    this.back = h("button", { type: "button", onclick: () => { this.tokens.pop(); this.load(); } }, "Previous");
    this.forth = h("button", { type: "button", onclick: () => { this.tokens.push(this.next); this.load(); } }, "Next");
  }

  choose(subscription) {
    this.subscription = subscription;
    this.tokens = [undefined];
    this.load();
  }

  async load() {
    if (!this.subscription) return;
    try {
      const page = await get(query(`${subscriptionPath(this.topic, this.subscription)}/messages`,
        { state: this.state, pageSize: PAGE_SIZE, pageToken: this.tokens.at(-1) }));
      this.table.update(page.messages);
      this.next = page.nextPageToken;
      this.back.disabled = this.tokens.length === 1;
      this.forth.disabled = !this.next;
      text(this.words, `page ${this.tokens.length}, ${count(page.messages.length)} messages`);
    } catch (refused) {
      text(this.words, refused.message);
    }
  }
}

/** Dead letters with why they died, and the way back. */
export function letters(topic, parameters) {
  const words = h("span", { role: "status" });
  const table = new Table([
    { title: "Died", cls: "when", cell: (row) => clock(row.at) }, id, key,
    { title: "Attempts", cls: "num p1", cell: (row) => row.attempts },
    { title: "Reason", cls: "wrap", cell: (row) => row.reason },
    { title: "Was at", cls: "p2", cell: (row) => `${row.queue} / ${row.offset}` },
    { title: "", cls: "", make: (cell, row) => void cell.append(h("button", { class: "small", type: "button", onclick: () => show(`${topic}~${list.subscription}`, row().deadLetter.queue, row().deadLetter.offset) }, "Look")) },
  ], { key: (row) => `${row.deadLetter.queue}/${row.deadLetter.offset}`, label: "Dead letters", empty: "No dead letters." });
  const list = new Listed(topic, "dead", table, words);
  const select = chooser(topic, parameters.get("subscription"), (name) => list.choose(name));
  const again = h("button", { type: "button", class: "main", onclick: () => redrive(topic, list.subscription, () => list.load()) }, "Redrive …");
  return {
    element: h("div", {}, h("div", { class: "pager" }, h("div", { class: "tools" }, select, again), words, list.back, list.forth), table.element),
  };
}

/** Who holds what, from the leases that there are. */
export function workers(topic) {
  const words = h("span", { role: "status" });
  const table = new Table([
    { title: "Worker", cls: "name", cell: (row) => row.worker || "without a name" },
    { title: "Version", cls: "", cell: (row) => row.version },
    { title: "Messages held", cls: "num", cell: (row) => count(row.held) },
    { title: "Next lease ends in", cls: "num", cell: (row) => span(Math.max(0, (row.until - serverNow()) / 1000)) },
    { title: "Most attempts", cls: "num", cell: (row) => row.attempts },
  ], { key: (row) => `${row.worker} ${row.version}`, label: "Workers", empty: "No worker holds a message." });
  let chosen = "";
  let timer;
  async function load() {
    clearTimeout(timer);
    try {
      const page = await get(query(`${subscriptionPath(topic, chosen)}/messages`, { state: "leased", pageSize: 1_000 }));
      table.update(byWorker(page.messages));
      text(words, page.nextPageToken ? "the first 1,000 leases" : `${count(page.messages.length)} leases`);
    } catch (refused) {
      text(words, refused.message);
    }
    timer = setTimeout(load, 2_000);
  }
  const select = chooser(topic, null, (name) => { chosen = name; if (name) load(); });
  return {
    element: h("div", {}, h("div", { class: "pager" }, h("div", { class: "tools" }, select), words), table.element),
    close: () => clearTimeout(timer),
  };
}

function byWorker(held) {
  const workers_ = new Map();
  for (const each of held) {
    const name = `${each.worker || ""} ${each.version || ""}`;
    const until = Date.parse(each.until) || serverNow();
    const sum = workers_.get(name) || { worker: each.worker || "", version: each.version || "", held: 0, until, attempts: 0 };
    sum.held++;
    sum.until = Math.min(sum.until, until);
    sum.attempts = Math.max(sum.attempts, each.attempt || 0);
    workers_.set(name, sum);
  }
  return [...workers_.values()].sort((one, other) => other.held - one.held);
}
