// The list of topics: sorted, filtered and cut into pages by the broker.

import { h, add, fill, text } from "./dom.js";
import { count, exact, rate, age } from "./format.js";
import { get, query } from "./api.js";
import { Table } from "./table.js";
import { topicLink } from "./overview.js";

const PAGE_SIZE = 50;
const REFRESH_MILLIS = 2_000;

export function topics(main, parameters) {
  const wanted = parameters.get("topic") || "";
  const sort = parameters.get("sort") || "-backlog";
  const tokens = [undefined];
  let isOver = false;
  let timer;
  const go = (changes) => {
    const next = { topic: wanted, sort, ...changes };
    location.hash = query("#/topics", { topic: next.topic, sort: next.sort === "-backlog" ? "" : next.sort });
  };
  const table = new Table([
    { title: "Topic", cls: "name", sort: "name", cell: (row) => ({ text: row.topic, href: topicLink(row.topic), title: row.topic }) },
    { title: "Backlog", cls: "num", sort: "-backlog", cell: (row) => ({ text: count(row.backlog), title: exact(row.backlog) }) },
    { title: "Oldest", cls: "num", sort: "oldestAt", cell: (row) => age(row.oldestAt) },
    { title: "In /s", cls: "num p1", sort: "-inRate", cell: (row) => rate(row.inRate) },
    { title: "Out /s", cls: "num p1", sort: "-outRate", cell: (row) => rate(row.outRate) },
    { title: "Failed /s", cls: "num p2", sort: "-failRate", cell: (row) => ({ text: rate(row.failRate), cls: row.failRate > 0 ? "failing" : "" }) },
    { title: "With workers", cls: "num p2", cell: (row) => count(row.leased) },
    { title: "Became dead", cls: "num p3", sort: "-deadLetters", cell: (row) => count(row.deadLetters) },
    { title: "Subscriptions", cls: "num p3", cell: (row) => count(row.subscriptions) },
    { title: "Queues", cls: "num p2", cell: (row) => count(row.queues) },
  ], { key: (row) => row.topic, label: "Topics", empty: "No topic of that name.", sort, onSort: (order) => go({ sort: order }) });
  const input = h("input", { type: "search", name: "filter", value: wanted, placeholder: "name, or part of it", "aria-label": "Filter topics", maxlength: 220 });
  const form = h("form", { class: "tools", onsubmit: (event) => { event.preventDefault(); go({ topic: input.value.trim() }); } },
    input, h("button", { type: "submit" }, "Filter"));
  const words = h("span", { role: "status" });
  const back = h("button", { type: "button", onclick: () => { tokens.pop(); load(); } }, "Previous");
  const forth = h("button", { type: "button", onclick: () => { tokens.push(forth.token); load(); } }, "Next");
  add(main, [
    h("div", { class: "title" }, h("h1", {}, "Topics"), h("div", { class: "acts" }, form)),
    h("section", { class: "panel", "aria-label": "Topics" }, table.element, h("div", { class: "pager" }, words, back, forth)),
  ]);

  async function load() {
    clearTimeout(timer);
    const filter = wanted === "" || wanted.includes("*") ? wanted : `*${wanted}*`;
    try {
      const page = await get(query("/v1/backlog", { by: "topic", topic: filter, sort, pageSize: PAGE_SIZE, pageToken: tokens.at(-1) }));
      if (isOver) return;
      table.update(page.rows);
      const first = (tokens.length - 1) * PAGE_SIZE;
      text(words, page.total === 0 ? "" : `${count(first + 1)} to ${count(first + page.rows.length)} of ${count(page.total)}`);
      back.disabled = tokens.length === 1;
      forth.disabled = !page.nextPageToken;
      forth.token = page.nextPageToken;
    } catch (refused) {
      if (refused.status) fill(words, refused.message);
    }
    if (!isOver) timer = setTimeout(load, REFRESH_MILLIS);
  }
  load();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
