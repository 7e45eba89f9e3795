// Bars and lines of the overview, drawn as SVG in the colours of the style sheet. Each has its numbers in a table below it.

/** A drawing of this size, in its own units, that scales with the page. */
function drawing(width, height, label, ...shapes) {
  return shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "drawing" }, ...shapes);
}

/** A text in a drawing. */
function label(x, y, text, anchor = "middle") {
  return shape("text", { x, y, "text-anchor": anchor }, text);
}

/** The numbers behind a chart, folded away. */
function numbersBehind(caption, head, rows) {
  return element("details", { class: "numbers" }, element("summary", {}, "Numbers"), plainTable(caption, head, rows));
}

/** The upper end of a scale: 1, 2 or 5 times a power of ten. */
function niceCeiling(number) {
  const power = 10 ** Math.floor(Math.log10(Math.max(number, 1e-9)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= number * (1 - 1e-9));
}

/** Customers by an error as bars, with those of the seasonal naive as a line of steps over them. */
function histogram({ title, explanation, model, naive, write, mark }) {
  const [width, height, left, bottom, top] = [340, 190, 40, 26, 10];
  const groups = (of) => [of.below, ...of.counts, of.above];
  const counts = groups(model);
  const others = naive && groups(naive).some((count) => count > 0) ? groups(naive) : null;
  const used = counts.map((count, at) => count + (others?.[at] ?? 0));
  // Errors begin at 0; what has a sign begins with what there is.
  const first = used.findIndex((count) => count > 0);
  const from = model.from < 0 && first > 1 ? Math.min(first, Math.floor(-model.from / model.width)) : Math.min(first, 1);
  // Not the empty bins at the end, but what is marked.
  const marked = mark === undefined || mark === null ? 0 : Math.ceil((mark - model.from) / model.width) + 2;
  const last = used.findLastIndex((count) => count > 0);
  const to = Math.min(used.length - (used[used.length - 1] > 0 ? 0 : 1), Math.max(last + 1, marked, from + 8));
  const most = niceCeiling(Math.max(...counts, ...(others ?? [0]), 1));
  const step = (width - left - 6) / (to - from);
  const x = (at) => left + (at - from) * step;
  const y = (count) => height - bottom - (count / most) * (height - bottom - top);
  const edge = (at) => model.from + (at - 1) * model.width;
  const range = (at) => {
    if (at === 0) return `below ${write(edge(1))}`;
    if (at === counts.length - 1) return `${write(edge(at))} and above`;
    return `${write(edge(at))} to ${write(edge(at + 1))}`;
  };
  const shapes = [0, 0.5, 1].flatMap((share) => [
    shape("line", { x1: left, x2: width - 6, y1: y(share * most), y2: y(share * most), class: "grid" }),
    label(left - 5, y(share * most) + 4, asNumber(share * most), "end"),
  ]);
  for (let at = from; at < to; at++) {
    const bar = { x: x(at) + 0.5, y: y(counts[at]), width: Math.max(step - 1, 0.8), height: y(0) - y(counts[at]), class: "bar" };
    shapes.push(shape("rect", bar, shape("title", {}, `${range(at)}: ${counted(counts[at], "customer")}`)));
  }
  if (others) {
    let path = `M${x(from)},${y(0)}`;
    for (let at = from; at < to; at++) path += `V${y(others[at])}H${x(at + 1)}`;
    shapes.push(shape("path", { d: `${path}V${y(0)}`, class: "naive" }));
  }
  if (mark !== undefined && mark !== null) {
    const at = x(1 + (mark - model.from) / model.width);
    shapes.push(shape("line", { x1: at, x2: at, y1: top - 4, y2: y(0), class: "mark" }));
  }
  const ends = [Math.max(1, from), Math.min(to, counts.length - 1)];
  const every = [1, 2, 4, 5, 10].find((bins) => (ends[1] - ends[0]) / bins <= 6) ?? 10;
  for (let at = ends[0]; at <= ends[1]; at += every) {
    const text = at === counts.length - 1 && to === counts.length ? `${write(edge(at))}+` : write(edge(at));
    shapes.push(label(Math.min(x(at), width - 12), height - 8, text));
  }
  const rows = [];
  for (let at = from; at < to; at++) {
    rows.push([range(at), [asCount(counts[at])], ...(others ? [[asCount(others[at])]] : [])]);
  }
  const described = `${title}: ${explanation}`;
  return element(
    "figure",
    { "data-measure": title },
    element("figcaption", {}, element("strong", {}, title), ` ${explanation}`),
    drawing(width, height, described, ...shapes),
    numbersBehind(title, [title, ["customers"], ...(others ? [["seasonal naive"]] : [])], rows),
  );
}

/** Lines over steps ahead: what intervals cover, and what they promise. */
function calibrationChart({ rows, covered }, nominal) {
  const [width, height, left, bottom, top] = [700, 230, 44, 34, 10];
  const shares = rows.map((count, step) => (count > 0 ? covered[step] / count : null));
  const x = (step) => left + ((step + 0.5) / rows.length) * (width - left - 8);
  const y = (share) => height - bottom - share * (height - bottom - top);
  const shapes = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((share) => [
    shape("line", { x1: left, x2: width - 8, y1: y(share), y2: y(share), class: "grid" }),
    label(left - 6, y(share) + 4, `${Math.round(100 * share)} %`, "end"),
  ]);
  if (nominal !== null) {
    shapes.push(shape("line", { x1: left, x2: width - 8, y1: y(nominal), y2: y(nominal), class: "mark" }));
  }
  let path = "";
  shares.forEach((share, step) => {
    if (share === null) return;
    path += `${path === "" ? "M" : "L"}${x(step)},${y(share)}`;
    if (rows.length <= 60) {
      const text = `step ${step + 1}: ${asPercent(share)} of ${counted(rows[step], "row")}`;
      shapes.push(shape("circle", { cx: x(step), cy: y(share), r: 3.5, class: "dot" }, shape("title", {}, text)));
    }
  });
  shapes.push(shape("path", { d: path, class: "line" }));
  const every = Math.max(1, Math.round(rows.length / 8));
  rows.forEach((_, step) => {
    if (step === 0 || (step + 1) % every === 0) shapes.push(label(x(step), height - bottom + 16, step + 1));
  });
  shapes.push(label((width + left) / 2, height - 3, "steps ahead of the cutoff"));
  const promised = nominal === null ? "" : `, promised are ${asPercent(nominal)}`;
  const table = rows.map((count, step) => [String(step + 1), [asCount(count)], [asCount(covered[step])], [asPercent(shares[step])]]);
  return element(
    "figure",
    { class: "wide" },
    drawing(width, height, `Share of rows within the intervals by steps ahead${promised}`, ...shapes),
    numbersBehind("Rows within the intervals, by steps ahead", ["steps ahead", ["rows"], ["within"], ["share"]], table),
  );
}

/** Parts of a whole as one bar, with a list of what they are. */
function shareBar(caption, parts, write) {
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  let at = 0;
  const shapes = parts.map(([name, value], place) => {
    const width = (700 * value) / total;
    const text = `${name}: ${write(value)}, ${asPercent(value / total)}`;
    const part = shape("rect", { x: at, y: 0, width, height: 26, class: `part part-${place}` }, shape("title", {}, text));
    at += width;
    return part;
  });
  const rows = parts.map(([name, value], place) => [
    element("span", {}, element("span", { class: `swatch part-${place}`, "aria-hidden": "true" }), name),
    [write(value)],
    [asPercent(value / total)],
  ]);
  const bar = drawing(700, 26, caption, ...shapes);
  return element("figure", { class: "wide" }, bar, plainTable(caption, ["phase", ["time of all threads"], ["share"]], rows));
}

/** A cell with a bar as long as its share. */
function barCell(value, most, text) {
  const share = most > 0 ? (100 * value) / most : 0;
  return element("span", { class: "bar-cell", style: `--share: ${share}%` }, text);
}
