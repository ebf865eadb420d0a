// SPDX-License-Identifier: MIT
// The answers to what a filter leaves, in the sentences that the report is written with (templates.py).  Nothing is
// decided here: what was decided of every point stands in `data.state` (decided.py).
"use strict";

const say = (name, values = {}) => data.words[name].replace(/{(\w+)}/g, (_, key) => values[key]);
const counted = (n, noun) => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
const listed = (texts) => texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : texts.join("");
const ranged = (values) => values.length <= 3 ? listed(values) || "none"
  : `${values[0]} to ${values.at(-1)} (${values.length} values)`;
const holds = (i, name) => (data.state[i] & data.bit[name]) !== 0;
const share = (value, sign) => percent(value, sign).slice(0, -2); // without its unit
const loadOf = (i) => data.loads[data.load[i]];
const dropped = (i) => !holds(i, "known") ? NaN : data.drop_ratio?.[i] ?? 0;
const most = (items, key) => items.reduce((best, each) => key(each) > key(best) ? each : best); // the first of them

// The cells of ring and load that a filter leaves, by mix: `points`, and the best of them, if the cell has an outcome.
function cellsLeft() {
  const mixes = data.mixes.map(() => []);
  let last = null;
  for (let i = 0; i < data.rows; i++) {
    if (!picked(i, "strategy")) continue;
    const key = `${data.mix[i]},${data.load[i]},${data.ring[i]}`;
    if (last?.key !== key) mixes[data.mix[i]].push(last = { key, points: [] });
    last.points.push(i);
    if (holds(i, "best")) last.best = i;
  }
  return mixes;
}

// Who leads how many cells, as ranking.py has it; of one strategy, if that is asked for.
function ranking(cells, wanted) {
  const names = [...new Set(data.strategies.map((each) => each.strategy))];
  const leaders = cells.filter(({ best }) => holds(best, "settled")).map(({ points }) =>
    new Set(points.filter((i) => holds(i, "near")).map((i) => strategy(i).strategy)));
  const among = (name) => leaders.filter((each) => each.has(name)).length;
  const alone = (name) => leaders.filter((each) => each.has(name) && each.size === 1).length;
  const best = (name) => cells.filter((cell) => strategy(cell.best).strategy === name).length;
  const weight = (name) => among(name) * 1e8 + alone(name) * 1e4 + best(name);
  const first = wanted ? data.strategies.find((each) => [each.name, each.strategy].includes(wanted)).strategy
    : most(names, weight);
  const own = data.strategies.flatMap((each, column) =>
    each.strategy === first && (wanted === first || !wanted || each.name === wanted) ? [column] : []);
  const near = (column) => cells.filter(({ points }) => points.some((i) => data.column[i] === column && holds(i, "near")));
  const lead = leaders.length || wanted ? most(own, (column) => near(column).length) : 0;
  const found = { first, lead, cells: cells.length, settled: leaders.length, among: among(first), alone: alone(first) };
  const pairs = Math.max(...cells.map((cell) => data.of_pairs[cell.best]));
  const openDrops = cells.filter((cell) => holds(cell.best, "dropsOpen")).length;
  const undecided = openDrops * 2 > cells.length ? say("drops_open")
    : say("undecided", { pairs: counted(pairs, "pair") });
  const won = leaders.length * 2 > cells.length && found.among * 2 > cells.length;
  const beside = (name) => leaders.filter((each) => each.has(name) && each.has(first)).length;
  const equals = !won || found.alone * 2 > leaders.length ? []
    : names.filter((name) => name !== first && beside(name) * 2 >= leaders.length);
  const word = leaders.length * 2 <= cells.length ? undecided : say("no_winner");
  return { ...found, won, equals, word, tied: leaders.filter((each) => each.size > 1).length };
}

