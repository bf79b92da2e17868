// Figures for people.

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function count(value) {
  if (value === null || value === undefined) return "–";
  return value >= 1_000_000 ? compact.format(value) : whole.format(value);
}

export function exact(value) {
  return value === null || value === undefined ? "" : whole.format(value);
}

/** A count with its word, in the plural where it is one. */
export function some(value, word) {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

export function rate(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  if (value < 0.1) return "<0.1";
  return value < 10 ? value.toFixed(1) : count(Math.round(value));
}

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${left < 10 && unit > 0 ? left.toFixed(1) : Math.round(left)} ${units[unit]}`;
}

/** Seconds in at most two units. */
export function span(seconds) {
  if (seconds < 1) return "<1 s";
  const left = Math.round(seconds);
  if (left < 60) return `${left} s`;
  if (left < 3600) return `${Math.floor(left / 60)} min ${left % 60 ? `${left % 60} s` : ""}`.trim();
  if (left < 86_400) return `${Math.floor(left / 3600)} h ${Math.floor((left % 3600) / 60)} min`;
  return `${Math.floor(left / 86_400)} d ${Math.floor((left % 86_400) / 3600)} h`;
}

let skewMillis = 0;

/** The server's clock counts, not the browser's. */
export function serverSays(at) {
  skewMillis = Date.parse(at) - Date.now();
}

export function serverNow() {
  return Date.now() + skewMillis;
}

export function age(at) {
  return at ? span(Math.max(0, (serverNow() - Date.parse(at)) / 1000)) : "–";
}

/** When a backlog is gone. */
export function drain(row) {
  if (row.backlog === undefined || row.backlog === 0) return "–";
  if (row.drainEta === null || row.drainEta === undefined) {
    // What came in within two seconds is under way; a backlog that small is none that grows.
    return row.outRate > 0 && row.backlog <= 2 * row.outRate ? "keeps up" : "never at this rate";
  }
  return span(Number.parseInt(row.drainEta, 10));
}

export function clock(at) {
  return at ? new Date(at).toLocaleString("sv") : "–";
}

// A share, 0 to 1.
export const percent = (share) => (share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`);
