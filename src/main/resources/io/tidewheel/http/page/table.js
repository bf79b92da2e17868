// Tables that change in place: rows keep their elements, so that focus and selection stay.

import { h, text } from "./dom.js";

/**
 * A table. Columns are {title, cls, sort, cell(row), make(td, get)}: cell gives a text, or {text,
 * href, cls, title}; make fills a cell once, get() is the row as it is then, and what make returns
 * is called with each new row.
 */
export class Table {
  constructor(columns, { key, empty = "Nothing here.", label, sort, onSort } = {}) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.heads = columns.map((column) => this.head(column, onSort));
    this.body = h("tbody");
    this.none = h("p", { class: "empty" }, empty);
    this.table = h("table", { "aria-label": label }, h("thead", {}, h("tr", {}, this.heads)), this.body);
    this.scroll = h("div", { class: "scroll" }, this.table);
    this.element = h("div", {}, this.scroll, this.none);
    this.sorted(sort);
    this.update([]);
  }

  head(column, onSort) {
    if (!column.sort || !onSort) return h("th", { class: column.cls, scope: "col" }, column.title);
    const button = h("button", { type: "button", onclick: () => onSort(column.sort) }, column.title);
    return h("th", { class: column.cls, scope: "col", "data-sort": column.sort }, button);
  }

  sorted(sort) {
    for (const head of this.heads) {
      if (sort && head.dataset.sort === sort) {
        head.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending");
      } else {
        head.removeAttribute("aria-sort");
      }
    }
  }

  update(rows) {
    const seen = new Set();
    rows.forEach((row, index) => {
      const key = this.key(row);
      seen.add(key);
      let kept = this.rows.get(key);
      if (!kept) {
        kept = this.make();
        this.rows.set(key, kept);
      }
      kept.row = row;
      this.columns.forEach((column, i) => {
        if (column.cell) this.cell(kept.cells[i], column.cell(row), column.cls);
        else if (!kept.isMade) kept.changes[i] = column.make(kept.cells[i], () => kept.row);
        if (kept.changes[i]) kept.changes[i](row);
      });
      kept.isMade = true;
      if (this.body.children[index] !== kept.element) this.body.insertBefore(kept.element, this.body.children[index] || null);
    });
    for (const [key, kept] of this.rows) {
      if (!seen.has(key)) {
        kept.element.remove();
        this.rows.delete(key);
      }
    }
    this.none.hidden = rows.length > 0;
    this.scroll.hidden = rows.length === 0;
  }

  make() {
    const cells = this.columns.map((column) => h("td", { class: column.cls }));
    return { element: h("tr", {}, cells), cells, changes: [], isMade: false };
  }

  cell(td, content, cls = "") {
    const given = typeof content === "object" && content !== null ? content : { text: content };
    const wanted = `${cls} ${given.cls && !given.badge ? given.cls : ""}`.trim();
    if (td.className !== wanted) td.className = wanted;
    if (given.href || given.badge) {
      const element = td.firstElementChild || td.appendChild(h(given.href ? "a" : "span"));
      if (given.href && element.getAttribute("href") !== given.href) element.setAttribute("href", given.href);
      if (given.badge) element.className = `badge ${given.cls || ""}`;
      text(element, given.text);
      element.hidden = given.text === "";
    } else {
      text(td, given.text === undefined ? "" : given.text);
    }
    if (given.title && td.title !== given.title) td.title = given.title;
  }
}