// The smallest ring that keeps the drops of a column low at the highest load, as low_drops.py has it.
function smallestRing(cells, column) {
  if (!data.drops_known) return null;
  const simulated = cells.flatMap(({ points }) => points);
  const load = Math.max(...simulated.filter((i) => data.pairs[i]).map((i) => data.load[i]));
  const own = simulated.filter((i) => data.column[i] === column && data.load[i] === load && holds(i, "known"));
  const at = data.loads[load], [first] = own, end = own.find((i) => !holds(i, "exceeds"));
  if (!own.length) return { at };
  if (end === undefined) return { at, text: `${chosen.ring ? "not " : "> "}${ring(own.at(-1))}`, least: Math.min(...own.map(dropped)) };
  if (!holds(end, "fits")) return { at, text: "open", undecided: ring(end) };
  const edge = end === first && !chosen.ring; // among what is selected a smallest one says nothing
  return { at, text: `${edge ? "≤ " : ""}${ring(end)}`, point: end, edge };
}
function fewestSeen(points) { // episodes, "123 stalls"
  const fewest = points.reduce((least, i) => data.episodes[i] ? Math.min(least, data.episodes[i] - 1) : least, Infinity);
  return counted(fewest, data.episode[data.mix[points[0]]]);
}
function dropsSaid(cells, column, found) {
  const points = cells.flatMap((cell) => cell.points), known = points.filter((i) => holds(i, "known"));
  if (!data.drops_known || !known.length) return "";
  if (!known.some(dropped)) return data.episodes ? say("no_drop_seen", { seen: fewestSeen(points) }) : say("no_drop");
  const { text, undecided, least, edge } = found, values = { limit: data.limit, load: found.at };
  if (!text) return say("unknown", { name: data.strategies[column].name, load: found.at });
  if (undecided) return say("ring_open", { ...values, ring: undecided });
  if (least !== undefined) return say("no_ring", { ...values, least: share(least) });
  return say("ring", { ...values, ring: text, edge: edge ? say("ring_edge") : "" });
}

// The geometric mean of a column against the baseline over the cells, with its interval over the pairs.
function overall(points) {
  if (!data.logs || !points.length) return null;
  const width = data.logs.length / data.rows;
  const means = Array.from({ length: width }, (_, pair) =>
    points.reduce((sum, i) => sum + data.logs[i * width + pair], 0) / points.length).filter((mean) => !Number.isNaN(mean));
  if (means.length < 2) return null;
  const equal = means.every((mean) => mean === means[0]);
  const mean = equal ? means[0] : means.reduce((sum, each) => sum + each, 0) / means.length;
  const squares = means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (means.length - 1);
  const half = equal ? 0 : data.students_t[means.length - 2] * Math.sqrt(squares / means.length);
  return { center: Math.expm1(mean), low: Math.expm1(mean - half), high: Math.expm1(mean + half) };
}
const compared = (cells, column) => cells.flatMap(({ points }) =>
  points.filter((i) => data.column[i] === column && !Number.isNaN(data.against?.[i] ?? NaN)));
function gain(cells, column) {
  const ratios = (points) => points.map((i) => Math.expm1(data.against[i])), baseline = data.strategies[0].name;
  if (column === 0) {
    const others = ratios(data.strategies.flatMap((_, each) => each ? compared(cells, each) : []));
    if (!others.length) return "";
    const [least, largest] = [Math.min(...others), Math.max(...others)];
    const parts = [...(largest > 0 ? [[largest, "more"]] : []), ...(least < 0 ? [[-least, "fewer"]] : [])];
    const said = parts.map(([size, direction]) => say("up_to", { size: share(size), direction }));
    return said.length ? say("others_take", { parts: said.join(" and ") }) : say("others_alike");
  }
  const points = compared(cells, column), all = ratios(points), found = overall(points);
  if (!all.length) return "";
  const [low, high] = [Math.min(...all), Math.max(...all)].map((each) => share(each, "+"));
  const spread = low === high ? say("everywhere", { low }) : say("spread", { low, high });
  if (!found) return say("gain_unsure", { baseline, spread });
  const half = found.high - found.center, values = { center: share(Math.abs(found.center)),
    half: half ? ` ±${halfWidth(half)}` : "", direction: found.center < 0 ? "fewer" : "more" };
  return say("gain", { mean: say("mean", values), baseline, spread });
}

