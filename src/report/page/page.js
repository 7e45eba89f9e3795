// The page: the overview first, then the table of customers.

const RUN_HINT = "manyfit train … --horizon 8 --backtest 3";

function tile(name, value, note) {
  return element("div", { class: "tile" }, element("dt", {}, name), element("dd", {}, value, note ? element("small", {}, note) : null));
}

function totals({ summary, better_than_naive, compared_with_naive }) {
  const done = summary.fitted + summary.unchanged + summary.fallback;
  const tiles = [
    tile("Customers", asCount(summary.customers), summary.stopped ? "stopped before all were done" : null),
    tile("With a model", asCount(done), `${asCount(summary.fitted)} fitted, ${asCount(summary.unchanged)} unchanged, ${asCount(summary.fallback)} with a fallback`),
    tile("Failed", asCount(summary.failed), summary.customers > 0 ? `${asPercent(summary.failed / summary.customers)} of all` : null),
    tile("Time", asDuration(summary.seconds), `${asNumber(summary.customers_per_second)} customers/s on ${counted(summary.jobs, "thread")}`),
    tile("Artifacts", asBytes(summary.bytes), done > 0 ? `${asBytes(summary.bytes / done)} each` : null),
  ];
  const { backtest, accuracy } = summary;
  if (backtest?.mase !== undefined) {
    tiles.push(tile("Mean MASE", asError(backtest.mase), `seasonal naive ${asError(backtest.seasonal_naive_mase)}`));
  }
  if (compared_with_naive > 0) {
    tiles.push(tile("Better than naive", asPercent(better_than_naive / compared_with_naive), `${asCount(better_than_naive)} of ${counted(compared_with_naive, "customer")}`));
  }
  if (backtest?.coverage !== undefined) {
    tiles.push(tile("Intervals cover", asPercent(backtest.coverage), `${asPercent(backtest.own_coverage)} before they were calibrated`));
  }
  for (const [on, { customers, median: of }] of Object.entries(accuracy ?? {})) {
    tiles.push(tile("Median R²", asError(of.r2), `on ${SCORED_ON[on] ?? on}, ${counted(customers, "customer")}; RMSE ${asNumber(of.rmse)}`));
  }
  return section("totals", "Totals", null, element("dl", { class: "tiles" }, tiles));
}

function time({ summary }, open) {
  const phases = Object.entries(summary.ms).filter(([, ms]) => ms > 0);
  if (phases.length === 0) return null;
  const slowest = summary.slowest.map(({ customer, ms, rows }) => [open(customer), [asDuration(ms / 1000)], [asCount(rows)]]);
  return section(
    "time",
    "Where time went",
    "The time that all threads spent on customers, by what they were doing.",
    shareBar("Time of all threads by phase", phases, (ms) => asDuration(ms / 1000)),
    element("h3", {}, "Slowest customers"),
    plainTable("Slowest customers", ["customer", ["time"], ["rows"]], slowest),
  );
}

const DISTRIBUTIONS = {
  mase: ["MASE", "Mean absolute error in units of the naive forecast's within the history.", asError, 1],
  rmsse: ["RMSSE", "The same of squares, which weighs large errors more.", asError, 1],
  wape: ["WAPE", "Sum of absolute errors as a share of the sum of values.", asPercent, null],
  relative_bias: ["Bias", "Sum of errors as a share of the sum of values; right of 0 forecasts are too high.", asPercent, 0],
  coverage: ["Coverage", "Share of rows within the interval.", asPercent, "nominal"],
};

function errors({ distributions, summary, r2 }, columns) {
  if (r2) {
    const chart = histogram({ title: "R²", explanation: "Share of the target's variance that predictions explain.", model: r2, write: asError, mark: 0 });
    return section("errors", "Errors", "Customers by how well their model predicts; 1 is exact, and 0 is as good as the mean.", element("div", { class: "charts" }, chart));
  }
  if (distributions.length === 0) {
    return section(
      "errors",
      "Errors",
      null,
      element("p", { class: "notice" }, "No backtest ran, so nothing is known of how well these models forecast. Errors within the history (RMSE in sample, in the table) show how closely a model follows what it has seen. A run with a backtest scores forecasts of the past: ", element("code", {}, RUN_HINT)),
    );
  }
  const charts = distributions.map(({ measure, model, naive }) => {
    const [title, explanation, write, mark] = DISTRIBUTIONS[measure];
    const middle = columns[measure] ? ` Median ${write(median(columns[measure]))}.` : "";
    return histogram({ title, explanation: explanation + middle, model, naive, write, mark: mark === "nominal" ? summary.interval_width : mark });
  });
  const key = element(
    "p",
    { class: "key" },
    element("span", { class: "swatch bar-swatch", "aria-hidden": "true" }),
    "customers by the error of their model ",
    element("span", { class: "swatch naive-swatch", "aria-hidden": "true" }),
    "the same of the seasonal naive",
  );
  return section("errors", "Errors in the backtest", `Forecasts of the past, from cutoffs in each history, of ${counted(summary.backtest.customers, "customer")}. The further left than the naive's, the better.`, key, element("div", { class: "charts" }, charts));
}

