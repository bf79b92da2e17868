// Who is a member, in what role, and what lives there.

import { h, add, panel, text } from "./dom.js";
import { count, percent } from "./format.js";
import { known, watch } from "./live.js";
import { Table } from "./table.js";

export function memberTable() {
  const table = new Table([
    { title: "Member", cls: "name", cell: (row) => ({ text: row.isSelf ? `${row.node} (this one)` : row.node, href: row.isSelf ? null : row.url, title: row.url }) },
    { title: "State", cls: "", cell: (row) => ({ text: row.reachable ? row.status : "unreachable", cls: row.reachable && row.status === "up" ? "good" : "bad", badge: true }) },
    { title: "Role", cls: "p1", cell: (row) => row.roles.join(", ") + (row.oldest ? " · catalog" : "") },
    { title: "Zone", cls: "p1", cell: (row) => row.zone },
    { title: "Processors", cls: "num", cell: (row) => percent(row.cpu) },
    { title: "Queues awake", cls: "num p1", cell: (row) => count(row.awakeQueues) },
    { title: "Backlog", cls: "num", cell: (row) => count(row.backlog) },
  ], { key: (row) => row.node, label: "Members", empty: "Not known yet." });
  return {
    element: table.element,
    update(cluster, nodes) {
      if (!cluster) return;
      table.update(cluster.members.map((member) => ({
        ...member,
        isSelf: member.node === cluster.node,
        ...(nodes[member.node] || { backlog: 0, awakeQueues: 0 }),
      })));
    },
  };
}

export function members(main) {
  const nodes = memberTable();
  const facts = h("p", { class: "mute" });
  add(main, [h("div", { class: "title" }, h("h1", {}, "Members"), facts), panel("Members", null, nodes.element)]);
  return watch((frame) => {
    const cluster = known.cluster;
    nodes.update(cluster, frame.nodes);
    if (!cluster) return;
    const waits = cluster.waitsFor.length > 0 ? ` It waits for ${cluster.waitsFor.join(", ")}.` : "";
    text(facts, `${cluster.node} is ${cluster.detail}: ${cluster.brokers} of at least ${cluster.quorum} brokers.${waits}`);
  });
}
