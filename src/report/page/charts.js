// The charts of one customer: history and forecast, forecasts of the past, components, predictions.

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Seconds of milliseconds, which is what uPlot draws. */
const seconds = (times) => times.map((ms) => ms / 1000);

/** How times are written along an axis, by the distance between them: in short, and what follows where a larger unit changes. */
const DATES = [
  [365 * 86400, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86400, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [0, "{ss}", "\n{D} {MMM} {HH}:{mm}", null, "\n{HH}:{mm}", null, null, null, 1],
];

/** A chart of series over time, with buttons that do what the mouse does. */
function timeChart(host, title, times, series, { height = 260, bands = [] } = {}) {
  const axis = () => ({ stroke: () => style("--muted"), grid: { stroke: () => style("--grid"), width: 1 }, ticks: { stroke: () => style("--grid") } });
  const box = element("div", { class: "plot", role: "img", "aria-label": title });
  const buttons = element("div", { class: "zoom" });
  host.append(element("h3", {}, title), box, buttons);
  const plot = new uPlot(
    {
      width: Math.max(280, box.clientWidth || 700),
      height,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      scales: { x: { time: true } },
      axes: [{ ...axis(), values: DATES }, { ...axis(), size: 64, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : asNumber(tick))) }],
      series: [
        { value: (_, at) => (at === null ? "–" : asDate(at * 1000)) },
        ...series.map(({ values, stroke, fill, ...rest }) => ({
          value: (_, number) => asNumber(number),
          spanGaps: false,
          stroke: () => style(stroke),
          fill: fill ? () => style(fill) : undefined,
          ...rest,
        })),
      ],
      bands: bands.map((band) => ({ series: band, fill: () => style("--band") })),
      cursor: { drag: { x: true, y: false } },
      legend: { live: true },
    },
    [times, ...series.map(({ values }) => values)],
    box,
  );
  const scale = (change) => () => {
    const { min, max } = plot.scales.x;
    const [from, to] = change(min, max);
    plot.setScale("x", { min: Math.max(from, times[0]), max: Math.min(to, times[times.length - 1]) });
  };
  const button = (text, name, change) => element("button", { type: "button", "aria-label": `${name}: ${title}`, onclick: scale(change) }, text);
  buttons.append(
    button("+", "Zoom in", (min, max) => [min + (max - min) / 4, max - (max - min) / 4]),
    button("−", "Zoom out", (min, max) => [min - (max - min) / 2, max + (max - min) / 2]),
    button("←", "Earlier", (min, max) => (min <= times[0] ? [min, max] : [min - (max - min) / 3, max - (max - min) / 3])),
    button("→", "Later", (min, max) => (max >= times[times.length - 1] ? [min, max] : [min + (max - min) / 3, max + (max - min) / 3])),
    button("All", "All", () => [times[0], times[times.length - 1]]),
    element("span", { class: "hint" }, "Drag to zoom, double-click for all."),
  );
  const resize = new ResizeObserver(() => {
    if (box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height });
  });
  resize.observe(box);
  return { redraw: () => plot.redraw(false, true), destroy: () => (resize.disconnect(), plot.destroy()) };
}

/** Values of several series at the times of all of them, sorted; absent ones are null. */
function joined(...parts) {
  const times = [...new Set(parts.flatMap(({ times }) => times))].sort((a, b) => a - b);
  const place = new Map(times.map((time, at) => [time, at]));
  const columns = parts.map(({ times: own, values }) => {
    const column = new Array(times.length).fill(null);
    own.forEach((time, at) => (column[place.get(time)] = values[at]));
    return column;
  });
  return [times, ...columns];
}

/** The history and the forecast with its interval. */
function forecastChart(host, { history, forecasts }) {
  if (!history && !forecasts) return null;
  const absent = { times: [], values: [] };
  const of = (table, name) => (table?.[name] ? { times: seconds(table.times[0]), values: table[name] } : absent);
  const [times, y, yhat, lower, upper] = joined(of(history, "y"), of(forecasts, "yhat"), of(forecasts, "yhat_lower"), of(forecasts, "yhat_upper"));
  const series = [{ label: "observed", values: y, stroke: "--ink", width: 1 }];
  const bands = [];
  if (forecasts?.yhat) {
    series.push({ label: "forecast", values: yhat, stroke: "--accent", width: 2 });
    if (forecasts.yhat_lower) {
      series.push({ label: "upper", values: upper, stroke: "--accent-soft", width: 1 });
      series.push({ label: "lower", values: lower, stroke: "--accent-soft", width: 1 });
      bands.push([3, 4]);
    }
  }
  const title = history ? (forecasts ? "History and forecast" : "History") : "Forecast";
  return timeChart(host, title, times, series, { bands });
}

