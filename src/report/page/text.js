// Elements and numbers as text. Names and texts of customers become text nodes and nothing else.

/** An element with attributes (those that begin with "on" are listeners) and children, which are elements or texts. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** A shape of a drawing. */
function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A text from elsewhere, with its invisible and turning characters made visible. */
function visible(text) {
  return String(text).replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
}

/** A name from elsewhere, which may be written from right to left, apart from the text around it. */
function nameOf(text) {
  return element("bdi", {}, visible(text));
}

const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const wholes = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fixed = [0, 1, 2, 3].map(
  (places) => new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: places }),
);

/** A number that is absent is a dash. */
const given = (write) => (number) => (number === null || number === undefined || Number.isNaN(number) ? "–" : write(number));

const asCount = given((number) => wholes.format(number));
const asNumber = given((number) => (Math.abs(number) >= 1e5 ? wholes.format(number) : digits.format(number)));
const asError = given((number) => (Math.abs(number) >= 1000 ? digits.format(number) : fixed[3].format(number)));
const asPercent = given((share) => `${fixed[1].format(100 * share).replace(/^-(0\.0)$/, "$1")} %`);

const asDuration = given((seconds) => {
  if (seconds < 0.001) return `${digits.format(seconds * 1e6)} µs`;
  if (seconds < 1) return `${digits.format(seconds * 1e3)} ms`;
  if (seconds < 120) return `${fixed[1].format(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${fixed[1].format(seconds / 3600)} h`;
});

const asBytes = given((bytes) => {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${digits.format(bytes / 1000 ** unit)} ${units[unit]}`;
});

/** "1 customer", "2 customers". */
const counted = (number, noun) => `${asCount(number)} ${noun}${number === 1 ? "" : "s"}`;

/** A date without its time of day where that is midnight. */
const asDate = (ms) => new Date(ms).toISOString().replace(/T00:00:00\.000Z$/, "").replace(/\.000Z$/, "").replace("T", " ");

/** The rows that a regression model was scored on, by their name in the manifest. */
const SCORED_ON = { validation: "validation rows", folds: "rows of folds that were left out", in_sample: "the rows that it was fitted to" };

/** A section with a heading, and a sentence on how to read it. */
function section(id, title, lead, ...content) {
  const heading = element("h2", { id: `${id}-title` }, title);
  const explanation = lead ? [element("p", { class: "lead" }, lead)] : [];
  return element("section", { id, "aria-labelledby": `${id}-title` }, heading, ...explanation, ...content);
}

/** A table from its head and rows; cells of numbers, as [text], are aligned to the right. */
function plainTable(caption, head, rows, attributes = {}) {
  const cell = (tag) => (content) =>
    Array.isArray(content) && content.length === 1
      ? element(tag, { class: "number" }, content[0])
      : element(tag, {}, content);
  const first = (row) =>
    row.map((content, at) => {
      const made = cell(at === 0 ? "th" : "td")(content);
      if (at === 0) made.setAttribute("scope", "row");
      return made;
    });
  const heads = head.map((content) => {
    const made = cell("th")(content);
    made.setAttribute("scope", "col");
    return made;
  });
  return element(
    "div",
    { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      attributes,
      element("caption", { class: "hidden" }, caption),
      element("thead", {}, element("tr", {}, heads)),
      element("tbody", {}, rows.map((row) => element("tr", {}, first(row)))),
    ),
  );
}