function whoIsNext({ points, best }, column) {
  if (!holds(best, "decided") || holds(best, "dropsOpen")) return "";
  const name = (i) => strategy(i).name, inOrder = (i, j) => data.column[i] - data.column[j];
  const close = points.filter((i) => i !== best && holds(i, "near")).sort(inOrder).map(name);
  const next = points.find((i) => !Number.isNaN(data.behind[i]));
  const parts = [...(close.length ? [say("close", { names: listed(close), within: data.within })] : []),
    ...(next === undefined ? [] : [say("behind", { name: name(next), size: share(data.behind[next]) })])];
  const first = data.column[best] === column ? "" : say("first", { name: name(best) });
  return parts.length ? say("next", { first, parts: parts.join("; ") }) : "";
}
function costs({ points }, column) {
  const of = (each) => points.filter((i) => data.column[i] === each).map((i) => [
    ...(data.held_mb?.[i] > 0 ? [say("held", { size: significant(data.held_mb[i]) })] : []),
    ...(data.latency_p99_ns?.[i] > 0 ? [say("latency", { time: time(data.latency_p99_ns[i]) })] : [])]).flat();
  const said = [...new Set([column, 0])].map(of).filter((parts) => parts.length).map((parts) => parts.join(" and "));
  if (!said.length) return "";
  const beside = said.length > 1 ? say("beside", { baseline: data.strategies[0].name, costs: said[1] }) : "";
  return say("costs", { own: said[0], beside });
}
function lostTo(left, column, point) { // at the ring that is recommended, else at the largest
  const own = left.flatMap(({ points }) => points).filter((i) => data.pairs[i]);
  const load = Math.max(...own.map((i) => data.load[i]));
  const i = point ?? own.filter((each) => data.column[each] === column && data.load[each] === load).at(-1);
  if (i === undefined || !data.lost_to?.[i]) return "";
  const [place, helps] = data.causes[data.lost_to[i] - 1], seen = holds(i, "lost") ? "" : say("seen_only", { seen: data.seen_only });
  return say("lost", { name: strategy(i).name, where: `load ${loadOf(i)}, ring ${ring(i)}`, share: share(data.lost_share[i]),
    place, seen, helps });
}
function howSure(cells, found) {
  const left = found.cells - found.settled, counts = [say("decided", found), ...(found.tied ? [say("tied", found)] : []),
    ...(left ? [say("open", { left })] : [])];
  const sure = say("sure", { counts: counts.join(", ") });
  if (!data.drops_known || !data.episodes) return say("sure_alone", { sure });
  return say("sure_seen", { sure, seen: fewestSeen(cells.flatMap(({ points }) => points)) });
}
function whatIsOpen(cells) {
  const drops = cells.filter(({ best }) => holds(best, "dropsOpen")).length, are = (n) => n === 1 ? "is" : "are";
  const left = cells.filter(({ best }) => !holds(best, "dropsOpen") && !holds(best, "settled"));
  const sentences = [];
  if (left.length) {
    const bests = left.map(({ best }) => best).filter((i) => !holds(i, "decided"));
    const distinct = (of) => [...new Set(bests.map((i) => of[i]))].sort((a, b) => a - b);
    const pairs = distinct(data.of_pairs), needed = distinct(data.needed).filter(Boolean), unknown = bests.filter((i) => !data.needed[i]);
    const text = ranged(pairs), undecided = say("undecided", { pairs: `${text} ${text === "1" ? "pair" : "pairs"}` });
    const but = unknown.length ? say("but", { cells: counted(unknown.length, "cell") }) : "";
    const wanted = pairs[0] < 2 ? say("few_pairs", { undecided })
      : !needed.length ? say("out_of_reach", { undecided })
        : say("wanted", { undecided, needed: [...new Set([needed[0], needed.at(-1)])].join(" to "), but });
    sentences.push(say("cells_undecided", { cells: counted(left.length, "cell"), are: are(left.length), wanted }));
  }
  if (drops) {
    sentences.push(say("cells_drops_open", { cells: counted(drops, "cell"), are: are(drops), more: data.margin }));
  }
  return sentences.join(" ");
}
function smallestMeans(cells) {
  const times = new Map();
  for (const { points } of cells) {
    for (const name of new Set(points.filter((i) => holds(i, "smallest")).map((i) => strategy(i).strategy))) {
      times.set(name, (times.get(name) ?? 0) + 1);
    }
  }
  const order = [...new Set(data.strategies.map((each) => each.strategy))].filter((name) => times.has(name));
  const parts = order.sort((a, b) => times.get(b) - times.get(a)).map((name) =>
    say("in_cells", { name, times: times.get(name) }));
  return say("smallest_means", { parts: listed(parts), cells: counted(cells.length, "cell") });
}

