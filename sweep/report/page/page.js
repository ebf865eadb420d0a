// SPDX-License-Identifier: MIT
// What any page does beyond being read: its tables sort and filter, its maps answer, its commands can be copied.
// Texts become text nodes, never markup.  Without scripts the page says the same.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};
const choice = (label, options, value, onchange) => {
  const entries = options.map(([key, text]) => make("option", { value: key }, text));
  const list = make("select", { onchange: () => onchange(options[list.selectedIndex][0]) }, ...entries);
  list.value = value;
  return make("label", {}, `${label} `, list);
};

// Tables: a button in each heading sorts.
const said = (cell) => cell?.firstChild?.textContent ?? "";
const NUMBER = /^[*≈?<( ]*([-+]?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?: ?(ns|µs|ms|s)\b)?/;
function number(text) {
  const found = NUMBER.exec(text.startsWith("~") ? "0" : text);
  return found ? parseFloat(found[1].replaceAll(",", "")) * ({ µs: 1e3, ms: 1e6, s: 1e9 }[found[2]] ?? 1) : NaN;
}
const ordered = (entries, sign) => { // of [key, item]; what is no number comes last, in the order of its letters
  const keyed = entries.map(([key, item]) => [typeof key === "number" ? key : number(key), String(key), item]);
  const compare = ([x, a], [y, b]) =>
    isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) || sign * a.localeCompare(b) : sign * (x - y);
  return keyed.sort(compare).map(([, , item]) => item);
};
function sortable(table, sort, columns) { // those from `columns` on have nothing to sort by
  const headings = all("thead th", table).slice(0, columns);
  headings.forEach((th, column) => {
    const onclick = () => {
      const down = th.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(column, down ? -1 : 1);
    };
    th.append(make("button", { type: "button", class: "sort", title: "sort", onclick }, ...th.childNodes));
  });
}
function sortableRows(table) {
  const body = table.tBodies[0];
  if (body.rows.length < 3) return;
  sortable(table, (column, sign) =>
    body.append(...ordered([...body.rows].map((row) => [said(row.cells[column]), row]), sign)));
}

// Maps: arrow keys go from cell to cell; a line below says what the cell under pointer or focus means.
const HINT = "Point at a cell, or go there with the arrow keys.";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function mapped(table, place) {
  const line = make("p", { class: "readout", "aria-live": "polite" }, place ? "" : HINT);
  const [head] = table.tHead.rows, cells = [...table.tBodies[0].rows].map((row) => all("td", row));
  const tell = ({ target: cell }) => {
    const where = [said(head.cells[0]), said(cell.parentNode.cells[0]), `ring ${said(head.cells[cell.cellIndex])}`];
    line.textContent = `${where.join(", ")}: ${cell.title || "not simulated"}`;
  };
  cells.forEach((row, y) => row.forEach((cell, x) => {
    cell.tabIndex = x || y ? -1 : 0;
    cell.addEventListener("focus", tell);
    cell.addEventListener("mouseenter", tell);
    cell.addEventListener("keydown", (event) => {
      const [right, down] = STEPS[event.key] ?? [];
      const next = cells[y + down]?.[x + right];
      if (!next) return;
      event.preventDefault();
      [cell.tabIndex, next.tabIndex] = [-1, 0];
      next.focus();
    });
  }));
  table.setAttribute("role", "grid");
  all("td", table).forEach((cell) => cell.setAttribute("role", "gridcell"));
  table.after(line);
}

// Commands: shown whole, and copied with a button.
function copyable(code) {
  const copy = async () => {
    getSelection().selectAllChildren(code);
    try { await navigator.clipboard.writeText(code.textContent); } catch { document.execCommand("copy"); }
    button.textContent = "Copied";
  };
  const button = make("button", { type: "button", class: "copy", "aria-live": "polite", onclick: copy }, "Copy");
  code.after(button);
}

// What is open and what is filtered stands in the address behind "#", so that a view can be mailed.
const chosen = { mix: "", strategy: "", words: "" };
const folds = () => all("details[data-fold]");
const wanted = () => new URLSearchParams(location.hash.slice(1));
function remember() {
  const state = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
  folds().filter((each) => each.open).forEach((each) => state.append("open", each.dataset.fold));
  history.replaceState(null, "", `#${state}`);
}
function unfold() { // without a word in the address the page stays as it was written
  if (location.hash.length < 2) return;
  const open = wanted().getAll("open");
  for (const each of folds()) each.open = open.includes(each.dataset.fold);
}

