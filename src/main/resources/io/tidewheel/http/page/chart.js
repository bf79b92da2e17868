// Lines over time, drawn by hand as SVG: a few hundred points need no library.

import { h, svg, fill, text } from "./dom.js";
import { count, rate } from "./format.js";

const LEFT = 46;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 20;

/** Minutes that the axis may show: the fewest that hold all points. */
const WINDOWS = [5, 15, 30, 60];

/** The next round number above, so that an axis has plain steps. */
export function roundUp(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

/** What is known of a line, in pieces: a null is a gap. */
function pieces(values) {
  const found = [[]];
  values.forEach((value, index) => {
    if (value !== null) found.at(-1).push([index, value]);
    else if (found.at(-1).length > 0) found.push([]);
  });
  return found.filter((piece) => piece.length > 0);
}

/**
 * A chart of series {key, name, values}; set() takes new values, all of one length with the newest
 * last, and null where there is none. With a top the axis ends there. Its legend shows the values under the pointer, else the newest.
 */
export class Chart {
  constructor(label, series, { height = 170, isRate = false, show = isRate ? rate : count, top = null } = {}) {
    this.series = series.map((each) => ({ ...each, values: [] }));
    this.height = height;
    this.show = show;
    this.top = top;
    this.untilMillis = 0;
    this.stepMillis = 10_000;
    this.pointer = null;
    this.svg = svg("svg", { height, role: "img", "aria-label": label });
    this.figures = new Map();
    this.legend = h("span", { class: "legend" });
    for (const each of this.series) {
      const figure = h("b", {}, "–");
      this.figures.set(each.key, figure);
      this.legend.append(h("span", {}, h("i", { class: `k-${each.key}` }), each.name, " ", figure));
    }
    this.element = h("div", { class: "chart" }, this.svg);
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
  }

  set(values, untilMillis, stepMillis) {
    for (const each of this.series) each.values = values[each.key] || [];
    this.untilMillis = untilMillis;
    this.stepMillis = stepMillis;
    this.draw();
  }

  point(event) {
    this.pointer = event ? event.offsetX : null;
    this.draw();
  }

  draw() {
    const width = this.element.clientWidth;
    const points = Math.max(...this.series.map((each) => each.values.length));
    if (width === 0) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    const top = this.top || roundUp(Math.max(...this.series.flatMap((each) => each.values), 0));
    const minutes = WINDOWS.find((each) => (each * 60_000) / this.stepMillis + 1 >= points) || WINDOWS.at(-1);
    const slots = Math.max(points, (minutes * 60_000) / this.stepMillis + 1);
    const x = (index) => LEFT + ((width - LEFT - RIGHT) * (slots - points + index)) / (slots - 1);
    const y = (value) => TOP + (this.height - TOP - BOTTOM) * (1 - value / top);
    const parts = this.grid(width, top, y, minutes);
    for (const each of this.series) {
      for (const piece of pieces(each.values)) {
        // A single point is seen as a short line to where the next one would be.
        const [last, value] = piece.at(-1);
        const ends = piece.length > 1 || points < 2 ? piece : [...piece, [last + (last < points - 1 ? 0.5 : -0.5), value]];
        const line = ends.map(([index, known]) => `${x(index).toFixed(1)},${y(known).toFixed(1)}`);
        if (line.length < 2) continue;
        if (each.key === "backlog") {
          const area = [`${x(piece[0][0])},${y(0)}`, ...line, `${x(last)},${y(0)}`].join(" ");
          parts.push(svg("polygon", { class: "area s-backlog", points: area }));
        }
        parts.push(svg("polyline", { class: `line s-${each.key}`, points: line.join(" ") }));
      }
    }
    let shown = points - 1;
    if (this.pointer !== null && points > 0) {
      const slot = ((this.pointer - LEFT) / (width - LEFT - RIGHT)) * (slots - 1);
      shown = Math.max(0, Math.min(points - 1, Math.round(slot) - (slots - points)));
      const at = x(shown);
      parts.push(svg("line", { class: "cursor", x1: at, x2: at, y1: TOP, y2: this.height - BOTTOM }));
      const when = new Date(this.untilMillis - (points - 1 - shown) * this.stepMillis);
      const anchor = at > width / 2 ? "end" : "start";
      parts.push(svg("text", { x: at + (anchor === "end" ? -5 : 5), y: TOP + 9, "text-anchor": anchor }, when.toLocaleTimeString("sv")));
    }
    for (const each of this.series) {
      const value = each.values[shown];
      text(this.figures.get(each.key), value === undefined || value === null ? "–" : this.show(value));
    }
    fill(this.svg, parts);
  }

  grid(width, top, y, whole) {
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const at = y(top * share);
      parts.push(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
      parts.push(svg("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, this.show(top * share)));
    }
    const marks = width < 420 || whole === 5 ? [1, 0] : [1, 2 / 3, 1 / 3, 0];
    for (const share of marks) {
      const at = LEFT + (width - LEFT - RIGHT) * (1 - share);
      const anchor = share === 1 ? "start" : share === 0 ? "end" : "middle";
      const words = share === 0 ? "now" : `−${Math.round(whole * share)} min`;
      parts.push(svg("text", { x: at, y: this.height - 4, "text-anchor": anchor }, words));
    }
    return parts;
  }

  close() {
    this.observer.disconnect();
  }
}