function models({ summary, won, models }, choose) {
  const compared = summary.backtest?.models ?? {};
  const parts = [];
  const names = Object.keys(compared);
  if (names.length > 0) {
    const chosen = Object.values(compared).some((model) => model.weight !== undefined);
    const frequencies = [...new Set(Object.values(won).flatMap((of) => Object.keys(of.by_frequency)))].sort();
    const most = Math.max(...names.map((name) => (chosen ? (won[name]?.customers ?? 0) : compared[name].better)), 1);
    const rows = names.map((name) => {
      const { customers, mase, weight, better } = compared[name];
      const number = chosen ? (won[name]?.customers ?? 0) : better;
      return [
        visible(name),
        [barCell(number, most, asCount(number))],
        ...(chosen ? [[asPercent(weight)], [asCount(better)]] : []),
        [asError(mase)],
        [asCount(customers)],
        ...(chosen && frequencies.length > 1 ? frequencies.map((frequency) => [asCount(won[name]?.by_frequency[frequency] ?? 0)]) : []),
      ];
    });
    const head = [
      "model",
      [chosen ? "largest weight for" : "would have been best for"],
      ...(chosen ? [["mean weight"], ["alone better for"]] : []),
      ["mean MASE"],
      ["scored for"],
      ...(chosen && frequencies.length > 1 ? frequencies.map((frequency) => [visible(frequency || "none")]) : []),
    ];
    parts.push(plainTable("Models that were compared", head, rows));
  }
  const used = Object.entries(models).sort(([, a], [, b]) => b.customers - a.customers);
  const most = Math.max(...used.map(([, { customers }]) => customers), 1);
  const statuses = ["fitted", "unchanged", "fallback", "failed"];
  const rows = used.map(([name, { customers, by_status }]) => [
    name === "none" ? "none (failed)" : element("button", { type: "button", class: "link", onclick: () => choose({ model: name }) }, visible(name)),
    [barCell(customers, most, asCount(customers))],
    ...statuses.map((status) => [asCount(by_status[status] ?? 0)]),
  ]);
  parts.push(element("h3", {}, "Models in use"), plainTable("Models in use", ["model", ["customers"], ...statuses.map((status) => [status])], rows));
  const lead = names.length > 0 ? "Which models did best in the backtest, and what customers were given. Better is by more than 2 %." : "What customers were given.";
  return section("models", "Models", lead, ...parts);
}

function calibration({ calibration: steps, summary }) {
  if (!steps) return null;
  const nominal = summary.interval_width ?? null;
  const { backtest } = summary;
  const promised = nominal === null ? "" : `Intervals promise ${asPercent(nominal)} (dashed). `;
  const below = backtest?.below_half === undefined ? "" : ` Fewer than half of their rows are covered for ${asPercent(backtest.below_half)} of the customers; before calibration for ${asPercent(backtest.own_below_half)}.`;
  return section("calibration", "Calibration", `${promised}The line is the share of rows of all backtests that they cover, by steps ahead; it is these rows that they were calibrated with. Below the promise they are too narrow, above it too wide.${below}`, calibrationChart(steps, nominal));
}

const KINDS = { failed: "Failed", fallback: "Fallback", check: "Data check", note: "Note" };

