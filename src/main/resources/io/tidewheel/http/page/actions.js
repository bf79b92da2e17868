// What changes something: always asked first, with what it would touch.

import { h, add, fill, text } from "./dom.js";
import { count, exact, bytes, clock } from "./format.js";
import { call, get, post, topicPath, subscriptionPath } from "./api.js";

/** A dialog that asks, does, and says what came of it. act() gives the words of success. */
function ask(title, { body = [], verb = "Go on", act, onDone = () => {} }) {
  const said = h("p", { class: "error", role: "alert", hidden: true });
  const done = h("button", { class: "main", type: "submit" }, verb);
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h("form", {}, h("h2", {}, title), body, said, h("footer", {}, cancel, done));
  const dialog = h("dialog", { "aria-label": title, onclose: () => dialog.remove() }, form);
  const say = (words, cls) => {
    said.className = cls;
    text(said, words);
    said.hidden = words === "";
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    done.disabled = true;
    say("", "error");
    try {
      const words = await act(form.elements, (progress) => say(progress, "done"));
      say(words, "done");
      text(cancel, "Close");
      done.hidden = true;
      cancel.focus();
      onDone();
    } catch (refused) {
      say(refused.message, "error");
      done.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, say, done };
}

const field = (label, control) => h("label", {}, label, control);

/** The buttons of a subscription's row; get gives the row as it is then. */
export function buttons(cell, topic, row) {
  const name = row().subscription;
  const button = (words, act) => h("button", { class: "small", type: "button", onclick: act }, words);
  const pause = button("Pause", () => (row().paused ? resume(topic, name, row()) : stop(topic, name, row())));
  cell.append(h("div", { class: "acts" },
    pause,
    button("Seek", () => seek(topic, name, row())),
    button("Rate", () => rateLimit(topic, name)),
    button("Redrive", () => redrive(topic, name))));
  return (now) => text(pause, now.paused ? "Resume" : "Pause");
}

function figures(row) {
  return `${exact(row.backlog)} messages wait and ${exact(row.leased)} are with workers.`;
}

function stop(topic, name, row) {
  ask(`Pause ${topic} › ${name}?`, {
    body: [h("p", {}, `${figures(row)} Nothing more is given out until it is resumed; what workers hold they can finish.`)],
    verb: "Pause",
    act: async () => {
      await post(`${subscriptionPath(topic, name)}:pause`);
      return "It is paused.";
    },
  });
}

function resume(topic, name, row) {
  ask(`Resume ${topic} › ${name}?`, {
    body: [h("p", {}, `${figures(row)} They are given out again at once.`)],
    verb: "Resume",
    act: async () => {
      await post(`${subscriptionPath(topic, name)}:resume`);
      return "It goes on.";
    },
  });
}

async function seek(topic, name, row) {
  const kept = h("p", { class: "mute" }, "Looking at what is kept …");
  const to = h("select", { name: "to" }, [["earliest", "the earliest message kept"], ["latest", "the end: what waits is passed over"], ["time", "a time"]]
    .map(([value, words]) => h("option", { value }, words)));
  const time = h("input", { name: "time", type: "datetime-local", step: 1, disabled: true });
  to.addEventListener("change", () => { time.disabled = to.value !== "time"; });
  ask(`Seek ${topic} › ${name}`, {
    body: [
      h("p", {}, `${figures(row)} After a seek every message from there on is open again for this subscription, also what it has already done; what is before counts as done. Receipts given before are void.`),
      kept,
      h("div", { class: "row" }, field("To", to), field("Time (yours)", time)),
    ],
    verb: "Seek",
    act: async () => {
      const wanted = to.value === "time" ? { time: new Date(time.value).toISOString() } : { to: to.value };
      const answer = await post(`${subscriptionPath(topic, name)}:seek`, wanted);
      const failed = answer.queues.filter((queue) => queue.error);
      if (failed.length > 0) throw new Error(`${failed.length} of ${answer.queues.length} queues did not: ${failed[0].error.detail}`);
      return `It goes on at ${answer.queues.slice(0, 8).map((queue) => `${queue.queue} / ${exact(queue.offset)}`).join(", ")}${answer.queues.length > 8 ? ", …" : ""}.`;
    },
  });
  try {
    const resource = await get(topicPath(topic));
    const messages = resource.queues.reduce((sum, queue) => sum + queue.nextOffset - queue.startOffset, 0);
    text(kept, `The topic keeps ${exact(messages)} messages: so many are open after a seek to the earliest.`);
  } catch (refused) {
    text(kept, refused.message);
  }
}

async function rateLimit(topic, name) {
  const path = subscriptionPath(topic, name);
  const limit = h("input", { name: "limit", type: "number", min: 1, max: 1_000_000, placeholder: "none" });
  const now = h("p", { class: "mute" }, "Looking …");
  ask(`Rate limit of ${topic} › ${name}`, {
    body: [now, field("Messages a second, over all queues; empty for none", limit)],
    verb: "Set",
    act: async () => {
      const wanted = limit.value === "" ? null : Number(limit.value);
      await call("PUT", path, { rateLimit: wanted });
      return wanted === null ? "There is no limit now." : `At most ${exact(wanted)} messages a second are given out now.`;
    },
  });
  try {
    const resource = await get(path);
    const is = resource.settings.rateLimit;
    if (is) limit.value = is;
    text(now, `${exact(resource.backlog)} messages wait. ${is ? `At most ${exact(is)} a second are given out.` : "There is no limit."}`);
  } catch (refused) {
    text(now, refused.message);
  }
}

export function publish(topic) {
  const key = h("input", { name: "key", maxlength: 512 });
  const type = h("input", { name: "type", value: "application/json", maxlength: 200 });
  const headers = h("input", { name: "headers", placeholder: "name=value, name=value" });
  const body = h("textarea", { name: "body", value: "{\"test\": true}" });
  ask(`Publish a test message to ${topic}`, {
    body: [
      h("p", {}, "Every subscription of the topic gets it, as any other message."),
      h("div", { class: "row" }, field("Key (for order; may be empty)", key), field("Content type", type)),
      field("Headers", headers), field("Payload", body),
    ],
    verb: "Publish",
    act: async () => {
      const given = { "Content-Type": type.value || "application/octet-stream" };
      if (key.value) given["Tidewheel-Key"] = encodeURIComponent(key.value);
      for (const pair of headers.value.split(",").map((each) => each.trim()).filter(Boolean)) {
        const [name, ...value] = pair.split("=");
        given[`Tidewheel-Header-${name.trim()}`] = encodeURIComponent(value.join("=").trim());
      }
      const stored = await call("POST", `${topicPath(topic)}/messages`, body.value, given);
      return `Stored as ${stored.id} in queue ${stored.queue} at offset ${exact(stored.offset)}.`;
    },
  });
}

const pause = (millis) => new Promise((done) => setTimeout(done, millis));

/** Waits for long work, and tells how far it is. */
async function follow(operation, onProgress) {
  let now = operation;
  while (now.state === "running" || now.state === "cancelling") {
    onProgress(now);
    await pause(250);
    now = await get(`/v1/operations/${encodeURIComponent(operation.id)}`);
  }
  if (now.state === "failed") throw new Error(now.error.detail || "It failed.");
  return now.result;
}

export function redrive(topic, name, onDone = () => {}) {
  const path = `${subscriptionPath(topic, name)}:redrive`;
  const reason = h("select", { name: "reason" }, [["", "any reason"], ["attempts", "out of attempts"], ["rejected", "rejected"], ["expired", "expired"]]
    .map(([value, words]) => h("option", { value }, words)));
  const key = h("input", { name: "key", maxlength: 512 });
  const max = h("input", { name: "max", type: "number", min: 1, placeholder: "all" });
  const rate = h("input", { name: "rate", type: "number", min: 1, max: 10_000, value: 500 });
  const found = h("p", { class: "mute" }, "Counting …");
  const first = h("div", {});
  const wanted = (dryRun) => ({
    reason: reason.value || undefined, key: key.value || undefined,
    max: max.value ? Number(max.value) : undefined, rate: Number(rate.value) || undefined, dryRun,
  });
  let looks = 0;
  async function look() {
    const number = ++looks;
    asked.done.disabled = true;
    text(found, "Counting …");
    try {
      const result = await follow(await post(path, wanted(true)), () => {});
      if (number !== looks) return;
      text(found, result.selected === 0 ? "No dead letter is selected." : `${exact(result.selected)} dead letters (${bytes(result.bytes)}) would go back to ${name}; ${exact(result.skipped)} would stay.`);
      fill(first, sample(result.first));
      asked.done.disabled = result.selected === 0;
      text(asked.done, `Redrive ${count(result.selected)}`);
    } catch (refused) {
      if (number === looks) text(found, refused.message);
    }
  }
  const asked = ask(`Redrive dead letters of ${topic} › ${name}`, {
    body: [
      h("p", {}, "They go back to this subscription only, as new messages, and are tried from the first attempt on."),
      h("div", { class: "row" }, field("Reason", reason), field("Key", key)),
      h("div", { class: "row" }, field("At most", max), field("Messages a second", rate)),
      found, first,
    ],
    verb: "Redrive",
    act: async (elements, say) => {
      const result = await follow(await post(path, wanted(false)), (now) => say(`${count(now.done)} of ${now.total === null ? "?" : count(now.total)} looked at …`));
      return `${exact(result.redriven)} redriven, ${exact(result.failed)} failed.`;
    },
    onDone,
  });
  for (const control of [reason, key, max]) control.addEventListener("change", look);
  look();
}

function sample(letters) {
  if (letters.length === 0) return null;
  const list = h("pre", { tabindex: 0 });
  add(list, [letters.map((each) => `${clock(each.diedAt)}  ${each.id}${each.key ? `  [${each.key}]` : ""}  ${each.reason}`).join("\n")]);
  return list;
}
