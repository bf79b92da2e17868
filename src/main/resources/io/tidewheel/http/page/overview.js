// Everything on one page: sums, the last hour, and what needs a look first.

import { h, add, panel, text } from "./dom.js";
import { count, exact, rate, age, drain, some } from "./format.js";
import { known, watch } from "./live.js";
import { Chart } from "./chart.js";
import { Table } from "./table.js";
import { get } from "./api.js";
import { memberTable } from "./members.js";

export const topicLink = (name, tab) => `#/topic/${encodeURIComponent(name)}${tab ? `/${tab}` : ""}`;

/** Why a subscription gives nothing out; good if it does. */
export function standing(row) {
  if (row.paused) return { text: "paused", cls: "warn", badge: true };
  const allowed = row.allowance;
  if (allowed && allowed.rate !== null && !["none", "rate-limit"].includes(allowed.reason)) {
    return { text: `${rate(allowed.rate)} /s: ${allowed.reason.replaceAll("-", " ")}`, cls: "warn", badge: true, title: "throttled by feedback" };
  }
  if (row.stopReason) return { text: row.stopReason.replaceAll("-", " "), cls: row.stopReason === "leased" ? "" : "warn", badge: true };
  if (row.asleep) return { text: "asleep", badge: true };
  if (row.backlog > 0 && row.workers === 0) return { text: "no worker", cls: "bad", badge: true };
  if (row.failRate > 0) return { text: "failing", cls: "bad", badge: true };
  return { text: row.backlog > 0 || row.leased > 0 ? "working" : "idle", cls: row.backlog > 0 || row.leased > 0 ? "good" : "", badge: true };
}

const who = {
  title: "Subscription",
  cls: "name",
  cell: (row) => ({ text: `${row.topic} › ${row.subscription}`, href: topicLink(row.topic), title: `${row.topic} › ${row.subscription}` }),
};
const backlog = { title: "Backlog", cls: "num", cell: (row) => ({ text: count(row.backlog), title: exact(row.backlog) }) };
const oldest = { title: "Oldest", cls: "num", cell: (row) => age(row.oldestAt) };
const into = { title: "In /s", cls: "num p1", cell: (row) => rate(row.inRate) };
const out = { title: "Out /s", cls: "num p1", cell: (row) => rate(row.outRate) };
const failed = { title: "Failed /s", cls: "num", cell: (row) => ({ text: rate(row.failRate), cls: row.failRate > 0 ? "failing" : "" }) };
const until = { title: "Drained in", cls: "num p2", cell: drainCell };
const why = { title: "State", cls: "", cell: standing };

/** With how many workers it would keep up, if workers are what is missing. */
export function drainCell(row) {
  const words = drain(row);
  if (row.paused && row.backlog > 0) return { text: "not while paused", cls: "mute" };
  if (!words.startsWith("never")) return { text: words };
  const isFailing = row.failRate > row.outRate;
  const isShort = !isFailing && !row.stopReason && row.workersNeeded > row.workers;
  return isShort
    ? { text: `never, needs ${count(row.workersNeeded)} workers`, cls: "failing", title: `it grows at this rate; workers now: ${row.workers}` }
    : { text: words, cls: "failing" };
}

const byPlace = (row) => `${row.topic} ${row.subscription}`;

export function overview(main) {
  const tiles = new Tiles(["Backlog", "Oldest message", "In /s", "Out /s", "Failed /s", "With workers", "Dead letters"]);
  const lines = new Chart("Backlog of everything over the last hour", [{ key: "backlog", name: "backlog" }]);
  const flows = new Chart(
    "Messages per second over the last hour",
    [{ key: "in", name: "in" }, { key: "out", name: "out" }, { key: "fail", name: "failed" }],
    { isRate: true });
  const large = new Table([who, backlog, into, out, until, why], { key: byPlace, label: "Largest backlogs", empty: "No backlog. Everything is with workers or done." });
  const old = new Table([who, oldest, backlog, out, why], { key: byPlace, label: "Oldest messages", empty: "Nothing waits." });
  const held = new Table([who, backlog, oldest, why], { key: byPlace, label: "Held back", empty: "Nothing is paused or held back." });
  const failing = new Table([who, failed, out, backlog, why], { key: byPlace, label: "Failing", empty: "No delivery has failed in the last seconds." });
  const nodes = memberTable();
  const totals = { byBacklog: more("-backlog"), byAge: more("oldestAt"), stopped: h("span", { class: "more" }), failing: more("-failRate") };
  add(main, [
    h("h1", { class: "skip" }, "Overview"),
    tiles.element,
    h("div", { class: "cols" },
      panel("Backlog", lines.legend, h("div", { class: "body" }, lines.element)),
      panel("Messages per second", flows.legend, h("div", { class: "body" }, flows.element))),
    h("div", { class: "cols" },
      panel("Largest backlogs", totals.byBacklog, large.element),
      panel("Oldest messages", totals.byAge, old.element)),
    h("div", { class: "cols" },
      panel("Held back", totals.stopped, held.element),
      panel("Failing", totals.failing, failing.element)),
    panel("Members", null, nodes.element),
  ]);
  const history = new Lines("/v1/backlog/history", (values, until_, step) => {
    lines.set(values, until_, step);
    flows.set(values, until_, step);
  });
  const stop = watch((frame) => {
    show(tiles, frame);
    large.update(frame.byBacklog);
    old.update(frame.byAge);
    held.update(frame.stopped);
    failing.update(frame.failing);
    for (const [name, element] of Object.entries(totals)) {
      const total = frame[`${name}Total`];
      text(element, total > frame[name].length ? `${frame[name].length} of ${count(total)}` : "");
    }
    nodes.update(known.cluster, frame.nodes);
    history.add(frame.at, { backlog: frame.backlog, in: frame.inRate, out: frame.outRate, fail: frame.failRate });
  });
  return () => {
    stop();
    lines.close();
    flows.close();
    history.close();
  };
}

