// Websockets that come back. A broker that is gone for good is left for another one.

import { learn, next } from "./move.js";

const FIRST_RETRY_MILLIS = 300;
const LAST_RETRY_MILLIS = 3_000;

/** Frames of /v1/backlog/stream; calls onFrame for each, onState with whether it is open. */
export class Stream {
  constructor(path, onFrame, onState = () => {}) {
    this.path = path;
    this.onFrame = onFrame;
    this.onState = onState;
    this.retryMillis = FIRST_RETRY_MILLIS;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket.addEventListener("open", () => this.onState(true));
    this.socket.addEventListener("message", (event) => {
      this.retryMillis = FIRST_RETRY_MILLIS;
      this.onFrame(JSON.parse(event.data));
    });
    this.socket.addEventListener("close", () => {
      if (this.isOver) return;
      this.onState(false);
      this.timer = setTimeout(() => this.open(), this.retryMillis);
      this.retryMillis = Math.min(LAST_RETRY_MILLIS, this.retryMillis * 2);
    });
  }

  close() {
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}

/** Rows of a stream, kept as it tells them. */
export class Rows {
  constructor(parameters, onChange) {
    this.rows = new Map();
    this.isLoading = true;
    this.stream = new Stream(parameters, (frame) => {
      if (frame.type === "snapshot" && this.isLoading) this.rows.clear();
      if (frame.type === "snapshot") this.isLoading = frame.more === true;
      if (frame.type !== "snapshot" && frame.type !== "delta") return;
      for (const row of frame.rows) this.rows.set(row.id, row);
      for (const id of frame.gone || []) this.rows.delete(id);
      if (!this.isLoading) onChange([...this.rows.values()]);
    }, (isOpen) => {
      if (!isOpen) this.isLoading = true;
    });
  }

  close() {
    this.stream.close();
  }
}

/** What the whole page knows: the newest overview and the members. */
export const known = { overview: null, cluster: null, isLive: false, heardAt: 0 };

const watchers = new Set();
const STALE_MILLIS = 3_000;
const MOVE_MILLIS = 2_500;

/** Calls back on each overview; returns what ends it. */
export function watch(watcher) {
  watchers.add(watcher);
  if (known.overview) watcher(known.overview);
  return () => watchers.delete(watcher);
}

export function start(onState) {
  known.heardAt = Date.now();
  learn(null);
  let failures = 0;
  new Stream("/v1/backlog/stream?view=overview", (frame) => {
    known.heardAt = Date.now();
    known.isLive = true;
    failures = 0;
    if (frame.type === "overview") known.overview = frame;
    if (frame.type === "cluster") {
      known.cluster = frame;
      learn(frame);
    }
    onState(frame);
    if (frame.type === "overview") for (const watcher of watchers) watcher(frame);
  }, (isOpen) => {
    // Closed, and then not opened again: it is not only the connection.
    failures = isOpen ? 0 : failures + 1;
    if (failures > 1) moveOn();
  });
  setInterval(() => {
    const silence = Date.now() - known.heardAt;
    known.isLive = silence < STALE_MILLIS;
    if (silence > MOVE_MILLIS) moveOn();
    onState(null);
  }, 500);
}

let isMoving = false;

/** To another member, if one answers: the same view of the same cluster. */
async function moveOn() {
  if (isMoving) return;
  isMoving = true;
  try {
    const url = await next(known.cluster);
    if (Date.now() - known.heardAt > FIRST_RETRY_MILLIS) location.assign(new URL(`/${location.hash}`, url));
  } catch {
    // None answers. This one is tried all the time, and so are they.
  } finally {
    isMoving = false;
  }
}
