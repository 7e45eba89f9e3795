// One customer: what is known of it.

const MEASURES = [
  ["MASE", "mase", asError],
  ["RMSSE", "rmsse", asError],
  ["WAPE", "wape", asPercent],
  ["sMAPE", "smape", asPercent],
  ["MAE", "mae", asNumber],
  ["RMSE", "rmse", asNumber],
  ["Bias", "bias", asNumber],
  ["Coverage", "coverage", asPercent],
  ["Interval score", "interval_score", asNumber],
];

/** Errors of the model, of the seasonal naive, and of the models that it was chosen from or compared with. */
function scoreTable(host, outcome) {
  const record = outcome.backtest;
  if (record) {
    const rows = [
      ["this customer's model", record.metrics, null],
      ...(record.candidates ?? []).map((candidate) => [candidate.model, candidate.metrics, candidate]),
      ["seasonal naive", record.seasonal_naive, null],
    ];
    const hasWeights = (record.candidates ?? []).some((candidate) => candidate.weight !== undefined);
    const cells = rows.map(([name, metrics, candidate]) => [
      candidate?.failed ? `${visible(name)}: ${visible(candidate.failed)}` : visible(name),
      ...(hasWeights ? [[candidate?.weight === undefined ? "" : asPercent(candidate.weight)]] : []),
      ...MEASURES.map(([, measure, write]) => [write(metrics?.[measure])]),
    ]);
    const head = ["model", ...(hasWeights ? [["weight"]] : []), ...MEASURES.map(([title]) => [title])];
    host.append(
      element("h3", {}, `Errors over ${counted(record.rows, "row")} after ${counted(record.cutoffs, "cutoff")}`),
      plainTable("Errors in the backtest", head, cells),
    );
  }
  if (outcome.accuracy) {
    const { on, rows, ...measures } = outcome.accuracy;
    const cells = Object.entries(measures).map(([name, value]) => [name.replaceAll("_", " "), [asNumber(value)]]);
    host.append(element("h3", {}, `Errors on ${SCORED_ON[on] ?? on} (${asCount(rows)})`), plainTable("Errors", ["measure", ["value"]], cells));
  }
}

/** The models that a regression's was chosen from, by an error of these rows. */
function selectionTable(host, { selection }) {
  if (!selection) return;
  const settings = (candidate) => Object.entries(candidate.settings ?? {}).map(([name, value]) => `${visible(name)} ${asNumber(value)}`);
  const rows = selection.candidates.map((candidate) => [
    `${visible(candidate.model)}${candidate.chosen ? ", chosen" : ""}`,
    settings(candidate).join(", "),
    [candidate.failed ? visible(candidate.failed) : asNumber(candidate.error)],
  ]);
  const title = `Candidates, by ${visible(selection.by)} on ${SCORED_ON[selection.on] ?? visible(selection.on)}`;
  host.append(element("h3", {}, title), plainTable(title, ["model", "settings", ["error"]], rows));
}

/** Everything that the manifest says of a customer. */
function facts(outcome) {
  const ms = outcome.ms ?? {};
  const total = Object.values(ms).reduce((sum, value) => sum + value, 0);
  const phases = Object.entries(ms).filter(([, value]) => value > 0).map(([name, value]) => `${name} ${asDuration(value / 1000)}`);
  const list = [
    ["Model", outcome.model],
    ["History", outcome.first ? `${outcome.first} to ${outcome.last}, ${counted(outcome.rows, "row")}${outcome.missing ? `, ${asCount(outcome.missing)} without a value` : ""}` : counted(outcome.rows, "row")],
    ["Frequency", outcome.frequency],
    ["Trees", outcome.trees],
    ["Noise (sigma)", outcome.sigma === undefined ? null : asNumber(outcome.sigma)],
    ["In sample", outcome.in_sample ? `MAE ${asNumber(outcome.in_sample.mae)}, RMSE ${asNumber(outcome.in_sample.rmse)}` : null],
    ["Intervals", outcome.calibration ? `scaled by ${asNumber(outcome.calibration.factor)}, from ${counted(outcome.calibration.cutoffs, "cutoff")}` : null],
    ["Time", `${asDuration(total / 1000)} (${phases.join(", ")})`],
    ["Artifact", outcome.artifact ? `${outcome.artifact}, ${asBytes(outcome.bytes)}` : null],
    ["Left from an earlier run", outcome.stale],
    ["Fingerprint", outcome.fingerprint],
  ];
  const shown = list.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", { class: "facts" }, shown.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, visible(value))]));
}

/** A word of a command line. */
function quoted(text) {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${visible(text).replaceAll("'", "'\\''")}'`;
}