// Filters: a traffic mix, a strategy, words; they hold for every table, and the charts follow the mix.
const followers = []; // functions of nothing that do what a change asks of them, and may say what they show
const ENDS = [":", " at ", " against ", " ("];
const begins = (text, name) => text === name || ENDS.some((end) => text.startsWith(name + end));
const named = (names, text) => names.find((name) => begins(text, name)) ?? "";
const has = (text) => chosen.words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
const differs = (wanted, own) => Boolean(wanted && own && wanted !== own);
function filtered(mixes, kinds) { // names of traffic mixes and of strategies, the baseline first
  const [bar, status] = [byId("filters"), byId("found")], longest = [...mixes].sort((a, b) => b.length - a.length);
  const about = (text) => named(kinds, text.replace(/^\* /, ""));
  const blocks = all(".block").map((node) => {
    const table = node.querySelector("table"), title = said(node.querySelector("caption, figcaption, h3")).trim();
    const rows = table && !table.matches(".map") ? [...table.tBodies[0].rows] : [];
    const known = rows.map((row) => [row, `${title} ${row.textContent}`.toLowerCase(), about(said(row.cells[0]))]);
    const columns = rows.length ? all("thead th", table).map((th) => about(th.textContent)) : [];
    return { node, table, mix: named(longest, title), known, columns, text: node.textContent.toLowerCase() };
  });
  const answers = all(".answer").map((node) => ({ node, mix: named(longest, node.dataset.fold) }));
  const apply = () => {
    for (const { node, mix } of answers) {
      node.hidden = differs(chosen.mix, mix);
      if (chosen.mix && !node.hidden) node.open = true;
    }
    for (const { node, table, mix, known, columns, text } of blocks) {
      for (const [row, words, own] of known) row.hidden = !has(words) || differs(chosen.strategy, own);
      const empty = known.length > 0 && known.every(([row]) => row.hidden);
      node.hidden = differs(chosen.mix, mix) || empty || !has(text);
      columns.forEach((own, i) => {
        const out = own !== kinds[0] && differs(chosen.strategy, own);
        if (own) for (const row of table.rows) if (row.cells[i]) row.cells[i].hidden = out;
      });
    }
    for (const section of all("main section")) {
      const inside = all(".block", section);
      section.hidden = inside.length > 0 && inside.every((node) => node.hidden) && !section.querySelector(".live");
    }
    for (const view of all(".view")) view.hidden = all("section", view).every((section) => section.hidden);
    const tables = blocks.filter(({ table }) => table), shown = tables.filter(({ node }) => !node.hidden);
    const others = followers.map((tell) => tell()).filter(Boolean);
    status.textContent = [`${shown.length} of ${tables.length} tables`, ...others].join(", ");
  };
  const set = (name, value) => { chosen[name] = value; apply(); remember(); };
  const pick = (label, name, names) => choice(label, [["", "all"], ...names.map((each) => [each, each])], chosen[name],
    (value) => set(name, value));
  for (const [name, value] of wanted()) if (name in chosen) chosen[name] = value;
  if (!mixes.includes(chosen.mix)) chosen.mix = "";
  if (!kinds.includes(chosen.strategy)) chosen.strategy = "";
  const words = make("input", { type: "search", value: chosen.words, oninput: () => set("words", words.value) });
  if (mixes.length > 1) bar.append(pick("Traffic mix", "mix", mixes));
  if (kinds.length > 1) bar.append(pick("Strategy", "strategy", kinds));
  bar.append(make("label", {}, "Containing ", words), status);
  apply();
  unfold();
  folds().forEach((each) => each.addEventListener("toggle", remember));
}

document.documentElement.classList.add("scripts");
byId("filtering").open = matchMedia("(min-width: 48rem)").matches;
all("pre code").forEach(copyable);
all("table.map").forEach(mapped);
all("table:not(.map, .live)").forEach(sortableRows);
if (!byId("points")) filtered([], []);
