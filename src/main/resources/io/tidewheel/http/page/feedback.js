// What is given out less than it could be, by whom, why, and how that was in the hour behind.

import { h, add, fill, panel, text } from "./dom.js";
import { count, percent, rate, serverNow, some, span } from "./format.js";
import { get } from "./api.js";
import { Stream } from "./live.js";
import { Chart } from "./chart.js";
import { Table } from "./table.js";
import { topicLink } from "./overview.js";

const HISTORY_MILLIS = 10_000;

/** More lines than these can't be told apart; the table has all nodes. */
const MAX_NODE_LINES = 6;

const REASONS = {
  "rate-limit": "its own rate limit",
  success: "too many deliveries fail",
  backend: "a backend asked for less",
  cpu: "the processors are busy",
};

const owner = (row) => `${row.topic} › ${row.subscription}`;
const least = (rates) => (rates.includes(null) ? null : rates.reduce((sum, each) => sum + each, 0));

/** Name and, below it, why. */
function named(title, name, href, why) {
  return {
    title,
    cls: "",
    make: (cell, row) => {
      const link = h(href ? "a" : "b", { class: "who" });
      const below = h("small", { class: "why" });
      add(cell, [link, below]);
      return () => {
        text(link, name(row()));
        if (href) link.setAttribute("href", href(row()));
        text(below, why(row()));
        below.hidden = below.textContent === "";
      };
    },
  };
}

const reason = {
  title: "By",
  cls: "",
  cell: ({ allowance }) => ({ text: allowance.reason.replaceAll("-", " "), cls: allowance.reason === "rate-limit" ? "" : "warn", badge: true }),
};

function throttles() {
  return new Table([
    named("Subscription", owner, (row) => topicLink(row.topic), (row) => row.detail || REASONS[row.allowance.reason] || ""),
    reason,
    { title: "May give out /s", cls: "num", cell: (row) => rate(row.allowance.rate) },
    { title: "Gives out /s", cls: "num p1", cell: (row) => rate(row.outRate) },
    { title: "Succeed", cls: "num p1", cell: (row) => ({ text: percent(row.success), cls: row.success !== null && row.success < 0.9 ? "failing" : "" }) },
    { title: "Node", cls: "p2", cell: (row) => row.node },
  ], { key: (row) => `${row.topic} ${row.subscription} ${row.node}`, label: "Throttled", empty: "Everything may be given out as fast as workers take it." });
}

function processors() {
  return new Table([
    { title: "Node", cls: "name", cell: (row) => ({ text: row.node, title: row.node }) },
    { title: "Busy", cls: "num", cell: (row) => percent(row.cpu.busy) },
    { title: "By the broker", cls: "num p1", cell: (row) => percent(row.cpu.process) },
    { title: "Pace of backlogs", cls: "num", cell: (row) => ({ text: row.cpu.share < 1 ? percent(row.cpu.share) : "full", cls: row.cpu.share < 1 ? "failing" : "", title: "how fast backlogs are worked off here while messages are published" }) },
  ], { key: (row) => row.node, label: "Processors", empty: "Not known yet." });
}

function backends() {
  return new Table([
    named("Backend", (row) => row.backend, null, ({ signal, budget }) => [
      signal ? `${signal.reason || "gave no reason"}; for another ${span(Math.max(0, (Date.parse(signal.until) - serverNow()) / 1000))}` : "",
      budget === null ? "" : `budget ${count(budget)} /s`,
    ].filter((words) => words !== "").join("; ")),
    { title: "State", cls: "", cell: ({ signal }) => ({ text: signal ? (signal.signal === "slow" ? `slow: ${rate(signal.rate)} /s` : signal.signal) : "as usual", cls: signal ? "warn" : "good", badge: true }) },
    { title: "Calls /s", cls: "num", cell: (row) => rate(row.callRate) },
  ], { key: (row) => row.backend, label: "Backends", empty: "No subscription names a backend." });
}

function sick() {
  return new Table([
    { title: "Worker", cls: "name", cell: (row) => `${row.worker}${row.version ? ` ${row.version}` : ""}` },
    { title: "Subscription", cls: "name", cell: (row) => ({ text: owner(row), href: topicLink(row.topic, "workers") }) },
    { title: "Node", cls: "p1", cell: (row) => row.node },
  ], { key: (row) => `${row.topic} ${row.subscription} ${row.node} ${row.worker} ${row.version}`, label: "Sick workers", empty: "No worker fails where others succeed." });
}

/** Charts that come and go: one for each key, in the order of the lines. */
class Charts {
  constructor() {
    this.charts = new Map();
    this.element = h("div", { class: "cols" });
    this.none = h("p", { class: "empty" }, "Nothing was throttled in the last hour.");
  }

  /** Lines are {key, title, href, does, may, out}: what might be and what was, the newest last. */
  update(lines, untilMillis, stepMillis) {
    const wanted = new Set(lines.map((line) => line.key));
    for (const [key, kept] of this.charts) {
      if (wanted.has(key)) continue;
      kept.chart.close();
      kept.element.remove();
      this.charts.delete(key);
    }
    lines.forEach((line, index) => {
      let kept = this.charts.get(line.key);
      if (!kept) {
        const chart = new Chart(`${line.title} over the last hour`,
          [{ key: "may", name: line.may }, { key: "does", name: line.does }], { isRate: true, height: 130 });
        kept = { chart, element: panel(line.href ? h("a", { href: line.href }, line.title) : line.title, chart.legend, h("div", { class: "body" }, chart.element)) };
        kept.element.setAttribute("aria-label", line.title);
        this.charts.set(line.key, kept);
      }
      if (this.element.children[index] !== kept.element) this.element.insertBefore(kept.element, this.element.children[index] || null);
      kept.chart.set({ may: line.bound, does: line.actual }, untilMillis, stepMillis);
    });
    this.none.hidden = lines.length > 0;
  }