/** What was found and noted, in the customer's own words. */
function remarks(outcome) {
  const items = [];
  if (outcome.reason) items.push(["reason", outcome.status === "failed" ? "Failed" : "Fallback", outcome.reason]);
  for (const check of outcome.checks ?? []) items.push(["check", check.check, check.reason]);
  for (const note of outcome.notes ?? []) items.push(["note", "Note", note]);
  if (items.length === 0) return null;
  return element("ul", { class: "remarks" }, items.map(([kind, title, text]) => element("li", { class: kind }, element("strong", {}, `${visible(title)}: `), visible(text))));
}

/** The dialog that shows one customer at a time. */
class CustomerDialog {
  constructor(customers, overview) {
    Object.assign(this, { customers, overview, plots: [] });
    this.title = element("h2", { id: "customer-title", tabindex: "-1" });
    this.content = element("div", { class: "content" });
    const step = (text, by) => element("button", { type: "button", onclick: () => this.step(by) }, text);
    const close = element("button", { type: "button", class: "close", onclick: () => this.dialog.close() }, "Close");
    this.dialog = element(
      "dialog",
      { "aria-labelledby": "customer-title", onclose: () => this.closed() },
      element("div", { class: "dialog-head" }, this.title, element("div", {}, step("Previous", -1), " ", step("Next", 1), " ", close)),
      this.content,
    );
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.plots.forEach((plot) => plot.redraw()));
    document.body.append(this.dialog);
  }

  /** Shows the next customer of the table as it is filtered and sorted. */
  step(by) {
    const { rows } = this.customers;
    const at = rows.indexOf(this.row);
    const to = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (to !== undefined) this.show(to);
  }

  async show(row) {
    const { columns } = this.customers.data;
    this.row = row;
    this.clear();
    const name = columns.customer[row];
    this.title.replaceChildren(nameOf(name), " ", element("span", { class: `status ${columns.status[row]}` }, columns.status[row]));
    if (!this.dialog.open) this.dialog.showModal();
    this.title.focus({ preventScroll: true });
    const shown = await shownOf(name);
    if (this.row !== row) return;
    this.clear();
    if (shown?.outcome) this.fill(shown);
    else this.fillFromTable(row);
    this.dialog.scrollTop = 0;
    this.dialog.dataset.customer = name;
  }

  fill(shown) {
    const { content } = this;
    content.append(...[remarks(shown.outcome)].filter(Boolean));
    // Charts measure the element that they are in, so it is in the document before they are made.
    const add = (chart) => chart && this.plots.push(chart);
    add(forecastChart(content, shown));
    add(backtestChart(content, shown));
    this.plots.push(...componentCharts(content, shown));
    predictionCharts(content, shown);
    if (!shown.history && !shown.predictions && shown.outcome.status !== "failed") {
      content.append(element("p", { class: "lead" }, "The run left no values of this customer to draw: history.csv is written unless report=false, predictions.csv where there are validation rows."));
    }
    scoreTable(content, shown.outcome);
    selectionTable(content, shown.outcome);
    content.append(element("h3", {}, "Facts"), facts(shown.outcome));
    const { place } = this.overview;
    const [results, name] = [place, shown.outcome.customer].map(quoted);
    const commands = [`manyfit explain ${results} ${name}`];
    if (shown.outcome.artifact && !shown.predictions) commands.push(`manyfit plot ${results} --customer ${name} --components --output plot.svg`);
    content.append(element("h3", {}, "In a terminal"), element("pre", { tabindex: "0" }, commands.join("\n")));
  }

  /** For customers without series in the page. */
  fillFromTable(row) {
    const { data, present, causes } = this.customers;
    const told = data.columns.causes[row] || [];
    const shown = present.filter((name) => !["customer", "causes", "status"].includes(name));
    const value = (name) => (COLUMNS[name].write ?? ((text) => visible(text ?? "–")))(data.columns[name][row]);
    this.content.append(
      element("p", { class: "lead" }, `This page has the series of ${counted(this.overview.shown, "customer")}: the worst, the best and a sample. This one is not among them; `, element("code", {}, "manyfit predict"), " forecasts it."),
      ...(told.length > 0 ? [element("ul", { class: "remarks" }, told.map((cause) => element("li", { class: causes[cause].of }, element("strong", {}, `${causes[cause].of}: `), visible(causes[cause].text))))] : []),
      element("dl", { class: "facts" }, shown.flatMap((name) => [element("dt", {}, COLUMNS[name].head), element("dd", {}, value(name))])),
    );
  }

  clear() {
    this.plots.forEach((plot) => plot.destroy());
    this.plots = [];
    this.content.replaceChildren();
  }

  closed() {
    this.clear();
    this.row = null;
    delete this.dialog.dataset.customer;
  }
}
