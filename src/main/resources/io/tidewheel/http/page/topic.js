// One topic: its lines, its subscriptions, its queues, its messages.

import { h, add, panel, text } from "./dom.js";
import { count, exact, rate, age, drain, bytes } from "./format.js";
import { get, query, topicPath } from "./api.js";
import { Rows, known } from "./live.js";
import { Chart } from "./chart.js";
import { Table } from "./table.js";
import { Lines, Tiles, drainCell, standing, topicLink } from "./overview.js";
import { messages, letters, workers } from "./messages.js";
import * as actions from "./actions.js";

const REFRESH_MILLIS = 4_000;
const TABS = [["subscriptions", "Subscriptions"], ["queues", "Queues"], ["messages", "Messages"], ["dead", "Dead letters"], ["workers", "Workers"]];

/** Rows of queues to one per subscription. */
export function bySubscription(rows) {
  const sums = new Map();
  for (const row of rows) {
    const sum = sums.get(row.subscription);
    if (!sum) {
      sums.set(row.subscription, { ...row, byNode: new Map([[row.node, row.allowance]]) });
      continue;
    }
    sum.byNode.set(row.node, row.allowance);
    for (const key of ["backlog", "waiting", "leased", "dispatchable", "lag", "deadLetters", "inRate", "outRate", "failRate"]) sum[key] += row[key];
    sum.workers = Math.max(sum.workers, row.workers);
    sum.stopReason = sum.stopReason || row.stopReason;
    sum.asleep = sum.asleep && row.asleep;
    if (row.oldestAt && (!sum.oldestAt || row.oldestAt < sum.oldestAt)) sum.oldestAt = row.oldestAt;
  }
  for (const sum of sums.values()) {
    sum.allowance = together([...sum.byNode.values()]);
    const gain = sum.outRate - sum.inRate;
    sum.drainEta = sum.backlog === 0 ? "0s" : gain > 0 ? `${Math.ceil(sum.backlog / gain)}s` : null;
  }
  return [...sums.values()];
}

/** What nodes allow, in sum; the reason is that of the one that allows least. */
function together(allowances) {
  const bounded = allowances.filter((each) => each && each.rate !== null);
  if (bounded.length === 0) return { rate: null, reason: "none" };
  const least = bounded.reduce((one, other) => (other.rate < one.rate ? other : one));
  const isOpen = bounded.length < allowances.length;
  return { rate: isOpen ? null : bounded.reduce((sum, each) => sum + each.rate, 0), reason: least.reason };
}

/** What came in came in once, however many subscriptions read it. */
function whole(sums) {
  const total = { backlog: 0, leased: 0, in: 0, out: 0, fail: 0, oldestAt: undefined, seconds: 0 };
  for (const sum of sums) {
    total.backlog += sum.backlog;
    total.leased += sum.leased;
    total.in = Math.max(total.in, sum.inRate);
    total.out += sum.outRate;
    total.fail += sum.failRate;
    total.seconds = Math.max(total.seconds, sum.drainEta === null ? Infinity : Number.parseInt(sum.drainEta, 10));
    if (sum.oldestAt && (!total.oldestAt || sum.oldestAt < total.oldestAt)) total.oldestAt = sum.oldestAt;
  }
  return total;
}

export function topic(main, name, tab, parameters) {
  const page = new Page(main, name, tab, parameters);
  page.load();
  return () => page.close();
}

class Page {
  constructor(main, name, tab, parameters) {
    this.name = name;
    this.tab = tab;
    this.parameters = parameters;
    this.main = main;
    this.closers = [];
    this.sums = [];
    this.resource = null;
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    const dead = name.includes("~");
    this.tiles = new Tiles(["Backlog", "Oldest message", "In /s", "Out /s", "Failed /s", "With workers", "Stored"]);
    this.lines = new Chart(`Backlog of ${name} over the last hour`, [{ key: "backlog", name: "backlog" }], { height: 150 });
    this.flows = new Chart(`Messages per second of ${name} over the last hour`,
      [{ key: "in", name: "in" }, { key: "out", name: "out" }, { key: "fail", name: "failed" }], { isRate: true, height: 150 });
    const tabs = h("div", { class: "tabs", role: "tablist" }, TABS.map(([key, words]) =>
      h("button", { role: "tab", type: "button", "aria-selected": key === tab ? "true" : "false", onclick: () => { location.hash = topicLink(name, key); } }, words)));
    this.box = h("div", {});
    add(main, [
      h("div", { class: "title" }, h("h1", {}, name), dead ? h("span", { class: "badge warn" }, "dead letters") : null,
        h("div", { class: "acts" }, dead ? null : h("button", { class: "main", type: "button", onclick: () => actions.publish(name) }, "Publish a test message"))),
      this.problem,
      this.tiles.element,
      h("div", { class: "cols" },
        panel("Backlog", this.lines.legend, h("div", { class: "body" }, this.lines.element)),
        panel("Messages per second", this.flows.legend, h("div", { class: "body" }, this.flows.element))),
      h("section", { class: "panel", "aria-label": "Details" }, h("header", {}, tabs), this.box),
    ]);
    this.content = this.open();
    add(this.box, [this.content.element]);
    this.history = new Lines(query("/v1/backlog/history", { topic: name }), (values, until, step) => {
      this.lines.set(values, until, step);
      this.flows.set(values, until, step);
    });
    this.rows = new Rows(query("/v1/backlog/stream", { topic: name }), (rows) => this.update(rows));
    this.second = setInterval(() => this.show(), 1_000);
  }

