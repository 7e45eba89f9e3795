// The data of the page: blocks of gzip in base64, each lines of JSON.

/** The text of a block, and the block is forgotten. */
async function unpack(id) {
  const block = document.getElementById(id);
  const text = block.textContent;
  block.remove();
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** Columns of the table that hold text; all others are numbers. */
const TEXTS = ["customer", "status", "model", "frequency", "first", "last", "causes"];

/** The table of customers: an array for each column, and numbers that are absent are NaN. */
async function unpackCustomers(names) {
  const lines = (await unpack("customers")).split("\n").filter((line) => line !== "");
  const chunks = lines.map((line) => JSON.parse(line));
  const length = chunks.reduce((sum, chunk) => sum + chunk[0].length, 0);
  const columns = {};
  names.forEach((name, place) => {
    const isText = TEXTS.includes(name);
    const column = isText ? new Array(length) : new Float64Array(length);
    let at = 0;
    for (const chunk of chunks) {
      for (const value of chunk[place]) column[at++] = isText || value !== null ? value : NaN;
    }
    columns[name] = column;
  });
  if (columns.mase && columns.naive_mase) {
    columns.against_naive = columns.mase.map((mase, row) => mase / columns.naive_mase[row]);
  }
  return { length, columns };
}

/** What is shown of customers: lines by name and table, which are parsed when they are looked at. */
let shownLines = null;

async function unpackShown() {
  const lines = new Map();
  for (const line of (await unpack("series")).split("\n")) {
    if (line === "") continue;
    // ["table","customer",…]: the two names are short, the rest is parsed later.
    const [, table, customer] = /^\["([a-z]+)",("(?:[^"\\]|\\.)*")/.exec(line);
    const name = JSON.parse(customer);
    if (!lines.has(name)) lines.set(name, {});
    lines.get(name)[table] = line;
  }
  return lines;
}

/** The outcome and the series of a customer; null where it is not among those that are shown. */
async function shownOf(customer) {
  shownLines ??= unpackShown();
  const lines = (await shownLines).get(customer);
  if (!lines) return null;
  const parse = (table) => (lines[table] ? JSON.parse(lines[table])[2] : null);
  const series = (table) => {
    const content = parse(table);
    if (content) content.times = content.times.map(timesOf);
    return content;
  };
  return {
    outcome: parse("outcome"),
    history: series("history"),
    forecasts: series("forecasts"),
    backtest: series("backtest"),
    predictions: series("predictions"),
  };
}

/** Times in milliseconds from the first and the steps between them. */
function timesOf({ first, unit, steps }) {
  const times = [first];
  for (const step of steps) times.push(times[times.length - 1] + step * unit);
  return times;
}

/** The median of the numbers of a column that are there; null without any. */
function median(column, rows) {
  const values = Float64Array.from(rows ?? column.keys(), (row) => column[row]).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