/** Forecasts of the past from each cutoff, beside what was observed. */
function backtestChart(host, { backtest }) {
  if (!backtest?.yhat) return null;
  const [dates, cutoffs] = backtest.times;
  const windows = new Map();
  cutoffs.forEach((cutoff, row) => windows.set(cutoff, [...(windows.get(cutoff) ?? []), row]));
  const parts = [];
  const series = [];
  const add = (labelled, rows, name, look) => {
    parts.push({ times: rows.map((row) => dates[row] / 1000), values: rows.map((row) => backtest[name][row]) });
    series.push({ label: labelled, ...look });
  };
  const last = new Map(dates.map((date, row) => [date, row]));
  add("observed", [...last.values()], "y", { stroke: "--ink", width: 1 });
  for (const [cutoff, rows] of windows) {
    add(`from ${asDate(cutoff)}`, rows, "yhat", { stroke: "--accent", width: 2 });
    if (!backtest["seasonal-naive"]) continue;
    // One entry in the legend stands for all.
    const look = { stroke: "--naive", width: 1, dash: [4, 3], class: series.length > 2 ? "repeated" : "once" };
    add("seasonal naive", rows, "seasonal-naive", look);
  }
  const [times, ...columns] = joined(...parts);
  series.forEach((one, at) => (one.values = columns[at]));
  return timeChart(host, `Forecasts of the past, from ${counted(windows.size, "cutoff")}`, times, series);
}

/** The parts that a forecast is made of, each over the dates of the forecast. */
function componentCharts(host, { forecasts }) {
  if (!forecasts) return [];
  const names = Object.keys(forecasts).filter((name) => name !== "times" && !/^yhat|_lower$|_upper$|_terms$/.test(name));
  if (names.length === 0) return [];
  const grid = element("div", { class: "components" });
  host.append(element("h3", {}, "Components of the forecast"), grid);
  return names.map((name) => {
    const cell = element("div");
    grid.append(cell);
    return timeChart(cell, name, seconds(forecasts.times[0]), [{ label: name, values: forecasts[name], stroke: "--accent", width: 2 }], { height: 150 });
  });
}

/** Predictions against targets, and their differences. */
function predictionCharts(host, { predictions }) {
  if (!predictions?.target || !predictions.prediction) return;
  const [size, margin] = [340, 46];
  const { target, prediction } = predictions;
  const all = [...target, ...prediction];
  const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const place = (value) => margin + ((value - least) / (most - least || 1)) * (size - margin - 10);
  const shapes = [shape("line", { x1: place(least), y1: size - place(least), x2: place(most), y2: size - place(most), class: "mark" })];
  target.forEach((value, row) => {
    const text = `target ${asNumber(value)}, prediction ${asNumber(prediction[row])}`;
    shapes.push(shape("circle", { cx: place(value), cy: size - place(prediction[row]), r: 2.5, class: "dot" }, shape("title", {}, text)));
  });
  for (const value of [least, (least + most) / 2, most]) {
    shapes.push(label(place(value), size - margin + 18, asNumber(value)), label(margin - 6, size - place(value) + 4, asNumber(value), "end"));
  }
  shapes.push(label(size / 2, size - 6, "target"));
  const errors = prediction.map((value, row) => value - target[row]);
  const reach = niceCeiling(errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0)) || 1;
  const counts = { from: -reach, width: reach / 10, below: 0, counts: new Array(20).fill(0), above: 0 };
  for (const error of errors) counts.counts[Math.min(19, Math.floor((error + reach) / counts.width))] += 1;
  host.append(
    element("h3", {}, `Predictions for ${counted(target.length, "validation row")}`),
    element(
      "div",
      { class: "charts" },
      element("figure", {}, element("figcaption", {}, element("strong", {}, "Prediction against target"), " On the line both are equal."), drawing(size, size, "Predictions against targets", ...shapes)),
      histogram({ title: "Residuals", explanation: "Prediction minus target.", model: counts, write: asNumber, mark: 0 }),
    ),
  );
}