function causes({ causes: all }, choose, open) {
  const sorted = all.map((cause, place) => [cause, place]).sort(([a], [b]) => Object.keys(KINDS).indexOf(a.of) - Object.keys(KINDS).indexOf(b.of) || b.customers - a.customers);
  if (sorted.length === 0) {
    return section("causes", "Failures and remarks", null, element("p", {}, "No customer failed, none has a fallback, and nothing was noted."));
  }
  const most = Math.max(...sorted.map(([{ customers }]) => customers));
  const row = ([cause, place]) => [
    element("span", { class: `status ${cause.of}` }, KINDS[cause.of]),
    element("span", {}, visible(shortened(cause.customers === 1 ? cause.example : cause.text, 240)), cause.of === "check" ? element("small", {}, ` such as: ${visible(shortened(cause.example, 160))}`) : null),
    [barCell(cause.customers, most, asCount(cause.customers))],
    element("span", { class: "names" }, cause.names.map((name) => [open(name), " "])),
    element("button", { type: "button", "aria-label": `Show in the table: ${KINDS[cause.of]}, ${visible(shortened(cause.text, 80))}`, onclick: () => choose({ cause: String(place) }) }, "Show"),
  ];
  const [first, rest] = [sorted.slice(0, 20), sorted.slice(20)];
  const head = ["kind", "cause (# is a number)", ["customers"], "such as", "table"];
  return section(
    "causes",
    "Failures and remarks",
    "Why customers failed or got a fallback, and what data checks and fits noted, by cause.",
    plainTable("Causes", head, first.map(row), { class: "causes-table" }),
    rest.length > 0 ? element("details", {}, element("summary", {}, `${counted(rest.length, "more cause")}`), plainTable("Further causes", head, rest.slice(0, 500).map(row), { class: "causes-table" })) : null,
  );
}

function ranking({ worst, best, summary }, customers, open) {
  if (worst.length === 0) return null;
  const { columns } = customers.data;
  const isForecast = Boolean(summary.backtest);
  const has = columns.against_naive && !columns.against_naive.every(Number.isNaN);
  const row = ([name, error]) => {
    const at = columns.customer.indexOf(name);
    return [open(name), [asError(isForecast ? error : 1 - error)], ...(has ? [[asError(columns.against_naive[at])]] : []), visible(columns.model[at] ?? "–"), [asCount(columns.rows[at])]];
  };
  const measure = isForecast ? "MASE" : "R²";
  const head = ["customer", [measure], ...(has ? [["÷ naive"]] : []), "model", ["rows"]];
  const list = (title, of) => element("div", {}, element("h3", {}, title), plainTable(title, head, of.map(row)));
  return section("ranking", "Worst and best customers", `By ${measure}. Open one to see its series.`, element("div", { class: "pair" }, list("Worst", worst), list("Best", best)));
}

async function start() {
  const lead = document.getElementById("lead");
  if (typeof DecompressionStream === "undefined") {
    lead.textContent = "This browser cannot unpack the page's data: use one from 2023 or later.";
    return;
  }
  const main = document.getElementById("main");
  const overview = JSON.parse(await unpack("overview"));
  const { summary } = overview;
  const done = summary.fitted + summary.unchanged + summary.fallback;
  lead.textContent = `${asCount(done)} of ${counted(summary.customers, "customer")} have a model. Results in ${visible(overview.place)}, by manyfit ${overview.version}.`;
  main.append(totals(overview));
  // The totals are seen while the table is unpacked.
  await new Promise((resolve) => setTimeout(resolve));
  const data = await unpackCustomers(overview.columns);
  let dialog = null;
  const customers = new Customers(data, overview.causes, (row) => dialog.show(row));
  dialog = new CustomerDialog(customers, overview);
  const open = (name) =>
    element("button", { type: "button", class: "link", onclick: () => {
      const row = data.columns.customer.indexOf(name);
      if (row >= 0) dialog.show(row);
    } }, nameOf(name));
  const choose = (filter) => {
    customers.filter({ text: "", status: "", model: "", cause: "", ...filter });
    document.getElementById("customers").scrollIntoView();
  };
  const rows = overview.has_all ? "" : ` The table has ${counted(data.length, "customer")}, the worst, the best and a sample: of more than 100,000 customers a page cannot hold all; manifest.jsonl does.`;
  const shown = overview.shown < summary.customers ? `${counted(overview.shown, "customer")} have their series in this page: the worst, the best and a sample.` : "All customers have their series in this page.";
  const table = section("customers", "All customers", `${shown}${rows}`);
  const sections = [
    ranking(overview, customers, open),
    errors(overview, data.columns),
    models(overview, choose),
    calibration(overview),
    causes(overview, choose, open),
    time(overview, open),
    table,
  ].filter(Boolean);
  const links = [document.getElementById("totals"), ...sections].map((part) => element("a", { href: `#${part.id}` }, part.querySelector("h2").textContent));
  document.querySelector("header").append(element("nav", { "aria-label": "Sections" }, links));
  main.append(...sections);
  table.append(customers.element());
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => {
  document.getElementById("lead").textContent = `This page is damaged: ${error.message}. Write it again with manyfit report.`;
  throw error;
});
