// SPDX-License-Identifier: MIT
// What a page does that carries the points of a sweep (points.py): a table of all of them, and charts to choose from.
"use strict";

// The packed data of the page (packing.py): a header, then columns as byte planes.
let data = null;
async function inflate(id) {
  const bytes = Uint8Array.from(atob(byId(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
async function unpack() {
  const bytes = await inflate("points");
  const start = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const found = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const types = { f8: Float64Array, f4: Float32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };
  let at = start;
  for (const { name, type, width } of found.columns) {
    const size = types[type].BYTES_PER_ELEMENT;
    const joined = new Uint8Array(found.rows * width * size);
    for (let plane = 0; plane < size; plane++) {
      for (let i = plane; i < joined.length; i += size) joined[i] = bytes[at++];
    }
    found[name] = new types[type](joined.buffer);
  }
  found.bit = Object.fromEntries(found.bits.map((name, place) => [name, 1 << place]));
  return found;
}

// Numbers as the tables of the report write them (numbers.py).
const fixed = (value, least, most) =>
  value.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });
const order = (value) => Math.floor(Math.log10(Math.abs(value)));
function significant(value, digits = 3) {
  const decimals = value ? Math.max(0, digits - 1 - order(value)) : 0;
  return fixed(value, decimals < digits ? decimals : 0, Math.min(decimals, 12));
}
function percent(share, sign = "") {
  const value = 100 * share, size = Math.abs(value);
  const decimals = size >= 100 || !size ? 0 : size >= 0.1 ? 1 : Math.min(6, 1 - order(size));
  return `${value > 0 ? sign : ""}${fixed(value, decimals, decimals)} %`;
}
function halfWidth(share) { // of an interval, in percent: never a zero that would claim more than was measured
  const size = 100 * share;
  const decimals = size < 0.095 ? 2 : size < 9.95 ? 1 : 0;
  return size < 0.005 ? "<0.01" : fixed(size, decimals, decimals);
}
const TIMES = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
function time(ns) {
  const [size, unit] = TIMES.find(([size]) => ns >= size) ?? TIMES.at(-1);
  return `${significant(ns / size)} ${unit}`;
}
const relative = (write) => (center, half) =>
  write(center) + (half > 0 && center ? ` ±${halfWidth(half / center)} %` : "");
const points = (share, half, sign) => percent(share, sign).slice(0, -2) + (half > 0 ? ` ±${halfWidth(half)} %` : " %");
const KINDS = { // a number with half its interval; ratios are logarithms
  plain: relative(significant), time: relative(time), share: points,
  ratio: (log, half) => points(Math.expm1(log), Math.expm1(half), "+"),
};
const written = ({ name, kind }, i) =>
  Number.isNaN(data[name][i]) ? "–" : KINDS[kind](data[name][i], data[`${name}_half`][i]);
const strategy = (i) => data.strategies[data.column[i]];
const ring = (i) => data.rings[data.ring[i]];
const metric = (name) => data.metrics.find((each) => each.name === name);

function again(i) {
  const width = data.id.length / data.rows;
  const id = String.fromCharCode(...data.id.subarray(i * width, (i + 1) * width));
  const [mix, load] = [data.mixes[data.mix[i]], data.loads[data.load[i]]];
  const title = `${strategy(i).name} in ${mix} at load ${load}, ring ${ring(i)}`;
  const commands = data.commands.flatMap(({ title, text }) =>
    [make("p", {}, title), make("pre", {}, make("code", {}, text.replace("{id}", id)))]);
  const close = make("form", { method: "dialog" }, make("button", {}, "Close"));
  const about = make("p", {}, `Its first of ${data.pairs[i]} replicates, ${id}:`);
  const head = make("h2", { id: "again" }, title);
  const dialog = make("dialog", { "aria-labelledby": "again" }, head, about, ...commands, close);
  dialog.addEventListener("close", () => dialog.remove());
  all("code", dialog).forEach(copyable);
  document.body.append(dialog);
  dialog.showModal();
}


// The table of all points, a page of rows at a time.
const PAGE = 50;
function everyPoint(table) {
  const listed = data.metrics.filter((each) => each.listed), body = table.tBodies[0];
  const places = [(i) => strategy(i).name, (i) => data.mixes[data.mix[i]], (i) => data.loads[data.load[i]], ring];
  const keys = [...places, ...listed.map(({ name }) => (i) => data[name][i])];
  const text = Array.from({ length: data.rows }, (_, i) => places.map((of) => of(i)).join(" ").toLowerCase());
  let sorted = [...text.keys()], shown = [], most = PAGE;
  const cell = (each, i) => {
    if (each !== listed[0]) return make("td", {}, written(each, i));
    const notes = ["", "1", "2", "1,2"][data.flags[i] & 3];
    return make("td", {}, `${data.signs[data.sign[i]]} ${written(each, i)}`, ...(notes && [make("sup", {}, notes)]));
  };
  const row = (i) => {
    const [name, ...where] = places.map((of) => String(of(i)));
    const button = make("button", { type: "button", onclick: () => again(i) }, "Reproduce");
    return make("tr", {}, make("th", { scope: "row" }, name), ...where.map((each) => make("td", {}, each)),
      ...listed.map((each) => cell(each, i)), make("td", {}, ...(data.id ? [button] : [])));
  };
  const more = make("button", { type: "button", onclick: () => { most += 10 * PAGE; show(); } }, "Show more");
  const show = () => {
    body.replaceChildren(...shown.slice(0, most).map(row));
    more.hidden = shown.length <= most;
  };
  const select = () => {
    shown = sorted.filter((i) => has(text[i]) && picked(i));
    most = PAGE;
    show();
    return `${shown.length} of ${data.rows} points`;
  };
  sortable(table, (column, sign) => {
    sorted = ordered(sorted.map((i) => [keys[column](i), i]), sign);
    select();
  }, keys.length);
  table.parentNode.append(more);
  followers.push(select);
  select();
}

// Charts: the specifications of live.py, filled with the rows that the choices leave.
const NAMES = { mix: (i) => data.mixes[i], load: (i) => String(data.loads[i]), ring: (i) => String(data.rings[i]) };
const shown = (i) => data.column[i] === 0 || !chosen.strategy || picked(i); // with the baseline beside it
function among(state) { // along the axis "over" all of it, of the mix all that only differs there
  const fixed = Object.keys(NAMES).filter((name) => state[name] !== undefined && name !== state.over);
  const over = data.axes.find(({ name }) => name === state.over);
  const rest = data.axes.filter((axis) => axis !== over);
  const like = (i) => rest.every(({ values }) => values[data.mix[i]] === values[state.mix]);
  return [...data.mix.keys()].filter((i) => picked(i, "strategy") && shown(i)
    && fixed.every((name) => data[name][i] === state[name] || (name === "mix" && over && like(i))));
}
// The axes that a chart can have across: their title, and the value of a point on each.
function across() {
  const own = data.axes.map(({ name, title, values }) => [name, title.toLowerCase(), (i) => values[data.mix[i]]]);
  const found = [["ring", "ring", ring], ["load", "load", loadOf], ...own];
  const left = [...data.mix.keys()].filter((i) => picked(i, "strategy"));
  const many = found.filter(([, , of]) => new Set(left.map(of)).size > 1);
  return many.length ? many : found.slice(0, 1);
}
function scaleOf(name, values) { // of an axis across; what is no number stands in the order of the points
  const known = [...new Set(values)], numbers = known.map(Number);
  if (numbers.some(Number.isNaN)) return { type: "ordinal", sort: known, axis: { labelAngle: 0 }, scale: {} };
  numbers.sort((a, b) => a - b);
  const wide = name === "ring" || (numbers[0] > 0 && numbers.at(-1) > 16 * numbers[0]);
  const scale = wide ? { type: "log", base: 2, nice: false } : { type: "linear", zero: false, nice: false };
  return { type: "quantitative", scale, axis: { grid: false, values: numbers, labelOverlap: true, format: name === "ring" ? "d" : "~g" } };
}
const numeric = (value) => Number.isNaN(Number(value)) ? value : Number(value);
function options(name, state) {
  if (name === "over") return across().map(([key, title]) => [key, title]);
  if (name === "response") return data.shares.map(({ title }, i) => [i, title]);
  if (name === "metric") return data.metrics.map((each) => [each.name, each.title]);
  if (name === "x" || name === "y") return data.objectives.map((each) => [each, metric(each).title]);
  const keys = [...new Set(among(state).map((i) => data[name][i]))];
  return keys.sort((a, b) => a - b).map((key) => [key, NAMES[name](key)]);
}
const plain = ({ kind }, center) => kind === "ratio" ? Math.expm1(center) : center;
function scaled({ axis }, values) {
  const top = Math.max(...values, 1e-4), { scale } = axis;
  return scale.type !== "symlog" ? axis : { ...axis, scale: { ...scale, domainMax: top },
    axis: { ...axis.axis, values: axis.axis.values.filter((tick) => tick <= top * 1.05) } };
}
const FILL = { // each puts titles and scales into a specification and gives its rows
  curves(state, spec) {
    const of = metric(state.metric), logarithmic = of.axis.scale.type === "log", places = among(state);
    const [over, title, xOf] = across().find(([name]) => name === state.over);
    const rows = places.map((i) => {
      const [center, half] = [data[of.name][i], data[`${of.name}_half`][i] || 0], says = written(of, i);
      const least = logarithmic ? center / 10 : of.kind === "ratio" ? -Infinity : 0; // nothing else is less than none
      const x = numeric(xOf(i)), lower = data[`${of.name}_lower`]?.[i] ?? half;
      return { ...strategy(i), x, y: plain(of, center), low: plain(of, Math.max(center - lower, least)),
        high: plain(of, center + half), pairs: data.pairs[i], says: `${strategy(i).name}, ${title} ${x}: ${says}`,
        cells: [strategy(i).name, x, says, data.pairs[i]] };
    }).filter(({ y }) => !Number.isNaN(y) && (y > 0 || !logarithmic));
    spec.encoding.x = { ...spec.encoding.x, title, ...scaleOf(over, places.map(xOf)) };
    spec.names = { x: title, y: of.title };
    const y = scaled(of, rows.map(({ high }) => high));
    spec.layer.forEach(({ encoding }) => Object.assign(encoding.y, y));
    return rows;
  },
  pareto(state, spec) {
    const [x, y] = [metric(state.x), metric(state.y)];
    const rows = among(state).filter((i) => data[x.name][i] >= 0 && data[y.name][i] >= 0).map((i) => {
      const { name } = strategy(i), [front, knee] = [data.flags[i] & 4, data.flags[i] & 8].map(Boolean);
      const numbers = data.objectives.map((each) => `${metric(each).title} ${written(metric(each), i)}`);
      return { ...strategy(i), ring: ring(i), x: data[x.name][i], y: data[y.name][i], front, knee,
        says: [`${name}, ring ${ring(i)}`, ...numbers].join("\n"),
        cells: [name, ring(i), written(x, i), written(y, i), knee ? "the knee" : front ? "yes" : ""] };
    });
    let least = Infinity;
    for (const row of [...rows].sort((a, b) => a.x - b.x || a.y - b.y)) {
      if (row.y < least) [least, row.edge] = [row.y, true]; // nothing is better in both
    }
    spec.names = { x: x.title, y: y.title };
    Object.assign(spec.encoding.x, scaled(x, rows.map((row) => row.x)));
    Object.assign(spec.encoding.y, scaled(y, rows.map((row) => row.y)));
    return rows;
  },
  shares: (state) => data.shares[state.response].rows.map(({ axis: name, alone, together: [x, low, high] }) => {
    const range = low === null ? "" : ` (${percent(low)} to ${percent(high)})`;
    const cells = [name, percent(x) + range, percent(alone)];
    return { name, x, low: low ?? x, high: high ?? x, alone, cells, says: `${name}: ${cells[1]}, alone ${cells[2]}` };
  }),
  bars(state, spec, { parts, title_of_x: title, unit, columns }) {
    spec.encoding.x.title = title;
    spec.names = { x: title };
    return among(state).flatMap((i) => parts.map(({ name: part, color }, place) => {
      const x = data[`${columns}:${part}`][i], { name } = strategy(i);
      const cells = [name, part, significant(x)];
      return { name, part, place, x, color, cells, says: `${name}: ${part} ${cells[2]} ${unit}` };
    }).filter(({ x }) => x > 0));
  },
};
function tip(handler, event, item, text) {
  const box = byId("tip");
  box.hidden = !text;
  if (!text) return;
  box.textContent = text;
  box.style.left = `${Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 8)}px`;
  box.style.top = `${Math.min(event.clientY + 14, innerHeight - box.offsetHeight - 8)}px`;
}
let libraries = null;
const drawer = () => libraries ??= inflate("libraries").then((bytes) =>
  document.head.append(make("script", {}, new TextDecoder().decode(bytes))));
const SETTINGS = { mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: tip };

// The pictures of the document (html.py), each drawn once, when it comes into sight or is printed.
async function pictures() {
  const found = JSON.parse(new TextDecoder().decode(await inflate("pictures")));
  const draw = async (canvas) => {
    watch.unobserve(canvas);
    if (canvas.dataset.picture === "") return;
    const { spec, description } = found[canvas.dataset.picture];
    savable(canvas.closest("figure"), () => tableOf(valuesIn(spec), {}));
    canvas.dataset.picture = "";
    await drawer();
    await vegaEmbed(canvas, { ...spec, description }, { ...SETTINGS, tooltip: false });
    canvas.setAttribute("role", "img");
    for (const mark of all("[role=graphics-symbol][aria-label]:not([aria-roledescription=axis])", canvas)) {
      mark.append(Object.assign(document.createElementNS(mark.namespaceURI, "title"), { textContent: mark.ariaLabel }));
    }
  };
  const seen = (entries) => entries.filter((each) => each.isIntersecting).forEach(({ target }) => draw(target));
  const watch = new IntersectionObserver(seen, { rootMargin: "300px" });
  const canvases = all("[data-picture]");
  canvases.forEach((canvas) => watch.observe(canvas));
  const stills = all(".stills");
  const unfolded = (open) => stills.forEach((each) => { each.open = open; });
  addEventListener("beforeprint", () => { // paper has what is open
    unfolded(true);
    canvases.filter((canvas) => canvas.checkVisibility()).forEach(draw);
  });
  addEventListener("afterprint", () => unfolded(false));
  (window.requestIdleCallback ?? setTimeout)(drawer); // a page is printed without waiting for what is not there yet
}

function live(view, mount) {
  const controls = make("div", { class: "controls" }), canvas = make("div", { class: "canvas" }), body = make("tbody");
  const title = make("figcaption", { "aria-live": "polite" }), state = {}, own = choices[view.name] ??= {};
  for (const [key, value] of wanted()) { // as the address has it
    const [chart, name] = key.split(".");
    if (chart === view.name && name) own[name] = name === "off" ? [...(own.off ?? []), value] : value;
  }
  const off = new Set(own.off);
  const head = make("tr", {}, ...view.head.map((name) => make("th", { scope: "col" }, name)));
  let drawn = null, turn = 0;
  const settle = () => { // lists whose options stay are left alone, with the focus that they may have
    const earlier = {};
    return view.choose.map(({ name, label, first }, place) => {
      const found = options(name, earlier), values = found.map(([key]) => key), old = controls.children[place];
      const asked = found.find(([, text]) => text === own[name]);
      if (asked) [state[name]] = asked;
      else if (!values.includes(state[name])) state[name] = values[Math.floor(first * (values.length - 1))];
      earlier[name] = state[name];
      const list = choice(label, found, state[name], (value) => {
        own[name] = found.find(([key]) => key === value)[1];
        remember();
        draw();
      });
      list.hidden = name === state.over;
      if (old) old.hidden = list.hidden;
      if (!old) controls.append(list);
      else if (old.textContent !== list.textContent) old.replaceWith(list);
      else old.lastChild.value = state[name];
      return [name, found];
    });
  };
  const draw = async () => {
    const mine = turn += 1, left = view.name === "shares" || data.mix.some((_, i) => picked(i, "strategy"));
    controls.hidden = !left;
    if (!left) {
      title.textContent = "Nothing of it is selected.";
      drawn?.finalize();
      canvas.replaceChildren();
      body.replaceChildren();
      return;
    }
    const settled = settle();
    const text = ([name, found]) => [name, found.find(([key]) => key === state[name])[1]];
    const texts = Object.fromEntries(settled.map(text));
    if (state.over) texts.place = placeOf(state, texts);
    title.textContent = view.title.replace(/{(\w+)}/g, (_, name) => texts[name]);
    figure.setAttribute("aria-label", title.textContent);
    const spec = structuredClone(view.spec);
    const rows = FILL[view.fill](state, spec, view).filter((row) => !off.has(row.part ?? row.name));
    const written = ({ cells: [name, ...cells] }) => make("tr", {}, make("th", { scope: "row" }, name),
      ...cells.map((cell) => make("td", {}, String(cell))));
    body.replaceChildren(...rows.map(written));
    await drawer();
    if (mine !== turn) return;
    if (spec.height.step) spec.height = spec.height.step * new Set(rows.map(({ name }) => name)).size;
    drawn?.finalize();
    [figure.rows, figure.names] = [rows, spec.names ?? {}];
    delete spec.names;
    drawn = await vegaEmbed(canvas, { ...spec, description: title.textContent, data: { values: rows } }, SETTINGS);
  };
  const press = ({ currentTarget: button }, name) => {
    button.setAttribute("aria-pressed", String(off.has(name)));
    if (!off.delete(name)) off.add(name);
    own.off = [...off];
    remember();
    draw();
  };
  const legend = (view.parts ?? (view.key ? data.strategies : [])).map(({ name, color, line = "solid", shape }) => {
    const samples = [make("i", { style: `border-top-color:${color};border-top-style:${line}` })];
    if (shape) samples.push(make("i", { class: `mark ${shape}`, style: `background:${color}` }));
    const onclick = (event) => press(event, name), title = "hide or show";
    return make("button", { type: "button", "aria-pressed": String(!off.has(name)), title, onclick }, ...samples, name);
  });
  const key = make("div", { class: "key", role: "group", "aria-label": "Shown" }, ...legend);
  const table = make("table", { "aria-label": "The numbers of this chart" }, make("thead", {}, head), body);
  const numbers = make("details", {}, make("summary", {}, "The numbers of this chart"), table);
  const figure = make("figure", { class: "live" }, title, controls, key, canvas, numbers);
  savable(figure, () => tableOf(figure.rows, figure.names));
  const stills = all(`figure[data-live="${view.name}"]`);
  mount.append(figure);
  if (stills.length) {
    const about = make("summary", {}, "The same as still pictures");
    mount.append(make("details", { class: "stills" }, about, ...stills));
  }
  followers.push(() => {
    watch.unobserve(figure);
    watch.observe(figure);
  });
  const seen = (entries) => { if (entries.some((each) => each.isIntersecting)) { watch.unobserve(figure); draw(); } };
  const watch = new IntersectionObserver(seen, { rootMargin: "300px" }); // what is folded has no width to be drawn in
  watch.observe(figure);
}


function placeOf({ over, mix }, texts) { // "router at load 0.5, ring 256", without the axis that is across
  const rest = data.axes.filter(({ name }) => name !== over).map(({ values }) => values[mix]);
  const where = data.axes.some(({ name }) => name === over) ? rest.join(" · ") || "all" : texts.mix;
  return `${where}${over === "load" ? "" : ` at load ${texts.load}`}${over === "ring" ? "" : `, ring ${texts.ring}`}`;
}

// The axes of the points, for the filters.
function axesOfPoints() {
  const distinct = (values) => [...new Set(values)];
  const [traffic, ...splits] = data.axes.map(({ name, title, values }) => ({ name: name === "traffic" ? "mix" : name,
    title, values: distinct(values), mixes: values, of: (i, value) => values[data.mix[i]] === value }));
  const columns = data.strategies.map(({ name }) => name), kinds = distinct(data.strategies.map((each) => each.strategy));
  return [traffic,
    { name: "strategy", title: "Strategy", values: distinct([...kinds, ...columns]),
      of: (i, value) => [strategy(i).name, strategy(i).strategy].includes(value) },
    { name: "load", title: "Load", values: data.loads.map(String), of: (i, value) => String(loadOf(i)) === value },
    { name: "ring", title: "Ring", values: data.rings.map(String), of: (i, value) => String(ring(i)) === value },
    ...splits];
}
