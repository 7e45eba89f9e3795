// The table of all customers: as many rows in the document as are seen, whatever their number.

/** Columns by name: heading, what it means, how a value is written, and whether more columns are asked for to see it. */
const COLUMNS = {
  customer: { head: "Customer", about: "Name of the customer" },
  status: { head: "Status", about: "How the customer ended" },
  model: { head: "Model", about: "Model that forecasts or predicts" },
  mase: { head: "MASE", about: "Mean absolute scaled error in the backtest; below 1 is better than the naive forecast within the history", write: asError },
  against_naive: { head: "÷ naive", about: "MASE divided by that of the seasonal naive; below 1 is better", write: asError },
  rmsse: { head: "RMSSE", about: "Root mean squared scaled error in the backtest", write: asError },
  wape: { head: "WAPE", about: "Sum of absolute errors divided by the sum of absolute values", write: asPercent },
  relative_bias: { head: "Bias", about: "Sum of errors divided by the sum of absolute values; above 0 where forecasts are too high", write: asPercent },
  coverage: { head: "Coverage", about: "Share of rows within the intervals, as they are calibrated", write: asPercent },
  r2: { head: "R²", about: "Coefficient of determination", write: asError },
  rmse: { head: "RMSE", about: "Root mean squared error, in the unit of the target", write: asNumber },
  mae: { head: "MAE", about: "Mean absolute error, in the unit of the target", write: asNumber },
  in_sample_rmse: { head: "RMSE in sample", about: "Root mean squared error within the history: how closely the model follows what it has seen", write: asNumber },
  rows: { head: "Rows", about: "Rows that the model was fitted to", write: asCount },
  first: { head: "First", about: "First date of the history" },
  last: { head: "Last", about: "Last date of the history" },
  frequency: { head: "Frequency", about: "Spacing of the dates, as pandas names it" },
  ms: { head: "Time", about: "Time that the customer took", write: (ms) => asDuration(ms / 1000) },
  causes: { head: "Cause and remarks", about: "Why it failed or has a fallback, and what was noted" },
  naive_mase: { head: "MASE of naive", about: "MASE of the seasonal naive", write: asError, extra: true },
  own_coverage: { head: "Coverage before", about: "Share of rows within the model's own intervals, before they are calibrated", write: asPercent, extra: true },
  interval_factor: { head: "Factor", about: "What the reach of the model's own intervals is multiplied by", write: asError, extra: true },
  cutoffs: { head: "Cutoffs", about: "Cutoffs from which the past was forecast", write: asCount, extra: true },
  in_sample_mae: { head: "MAE in sample", about: "Mean absolute error within the history", write: asNumber, extra: true },
  missing: { head: "Missing", about: "Rows without a value", write: asCount, extra: true },
  bytes: { head: "Size", about: "Size of the artifact", write: asBytes, extra: true },
};

const ROW_HEIGHT = 33;

class Customers {
  /** `data` are the columns, `causes` the causes that their places are of; `open` shows a customer. */
  constructor(data, causes, open) {
    Object.assign(this, { data, causes, open });
    const has = (name) => {
      const column = data.columns[name];
      return column && (TEXTS.includes(name) ? column.some((value) => value !== null && value !== 0) : column.some((value) => !Number.isNaN(value)));
    };
    this.present = Object.keys(COLUMNS).filter(has);
    this.filters = { text: "", status: "", model: "", cause: "" };
    this.sorted = { column: "customer", descending: false };
    this.withExtra = false;
    this.rows = Uint32Array.from({ length: data.length }, (_, row) => row);
    this.active = 0;
    this.orders = new Map();
  }

  element() {
    this.status = element("p", { role: "status", class: "count" });
    this.head = element("tr");
    this.body = element("tbody");
    this.table = element(
      "table",
      { role: "grid", "aria-label": "Customers", class: "customers" },
      element("thead", {}, this.head),
      this.body,
    );
    this.view = element("div", { class: "view", onscroll: () => this.draw(), onkeydown: (event) => this.key(event) }, this.table);
    const before = element("button", { type: "button", onclick: () => this.page(-1) }, "Previous page");
    const after = element("button", { type: "button", onclick: () => this.page(1) }, "Next page");
    const made = element(
      "div",
      {},
      this.controls(),
      this.view,
      element("div", { class: "below" }, this.status, element("div", {}, before, " ", after)),
      element("p", { class: "hint" }, "In the table: arrow keys, Page Up and Page Down, Home and End move; Enter opens a customer."),
    );
    // No more room than all rows take.
    if (this.data.length < 15) this.view.style.height = `${(this.data.length + 2) * ROW_HEIGHT}px`;
    this.drawHead();
    this.update();
    new ResizeObserver(() => this.draw()).observe(this.view);
    return made;
  }