// All that the answer of a mix says of these cells: its line, its facts, the point whose commands set it.
function answer(left, wanted) {
  const cells = left.filter(({ best }) => best !== undefined);
  if (!cells.length) return { line: [["nothing of it is selected", "missing"]], facts: [] };
  const found = ranking(cells, wanted), { lead, won } = found, { name } = data.strategies[lead];
  const smallest = smallestRing(left, lead), point = won || wanted ? smallest?.point : undefined;
  const there = point === undefined ? null : cells.find(({ points }) => points.includes(point));
  const ratio = won || wanted ? overall(compared(left, lead)) : null, open = found.cells - found.settled;
  const others = found.equals.length ? say("others", { names: listed(found.equals) }) : "";
  const recommended = point === undefined ? [say("named", { name, others }), dropsSaid(left, lead, smallest)]
    : [say("recommended", { name, ring: ring(point), edge: smallest.edge ? say("edge") : "", limit: data.limit,
      load: smallest.at, others })];
  const sure = ["How sure", howSure(left, found)], lost = ["Lost", lostTo(left, lead, there ? point : undefined)];
  const facts = wanted ? [
    ["Set", [say("chosen", { name, among: found.among, cells: counted(found.cells, "cell"), alone: found.alone }),
      dropsSaid(left, lead, smallest)].filter(Boolean).join(" ")],
    ["Gain", gain(left, lead)], ["Costs", there ? costs(there, lead) : ""], lost, sure]
    : won ? [["Set", recommended.filter(Boolean).join(" ")], ["Gain", gain(left, lead)],
      ["Next", there ? whoIsNext(there, lead) : ""], ["Costs", there ? costs(there, lead) : ""], lost, sure]
      : [["Set", say("nothing", { word: found.word })], ["Open", whatIsOpen(cells)],
        ["So far", smallestMeans(left.filter(({ points }) => points.some((i) => holds(i, "smallest"))))], lost, sure];
  const half = ratio && ratio.high - ratio.center, alike = ratio && ratio.low <= 0 && ratio.high >= 0;
  const interval = half ? ` ±${halfWidth(half)} %` : " %";
  const line = [wanted ? [name, ""] : won ? [[name, ...found.equals].join(" ≈ "), "best"] : [found.word, "tie"],
    [`cells won ${found.among} of ${found.cells}${open ? `, ${open} open` : ""}`, ""],
    ...(lead && ratio ? [[`difference ${alike ? `~${interval}` : share(ratio.center, "+") + interval}`,
      alike ? "tie" : ratio.center < 0 ? "better" : "worse"]] : []),
    ...(smallest?.text ? [[`smallest ring ${smallest.text}`, ""]] : [])];
  return { line, facts: facts.filter(([, text]) => text), point };
}

// The curve that decides a mix: ns per packet, or drops where these are open; over rings at the highest load, or over
// loads where one ring is left.
FILL.answer = ({ cells: every, mix }, spec) => {
  const cells = every.filter(({ best }) => best !== undefined), at = (of) => [...new Set(cells.map(({ best }) => of(best)))];
  const overRings = at(ring).length > 1 || at(loadOf).length < 2, load = Math.max(...at(loadOf)), one = Math.min(...at(ring));
  const drops = cells.filter(({ best }) => holds(best, "dropsOpen")).length * 2 > cells.length;
  const of = drops ? { name: "drop_ratio", kind: "share" } : metric("ns_per_packet"), xOf = overRings ? ring : loadOf;
  const line = cells.filter(({ best }) => overRings ? loadOf(best) === load : ring(best) === one);
  const half = (i, side) => data[`${of.name}${side}`]?.[i] || 0;
  const rows = line.flatMap(({ points }) => points.filter(shown).flatMap((i) => {
    const y = drops ? dropped(i) : data[of.name][i], x = xOf(i), { name } = strategy(i);
    const low = Math.max(0, y - (data[`${of.name}_lower`] ? half(i, "_lower") : half(i, "_half")));
    const says = `${name}, ${x}: ${drops && !data.drop_ratio ? percent(y) : written(of, i)}`;
    return Number.isNaN(y) ? [] : [{ ...strategy(i), x, y, low, high: y + half(i, "_half"), says }];
  }));
  const axis = line.map(({ best }) => xOf(best)), step = overRings ? Math.SQRT2 : 1;
  const gap = overRings ? 0 : Math.min(0.1, ...axis.slice(1).map((x, place) => x - axis[place])) / 2;
  const strips = line.filter(({ best }) => !holds(best, "settled")).map(({ best }) =>
    ({ from: xOf(best) / step - gap, to: xOf(best) * step + gap, open: true }));
  const [name, titleOfY] = [overRings ? "ring" : "load", drops ? "dropped share" : "ns per packet"];
  const domain = [Math.min(...axis) / step - gap, Math.max(...axis) * step + gap];
  const scale = overRings ? { type: "log", base: 2 } : { type: "linear" };
  spec.encoding.x = { ...spec.encoding.x, title: name, scale: { ...scale, domain, nice: false },
    axis: { ...spec.encoding.x.axis, values: axis, format: overRings ? "d" : "~g" } };
  const y = { title: titleOfY, scale: { zero: false }, axis: { tickCount: 5, format: drops ? "~%" : "~s" } };
  spec.layer.slice(1).forEach(({ encoding }) => Object.assign(encoding.y, y));
  spec.layer[0].data = { values: strips };
  spec.names = { x: name, y: titleOfY };
  const bands = say(rows.some(({ low, high }) => high > low) ? "banded" : "bare");
  spec.title_ = say("curve", { mix: data.mixes[mix], metric: titleOfY, axis: overRings ? "ring size" : "load",
    fixed: overRings ? `load ${load}` : `ring ${one}`, bands });
  return rows;
};