function more(sort) {
  return h("a", { class: "more", href: `#/topics?sort=${sort}` });
}

function show(tiles, frame) {
  const first = frame.byAge[0];
  const drained = frame.drainEta === null ? "not all drains at this rate" : `drained in ${drain(frame)}`;
  const waits = frame.waiting > 0 ? `${count(frame.waiting)} to be retried` : some(frame.subscriptions, "subscription");
  tiles.set("Backlog", count(frame.backlog), frame.backlog === 0 ? "all caught up" : drained, "", exact(frame.backlog));
  tiles.set("Oldest message", first ? age(first.oldestAt) : "–", first ? `${first.topic} › ${first.subscription}` : "nothing waits");
  tiles.set("In /s", rate(frame.inRate), some(frame.topics, "topic"));
  tiles.set("Out /s", rate(frame.outRate), frame.backlog > 0 && frame.inRate > frame.outRate ? "less than comes in" : "");
  tiles.set("Failed /s", rate(frame.failRate), frame.failingTotal > 0 ? some(frame.failingTotal, "subscription") : "", frame.failRate > 0 ? "bad" : "");
  tiles.set("With workers", count(frame.leased), waits);
  tiles.set("Dead letters", count(frame.deadLetters), frame.deadLetters > 0 ? "wait for a redrive" : "", frame.deadLetters > 0 ? "warn" : "");
}

/** Large figures in a row. */
export class Tiles {
  constructor(names) {
    this.tiles = new Map();
    this.element = h("dl", { class: "tiles" });
    for (const name of names) {
      const tile = { box: null, figure: h("span", {}, "–"), below: h("small", {}) };
      tile.box = h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, tile.figure, tile.below));
      this.tiles.set(name, tile);
      this.element.append(tile.box);
    }
  }

  set(name, figure, below = "", cls = "", title = "") {
    const tile = this.tiles.get(name);
    text(tile.figure, figure);
    text(tile.below, below);
    tile.below.title = below;
    if (title) tile.figure.title = title;
    tile.box.className = `tile ${cls}`;
  }
}

/** An hour of points from the server, and those that come meanwhile. */
export class Lines {
  constructor(path, onChange) {
    this.path = path;
    this.onChange = onChange;
    this.values = null;
    this.load();
  }

  async load() {
    try {
      const history = await get(this.path);
      this.stepMillis = Number.parseInt(history.step, 10) * 1000;
      this.untilMillis = history.until ? Date.parse(history.until) : 0;
      this.values = { backlog: history.backlog, in: history.inRate, out: history.outRate, fail: history.failRate };
      this.show();
    } catch {
      this.timer = setTimeout(() => this.load(), 3_000);
    }
  }

  add(at, point) {
    this.last = { atMillis: Date.parse(at), point };
    if (!this.values || this.isOver) return;
    if (this.last.atMillis - this.untilMillis >= this.stepMillis) {
      if (this.untilMillis > 0 && this.last.atMillis - this.untilMillis > 6 * this.stepMillis) {
        this.values = null;
        this.load();
        return;
      }
      for (const [key, values] of Object.entries(this.values)) {
        values.push(point[key]);
        if (values.length > 360) values.shift();
      }
      this.untilMillis = this.untilMillis ? this.untilMillis + this.stepMillis : this.last.atMillis;
    }
    this.show();
  }

  /** The newest point is how it is now, so that the line ends at the figures beside it. */
  show() {
    if (this.isOver || !this.values) return;
    const shown = {};
    for (const [key, values] of Object.entries(this.values)) {
      shown[key] = this.last ? [...values, this.last.point[key]].slice(-360) : values;
    }
    this.onChange(shown, this.last ? this.last.atMillis : this.untilMillis, this.stepMillis);
  }

  close() {
    this.isOver = true;
    clearTimeout(this.timer);
  }
}