  controls() {
    let waiting = 0;
    const search = element("input", {
      type: "search",
      id: "search",
      placeholder: "part of a name",
      oninput: () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => this.filter({ text: search.value }), this.data.length > 20000 ? 80 : 0);
      },
    });
    const values = (name) => [...new Set(this.data.columns[name])].filter((value) => value !== null).sort();
    const options = (named) => [element("option", { value: "" }, "all"), ...named.map(([value, text]) => element("option", { value }, visible(text)))];
    this.selects = {};
    const select = (name, title, named) => {
      const made = element("select", { id: `filter-${name}`, onchange: () => this.filter({ [name]: made.value }) }, options(named));
      this.selects[name] = made;
      return element("label", {}, title, made);
    };
    const same = (name) => values(name).map((value) => [value, value]);
    const causes = this.causes
      .map((cause, place) => [String(place), `${cause.of}: ${shortened(cause.text, 70)} (${asCount(cause.customers)})`])
      .slice(0, 200);
    const extra = element("input", {
      type: "checkbox",
      onchange: () => {
        this.withExtra = extra.checked;
        this.drawHead();
        this.draw(true);
      },
    });
    const download = element("button", { type: "button", onclick: () => this.download() }, "Download CSV");
    return element(
      "div",
      { class: "controls" },
      element("label", {}, "Search", search),
      select("status", "Status", same("status")),
      select("model", "Model", same("model")),
      causes.length > 0 ? select("cause", "Cause or remark", causes) : null,
      element("label", { class: "check" }, extra, "More columns"),
      download,
    );
  }

  /** Names of the columns that are seen. */
  names() {
    return this.present.filter((name) => this.withExtra || !COLUMNS[name].extra);
  }

  drawHead() {
    this.head.replaceChildren(
      ...this.names().map((name) => {
        const { head, about, write } = COLUMNS[name];
        const isSorted = this.sorted.column === name;
        const direction = isSorted ? (this.sorted.descending ? "descending" : "ascending") : "none";
        const arrow = isSorted ? (this.sorted.descending ? " ▼" : " ▲") : "";
        const button = element("button", { type: "button", title: about, onclick: () => this.sort(name) }, head, element("span", { "aria-hidden": "true" }, arrow));
        return element("th", { scope: "col", "aria-sort": direction, class: write ? "number" : null, "data-column": name }, button);
      }),
    );
    this.table.setAttribute("aria-colcount", this.names().length);
  }

  /** Sorts by a column; by the same once more, the other way round. */
  sort(column, descending) {
    const same = this.sorted.column === column;
    const first = Boolean(COLUMNS[column].write) && !["r2", "coverage"].includes(column);
    this.sorted = { column, descending: descending ?? (same ? !this.sorted.descending : first) };
    const focused = document.activeElement?.closest?.("th")?.dataset.column;
    this.drawHead();
    if (focused) this.head.querySelector(`[data-column="${focused}"] button`)?.focus();
    this.update();
  }

  filter(changed) {
    Object.assign(this.filters, changed);
    for (const [name, select] of Object.entries(this.selects)) select.value = this.filters[name];
    this.update();
  }

  /** The rows in the ascending order of a column, those without a value last; kept for the next time. */
  order(name) {
    if (this.orders.has(name)) return this.orders.get(name);
    const column = this.data.columns[name];
    const all = Array.from({ length: this.data.length }, (_, row) => row);
    const text = (value) => (value === null || value === 0 ? "\uffff" : String(value));
    if (name === "causes") all.sort((a, b) => (column[a][0] ?? 1e9) - (column[b][0] ?? 1e9) || a - b);
    else if (name !== "customer" && TEXTS.includes(name)) {
      all.sort((a, b) => (text(column[a]) < text(column[b]) ? -1 : text(column[a]) > text(column[b]) ? 1 : a - b));
    } else if (name !== "customer") {
      const key = column.map((value) => (Number.isNaN(value) ? Infinity : value));
      all.sort((a, b) => key[a] - key[b] || a - b);
    }
    const order = Uint32Array.from(all);
    this.orders.set(name, order);
    return order;
  }

  /** Filters and sorts anew. */
  update() {
    const { columns } = this.data;
    const { text, status, model, cause } = this.filters;
    const part = text.trim().toLowerCase();
    if (part !== "") this.lowered ??= columns.customer.map((name) => name.toLowerCase());
    const place = cause === "" ? null : Number(cause);
    const isWanted = (row) =>
      (part === "" || this.lowered[row].includes(part)) &&
      (status === "" || columns.status[row] === status) &&
      (model === "" || columns.model[row] === model) &&
      (place === null || (columns.causes[row] !== 0 && columns.causes[row].includes(place)));
    const wanted = this.order(this.sorted.column).filter(isWanted);
    if (this.sorted.descending) {
      wanted.reverse();
      // Rows without a number stay last.
      const column = columns[this.sorted.column];
      if (column instanceof Float64Array) {
        const absent = wanted.findIndex((row) => !Number.isNaN(column[row]));
        if (absent > 0) wanted.set([...wanted.slice(absent), ...wanted.slice(0, absent).reverse()]);
      }
    }
    this.rows = wanted;
    this.active = 0;
    this.view.scrollTop = 0;
    this.table.setAttribute("aria-rowcount", wanted.length + 1);
    this.draw(true);
  }

  /** Puts the rows that are seen into the document. */
  draw(anew = false) {
    const height = this.view.clientHeight || 500;
    const first = Math.max(0, Math.floor(this.view.scrollTop / ROW_HEIGHT) - 4);
    const end = Math.min(this.rows.length, first + Math.ceil(height / ROW_HEIGHT) + 9);
    if (!anew && this.drawn && this.drawn[0] === first && this.drawn[1] === end) return this.count();
    this.drawn = [first, end];
    const names = this.names();
    const gap = (rows) => element("tr", { class: "gap", "aria-hidden": "true", style: `height: ${rows * ROW_HEIGHT}px` }, element("td", { colspan: names.length }));
    const hadFocus = this.body.contains(document.activeElement);
    const seen = [];
    for (let at = first; at < end; at++) seen.push(this.row(at, names));
    this.body.replaceChildren(gap(first), ...seen, gap(this.rows.length - end));
    if (hadFocus) this.body.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
    this.count();
  }

  row(at, names) {
    const row = this.rows[at];
    const cells = names.map((name, place) => {
      const value = this.data.columns[name][row];
      const { write } = COLUMNS[name];
      if (name === "customer") return element("th", { scope: "row" }, nameOf(value));
      if (name === "status") return element("td", {}, element("span", { class: `status ${value}` }, visible(value)));
      if (name === "causes") {
        const told = (value || []).map((cause) => this.causes[cause].text).join("; ");
        return element("td", { class: "causes", title: visible(told) }, visible(shortened(told, 120)));
      }
      return element("td", { class: write ? "number" : null, "aria-colindex": place + 1 }, write ? write(value) : visible(value ?? "–"));
    });
    return element(
      "tr",
      {
        tabindex: at === this.active ? "0" : "-1",
        "aria-rowindex": at + 2,
        onclick: () => {
          this.active = at;
          this.open(row);
        },
        onfocus: () => (this.active = at),
      },
      cells,
    );
  }

  count() {
    const first = this.rows.length === 0 ? 0 : Math.floor(this.view.scrollTop / ROW_HEIGHT) + 1;
    const seen = Math.max(1, Math.floor((this.view.clientHeight - 40) / ROW_HEIGHT));
    const last = Math.min(this.rows.length, first + seen - 1);
    const of = this.rows.length < this.data.length ? ` that match, of ${asCount(this.data.length)}` : "";
    const text = `${asCount(first)} to ${asCount(last)} of ${counted(this.rows.length, "customer")}${of}`;
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** Goes on by as many rows as are seen. */
  page(direction) {
    this.view.scrollTop += direction * this.pageRows() * ROW_HEIGHT;
    this.active = Math.min(this.rows.length - 1, Math.ceil(this.view.scrollTop / ROW_HEIGHT));
    this.draw(true);
  }

  pageRows() {
    return Math.max(1, Math.floor((this.view.clientHeight - 40) / ROW_HEIGHT) - 1);
  }

  /** Makes a row the active one and brings it into view. */
  move(to, focus = false) {
    if (this.rows.length === 0) return;
    this.active = Math.max(0, Math.min(this.rows.length - 1, to));
    const top = this.active * ROW_HEIGHT;
    const seen = this.view.clientHeight - 44;
    if (top < this.view.scrollTop) this.view.scrollTop = top;
    else if (top + ROW_HEIGHT > this.view.scrollTop + seen) this.view.scrollTop = top + ROW_HEIGHT - seen;
    this.draw(true);
    if (focus) this.body.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  key(event) {
    if (!this.body.contains(event.target)) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: this.pageRows(), PageUp: -this.pageRows(), Home: -Infinity, End: Infinity };
    if (event.key === "Enter" || event.key === " ") {
      this.open(this.rows[this.active]);
    } else if (event.key in steps) {
      this.move(this.active + steps[event.key], true);
    } else return;
    event.preventDefault();
  }

  /** What is filtered as CSV, with every column. */
  csv() {
    const { columns } = this.data;
    // What a spreadsheet would take for a formula is text there.
    const field = (value) => {
      if (value === null || value === undefined || Number.isNaN(value)) return "";
      if (typeof value === "number") return String(value);
      const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
      return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const told = (value) => (value || []).map((cause) => this.causes[cause].text).join("; ");
    const lines = Array.from(this.rows, (row) =>
      this.present.map((name) => field(name === "causes" ? told(columns.causes[row]) : columns[name][row])).join(","),
    );
    return `${this.present.join(",")}\n${lines.map((line) => `${line}\n`).join("")}`;
  }

  download() {
    const url = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv" }));
    element("a", { href: url, download: "customers.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }
}

/** A text that is not longer than this. */
function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
