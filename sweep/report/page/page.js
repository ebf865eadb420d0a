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

// What is open, filtered and chosen stands in the address behind "#", so that a view can be mailed.
const chosen = { words: "" }; // and the value of each axis that a filter names
const choices = {}; // of charts: name of the chart, then of the choice
const folds = () => all("details[data-fold]");
const wanted = () => new URLSearchParams(location.hash.slice(1));
function remember() {
  const state = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
  for (const [chart, own] of Object.entries(choices)) {
    for (const [name, value] of Object.entries(own)) [value].flat().forEach((each) => state.append(`${chart}.${name}`, each));
  }
  folds().filter((each) => each.open).forEach((each) => state.append("open", each.dataset.fold));
  history.replaceState(null, "", `#${state}`);
}
function unfold() { // without a word in the address the page stays as it was written
  if (location.hash.length < 2) return;
  const open = wanted().getAll("open");
  for (const each of folds()) each.open = open.includes(each.dataset.fold);
}

// Filters: words and, where a page carries points, a value of each axis.  They hold for every table, chart and answer.
// An axis has a `name`, a `title`, its `values`, and `of`, which says whether a point is at a value; one that makes
// mixes has `mixes`, its value in each.
let axes = [], names = { mixes: [], columns: [] };
const followers = []; // functions of nothing that do what a change asks of them, and may say what they show
const picked = (i, but) => axes.every(({ name, of }) => name === but || !chosen[name] || of(i, chosen[name]));
const ENDS = [":", " at ", " against ", " ("];
const begins = (text, name) => text === name || ENDS.some((end) => text.startsWith(name + end));
const named = (among, text) => among.find((name) => begins(text, name)) ?? "";
const has = (text) => chosen.words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
const away = (name, own) => Boolean(chosen[name] && own !== undefined && Number(chosen[name]) !== Number(own));
const other = (own) => Boolean(chosen.strategy && own) && !begins(own, chosen.strategy) && !begins(chosen.strategy, own);
const without = (mix) => mix && axes.some((each) =>
  each.mixes && chosen[each.name] && each.mixes[names.mixes.indexOf(mix)] !== chosen[each.name]);
function coordinates(text) { // of a caption or a row: "router at load 0.5, ring 256: ..."
  const mix = named(names.longest, text), rest = text.slice(mix.length);
  return { mix, load: /\bload ([\d.]+)/.exec(rest)?.[1], ring: /\bring (\d+)/.exec(rest)?.[1] };
}
const outside = ({ mix, load, ring, strategy }) => without(mix) || away("load", load) || away("ring", ring) || other(strategy);
function blockOf(node) { // a table, picture or finding, with where it is and where its rows and columns are
  const table = node.querySelector("table"), title = said(node.querySelector("caption, figcaption, h3, h4")).trim();
  const about = (text) => text.replace(/^[*≈?] /, ""), isMap = table?.matches(".map");
  const strategy = (text) => names.columns.some((name) => begins(about(text), name)) ? about(text) : "";
  const heads = table ? all("thead th", table).map((th) => said(th.firstElementChild ?? th).trim()) : [];
  const place = (row, name) => { // a column of that name, or the words of its first cell
    const at = isMap ? -1 : heads.indexOf(name);
    return at < 0 ? coordinates(said(row.cells[0]))[name] : said(row.cells[at]);
  };
  const rows = (table && !table.matches(".prose") ? [...table.tBodies[0].rows] : []).map((row) => [row,
    isMap ? "" : `${title} ${row.textContent}`.toLowerCase(), { mix: coordinates(said(row.cells[0])).mix,
      load: place(row, "load"), ring: place(row, "ring"), strategy: strategy(said(row.cells[0])) }]);
  const columns = heads.map((text, i) => isMap && i ? { ring: text } : i && text !== names.columns[0] ? { strategy: strategy(text) } : {});
  const known = [coordinates(title), ...rows.map(([, , at]) => at), ...columns];
  const placed = known.some((at) => Object.values(at).some(Boolean));
  return { node, table, isMap, at: coordinates(title), rows, columns, placed, text: node.textContent.toLowerCase() };
}
function filtered(of, mixes, columns) { // the axes, and the names of mixes and columns, the baseline first
  [axes, names] = [of.filter(({ values }) => values.length > 1), { mixes, columns, longest: [...mixes].sort((a, b) => b.length - a.length) }];
  const [bar, status] = [byId("filters"), byId("found")], blocks = all(".block").map(blockOf);
  const answers = all(".answer").map((node) => ({ node, mix: named(names.longest, node.dataset.fold) }));
  for (const section of all(".view section")) {
    const whole = blocks.some(({ node, placed, table }) => section.contains(node) && !placed && !table?.matches(".live"));
    if (whole) section.firstElementChild.after(make("p", { class: "left whole" }, WHOLE));
  }
  const apply = () => {
    document.documentElement.classList.toggle("narrowed", axes.some(({ name }) => chosen[name]));
    for (const { node, mix } of answers) {
      node.hidden = without(mix);
      if (chosen.mix && !node.hidden) node.open = true;
    }
    for (const { node, isMap, at, rows, columns, table, text } of blocks) {
      for (const [row, words, where] of rows) row.hidden = (!isMap && !has(words)) || outside(where);
      const empty = !isMap && rows.length > 0 && rows.every(([row]) => row.hidden);
      node.hidden = !has(text) || (!isMap && outside(at)) || empty;
      columns.forEach((where, i) => {
        if (!Object.values(where).some(Boolean)) return;
        const out = outside(where);
        for (const row of table.rows) if (row.cells[i]) row.cells[i].hidden = out;
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
  for (const { name, values } of [{ name: "words" }, ...axes]) {
    const value = wanted().get(name) ?? "";
    chosen[name] = values && !values.includes(value) ? "" : value;
  }
  const words = make("input", { type: "search", value: chosen.words, oninput: () => set("words", words.value) });
  for (const { name, title, values } of axes) {
    const options = [["", "all"], ...values.map((each) => [each, each])];
    bar.append(choice(title, options, chosen[name], (value) => set(name, value)));
  }
  bar.append(make("label", {}, "Containing ", words), status);
  apply();
  unfold();
  folds().forEach((each) => each.addEventListener("toggle", remember));
}
const WHOLE = "This holds for the whole report, whatever is filtered.";

document.documentElement.classList.add("scripts");
byId("filtering").open = matchMedia("(min-width: 48rem)").matches;
all("pre code").forEach(copyable);
all("table.map").forEach(mapped);
all("table:not(.map, .live)").forEach(sortableRows);
if (!byId("points")) filtered([], [], []);