// The cards of the page, each with its line, facts, commands, map and curve.
function answering() {
  const view = data.views[0], narrowing = () => axes.some(({ name, mixes }) => chosen[name] && !mixes);
  const cards = all(".answer").map((node) => {
    const [line, body] = [node.querySelector("summary"), node.querySelector(".prose tbody")];
    const mix = data.mixes.indexOf(node.dataset.fold), written = [line, body].map((each) => [...each.cloneNode(true).childNodes]);
    const pre = node.querySelector("pre") ?? make("pre", {}, make("code")), isNew = !pre.parentNode, figure = node.querySelector("figure");
    body.closest(".block").after(pre);
    if (isNew) copyable(pre.firstChild);
    return { node, line, body, mix, written, pre, code: pre.querySelector("code"), said: pre.querySelector("code").textContent, figure, drawn: null };
  });
  const draw = async (card) => {
    card.due = false;
    const spec = structuredClone(view.spec), rows = FILL.answer(card, spec), title = spec.title_, names_ = spec.names;
    [card.figure.rows, card.figure.names] = [rows, names_];
    delete spec.title_;
    delete spec.names;
    await drawer();
    card.drawn?.finalize();
    const canvas = card.figure.querySelector(".canvas");
    card.figure.querySelector("figcaption").firstChild.textContent = title;
    card.drawn = await vegaEmbed(canvas, { ...spec, description: title, data: { values: rows } }, { ...SETTINGS });
  };
  const seen = (entries) => entries.filter((each) => each.isIntersecting).forEach(({ target }) => {
    const card = cards.find(({ figure }) => figure === target);
    if (card.due) draw(card);
  });
  const watch = new IntersectionObserver(seen, { rootMargin: "300px" });
  const tell = (card, cells) => {
    const narrow = narrowing(), found = narrow ? answer(cells, chosen.strategy) : null;
    card.line.replaceChildren(card.line.firstElementChild, ...(narrow
      ? found.line.flatMap(([text, tone]) => [" ", make("span", { class: tone }, text)])
      : card.written[0].slice(1).map((each) => each.cloneNode(true))));
    card.body.replaceChildren(...(narrow
      ? found.facts.map(([label, text]) => make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, text)))
      : card.written[1].map((each) => each.cloneNode(true))));
    card.code.textContent = narrow ? found.point === undefined ? "" : data.settings[data.setting[found.point]].join("\n") : card.said;
    card.pre.hidden = !card.code.textContent;
    card.cells = cells;
    card.figure.hidden = !cells.some(({ best }) => best !== undefined);
    card.due = !card.figure.hidden;
    watch.unobserve(card.figure);
    watch.observe(card.figure);
  };
  addEventListener("beforeprint", () => // paper has what is open
    cards.filter(({ due, figure }) => due && figure.checkVisibility()).forEach(draw));
  followers.push(() => {
    const left = cellsLeft();
    cards.forEach((card) => tell(card, left[card.mix]));
    return "";
  });
  cards.forEach(({ figure }) => savable(figure, () => tableOf(figure.rows, figure.names)));
}