  open() {
    const isDead = this.tab === "dead";
    if (this.tab === "queues") return queueTable();
    if (this.tab === "messages") return messages(this.name, this.parameters);
    if (isDead || this.tab === "workers") return isDead ? letters(this.name, this.parameters) : workers(this.name);
    return this.subscriptions();
  }

  subscriptions() {
    const table = new Table([
      { title: "Subscription", cls: "name", cell: (row) => ({ text: row.subscription, title: row.subscription }) },
      { title: "State", cls: "", cell: standing },
      { title: "Backlog", cls: "num", cell: (row) => ({ text: count(row.backlog), title: exact(row.backlog) }) },
      { title: "Retrying", cls: "num p3", cell: (row) => count(row.waiting) },
      { title: "Leased", cls: "num p2", cell: (row) => count(row.leased) },
      { title: "Oldest", cls: "num p1", cell: (row) => age(row.oldestAt) },
      { title: "Lag", cls: "num p3", cell: (row) => count(row.lag) },
      { title: "Out /s", cls: "num p1", cell: (row) => rate(row.outRate) },
      { title: "Failed /s", cls: "num p2", cell: (row) => ({ text: rate(row.failRate), cls: row.failRate > 0 ? "failing" : "" }) },
      { title: "Dead", cls: "num p2", cell: (row) => ({ text: count(row.deadLetters), href: row.deadLetters > 0 ? query(topicLink(this.name, "dead"), { subscription: row.subscription }) : undefined }) },
      { title: "Workers", cls: "num p2", cell: (row) => count(row.workers) },
      { title: "Drained in", cls: "num p3", cell: drainCell },
      { title: "", cls: "", make: (cell, get_) => actions.buttons(cell, this.name, get_) },
    ], { key: (row) => row.subscription, label: "Subscriptions", empty: "Nobody subscribes to this topic." });
    return { element: table.element, update: () => table.update(this.listed()) };
  }

  /** Also those that sleep and were not heard of. */
  listed() {
    const heard = new Map(this.sums.map((sum) => [sum.subscription, sum]));
    const all = this.resource ? this.resource.subscriptions.map((each) => {
      const sum = heard.get(each.name);
      return sum || { ...each, subscription: each.name, inRate: 0, outRate: 0, failRate: 0, workers: 0, asleep: true, drainEta: "0s" };
    }) : this.sums;
    return all.sort((one, other) => (one.subscription < other.subscription ? -1 : 1));
  }

  update(rows) {
    this.sums = bySubscription(rows);
    this.show();
  }

  show() {
    const total = whole(this.sums);
    this.tiles.set("Backlog", count(total.backlog), total.backlog === 0 ? "all caught up" : drainWords(total), "", exact(total.backlog));
    this.tiles.set("Oldest message", age(total.oldestAt), total.oldestAt ? "" : "nothing waits");
    this.tiles.set("In /s", rate(total.in));
    this.tiles.set("Out /s", rate(total.out));
    this.tiles.set("Failed /s", rate(total.fail), "", total.fail > 0 ? "bad" : "");
    this.tiles.set("With workers", count(total.leased));
    if (this.content.update) this.content.update(this.resource);
    if (known.overview) this.history.add(known.overview.at, total);
  }

  async load() {
    try {
      this.resource = await get(topicPath(this.name));
      this.problem.hidden = true;
      const queues = this.resource.queues;
      const size = queues.reduce((sum, queue) => sum + queue.bytes, 0);
      const kept = queues.reduce((sum, queue) => sum + queue.nextOffset - queue.startOffset, 0);
      this.tiles.set("Stored", bytes(size), `${count(kept)} messages kept`);
      this.show();
    } catch (refused) {
      if (refused.status) {
        text(this.problem, refused.message);
        this.problem.hidden = false;
      }
    }
    if (!this.isOver) this.timer = setTimeout(() => this.load(), REFRESH_MILLIS);
  }

  close() {
    this.isOver = true;
    clearTimeout(this.timer);
    clearInterval(this.second);
    this.rows.close();
    this.history.close();
    this.lines.close();
    this.flows.close();
    if (this.content.close) this.content.close();
  }
}

function drainWords(total) {
  return total.seconds === Infinity
    ? "not all drains at this rate"
    : `drained in ${drain({ backlog: total.backlog, drainEta: `${total.seconds}s` })}`;
}

function queueTable() {
  const table = new Table([
    { title: "Queue", cls: "num", cell: (row) => row.queue },
    { title: "Node", cls: "name", cell: (row) => row.node || "not used yet" },
    { title: "Backlog", cls: "num", cell: (row) => count(row.backlog) },
    { title: "First kept", cls: "num p1", cell: (row) => exact(row.startOffset) },
    { title: "Next offset", cls: "num", cell: (row) => exact(row.nextOffset) },
    { title: "Stored", cls: "num", cell: (row) => bytes(row.bytes) },
    { title: "Held by", cls: "p1", cell: (row) => (row.pinnedBy ? `${row.pinnedBy} (${bytes(row.pinnedBytes)})` : "") },
  ], { key: (row) => row.queue, label: "Queues", empty: "Not known yet." });
  return { element: table.element, update: (resource) => table.update(resource ? resource.queues : []) };
}