  close() {
    for (const { chart } of this.charts.values()) chart.close();
  }
}

/** Busy processors, a line for each node. */
class Processors {
  constructor() {
    this.legend = h("span", { class: "legend" });
    this.element = h("div", { class: "body" });
    this.names = "";
  }

  update(nodes, untilMillis, stepMillis) {
    const shown = nodes.slice(0, MAX_NODE_LINES);
    const names = shown.map((each) => each.node).join("\n");
    if (names !== this.names) {
      this.close();
      this.names = names;
      const alone = shown.length === 1 ? [{ key: "n0", name: "busy" }, { key: "n1", name: "by the broker" }] : null;
      this.chart = new Chart("Busy processors over the last hour",
        alone || shown.map((each, index) => ({ key: `n${index}`, name: each.node })), { show: percent, top: 1, height: 130 });
      fill(this.legend, this.chart.legend);
      fill(this.element, this.chart.element);
    }
    if (!this.chart) return;
    const length = Math.max(...shown.map((each) => each.busy.length));
    const filled = (values) => [...Array(length - values.length).fill(null), ...values];
    const values = {};
    shown.forEach((each, index) => { values[`n${index}`] = filled(each.busy); });
    if (shown.length === 1) values.n1 = filled(shown[0].process);
    this.chart.set(values, untilMillis, stepMillis);
  }

  close() {
    if (this.chart) this.chart.close();
  }
}

export function feedback(main) {
  const throttled = throttles();
  const nodes = processors();
  const calls = backends();
  const ill = sick();
  const cpu = new Processors();
  const lines = new Charts();
  const facts = h("p", { class: "mute" });
  add(main, [
    h("div", { class: "title" }, h("h1", {}, "Feedback"), facts),
    panel("Throttled", null, throttled.element),
    h("div", { class: "cols" },
      panel("Processors", cpu.legend, cpu.element, nodes.element),
      panel("Backends", null, calls.element)),
    h("h2", {}, "Allowed and used over the last hour"),
    lines.none,
    lines.element,
    panel("Sick workers", null, ill.element),
  ]);
  let frame = null;
  let history = null;
  let timer;
  let isOver = false;

  /** The newest point is how it is now, so that lines end at the figures above. */
  const draw = () => {
    if (!history || isOver) return;
    const step = Number.parseInt(history.step, 10) * 1000;
    const until = frame ? Date.parse(frame.at) : history.until ? Date.parse(history.until) : 0;
    const now = (values, point) => (frame ? [...values, point === undefined ? null : point].slice(-360) : values);
    cpu.update(history.nodes.map((each) => {
      const live = frame && frame.nodes.find((node) => node.node === each.node);
      return { node: each.node, busy: now(each.busy, live && live.cpu.busy), process: now(each.process, live && live.cpu.process) };
    }), until, step);
    const ofSubscriptions = history.subscriptions.map((each) => {
      const live = frame ? frame.allowances.filter((row) => owner(row) === owner(each)) : [];
      return {
        key: `s ${owner(each)}`, title: owner(each), href: topicLink(each.topic), may: "may", does: "gives out",
        bound: now(each.rate, live.length > 0 ? least(live.map((row) => row.allowance.rate)) : null),
        actual: now(each.outRate, live.length > 0 ? least(live.map((row) => row.outRate)) : null),
      };
    });
    const ofBackends = history.backends.map((each) => {
      const live = frame && frame.backends.find((row) => row.backend === each.backend);
      const bounds = live ? [live.budget, live.signal && live.signal.rate].filter((bound) => bound !== null) : [];
      return {
        key: `b ${each.backend}`, title: `Backend ${each.backend}`, href: null, may: "may be called", does: "is called",
        bound: now(each.rate, bounds.length > 0 ? Math.min(...bounds) : null),
        actual: now(each.callRate, live ? live.callRate : null),
      };
    });
    lines.update([...ofSubscriptions, ...ofBackends], until, step);
  };
  const load = async () => {
    try {
      history = await get("/v1/feedback/history");
      draw();
    } catch {
      // The banner says that the broker is not heard; the next time is soon.
    }
    if (!isOver) timer = setTimeout(load, HISTORY_MILLIS);
  };
  const stream = new Stream("/v1/backlog/stream?view=feedback", (told) => {
    if (told.type !== "feedback") return;
    frame = told;
    const bounded = frame.allowances.filter((row) => row.allowance.reason !== "none");
    throttled.update(bounded);
    nodes.update(frame.nodes);
    calls.update(frame.backends);
    ill.update(frame.sickWorkers);
    text(facts, frame.throttledTotal > 0 ? `${some(frame.throttledTotal, "subscription")} held back, counted by node` : "Nothing is held back by feedback.");
    draw();
  });
  load();
  return () => {
    isOver = true;
    clearTimeout(timer);
    stream.close();
    cpu.close();
    lines.close();
  };
}
